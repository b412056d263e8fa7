"""A household's case with the district's integration management: what it is, what it may do next. Pure.

Its members are the persons of the household for whom the district is in charge; eligibility says
who that is. The first member opens the case, the last one to leave closes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import reduce
from typing import Literal, TypeAlias, assert_never

from services.casework.commands import AddMember, AssignCase, CloseCase, RemoveMember
from services.casework.employee import Employee
from services.casework.standing import Colleague, standing
from services.casework.timeline import Timeline
from shared.contracts.casework import CaseAssigned, CaseClosed, CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.envelope import KnownAt, Recorded, events_known
from shared.contracts.model import EmployeeId, HouseholdId, PersonId, TeamId
from shared.execute import Decider, Refused

CaseEvent: TypeAlias = CaseOpened | CaseMemberJoined | CaseMemberLeft | CaseAssigned | CaseClosed
CaseCommand: TypeAlias = AddMember | RemoveMember | AssignCase | CloseCase


@dataclass(frozen=True, slots=True)
class Assignment:
    team_id: TeamId
    manager_id: EmployeeId


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which the case was open, both days included; ``closed_on`` None: it still is."""

    opened_on: date
    closed_on: date | None = None

    def covers(self, day: date) -> bool:
        return self.opened_on <= day and (self.closed_on is None or day <= self.closed_on)


@dataclass(frozen=True, slots=True)
class Membership:
    """From ``since``, first day included, to ``until``, excluded; None: it goes on."""

    since: date
    until: date | None = None


Status: TypeAlias = Literal["not_opened", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Case:
    status: Status = "not_opened"
    household_id: HouseholdId | None = None
    memberships: Mapping[PersonId, tuple[Membership, ...]] = field(default_factory=dict)
    """Of all who ever belonged to it, in the order in which they came to be known."""
    spells: tuple[Spell, ...] = ()
    assigned: Timeline[Assignment] = field(default_factory=Timeline)

    @property
    def members(self) -> frozenset[PersonId]:
        """Who belongs to it now."""
        return frozenset(person for person, times in self.memberships.items() if times[-1].until is None)

    def members_on(self, day: date) -> frozenset[PersonId]:
        return frozenset(
            person
            for person, times in self.memberships.items()
            if any(time.since <= day and (time.until is None or day < time.until) for time in times)
        )

    def known_by(self, day: date) -> frozenset[PersonId]:
        """Who had been a member at some time up to the day."""
        return frozenset(
            person for person, times in self.memberships.items() if any(time.since <= day for time in times)
        )

    @property
    def opened_on(self) -> date:
        """The first day of the present or latest spell."""
        return self.spells[-1].opened_on

    @property
    def first_opened_on(self) -> date:
        return min(spell.opened_on for spell in self.spells)

    def was_open_on(self, day: date) -> bool:
        """On its last day it still was."""
        return any(spell.covers(day) for spell in self.spells)

    def status_on(self, day: date) -> Status:
        """How it stood at the end of the day."""
        spell = next((spell for spell in reversed(self.spells) if spell.opened_on <= day), None)
        if spell is None:
            return "not_opened"
        return "closed" if spell.closed_on is not None and spell.closed_on <= day else "open"


@dataclass(frozen=True, slots=True)
class Staff:
    """What an assignment rests on, and who asks (None: the service itself, by a reaction)."""

    today: date
    by: Colleague | None = None
    teams: Collection[TeamId] = ()
    employees: Mapping[EmployeeId, Employee] = field(default_factory=dict)


def evolve(case: Case, event: CaseEvent) -> Case:
    match event:
        case CaseOpened():
            opened = replace(
                case,
                status="open",
                household_id=event.household_id,
                spells=(*case.spells, Spell(event.occurred_on)),
            )
            return _joined(opened, event.member_id, event.occurred_on)
        case CaseMemberJoined():
            return _joined(case, event.member_id, event.occurred_on)
        case CaseMemberLeft():
            *earlier, current = case.memberships[event.member_id]
            return _with(case, event.member_id, (*earlier, replace(current, until=event.occurred_on)))
        case CaseAssigned():
            assignment = Assignment(event.team_id, event.manager_id)
            return replace(case, assigned=case.assigned.starting(event.occurred_on, assignment))
        case CaseClosed():
            *before, spell = case.spells
            closed = replace(spell, closed_on=event.occurred_on)
            return replace(case, status="closed", spells=(*before, closed))
        case _:
            assert_never(event)


def as_known(history: Iterable[Recorded[CaseEvent]], known: KnownAt) -> Case:
    """The case in a state of knowledge."""
    return reduce(evolve, events_known(history, known), Case())


def decide(case: Case, command: CaseCommand, staff: Staff) -> Sequence[CaseEvent]:
    match command:
        case AddMember():
            return _add(case, command)
        case RemoveMember():
            return _remove(case, command)
        case _ if case.status == "not_opened":
            raise Refused("unknown-case", case=command.case_id)
        case AssignCase():
            return _assign(case, command, staff)
        case CloseCase():
            return _close(case, command, staff)
        case _:
            assert_never(command)


def decider(staff: Staff) -> Decider[Case, CaseCommand, CaseEvent]:
    return Decider(Case(), evolve, lambda state, command: decide(state, command, staff))


def _joined(case: Case, person_id: PersonId, since: date) -> Case:
    """A household is in the district's care from the day of its first member, in whatever order they came
    to be known: an open case reaches back to that day, as does the membership of who is a member already."""
    spells, times = case.spells, case.memberships.get(person_id, ())
    if case.status == "open":
        *before, spell = spells
        spells = (*before, replace(spell, opened_on=min(spell.opened_on, since)))
    if person_id in case.members:
        *earlier, current = times
        times = (*earlier, replace(current, since=min(current.since, since)))
    else:
        times = (*times, Membership(since))
    return replace(_with(case, person_id, times), spells=spells)


def _with(case: Case, person_id: PersonId, times: tuple[Membership, ...]) -> Case:
    return replace(case, memberships={**case.memberships, person_id: times})


def _add(case: Case, command: AddMember) -> list[CaseEvent]:
    if command.person_id in case.members:
        return _reach_back(case, command)
    if case.status == "open":
        return [_member_joined(command)]
    return [
        CaseOpened(
            occurred_on=command.since,
            case_id=command.case_id,
            household_id=command.household_id,
            member_id=command.person_id,
        )
    ]


def _reach_back(case: Case, command: AddMember) -> list[CaseEvent]:
    """A fact learnt late may put the beginning earlier. A case closed by hand stays closed for its members."""
    if case.status == "open" and command.since < case.memberships[command.person_id][-1].since:
        return [_member_joined(command)]
    return []


def _member_joined(command: AddMember) -> CaseMemberJoined:
    return CaseMemberJoined(occurred_on=command.since, case_id=command.case_id, member_id=command.person_id)


def _remove(case: Case, command: RemoveMember) -> list[CaseEvent]:
    if command.person_id not in case.members:
        return []
    left = CaseMemberLeft(occurred_on=command.since, case_id=command.case_id, member_id=command.person_id)
    if case.status == "closed" or case.members != {command.person_id}:
        return [left]
    return [left, CaseClosed(occurred_on=command.since, case_id=command.case_id, reason="not_in_charge")]


def _assign(case: Case, command: AssignCase, staff: Staff) -> list[CaseEvent]:
    current = case.assigned.on(staff.today)
    if staff.by is not None and not staff.by.imports:
        responsible = command.team_id if current is None else current.team_id
        if staff.by.leads is None or staff.by.leads != responsible:
            raise Refused("not-your-team")
    if case.status != "open":
        raise Refused("case-not-open", case=command.case_id)
    if command.assigned_on < case.opened_on:
        raise Refused("assigned-before-opened", opened_on=case.opened_on.isoformat())
    if command.team_id not in staff.teams:
        raise Refused("unknown-team", team=command.team_id)
    manager = staff.employees.get(command.manager_id, Employee())
    if not manager.joined:
        raise Refused("unknown-employee", employee=command.manager_id)
    if manager.team.on(command.assigned_on) != command.team_id:
        raise Refused("manager-of-another-team", employee=command.manager_id, team=command.team_id)
    if case.assigned.on(command.assigned_on) == Assignment(command.team_id, command.manager_id):
        return []
    return [
        CaseAssigned(
            occurred_on=command.assigned_on,
            case_id=command.case_id,
            team_id=command.team_id,
            manager_id=command.manager_id,
        )
    ]


def _close(case: Case, command: CloseCase, staff: Staff) -> list[CaseEvent]:
    if staff.by is not None and not staff.by.imports:
        current = case.assigned.on(staff.today)
        if current is None or not standing(staff.by, team_id=current.team_id, employee_id=current.manager_id):
            raise Refused("not-your-case", case=command.case_id)
    if case.status != "open":
        raise Refused("case-not-open", case=command.case_id)
    if command.closed_on < case.opened_on:
        raise Refused("closed-before-opened", opened_on=case.opened_on.isoformat())
    return [CaseClosed(occurred_on=command.closed_on, case_id=command.case_id, reason=command.reason)]
