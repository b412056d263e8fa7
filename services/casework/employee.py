"""An employee: qualification, contracts, team. Pure.

A contract runs from its first to its last day, both included; staff on a date are the contracts
active on that day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, TypeAlias, assert_never

from services.casework.commands import (
    AnnounceContractExpiry,
    ConcludeContract,
    EndContract,
    HireEmployee,
    JoinTeam,
)
from services.casework.timeline import Timeline
from shared.contracts.casework import (
    ContractConcluded,
    ContractEnded,
    ContractExpiryAnnounced,
    EmployeeJoined,
    TeamJoined,
)
from shared.contracts.model import EmployeeId, Hidden, Personal, TeamId
from shared.execute import Decider, Refused

EmployeeEvent: TypeAlias = EmployeeJoined | TeamJoined | ContractConcluded | ContractEnded | ContractExpiryAnnounced
EmployeeCommand: TypeAlias = HireEmployee | JoinTeam | ConcludeContract | EndContract | AnnounceContractExpiry

FULL_TIME: Final = Decimal(1)
DAYS_AHEAD: Final = (180, 90, 30)
"""How long before its last day a fixed-term contract's expiry is announced, in days."""


@dataclass(frozen=True, slots=True)
class Contract:
    """``ends_on`` is the agreed last day, ``ended_on`` the last day of a contract that ended early."""

    starts_on: date
    fte: Personal[Decimal]
    ends_on: Personal[date | None]
    ended_on: date | None = None
    announced: frozenset[int] = frozenset()

    @property
    def last_day(self) -> date:
        """``date.max`` for one without end; an end that cannot be read any more limits nothing."""
        if self.ended_on is not None:
            return self.ended_on
        return self.ends_on if isinstance(self.ends_on, date) else date.max

    def runs_on(self, day: date) -> bool:
        return self.starts_on <= day <= self.last_day


@dataclass(frozen=True, slots=True)
class Employee:
    joined: bool = False
    erased: bool = False
    team: Timeline[TeamId] = field(default_factory=Timeline)
    contracts: Mapping[str, Contract] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Announcement:
    """One threshold of one contract, in days before its last day."""

    employee_id: EmployeeId
    contract_id: str
    days_ahead: int


@dataclass(frozen=True, slots=True)
class Office:
    """What an employee's commands rest on beside the employee."""

    teams: Collection[TeamId] = ()


def evolve(employee: Employee, event: EmployeeEvent) -> Employee:
    match event:
        case EmployeeJoined():
            return replace(employee, joined=True, erased=event.name is Hidden.ERASED)
        case TeamJoined():
            return replace(employee, team=employee.team.starting(event.occurred_on, event.team_id))
        case ContractConcluded():
            contract = Contract(starts_on=event.occurred_on, fte=event.fte, ends_on=event.ends_on)
            return _with(employee, event.contract_id, contract)
        case ContractEnded():
            contract = employee.contracts[event.contract_id]
            return _with(employee, event.contract_id, replace(contract, ended_on=event.occurred_on))
        case ContractExpiryAnnounced():
            contract = employee.contracts[event.contract_id]
            announced = contract.announced | {event.days_ahead}
            return _with(employee, event.contract_id, replace(contract, announced=announced))
        case _:
            assert_never(event)


def decide(employee: Employee, command: EmployeeCommand, office: Office) -> Sequence[EmployeeEvent]:
    match command:
        case HireEmployee():
            return _hire(employee, command)
        case _ if not employee.joined:
            raise Refused("unknown-employee", employee=command.employee_id)
        case JoinTeam() | ConcludeContract() if employee.erased:
            raise Refused("unknown-employee", employee=command.employee_id)
        case JoinTeam():
            return _join_team(employee, command, office)
        case ConcludeContract():
            return _conclude(employee, command)
        case EndContract():
            return _end(employee, command)
        case AnnounceContractExpiry():
            return _announce(employee, command)
        case _:
            assert_never(command)


def decider(office: Office) -> Decider[Employee, EmployeeCommand, EmployeeEvent]:
    return Decider(Employee(), evolve, lambda state, command: decide(state, command, office))


def announcements(ends_on: date, known_on: date) -> dict[int, date]:
    """The days on which to announce that a contract known since ``known_on`` runs out, by days ahead.

    Of the thresholds that had passed when the contract became known only the nearest is announced:
    who hires for two months hears "in 90 days at the latest" once, not three times over. A contract
    that had run out by then needs no announcement.
    """
    if ends_on < known_on:
        return {}
    days = {ahead: ends_on - timedelta(days=ahead) for ahead in DAYS_AHEAD}
    passed = [ahead for ahead, day in days.items() if day <= known_on]
    return {ahead: day for ahead, day in days.items() if ahead not in passed or ahead == min(passed)}


def peak_fte(contracts: Iterable[Contract]) -> Decimal:
    """The highest sum of FTE on any one day. Contracts whose FTE cannot be read any more count nothing."""
    known = [(contract, contract.fte) for contract in contracts if not isinstance(contract.fte, Hidden)]
    starts = {contract.starts_on for contract, _ in known}
    return max(
        (sum((fte for contract, fte in known if contract.runs_on(day)), Decimal(0)) for day in starts),
        default=Decimal(0),
    )


def _with(employee: Employee, contract_id: str, contract: Contract) -> Employee:
    return replace(employee, contracts={**employee.contracts, contract_id: contract})


def _hire(employee: Employee, command: HireEmployee) -> list[EmployeeEvent]:
    """An account makes its employee's id, so whoever else is hired under it meets the first one here: also long
    after that one left or was erased, for the log goes on to name the account as who did this or that."""
    if employee.joined:
        raise Refused("account-taken")
    return [
        EmployeeJoined(
            occurred_on=command.joined_on,
            employee_id=command.employee_id,
            account=command.account,
            name=command.name,
            qualification=command.qualification,
        )
    ]


def _join_team(employee: Employee, command: JoinTeam, office: Office) -> list[EmployeeEvent]:
    if command.team_id not in office.teams:
        raise Refused("unknown-team", team=command.team_id)
    if employee.team.on(command.since) == command.team_id:
        return []
    return [TeamJoined(occurred_on=command.since, employee_id=command.employee_id, team_id=command.team_id)]


def _conclude(employee: Employee, command: ConcludeContract) -> list[EmployeeEvent]:
    if not 0 < command.fte <= FULL_TIME:
        raise Refused("fte-out-of-range")
    if command.ends_on is not None and command.ends_on < command.starts_on:
        raise Refused("contract-ends-before-start")
    new = Contract(starts_on=command.starts_on, fte=command.fte, ends_on=command.ends_on)
    if peak_fte([*employee.contracts.values(), new]) > FULL_TIME:
        raise Refused("more-than-full-time", employee=command.employee_id)
    return [
        ContractConcluded(
            occurred_on=command.starts_on,
            employee_id=command.employee_id,
            contract_id=command.contract_id,
            fte=command.fte,
            ends_on=command.ends_on,
        )
    ]


def _end(employee: Employee, command: EndContract) -> list[EmployeeEvent]:
    contract = employee.contracts.get(command.contract_id)
    if contract is None:
        raise Refused("unknown-contract", contract=command.contract_id)
    if contract.ended_on is not None:
        raise Refused("contract-already-ended", contract=command.contract_id)
    if not contract.runs_on(command.ended_on):
        raise Refused("ended-outside-running-time", contract=command.contract_id)
    return [
        ContractEnded(
            occurred_on=command.ended_on,
            employee_id=command.employee_id,
            contract_id=command.contract_id,
            reason=command.reason,
        )
    ]


def _announce(employee: Employee, command: AnnounceContractExpiry) -> list[EmployeeEvent]:
    """Nothing, rather than a refusal, where the view that asked has not seen the latest yet."""
    contract = employee.contracts.get(command.contract_id)
    if (
        contract is None
        or contract.ended_on is not None
        or not isinstance(contract.ends_on, date)
        or command.days_ahead in contract.announced
    ):
        return []
    due_on = contract.ends_on - timedelta(days=command.days_ahead)
    if command.today < due_on:
        return []
    return [
        ContractExpiryAnnounced(
            occurred_on=due_on,
            employee_id=command.employee_id,
            contract_id=command.contract_id,
            days_ahead=command.days_ahead,
        )
    ]
