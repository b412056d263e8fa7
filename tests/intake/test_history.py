"""Properties of all histories: evolve takes every event, and no command makes an impossible record."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from services.intake import answers, commands, history
from services.intake.person import IntakeEvent, Person, contradictions, decider, evolve
from services.intake.problems import PROBLEMS
from services.intake.residences import Absence, Stay
from shared.contracts.intake import PersonRegistered
from shared.contracts.model import EventId, Hidden
from shared.contracts.registry import contract_of, contracts
from shared.execute import Refused
from tests.intake.examples import (
    ADELBERG,
    AICHELBERG,
    ANCHOR,
    PERSON,
    anchor_registered,
    id_of,
    memberships,
    new_id,
    recorded,
)

PUBLISHED = {name: contract.event_class for name, contract in contracts().items() if contract.service == "intake"}
DAYS = st.dates(date(2014, 12, 1), date(2020, 6, 1))
"""Few enough for collisions, from before the registration to after the youngest section."""


def test_intake_folds_exactly_what_it_publishes() -> None:
    assert set(get_args(IntakeEvent)) == set(PUBLISHED.values())


# --- evolve is total --------------------------------------------------------------------------


def values_of(name: str, hint: Any) -> st.SearchStrategy[Any]:
    """Any value a field may have; ids from a few, so that events meet."""
    if name == "person_id":
        return st.just(PERSON)
    if name.endswith("_id"):
        ids = st.sampled_from([id_of(str(n)) for n in range(3)])
        return (st.none() | ids) if type(None) in get_args(hint) else ids
    kinds = [kind for kind in (get_args(hint) if _is_union(hint) else (hint,)) if kind is not Hidden]
    return st.one_of(*map(_values, kinds))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, UnionType)


def _values(kind: Any) -> st.SearchStrategy[Any]:
    if kind is type(None):
        return st.none()
    if kind is date:
        return DAYS
    if kind is bool:
        return st.booleans()
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    return st.sampled_from(["60a", "Probe", ADELBERG])


def events_of(event_class: type[IntakeEvent]) -> st.SearchStrategy[IntakeEvent]:
    hints = get_type_hints(event_class)
    plain = st.fixed_dictionaries({name: values_of(name, hint) for name, hint in hints.items()})
    sealed = contract_of(event_class).protections
    hide = st.sampled_from([{}, dict.fromkeys(sealed, Hidden.ERASED), dict.fromkeys(sealed, Hidden.SEALED)])
    return st.builds(lambda values, hidden: event_class(**{**values, **hidden}), plain, hide)


ANY_EVENT: st.SearchStrategy[IntakeEvent] = st.one_of([events_of(c) for c in PUBLISHED.values()])  # type: ignore[arg-type]


@given(st.lists(ANY_EVENT, max_size=12), DAYS)
@settings(max_examples=150, deadline=None)
def test_every_history_folds_and_can_be_shown(events: list[IntakeEvent], day: date) -> None:
    """Also an impossible one, and one with hidden fields: reading must never fail."""
    person: Person | None = None
    for event in events:
        before, person = person, evolve(person, event)
        assert person is not None or (before is None and not isinstance(event, PersonRegistered))
    if person is not None:
        list(contradictions(person))
        answers.person(person, day)
    told = [recorded(event, n, day.isoformat(), str(n // 2)) for n, event in enumerate(events, 1)]
    assert sum(len(entry["events"]) for entry in history.entries(told, None, "probe")) == len(events)


# --- no command makes an impossible record ----------------------------------------------------

BESIDE = memberships(anchor_registered)


def _new_id(number: int, name: str) -> Any:
    return PERSON if name == "person_id" else id_of(f"{name} {number}")


class Office(RuleBasedStateMachine):
    """A clerk who records anything about one person, on any day, in any order, right or wrong."""

    entries: Bundle[str] = Bundle("entries")

    def __init__(self) -> None:
        super().__init__()
        self.events: list[IntakeEvent] = []
        self.person: Person | None = None
        self.commands = 0

    def ask(self, command: Any, created: str | None = None) -> Any:
        """Carry the command out if it is legal; the id of what it created."""
        self.commands += 1
        ids = partial(_new_id, self.commands)
        try:
            events = decider(ids, BESIDE).decide(self.person, command)
        except Refused as refused:
            assert refused.rule in PROBLEMS
            assert all(isinstance(fact, str) for fact in refused.facts.values())
            return multiple()
        self.events += events
        for event in events:
            self.person = evolve(self.person, event)
        return ids(created) if created else multiple()

    @initialize(born_on=st.dates(date(2014, 12, 1), date(2015, 3, 1)), registered_on=DAYS, intake_on=DAYS | st.none())
    def register(self, born_on: date, registered_on: date, intake_on: date | None) -> None:
        self.ask(
            commands.RegisterPerson(
                family_name="Probe",
                given_name="Paula",
                category="asylum",
                born_on=born_on,
                sex="female",
                nationality="Syria",
                district_intake_on=intake_on,
                registered_on=registered_on,
            )
        )

    @rule(
        target=entries,
        day=DAYS,
        ags=st.sampled_from([ADELBERG, AICHELBERG]),
        kind=st.sampled_from(["private", "follow_up_housing"]),
    )
    def move_in(self, day: date, ags: Any, kind: Any) -> Any:
        return self.ask(commands.MoveIn(person_id=PERSON, kind=kind, ags=ags, moved_in_on=day), created="residence_id")

    @rule(target=entries, day=DAYS, destination=st.sampled_from(["abroad", "deceased"]))
    def move_out(self, day: date, destination: Any) -> Any:
        return self.ask(
            commands.MoveOut(person_id=PERSON, destination=destination, moved_out_on=day), created="residence_id"
        )

    @rule(entry=entries, day=DAYS)
    def correct_residence(self, entry: str, day: date) -> None:
        self.ask(
            commands.CorrectResidence(
                person_id=PERSON, residence_id=entry, kind="private", ags=ADELBERG, moved_in_on=day
            )
        )

    @rule(entry=consumes(entries), day=DAYS)
    def withdraw(self, entry: str, day: date) -> None:
        self.ask(commands.WithdrawEntry(person_id=PERSON, entry_id=entry, reason="not_true", withdrawn_on=day))

    @rule(target=entries, day=DAYS)
    def open_procedure(self, day: date) -> Any:
        return self.ask(commands.OpenProcedure(person_id=PERSON, kind="first", opened_on=day), created="procedure_id")

    @rule(entry=entries, day=DAYS, outcome=st.sampled_from(["positive", "negative"]), final=st.booleans())
    def decide(self, entry: str, day: date, outcome: Any, final: bool) -> None:
        if final:
            self.ask(commands.RecordFinality(person_id=PERSON, procedure_id=entry, outcome=outcome, final_on=day))
        else:
            self.ask(commands.RecordDecision(person_id=PERSON, procedure_id=entry, outcome=outcome, decided_on=day))

    @rule(target=entries, day=DAYS, days=st.integers(-30, 900), section=st.sampled_from(["60a", "60b", "60d"]))
    def tolerate(self, day: date, days: int, section: Any) -> Any:
        until = day + timedelta(days=days)
        return self.ask(
            commands.IssueToleration(person_id=PERSON, section=section, valid_until=until, issued_on=day),
            created="toleration_id",
        )

    @rule(target=entries, day=DAYS, since=DAYS | st.none())
    def settle_review(self, day: date, since: date | None) -> Any:
        phase: Any = "provisional" if since is None else "follow_up"
        return self.ask(
            commands.SettleReview(
                person_id=PERSON,
                settles=(EventId(id_of("doubted")),),
                phase=phase,
                since=since,
                legal_basis="§ 9 (2) FlüAG",
                reason="Probe",
                settled_on=day,
            ),
            created="review_id",
        )

    @rule(day=DAYS, home=st.booleans())
    def join_household(self, day: date, home: bool) -> None:
        self.ask(
            commands.JoinHousehold(person_id=PERSON, joined_on=day)
            if home
            else commands.JoinHousehold(person_id=PERSON, anchor_id=ANCHOR, relation="spouse", joined_on=day)
        )

    @rule(day=DAYS, born_on=st.dates(date(2014, 12, 1), date(2016, 1, 1)), intake_on=DAYS | st.none())
    def correct_master_data(self, day: date, born_on: date, intake_on: date | None) -> None:
        self.ask(
            commands.CorrectMasterData(
                person_id=PERSON,
                family_name="Probe",
                given_name="Paula",
                category="asylum",
                born_on=born_on,
                sex="female",
                nationality="Syria",
                district_intake_on=intake_on,
                corrected_on=day,
            )
        )

    @rule(day=DAYS, act=st.sampled_from(["given", "refused", "withdrawn"]))
    def say(self, day: date, act: str) -> None:
        match act:
            case "given":
                self.ask(commands.GiveConsent(person_id=PERSON, scope="disclosure", given_on=day))
            case "refused":
                self.ask(commands.RefuseConsent(person_id=PERSON, scope="disclosure", refused_on=day))
            case _:
                self.ask(commands.WithdrawConsent(person_id=PERSON, scope="disclosure", withdrawn_on=day))

    @invariant()
    def the_record_can_be_true(self) -> None:
        """Said once more, in other words than the rules'."""
        if (person := self.person) is None:
            return
        born_on, intake_on = person.master_data.born_on, person.master_data.district_intake_on
        assert isinstance(born_on, date) and person.registered_on is not None
        assert not isinstance(intake_on, Hidden)
        assert born_on <= person.registered_on
        starts = [entry.since for entry in person.whereabouts]
        assert starts == sorted(starts)
        assert all(day >= min(person.registered_on, intake_on or date.max) for day in starts)
        assert all(day >= born_on for day in starts)
        for n, entry in enumerate(person.whereabouts):
            before = person.whereabouts[n - 1] if n else None
            if isinstance(entry, Absence):
                assert isinstance(before, Stay)
            else:
                assert not (isinstance(before, Absence) and before.destination == "deceased")
        for procedure in person.procedures:
            days = [procedure.opened_on, *(ruling.on for ruling in procedure.decisions)]
            days += [procedure.final.on] if procedure.final else []
            assert days == sorted(days)
            assert procedure.final is None or procedure.final.outcome == procedure.decisions[-1].outcome
        for permit in person.permits:
            assert not isinstance(permit.valid_until, date) or permit.valid_until >= permit.since
            assert permit.section != "60d" or permit.since.year >= 2020
        standing = [statement.answer for statement in person.consents.statements]
        for n, answer in enumerate(standing):
            assert answer != "withdrawn" or (n > 0 and standing[n - 1] == "given")
        entries = (*person.whereabouts, *person.procedures, *person.permits, *person.reviews)
        assert all(not isinstance(review.since, date) or review.since >= born_on for review in person.reviews)
        ids = [entry.entry_id for entry in entries]
        assert len(ids) == len(set(ids)) and person.withdrawn.isdisjoint(ids)

    @invariant()
    def the_stream_tells_the_record(self) -> None:
        person: Person | None = None
        for event in self.events:
            person = evolve(person, event)
        assert person == self.person


Office.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestOffice = Office.TestCase


def test_every_refusal_is_in_the_catalogue() -> None:
    """In two languages, with a status that fits: 404 for what is not there, 409 for a rule."""
    for name, problem in PROBLEMS.items():
        assert problem.status == (404 if name.startswith("unknown-") else 409)
        assert problem.de and problem.en and problem.de != problem.en
    assert new_id("person_id") == new_id("person_id")
