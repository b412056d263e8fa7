"""What a case is, and what it may do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.casework import case
from services.casework.case import Assignment, Spell, Staff
from services.casework.commands import AddMember, AssignCase, CloseCase, RemoveMember
from services.casework.employee import Employee
from services.casework.standing import Colleague
from services.casework.timeline import Timeline
from shared.contracts.casework import CaseAssigned, CaseClosed, CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.model import EmployeeId, TeamId
from tests.casework.examples import (
    ANNA,
    BEN,
    CASE,
    CEM,
    DAY,
    DEPUTY,
    HOUSEHOLD,
    MANAGER,
    OTHER_TEAM,
    START,
    STRANGER,
    TEAM,
    TODAY,
    an_id,
    as_colleague,
    as_deputy,
    as_import,
    as_lead,
    as_manager,
    as_nobody,
    as_strange_lead,
    as_stranger,
    assigned,
    ben_joined,
    opened,
)
from tests.given import given

MAY = date(2018, 5, 1)

unattended = case.decider(Staff(today=TODAY))
add_anna = AddMember(case_id=CASE, household_id=HOUSEHOLD, person_id=ANNA, since=START)
add_ben = replace(add_anna, person_id=BEN)
remove_anna = RemoveMember(case_id=CASE, person_id=ANNA, since=MAY)
remove_ben = replace(remove_anna, person_id=BEN)
anna_left = CaseMemberLeft(occurred_on=MAY, case_id=CASE, member_id=ANNA)
ben_left = replace(anna_left, member_id=BEN)
not_in_charge = CaseClosed(occurred_on=MAY, case_id=CASE, reason="not_in_charge")
closed_by_hand = CaseClosed(occurred_on=MAY, case_id=CASE, reason="wish")


# --- members --------------------------------------------------------------------------------------


def test_the_first_member_opens_the_case() -> None:
    given(unattended).when(add_anna).then(opened)


def test_further_members_join() -> None:
    given(unattended, opened).when(add_ben).then(ben_joined)


def test_a_member_joins_once() -> None:
    given(unattended, opened).when(add_anna).then_nothing()
    given(unattended, opened, ben_joined).when(replace(add_ben, since=MAY)).then_nothing()


def test_a_fact_learnt_late_makes_the_case_reach_back() -> None:
    earlier = replace(add_anna, since=START - DAY)
    reached_back = CaseMemberJoined(occurred_on=START - DAY, case_id=CASE, member_id=ANNA)
    given(unattended, opened).when(earlier).then(reached_back)
    assert given(unattended, opened, reached_back).state.opened_on == START - DAY
    given(unattended, opened, reached_back).when(earlier).then_nothing()


def test_a_member_leaves_and_the_last_one_closes_the_case() -> None:
    given(unattended, opened, ben_joined).when(remove_ben).then(ben_left)
    given(unattended, opened, ben_joined, ben_left).when(remove_anna).then(anna_left, not_in_charge)


def test_who_is_no_member_cannot_leave() -> None:
    given(unattended).when(remove_anna).then_nothing()
    given(unattended, opened).when(remove_ben).then_nothing()
    given(unattended, opened, anna_left, not_in_charge).when(remove_anna).then_nothing()


def test_a_closed_case_is_opened_again_by_whoever_comes_back() -> None:
    opened_again = CaseOpened(occurred_on=TODAY, case_id=CASE, household_id=HOUSEHOLD, member_id=BEN)
    history = (opened, anna_left, not_in_charge)
    given(unattended, *history).when(replace(add_ben, since=TODAY)).then(opened_again)
    state = given(unattended, *history, opened_again).state
    assert state.status == "open" and state.members == {BEN}
    assert state.spells == (Spell(START, MAY), Spell(TODAY)) and state.opened_on == TODAY
    assert state.first_opened_on == START


def test_a_case_closed_by_hand_stays_closed_for_its_members() -> None:
    for since in (START - DAY, START, TODAY):
        given(unattended, opened, closed_by_hand).when(replace(add_anna, since=since)).then_nothing()


def test_a_case_closed_by_hand_opens_for_a_new_member() -> None:
    given(unattended, opened, closed_by_hand).when(replace(add_ben, since=TODAY)).then(
        CaseOpened(occurred_on=TODAY, case_id=CASE, household_id=HOUSEHOLD, member_id=BEN)
    )


def test_who_leaves_a_closed_case_does_not_close_it_again() -> None:
    given(unattended, opened, closed_by_hand).when(remove_anna).then(anna_left)


def test_the_case_remembers_who_was_ever_a_member_and_since_when() -> None:
    cem_joined = CaseMemberJoined(occurred_on=MAY, case_id=CASE, member_id=CEM)
    state = given(unattended, opened, ben_joined, ben_left, cem_joined).state
    assert state.members == {ANNA, CEM}
    assert state.known_by(START - DAY) == frozenset()
    assert state.known_by(MAY - DAY) == {ANNA, BEN}
    assert state.known_by(MAY) == {ANNA, BEN, CEM}


def test_the_order_in_which_members_came_to_be_known_does_not_matter() -> None:
    ben_opens = replace(opened, member_id=BEN, occurred_on=MAY)
    anna_joins = replace(ben_joined, member_id=ANNA, occurred_on=START)
    other_order = given(unattended, opened, replace(ben_joined, occurred_on=MAY)).state
    assert given(unattended, ben_opens, anna_joins).state == other_order


def test_a_case_is_open_from_its_first_to_its_last_day() -> None:
    state = given(unattended, opened, anna_left, not_in_charge).state
    assert [state.was_open_on(day) for day in (START - DAY, START, MAY, MAY + DAY)] == [False, True, True, False]


# --- assignment -----------------------------------------------------------------------------------

works_in_team = Employee(joined=True, team=Timeline(((START, TEAM),)))
assign = AssignCase(case_id=CASE, team_id=TEAM, manager_id=MANAGER, assigned_on=START)


def staff(by: Colleague, *, employees: tuple[EmployeeId, ...] = (MANAGER, DEPUTY)) -> Staff:
    return Staff(today=TODAY, by=by, teams={TEAM, OTHER_TEAM}, employees=dict.fromkeys(employees, works_in_team))


by_lead = case.decider(staff(as_lead))


@pytest.mark.parametrize("by", [as_lead, as_import])
def test_a_lead_takes_a_case_into_the_team(by: Colleague) -> None:
    given(case.decider(staff(by)), opened).when(assign).then(assigned)


def test_the_same_assignment_again_needs_no_event() -> None:
    given(by_lead, opened, assigned).when(assign).then_nothing()
    given(by_lead, opened, assigned).when(replace(assign, assigned_on=TODAY)).then_nothing()


def test_a_case_changes_hands() -> None:
    handed_over = CaseAssigned(occurred_on=MAY, case_id=CASE, team_id=TEAM, manager_id=DEPUTY)
    sentence = given(by_lead, opened, assigned)
    sentence.when(replace(assign, manager_id=DEPUTY, assigned_on=MAY)).then(handed_over)
    state = given(by_lead, opened, assigned, handed_over).state
    assert state.assigned.on(MAY - DAY) == Assignment(TEAM, MANAGER)
    assert state.assigned.on(MAY) == Assignment(TEAM, DEPUTY)


@pytest.mark.parametrize("by", [as_manager, as_strange_lead, as_nobody])
def test_only_the_teams_lead_assigns(by: Colleague) -> None:
    given(case.decider(staff(by)), opened).when(assign).then_refused("not-your-team")
    given(case.decider(staff(by)), opened, assigned).when(assign).then_refused("not-your-team")


def test_a_lead_cannot_take_a_case_out_of_another_team() -> None:
    theirs = replace(assigned, team_id=OTHER_TEAM, manager_id=STRANGER)
    given(by_lead, opened, theirs).when(assign).then_refused("not-your-team")


@pytest.mark.parametrize("command", [assign, CloseCase(case_id=CASE, reason="wish", closed_on=TODAY)])
def test_an_unknown_case_is_refused(command: case.CaseCommand) -> None:
    given(by_lead).when(command).then_refused("unknown-case", case=CASE)


def test_a_closed_case_is_not_assigned() -> None:
    given(by_lead, opened, closed_by_hand).when(assign).then_refused("case-not-open", case=CASE)


def test_a_case_is_assigned_from_its_opening_on() -> None:
    given(by_lead, opened).when(replace(assign, assigned_on=START - DAY)).then_refused(
        "assigned-before-opened", opened_on=START.isoformat()
    )


def test_team_and_manager_must_exist_and_belong_together() -> None:
    nowhere = TeamId(an_id("nowhere"))
    by_import = case.decider(staff(as_import))
    given(by_import, opened).when(replace(assign, team_id=nowhere)).then_refused("unknown-team", team=nowhere)
    given(by_lead, opened).when(replace(assign, manager_id=STRANGER)).then_refused(
        "unknown-employee", employee=STRANGER
    )
    given(by_import, opened).when(replace(assign, team_id=OTHER_TEAM)).then_refused(
        "manager-of-another-team", employee=MANAGER, team=OTHER_TEAM
    )


# --- closing --------------------------------------------------------------------------------------

close = CloseCase(case_id=CASE, reason="aim_reached", closed_on=TODAY)
aim_reached = CaseClosed(occurred_on=TODAY, case_id=CASE, reason="aim_reached")


@pytest.mark.parametrize("by", [as_manager, as_deputy, as_lead, as_import])
def test_who_looks_after_a_case_closes_it(by: Colleague) -> None:
    given(case.decider(staff(by)), opened, assigned).when(close).then(aim_reached)


@pytest.mark.parametrize("by", [as_colleague, as_stranger, as_strange_lead, as_nobody])
def test_nobody_else_does(by: Colleague) -> None:
    given(case.decider(staff(by)), opened, assigned).when(close).then_refused("not-your-case", case=CASE)


def test_an_unassigned_case_is_nobodys() -> None:
    given(case.decider(staff(as_manager)), opened).when(close).then_refused("not-your-case")


def test_an_assignment_to_come_is_not_one_yet() -> None:
    tomorrow = replace(assigned, occurred_on=TODAY + DAY)
    given(case.decider(staff(as_manager)), opened, tomorrow).when(close).then_refused("not-your-case")


def test_a_closed_case_cannot_be_closed_again() -> None:
    given(case.decider(staff(as_manager)), opened, assigned, closed_by_hand).when(close).then_refused(
        "case-not-open", case=CASE
    )


def test_a_case_cannot_be_closed_before_it_was_opened() -> None:
    given(case.decider(staff(as_manager)), opened, assigned).when(replace(close, closed_on=START - DAY)).then_refused(
        "closed-before-opened", opened_on=START.isoformat()
    )
