"""What holds for any history, legal or not: nothing raises, and time alone never surprises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.eligibility.assessment import Anchors, Assessment, assess
from services.eligibility.determination import Determine, decider
from services.eligibility.rules import rule_set_on
from services.eligibility.service_in_charge import MunicipalService
from shared.contracts.model import Event, PersonId
from tests.eligibility.sentences import (
    AICHELBERG,
    ANCHOR,
    GOEPPINGEN,
    ME,
    OTHER,
    born,
    corrected,
    decided,
    event_id,
    facts_of,
    final,
    joined,
    left,
    lived,
    lives,
    opened,
    registered,
    settled,
    title,
    toleration,
    withdrawn,
)

FIRST, LAST = date(2014, 1, 1), date(2019, 12, 31)
DAY = timedelta(days=1)

days = st.dates(FIRST, LAST)
texts = days.map(date.isoformat)
births = st.dates(date(1960, 1, 1), LAST).map(date.isoformat)
maybe = st.none() | texts
categories = st.sampled_from(
    ("asylum", "asylum", "asylum", "humanitarian", "unlawful_entry", "family_reunification", "unaccompanied_minor")
)
relations = st.sampled_from((None, "spouse", "life_partner", "minor_child", "parent", "custodian", "other"))
people = st.sampled_from((None, ME, ANCHOR, OTHER))
entries = st.sampled_from(("one", "two", "three"))
kinds = st.sampled_from(("shared_accommodation", "follow_up_housing", "private"))
towns = st.sampled_from((AICHELBERG, GOEPPINGEN))

EVERY_EVENT = tuple(
    event_id(n, replace(event, person_id=who))  # type: ignore[call-arg]
    for n in range(9)
    for event in (registered(), born("2016-01-01"), corrected(), left("2016-01-01"), lives("2016-01-01"))
    for who in (ME, ANCHOR, OTHER)
)


def decisions(on: str, since: str | None, *, entry: str) -> Event:
    """About whatever may be doubted."""
    return settled(on, *EVERY_EVENT, phase="provisional" if since is None else "follow_up", since=since, entry=entry)


beginnings = st.one_of(
    st.builds(
        registered,
        category=categories,
        intake=maybe,
        entry=maybe,
        born=births,
        on=texts,
        anchor=people,
        relation=relations,
    ),
    st.builds(born, texts, anchor=st.sampled_from((ANCHOR, OTHER))),
)
events = st.one_of(
    st.builds(corrected, category=categories, intake=maybe, entry=maybe, born=births, on=texts),
    st.builds(joined, texts, people, relations),
    st.builds(opened, texts, st.sampled_from(("first", "follow_up", "second")), entry=entries),
    st.builds(decided, texts, entry=entries),
    st.builds(final, texts, entry=entries),
    st.builds(title, texts, st.sampled_from(("25(2)", "60a(2)", "104c")), maybe, entry=entries),
    st.builds(toleration, texts),
    st.builds(lives, texts, kinds, towns, entry=entries),
    st.builds(lived, texts, kinds, towns, entry=entries),
    st.builds(left, texts, st.sampled_from(("other_district", "abroad", "unknown", "deceased")), entry=entries),
    st.builds(withdrawn, entries, texts),
    st.builds(decisions, texts, st.none() | texts, entry=entries),
)
histories = st.builds(lambda first, more: (first, *more), beginnings, st.lists(events, max_size=8))
households = st.fixed_dictionaries({ME: histories, ANCHOR: histories, OTHER: histories})
services = st.builds(
    lambda settings: MunicipalService(tuple(sorted(settings.items()))),
    st.dictionaries(days, st.sampled_from(("district", "own")), max_size=2),
)


def look(
    household: dict[PersonId, Sequence[Event]], service: MunicipalService, as_of: date, known_by: date = LAST
) -> Assessment | None:
    """Assess "me" in a household of three, each with a history of their own, from what had happened by a day."""
    facts = {
        who: facts_of([replace(event, person_id=who) for event in history if event.occurred_on <= known_by])  # type: ignore[call-arg]
        for who, history in household.items()
    }
    anchors: Anchors = {who: facts[who] for who in (ANCHOR, OTHER)}
    return assess(facts[ME], anchors, service, as_of, rule_set_on(as_of))


@given(households, services, days)
def test_every_history_can_be_assessed(household, service, as_of) -> None:  # type: ignore[no-untyped-def]
    found = look(household, service, as_of)
    assert found is not None
    in_review = found.phase == "manual_review"
    assert in_review == (found.integration_management is None) or (in_review and found.social_advice == "none")
    assert found.rule == "R13" if in_review else found.rule != "R13" or found.legal_basis == "§ 9 (2) FlüAG"
    if found.phase in ("provisional", "follow_up"):
        assert found.since is not None and found.since <= as_of
    else:
        assert found.overdue_since is None
    if found.overdue_since is not None and found.since is not None:
        assert found.since <= found.overdue_since <= as_of
    assert found.rests_on and found.legal_basis


@given(households, services, days)
def test_the_next_look_lies_ahead(household, service, as_of) -> None:  # type: ignore[no-untyped-def]
    found = look(household, service, as_of)
    assert found is not None
    assert found.next_look_on is None or found.next_look_on > as_of


def _lies_ahead(event: Event, day: date) -> bool:
    dates = (getattr(event, name, None) for name in ("district_intake_on", "state_entry_on", "born_on"))
    return event.occurred_on <= day and any(isinstance(found, date) and found > day for found in dates)


@settings(max_examples=300)
@given(households, services, days, st.integers(1, 2000))
def test_before_the_next_look_time_changes_nothing(household, service, as_of, later) -> None:  # type: ignore[no-untyped-def]
    """Given facts that lie in the past, as intake accepts no others."""
    assume(not any(_lies_ahead(event, as_of) for history in household.values() for event in history))
    found = look(household, service, as_of, known_by=as_of)
    if found is None:
        return
    until = found.next_look_on or date.max
    on = min(as_of + timedelta(days=later), until - DAY)
    assert look(household, service, on, known_by=as_of) == found


@given(households, services, days, days)
def test_deciding_again_gives_nothing(household, service, first, second) -> None:  # type: ignore[no-untyped-def]
    state = decider.nothing
    for as_of in sorted((first, second)):
        command = Determine(look(household, service, as_of), as_of)
        for event in decider.decide(state, command):
            state = decider.evolve(state, event)
        assert decider.decide(state, command) == []


@given(
    intake=days,
    more=st.lists(
        st.one_of(
            st.tuples(st.just("title"), st.integers(0, 900)),
            st.tuples(st.just("final"), st.integers(0, 900)),
        ),
        max_size=4,
    ),
    kind=st.sampled_from(("title", "final", "months")),
    wait=st.integers(0, 700),
)
def test_later_facts_of_the_same_kind_never_move_the_end(intake, more, kind, wait) -> None:  # type: ignore[no-untyped-def]
    ended = intake + timedelta(days=wait)
    first = registered(intake=intake.isoformat(), entry=None)
    cause: dict[str, tuple[Event, ...]] = {
        "title": (title(ended.isoformat(), entry="cause"),),
        "final": (opened(intake.isoformat(), entry="cause"), final(ended.isoformat(), entry="cause")),
        "months": (),
    }
    history = [first, *cause[kind]]
    on = intake + timedelta(days=1000)
    before = look({ME: history, ANCHOR: (), OTHER: ()}, MunicipalService(), on, known_by=date.max)
    assert before is not None and before.since is not None
    for n, (what, days_later) in enumerate(more):
        later = (before.since + timedelta(days=days_later)).isoformat()
        if what == "title":
            history.append(title(later, entry=f"later {n}"))
        else:
            history += (opened(intake.isoformat(), entry=f"later {n}"), final(later, entry=f"later {n}"))
        after = look(
            {ME: history, ANCHOR: (), OTHER: ()}, MunicipalService(), on + timedelta(days=1000), known_by=date.max
        )
        assert after is not None and (after.phase, after.since) == ("follow_up", before.since)
