"""Who works here, in which team, under which contracts; and which team serves which municipalities?"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Subquery, Table, and_, func, select

from shared.contracts.casework import (
    ContractConcluded,
    ContractEnded,
    EmployeeJoined,
    TeamAreaSet,
    TeamFormed,
    TeamJoined,
)
from shared.contracts.model import erased
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import PLAIN, Change, Day, Delete, Erasure, Fact, Update, Upsert, View


@dataclass(frozen=True, slots=True)
class StaffTables:
    teams: Table
    areas: Table
    employees: Table
    memberships: Table
    contracts: Table


class WhoWorksWhere(View[StaffTables]):
    name, version = "casework.staff", 1
    types = types_of(TeamFormed, TeamAreaSet, EmployeeJoined, TeamJoined, ContractConcluded, ContractEnded)

    def tables(self, metadata: MetaData, suffix: str) -> StaffTables:
        return StaffTables(
            teams=self.table(
                metadata,
                suffix,
                "teams",
                Column("team_id", String, primary_key=True),
                Column("name", String, nullable=False),
                Column("formed_on", Day, nullable=False),
            ),
            areas=self.table(
                metadata,
                suffix,
                "areas",
                Column("team_id", String, primary_key=True),
                Column("since", Day, primary_key=True),
                Column("municipalities", String, nullable=False),  # their keys (AGS), between spaces
            ),
            employees=self.table(
                metadata,
                suffix,
                "employees",
                Column("employee_id", String, primary_key=True),
                Column("account", String, nullable=False, info=PLAIN),
                Column("name", String, info=PLAIN),
                Column("qualification", String),
                Column("joined_on", Day, nullable=False),
            ),
            memberships=self.table(
                metadata,
                suffix,
                "memberships",
                Column("employee_id", String, primary_key=True),
                Column("since", Day, primary_key=True),
                Column("team_id", String, nullable=False),
            ),
            contracts=self.table(
                metadata,
                suffix,
                "contracts",
                Column("contract_id", String, primary_key=True),
                Column("employee_id", String, nullable=False, index=True),
                Column("fte", String),
                Column("starts_on", Day, nullable=False),
                Column("ends_on", Day),
                Column("ended_on", Day),
            ),
        )

    def fold(self, tables: StaffTables, fact: Fact) -> Iterator[Change]:
        data, day = fact.data, fact.occurred_on
        match fact.name:
            case "TeamFormed":
                row = {"team_id": data["team_id"], "name": data["name"], "formed_on": day}
                yield Upsert(tables.teams, ("team_id",), row)
            case "TeamAreaSet":
                area = {"since": day, "municipalities": " ".join(data["municipalities"])}
                yield Upsert(tables.areas, ("team_id", "since"), {"team_id": data["team_id"]} | area)
            case "EmployeeJoined" if not erased(data["name"]):
                employee = {
                    "employee_id": data["employee_id"],
                    "account": data["account"],
                    "name": data["name"],
                    "qualification": data["qualification"],
                    "joined_on": day,
                }
                yield Upsert(tables.employees, ("employee_id",), employee)
            case "TeamJoined":
                membership = {"employee_id": data["employee_id"], "since": day, "team_id": data["team_id"]}
                yield Upsert(tables.memberships, ("employee_id", "since"), membership)
            case "ContractConcluded" if not erased(data["fte"]):
                contract = {
                    "contract_id": data["contract_id"],
                    "employee_id": data["employee_id"],
                    "fte": data["fte"],
                    "starts_on": day,
                    "ends_on": data["ends_on"],
                    "ended_on": None,
                }
                yield Upsert(tables.contracts, ("contract_id",), contract)
            case "ContractEnded":
                yield Update(tables.contracts, {"contract_id": data["contract_id"]}, {"ended_on": day})

    def erase(self, tables: StaffTables, erasure: Erasure) -> Iterator[Change]:
        # Memberships stay: they tell nobody's name, and another may be recorded after the erasure.
        for table in (tables.employees, tables.contracts):
            yield Delete(table, {"employee_id": erasure.subject})


def teams(connection: Connection, tables: StaffTables, day: date) -> list[dict[str, Any]]:
    """The teams formed by that day and the municipalities (AGS) that each serves on it, by name."""
    team, area = tables.teams, _newest(tables.areas, "team_id", day)
    found = (
        select(team.c.team_id, team.c.name, team.c.formed_on, area.c.municipalities)
        .join(area, area.c.team_id == team.c.team_id, isouter=True)
        .where(team.c.formed_on <= day)
        .order_by(team.c.name, team.c.team_id)
    )
    return [{**row, "municipalities": (row["municipalities"] or "").split()} for row in rows(connection, found)]


def employees(connection: Connection, tables: StaffTables, day: date) -> list[dict[str, Any]]:
    """Who had joined by that day, with the team they belong to on it, by name."""
    employee, team = tables.employees, _newest(tables.memberships, "employee_id", day)
    found = (
        select(employee, team.c.team_id)
        .join(team, team.c.employee_id == employee.c.employee_id, isouter=True)
        .where(employee.c.joined_on <= day)
        .order_by(employee.c.name, employee.c.employee_id)
    )
    return rows(connection, found)


def names(connection: Connection, tables: StaffTables, employee_ids: Collection[str]) -> dict[str, str]:
    """What those of these employees are called who were not erased, by their ids."""
    employee = tables.employees.c
    found = select(employee.employee_id, employee.name).where(employee.employee_id.in_(employee_ids))
    return dict(connection.execute(found).tuples().all())


def team_names(connection: Connection, tables: StaffTables, team_ids: Collection[str]) -> dict[str, str]:
    """What these teams are called, by their ids."""
    team = tables.teams.c
    found = select(team.team_id, team.name).where(team.team_id.in_(team_ids))
    return dict(connection.execute(found).tuples().all())


def contracts(connection: Connection, tables: StaffTables) -> dict[str, list[dict[str, Any]]]:
    """All contracts by employee, in order of their first days."""
    contract = tables.contracts
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows(connection, select(contract).order_by(contract.c.starts_on, contract.c.contract_id)):
        found.setdefault(row.pop("employee_id"), []).append(row)
    return found


def how_many_end(connection: Connection, tables: StaffTables, first: date, last: date) -> int:
    """How many fixed-term contracts have their last day within this span, both days included."""
    contract = tables.contracts.c
    within = and_(contract.ended_on.is_(None), contract.ends_on >= first, contract.ends_on <= last)
    return connection.execute(select(func.count()).select_from(tables.contracts).where(within)).scalar_one()


def _newest(table: Table, of: str, day: date) -> Subquery:
    """For each value of the column ``of`` the row that holds on the day."""
    newest = (
        select(table.c[of], func.max(table.c.since).label("since")).where(table.c.since <= day).group_by(table.c[of])
    ).subquery()
    return select(table).join(newest, and_(table.c[of] == newest.c[of], table.c.since == newest.c.since)).subquery()
