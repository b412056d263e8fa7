"""Cases follow what eligibility determines, however often and in whatever order it is announced."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.casework.case import Case
from services.casework.commands import AddMember, RemoveMember
from services.casework.reactions.when_service_in_charge_determined_then_open_or_leave_case import react
from shared.contracts.casework import (
    CaseClosed,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    case_of,
    case_stream,
)
from shared.contracts.eligibility import ServiceInChargeDetermined
from shared.contracts.model import Hidden, HouseholdId, PersonId
from tests.casework.examples import (
    ANNA,
    BEN,
    CASE,
    CEM,
    DAY,
    HOUSEHOLD,
    OTHER_CASE,
    OTHER_HOUSEHOLD,
    START,
    TODAY,
)
from tests.casework.office import Office

MAY = date(2018, 5, 1)
in_charge = ServiceInChargeDetermined(
    occurred_on=START,
    person_id=ANNA,
    household_id=HOUSEHOLD,
    rule_set="test",
    integration_management="district",
    social_advice="district",
    ags=None,
)
join = AddMember(case_id=CASE, household_id=HOUSEHOLD, person_id=ANNA, since=START)


# --- what follows ---------------------------------------------------------------------------------


def test_the_district_in_charge_means_membership() -> None:
    assert react([in_charge]) == [join]


@pytest.mark.parametrize("service", ["none", "08117019"])
def test_anybody_else_in_charge_means_leaving(service: str) -> None:
    now = replace(in_charge, occurred_on=MAY, integration_management=service)
    assert react([in_charge, now]) == [RemoveMember(case_id=CASE, person_id=ANNA, since=MAY)]


def test_another_household_means_another_case() -> None:
    moved = replace(in_charge, occurred_on=MAY, household_id=OTHER_HOUSEHOLD)
    assert react([in_charge, moved]) == [
        AddMember(case_id=OTHER_CASE, household_id=OTHER_HOUSEHOLD, person_id=ANNA, since=MAY),
        RemoveMember(case_id=CASE, person_id=ANNA, since=MAY),
    ]


def test_only_the_newest_determination_counts() -> None:
    assert react([replace(in_charge, integration_management="none"), in_charge]) == [join]


def test_nothing_follows_from_nothing_or_from_what_was_erased() -> None:
    assert react([]) == []
    assert react([replace(in_charge, integration_management=Hidden.ERASED)]) == []


# --- carried out ----------------------------------------------------------------------------------


def events_of(office: Office, case_id: str) -> list[type]:
    return [type(recorded.event) for recorded in office.history(f"case-{case_id}")]


def test_a_household_comes_grows_and_goes(office: Office) -> None:
    for person in (ANNA, BEN):
        office.determine(person, HOUSEHOLD, "district", START)
        office.nudge(person, TODAY)
    assert office.case(CASE).members == {ANNA, BEN}
    for person in (ANNA, BEN):
        office.determine(person, HOUSEHOLD, "08117019", MAY)
        office.nudge(person, TODAY)
    assert events_of(office, CASE) == [CaseOpened, CaseMemberJoined, CaseMemberLeft, CaseMemberLeft, CaseClosed]
    assert office.case(CASE).status == "closed"


def test_the_envelope_says_what_led_to_it(office: Office) -> None:
    office.determine(ANNA, HOUSEHOLD, "district", START)
    office.nudge(ANNA, TODAY)
    (opened,) = office.history(case_stream(CASE))
    (determined,) = office.history(f"eligibility-{ANNA}")
    assert opened.event.occurred_on == START
    assert opened.envelope.actor == "service:casework"
    assert opened.envelope.learnt_on == TODAY
    assert opened.envelope.causation_id == determined.envelope.event_id
    assert opened.envelope.correlation_id == determined.envelope.correlation_id


def test_a_person_moves_to_the_other_households_case(office: Office) -> None:
    for person in (ANNA, BEN):
        office.determine(person, HOUSEHOLD, "district", START)
        office.nudge(person, TODAY)
    office.determine(BEN, OTHER_HOUSEHOLD, "district", MAY)
    office.nudge(BEN, TODAY)
    assert office.case(CASE).members == {ANNA} and office.case(CASE).status == "open"
    assert office.case(OTHER_CASE).members == {BEN} and office.case(OTHER_CASE).status == "open"


def test_a_nudge_about_somebody_unknown_changes_nothing(office: Office) -> None:
    office.nudge(ANNA, TODAY)
    assert office.store.head() == 0


def test_old_and_repeated_nudges_change_nothing(office: Office) -> None:
    office.determine(ANNA, HOUSEHOLD, "district", START)
    office.determine(ANNA, HOUSEHOLD, "none", MAY)
    office.determine(ANNA, HOUSEHOLD, "district", MAY + DAY)
    office.nudge(ANNA, TODAY)
    head = office.store.head()
    for _ in range(3):
        office.nudge(ANNA, TODAY + DAY)
    assert office.store.head() == head


# --- any order, any number ------------------------------------------------------------------------

PERSONS, HOUSEHOLDS = (ANNA, BEN, CEM), (HOUSEHOLD, OTHER_HOUSEHOLD)

determinations = st.lists(
    st.tuples(
        st.sampled_from(PERSONS),
        st.sampled_from(HOUSEHOLDS),
        st.sampled_from(["district", "none", "08117019"]),
        st.integers(0, 5).map(lambda days: START + days * DAY),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(determinations, st.data())
def test_nudges_in_any_order_lead_to_the_same_cases(
    determined: list[tuple[PersonId, HouseholdId, str, date]], data: st.DataObject
) -> None:
    """Everything is determined first; then the nudges come, shuffled and some of them twice."""
    persons = [person for person, *_ in determined]
    shuffled = data.draw(st.permutations(persons + persons))
    assert cases_after(determined, shuffled) == cases_after(determined, persons)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(determinations, st.data())
def test_nudges_that_come_in_between_lead_to_the_same_members(
    determined: list[tuple[PersonId, HouseholdId, str, date]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as directory, closing(Office(Path(directory))) as office:
        for one in determined:
            office.determine(*one)
            for person in data.draw(st.lists(st.sampled_from(PERSONS), max_size=2)):
                office.nudge(person, TODAY)
        for person in {person for person, *_ in determined}:
            office.nudge(person, TODAY)
        newest = {person: (household, service) for person, household, service, _ in determined}
        for household in HOUSEHOLDS:
            state = office.case(case_of(household))
            assert state.members == {p for p, newest_of in newest.items() if newest_of == (household, "district")}
            assert (state.status == "open") == bool(state.members)


def cases_after(determined: list[tuple[PersonId, HouseholdId, str, date]], nudges: list[PersonId]) -> list[Case]:
    with TemporaryDirectory() as directory, closing(Office(Path(directory))) as office:
        for one in determined:
            office.determine(*one)
        for person in nudges:
            office.nudge(person, TODAY)
        head = office.store.head()
        for person in nudges:
            office.nudge(person, TODAY)
        assert office.store.head() == head, "a second round changes nothing"
        return [office.case(case_of(household)) for household in HOUSEHOLDS]


def test_members_at_once_open_one_case(office: Office) -> None:
    """Each nudge three times at the same moment: conflicts are decided again, and the others join."""
    for person in PERSONS:
        office.determine(person, HOUSEHOLD, "district", START)
    start = Barrier(9)

    def nudge(person: PersonId) -> None:
        start.wait()
        office.nudge(person, TODAY)

    threads = [Thread(target=nudge, args=(person,)) for person in PERSONS for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.case(CASE).members == set(PERSONS)
    assert sorted(kind.__name__ for kind in events_of(office, CASE)) == [
        "CaseMemberJoined",
        "CaseMemberJoined",
        "CaseOpened",
    ]


def test_who_looked_before_the_newest_determination_looks_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overtaken run writes what is out of date, sees that, and puts it right."""
    office.determine(ANNA, HOUSEHOLD, "district", START)
    append = office.store.append
    overtaken: list[str] = []

    def slow_append(stream: str, *args: object, **kwargs: object) -> object:
        if stream == case_stream(CASE) and not overtaken:
            overtaken.append(stream)
            office.determine(ANNA, HOUSEHOLD, "none", MAY)
        return append(stream, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(office.store, "append", slow_append)
    office.nudge(ANNA, TODAY)
    assert overtaken and office.case(CASE).status == "closed" and not office.case(CASE).members
