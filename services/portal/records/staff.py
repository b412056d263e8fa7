"""Who works in which team, with how many cases and under which contracts. Pure.

Made of casework's teams and employees. Contracts are told to those who run the office, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from services.portal.answers import Answer
from services.portal.language import terms
from services.portal.language.words import sorted_as
from services.portal.records.households import ERASED

SOON: Final = timedelta(days=90)
"""How long before its end a contract stands out."""


@dataclass(frozen=True, slots=True)
class Contract:
    """``last_day``: None for one without end; ``is_ended``: it was ended early."""

    id: str
    fte: Decimal
    starts_on: date
    last_day: date | None
    is_ended: bool

    def is_over(self, today: date) -> bool:
        return self.last_day is not None and self.last_day < today

    def runs_on(self, day: date) -> bool:
        return self.starts_on <= day and not self.is_over(day)

    def ends_soon(self, today: date) -> bool:
        return self.last_day is not None and self.last_day - today <= SOON


@dataclass(frozen=True, slots=True)
class Employee:
    """``cases``: how many they look after, by team. ``contracts``: those that are not over, None where they are not
    told. Of who was erased nothing is known but the cases."""

    id: str
    name: str
    account: str | None = None
    team_id: str | None = None
    qualification: str | None = None
    contracts: tuple[Contract, ...] | None = None
    cases: Mapping[str, int] | None = None

    @property
    def caseload(self) -> int:
        return sum((self.cases or {}).values())

    def cases_of(self, team_id: str | None) -> int:
        """How many of a team's cases they look after."""
        return 0 if team_id is None else (self.cases or {}).get(team_id, 0)

    def fte(self, day: date) -> Decimal:
        """The full-time equivalents of all contracts that run on a day."""
        return sum((each.fte for each in self.contracts or () if each.runs_on(day)), Decimal(0))


@dataclass(frozen=True, slots=True)
class Team:
    """``area``: the municipalities (AGS) that it serves, by name. ``people``: its members, and who left it and
    still looks after cases of it. ``id`` None: those who belong to no team."""

    id: str | None
    name: str
    area: tuple[str, ...]
    people: tuple[Employee, ...]

    @property
    def members(self) -> tuple[Employee, ...]:
        return tuple(each for each in self.people if each.team_id == self.id)


@dataclass(frozen=True, slots=True)
class Staff:
    """The whole office: its teams by name, everybody by id; ``unassigned``: how many open cases nobody looks after."""

    teams: tuple[Team, ...]
    people: Mapping[str, Employee]
    unassigned: int

    def beginning_with(self, team_id: str | None) -> list[Team]:
        """All teams, this one first."""
        return sorted(self.teams, key=lambda each: each.id != team_id)

    def team(self, team_id: str | None) -> Team | None:
        return next((team for team in self.teams if team.id == team_id), None)

    def team_of(self, ags: str | None) -> Team | None:
        """The team that serves a municipality."""
        return next((team for team in self.teams if ags in team.area), None)

    @property
    def without_team(self) -> Team:
        """Whoever belongs to none."""
        return Team(None, "", (), _by_name(each for each in self.people.values() if not each.team_id and each.account))

    def contract(self, contract_id: str) -> tuple[Employee, Contract] | None:
        """A contract that is not over, and whose it is."""
        return next(
            ((one, each) for one in self.people.values() for each in one.contracts or () if each.id == contract_id),
            None,
        )


def staff(teams: Sequence[Answer], told: Answer, today: date) -> Staff:
    """The office as casework tells it: its teams, and its employees with the caseloads."""
    loads = told["caseloads"]
    cases: dict[str, dict[str, int]] = {}
    for load in loads:
        if load["employee_id"] is not None:
            cases.setdefault(load["employee_id"], {})[load["team_id"]] = load["cases"]
    people = {each: Employee(each, ERASED, cases=of) for each, of in cases.items()}
    people |= {each["employee_id"]: _employee(each, cases, today) for each in told["employees"]}
    return Staff(
        teams=tuple(_team(team, people.values()) for team in sorted(teams, key=lambda each: sorted_as(each["name"]))),
        people=people,
        unassigned=sum(load["cases"] for load in loads if load["employee_id"] is None),
    )


def _team(team: Answer, people: Iterable[Employee]) -> Team:
    of_it = (each for each in people if each.team_id == team["team_id"] or each.cases_of(team["team_id"]))
    area = sorted(team["municipalities"], key=lambda ags: sorted_as(terms.municipality(ags)))
    return Team(team["team_id"], team["name"], tuple(area), _by_name(of_it))


def _employee(told: Answer, cases: Mapping[str, Mapping[str, int]], today: date) -> Employee:
    contracts = tuple(map(_contract, told["contracts"])) if "contracts" in told else None
    return Employee(
        id=told["employee_id"],
        name=told["name"] or ERASED,
        account=told["account"],
        team_id=told["team_id"],
        qualification=told["qualification"],
        contracts=None if contracts is None else tuple(each for each in contracts if not each.is_over(today)),
        cases=cases.get(told["employee_id"]),
    )


def _contract(told: Answer) -> Contract:
    last = told["ended_on"] or told["ends_on"]
    return Contract(
        id=told["contract_id"],
        fte=Decimal(told["fte"] or 0),
        starts_on=date.fromisoformat(told["starts_on"]),
        last_day=None if last is None else date.fromisoformat(last),
        is_ended=told["ended_on"] is not None,
    )


def _by_name(people: Iterable[Employee]) -> tuple[Employee, ...]:
    return tuple(sorted(people, key=lambda each: (sorted_as(each.name), each.id)))
