"""What the views answer: cases in scope, staff, and nothing of whom was erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert

from services.casework.case import Case
from services.casework.contact import Contact, LastTalk
from services.casework.standing import Colleague, Scope, own_cases, scope
from services.casework.views import (
    CASES,
    CONSULTATIONS,
    STAFF,
    VIEWS,
    which_cases,
    which_consultations,
    who_works_where,
)
from services.casework.views.which_cases import Sought
from shared.contracts.casework import (
    CaseClosed,
    CaseMemberLeft,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    ContractConcluded,
    ContractEnded,
    CoverBegan,
    CoverEnded,
    EmployeeJoined,
    TeamAreaSet,
    TeamFormed,
    TeamJoined,
    VisitAttempted,
    case_stream,
    consultation_stream,
    cover_stream,
    employee_stream,
    team_stream,
)
from shared.contracts.model import ConsultationId, EmployeeId, Event, MasterMissing, PersonalClass, TeamId
from shared.privacy.sealer import ClosedSealer
from shared.projections.engine import new_metadata
from shared.projections.facts import Fact
from tests.casework.examples import (
    ADELBERG,
    AICHELBERG,
    ANNA,
    BEN,
    CASE,
    CEM,
    DAY,
    DEPUTY,
    HALF,
    MANAGER,
    OTHER_CASE,
    OTHER_HOUSEHOLD,
    OTHER_TEAM,
    START,
    STRANGER,
    TALK,
    TEAM,
    TODAY,
    VISIT,
    an_id,
    as_deputy,
    as_import,
    as_lead,
    as_manager,
    as_nobody,
    assigned,
    ben_joined,
    opened,
    talk,
)
from tests.casework.office import Office
from tests.folding import content, fresh_fold

EVERYTHING = Scope(everything=True)
MAY = date(2018, 5, 1)


ALL = Sought()


def found(office: Office, sought: Sought = ALL, within: Scope = EVERYTHING, day: date = TODAY) -> list[str]:
    office.catch_up()
    with office.reader.snapshot() as now:
        cases = which_cases.find(now.connection, now.tables(CASES), sought, within, day, 100)
    return [case["case_id"] for case in cases]


# --- cases ----------------------------------------------------------------------------------------


def test_the_view_of_a_case_says_what_its_stream_says(office: Office) -> None:
    handed_over = replace(assigned, occurred_on=MAY, manager_id=DEPUTY)
    ben_left = CaseMemberLeft(occurred_on=MAY, case_id=CASE, member_id=BEN)
    office.record(case_stream(CASE), opened, ben_joined, assigned, ben_left, handed_over)
    office.catch_up()
    state: Case = office.case(CASE)
    for day in (START - DAY, START, MAY):
        with office.reader.snapshot() as now:
            (case,) = which_cases.find(now.connection, now.tables(CASES), Sought(), EVERYTHING, day, 100)
        assignment = state.assigned.on(day)
        assert case["manager_id"] == (None if assignment is None else assignment.manager_id)
        assert case["status"] == state.status and state.members == set(case["members"])
        assert case["opened_on"] == state.opened_on


def test_since_when_a_case_is_open_is_told_in_whatever_order_it_was_learnt(office: Office) -> None:
    def said(*events: Event) -> tuple[date, date]:
        office.record(case_stream(CASE), *events)
        office.catch_up()
        with office.reader.snapshot() as now:
            (case,) = which_cases.find(now.connection, now.tables(CASES), Sought(), EVERYTHING, TODAY, 100)
        return case["opened_on"], office.case(CASE).opened_on

    reaches_back = replace(ben_joined, occurred_on=START - DAY)
    assert said(opened, replace(ben_joined, occurred_on=START + DAY)) == (START, START)
    assert said(reaches_back) == (START - DAY, START - DAY)
    assert said(CaseClosed(occurred_on=MAY, case_id=CASE, reason="wish")) == (START - DAY, START - DAY)
    again = replace(opened, occurred_on=MAY + DAY, member_id=CEM)
    assert said(again) == (MAY + DAY, MAY + DAY)


def test_caseloads_count_open_cases_by_manager_and_team(office: Office) -> None:
    def of(day: date) -> list[tuple[str | None, str | None, int]]:
        office.catch_up()
        with office.reader.snapshot() as now:
            found = which_cases.caseloads(now.connection, now.tables(CASES), day)
        return [(each["team_id"], each["employee_id"], each["cases"]) for each in found]

    theirs = replace(opened, case_id=OTHER_CASE, household_id=OTHER_HOUSEHOLD, member_id=CEM)
    office.record(case_stream(CASE), opened, assigned)
    office.record(case_stream(OTHER_CASE), theirs)
    assert set(of(TODAY)) == {(TEAM, MANAGER, 1), (None, None, 1)}
    office.record(case_stream(OTHER_CASE), replace(assigned, case_id=OTHER_CASE))
    office.record(case_stream(CASE), replace(assigned, occurred_on=MAY, manager_id=DEPUTY))
    assert (of(MAY - DAY), of(MAY)) == ([(TEAM, MANAGER, 2)], sorted([(TEAM, DEPUTY, 1), (TEAM, MANAGER, 1)]))
    office.record(case_stream(CASE), CaseClosed(occurred_on=TODAY, case_id=CASE, reason="wish"))
    assert of(TODAY) == [(TEAM, MANAGER, 1)]


def test_cases_are_found_by_what_is_sought(office: Office) -> None:
    theirs = replace(opened, case_id=OTHER_CASE, household_id=OTHER_HOUSEHOLD, member_id=CEM)
    office.record(case_stream(CASE), opened, assigned)
    office.record(case_stream(OTHER_CASE), theirs)
    both = sorted([CASE, OTHER_CASE])
    assert found(office) == both
    assert found(office, Sought(household_id=OTHER_HOUSEHOLD)) == [OTHER_CASE]
    assert found(office, Sought(unassigned=True)) == [OTHER_CASE]
    assert found(office, Sought(unassigned=False)) == [CASE]
    assert found(office, Sought(of=frozenset({MANAGER}))) == [CASE]
    assert found(office, Sought(of=frozenset())) == []
    assert found(office, Sought(manager_id=MANAGER)) == [CASE]
    assert found(office, Sought(of=frozenset({DEPUTY}), manager_id=MANAGER)) == []
    assert found(office, Sought(status="closed")) == []
    office.record(case_stream(CASE), CaseClosed(occurred_on=TODAY, case_id=CASE, reason="wish"))
    assert found(office, Sought(status="closed")) == [CASE]
    assert found(office, Sought(status="open")) == [OTHER_CASE]
    assert found(office, day=START - DAY) == both, "assigned to nobody then"


@pytest.mark.parametrize(
    ("colleague", "sees"),
    [(as_manager, {CASE}), (as_deputy, {CASE}), (as_lead, {CASE, OTHER_CASE}), (as_nobody, set())],
)
def test_everybody_finds_the_cases_in_their_scope(office: Office, colleague: Colleague, sees: set[str]) -> None:
    office.record(case_stream(CASE), opened, assigned)
    office.record(case_stream(OTHER_CASE), replace(opened, case_id=OTHER_CASE, household_id=OTHER_HOUSEHOLD))
    assert set(found(office, within=scope(colleague, oversees=False))) == sees


def test_head_and_import_see_all_that_is_there() -> None:
    assert scope(as_nobody, oversees=True) == scope(as_import, oversees=False) == EVERYTHING
    assert own_cases(as_deputy) == {MANAGER, DEPUTY} and own_cases(as_nobody) == frozenset()


managers, teams = st.sampled_from([MANAGER, DEPUTY, STRANGER]), st.sampled_from([TEAM, OTHER_TEAM])
scopes = st.builds(
    Scope,
    everything=st.booleans(),
    unassigned=st.booleans(),
    team_id=st.none() | teams,
    managers=st.frozensets(managers),
)


@settings(max_examples=60, deadline=None)
@given(scopes, st.lists(st.none() | st.tuples(teams, managers), max_size=5))
def test_the_predicate_says_what_the_scope_says(
    within: Scope, assignments: list[tuple[TeamId, EmployeeId] | None]
) -> None:
    engine, metadata = create_engine("sqlite://"), new_metadata()
    tables = CASES.tables(metadata, "1")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for n, one in enumerate(assignments):
            case = {"case_id": str(n)}
            connection.execute(insert(tables.cases), case | {"household_id": "h", "status": "open"})
            if one is not None:
                row = case | {"since": START, "team_id": one[0], "manager_id": one[1]}
                connection.execute(insert(tables.assignments), row)
        hits = which_cases.find(connection, tables, Sought(), within, TODAY, 100)
    engine.dispose()
    expected = [str(n) for n, one in enumerate(assignments) if within.includes(*(one or (None, None)))]
    assert [case["case_id"] for case in hits] == expected


# --- consultations --------------------------------------------------------------------------------


def test_a_case_has_its_visits(office: Office) -> None:
    visit = VisitAttempted(occurred_on=MAY, consultation_id=VISIT, case_id=CASE, team_id=TEAM, held_by=MANAGER)
    office.record(consultation_stream(VISIT), visit)
    office.catch_up()
    with office.reader.snapshot() as now:
        tables = now.tables(CONSULTATIONS)
        assert which_consultations.of_case(now.connection, tables, CASE) == [VISIT]
        assert which_consultations.of_case(now.connection, tables, OTHER_CASE) == []


def contact_of(office: Office) -> Contact | None:
    office.catch_up()
    with office.reader.snapshot() as now:
        return which_consultations.contacts(now.connection, now.tables(CONSULTATIONS), [CASE], TODAY).get(CASE)


def test_when_and_how_a_case_was_met_last(office: Office) -> None:
    """The newest valid talk, of several on one day the one told last; a year has the talks of that year."""
    told = {name: value for name, value in vars(talk).items() if name not in ("held_on", "consultation_id")}
    first, second, third = (ConsultationId(an_id(f"talk {n}")) for n in range(3))

    def held(which: ConsultationId, on: date, **other: Any) -> ConsultationHeld:
        event = ConsultationHeld(occurred_on=on, consultation_id=which, team_id=TEAM, held_by=MANAGER, **told)
        return replace(event, **other)

    assert contact_of(office) is None
    visit = VisitAttempted(occurred_on=MAY, consultation_id=VISIT, case_id=CASE, team_id=TEAM, held_by=MANAGER)
    office.record(consultation_stream(VISIT), visit)
    assert contact_of(office) == Contact(last_attempt_on=MAY)
    office.record(consultation_stream(first), held(first, date(2017, 12, 30)))
    office.record(consultation_stream(second), held(second, MAY, setting="office", took_part=(BEN, CEM)))
    assert contact_of(office) == Contact(MAY, None, 1, LastTalk(second, "office", (BEN, CEM), (BEN,)))
    office.record(consultation_stream(third), held(third, MAY, setting="remote"))
    assert contact_of(office) == Contact(MAY, None, 2, LastTalk(third, "remote", (ANNA,), (BEN,)))
    earlier = {name: getattr(held(third, MAY), name) for name in ConsultationHeld.__dataclass_fields__}
    office.record(consultation_stream(third), ConsultationCorrected(**{**earlier, "occurred_on": MAY - DAY}))
    assert contact_of(office) == Contact(MAY, None, 2, LastTalk(second, "office", (BEN, CEM), (BEN,)))
    for which in (second, third):
        withdrawn = ConsultationWithdrawn(occurred_on=TODAY, consultation_id=which, case_id=CASE, reason="not_held")
        office.record(consultation_stream(which), withdrawn)
    assert contact_of(office) == Contact(date(2017, 12, 30), MAY, 0, LastTalk(first, "outreach", (ANNA,), (BEN,)))


def test_after_an_erasure_the_way_of_the_last_talk_is_as_if_folded_anew(office: Office) -> None:
    told = {name: value for name, value in vars(talk).items() if name != "held_on"}
    event = ConsultationHeld(occurred_on=MAY, team_id=TEAM, held_by=MANAGER, **told)
    office.record(consultation_stream(TALK), event)
    assert contact_of(office) == Contact(MAY, None, 1, LastTalk(TALK, "outreach", (ANNA,), (BEN,)))
    office.keyring.destroy(CASE, {PersonalClass.STATISTICS}, "test")
    assert contact_of(office) == Contact(MAY, None, 1, LastTalk(TALK, None, (ANNA,), (BEN,)))
    fresh = fresh_fold([CONSULTATIONS], office.runner.source, erasures=office.keyring.erasures)
    assert content(office.engine, CONSULTATIONS) == fresh[CONSULTATIONS.name]


# --- staff ----------------------------------------------------------------------------------------

CONTRACT = an_id("contract")
hired = EmployeeJoined(
    occurred_on=START, employee_id=MANAGER, account="m", name="Marabella Muster", qualification="graduate"
)
concluded = ContractConcluded(
    occurred_on=START, employee_id=MANAGER, contract_id=CONTRACT, fte=HALF, ends_on=date(2020, 1, 31)
)


def test_staff_and_teams_on_a_day(office: Office) -> None:
    office.record(
        team_stream(TEAM),
        TeamFormed(occurred_on=START, team_id=TEAM, name="Probeteam"),
        TeamAreaSet(occurred_on=START, team_id=TEAM, municipalities=(ADELBERG, AICHELBERG)),
        TeamAreaSet(occurred_on=MAY, team_id=TEAM, municipalities=()),
    )
    office.record(
        employee_stream(MANAGER),
        hired,
        TeamJoined(occurred_on=START, employee_id=MANAGER, team_id=TEAM),
        TeamJoined(occurred_on=MAY, employee_id=MANAGER, team_id=OTHER_TEAM),
        concluded,
        ContractEnded(occurred_on=TODAY, employee_id=MANAGER, contract_id=CONTRACT, reason="own_wish"),
    )
    office.catch_up()
    with office.reader.snapshot() as now:
        tables = now.tables(STAFF)
        served = {
            day: [team["municipalities"] for team in who_works_where.teams(now.connection, tables, day)]
            for day in (START - DAY, START, MAY)
        }
        works_in = {
            day: [employee["team_id"] for employee in who_works_where.employees(now.connection, tables, day)]
            for day in (START - DAY, START, MAY)
        }
        contracts = who_works_where.contracts(now.connection, tables)
    assert served == {START - DAY: [], START: [[ADELBERG, AICHELBERG]], MAY: [[]]}
    assert works_in == {START - DAY: [], START: [TEAM], MAY: [OTHER_TEAM]}
    (contract,) = contracts[MANAGER]
    assert Decimal(contract["fte"]) == HALF and contract["ended_on"] == TODAY


def test_nothing_of_an_erased_employee_stays_in_the_views(office: Office, tmp_path: Path) -> None:
    office.record(employee_stream(MANAGER), hired, concluded)
    office.catch_up()
    assert b"Marabella" in everything_in(tmp_path, "casework.db")
    office.keyring.destroy(MANAGER, {PersonalClass.EMPLOYEE}, "test")
    office.catch_up()
    with office.reader.snapshot() as now:
        tables = now.tables(STAFF)
        assert who_works_where.employees(now.connection, tables, TODAY) == []
        assert who_works_where.contracts(now.connection, tables) == {}
    assert b"Marabella" not in everything_in(tmp_path, "casework.db")
    office.record(employee_stream(MANAGER), TeamJoined(occurred_on=TODAY, employee_id=MANAGER, team_id=TEAM))
    office.catch_up()
    assert office.runner.status().state == "ready"
    with office.reader.snapshot() as now:
        assert who_works_where.employees(now.connection, now.tables(STAFF), TODAY) == []


def test_a_projector_without_the_master_key_stops_rather_than_losing_rows(office: Office) -> None:
    office.record(employee_stream(MANAGER), hired)
    (stored,) = office.store.read(employee_stream(MANAGER))
    with pytest.raises(MasterMissing):
        list(STAFF.fold(STAFF.tables(new_metadata(), "1"), Fact.of(stored, ClosedSealer())))


def test_every_view_can_be_built_anew_over_everything(office: Office) -> None:
    """No fold chokes on a story with one of each, and each view reads only what it says."""
    office.record(case_stream(CASE), opened, ben_joined, assigned)
    office.record(employee_stream(MANAGER), hired, concluded)
    cover_id = an_id("cover")
    office.record(
        cover_stream(cover_id),
        CoverBegan(occurred_on=START, cover_id=cover_id, employee_id=MANAGER, deputy_id=DEPUTY, until=TODAY),
        CoverEnded(occurred_on=MAY, cover_id=cover_id),
    )
    office.catch_up()
    status = office.runner.status()
    assert status.stopped == {} and set(status.views) == {view.name for view in VIEWS}
    assert set(status.views.values()) == {office.store.head()}


def everything_in(directory: Path, name: str) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob(f"{name}*"))
