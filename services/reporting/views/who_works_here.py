"""Who works here, with which qualification, under which contract?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Integer, MetaData, String, Subquery, Table, case, func, select

from services.reporting.as_of import FOREVER, VALID_AT, Knowledge, holds, in_force, known
from services.reporting.hundredths import hundredths
from services.reporting.views.columns import event_of, known_by_event
from shared.contracts.casework import ContractConcluded, ContractEnded, EmployeeJoined, TeamJoined
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class StaffTables:
    employees: Table
    memberships: Table
    contracts: Table
    ends: Table


class WhoWorksHere(View[StaffTables]):
    name, version = "reporting.who_works_here", 2
    types = types_of(EmployeeJoined, TeamJoined, ContractConcluded, ContractEnded)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> StaffTables:
        return StaffTables(
            employees=self.table(
                metadata,
                suffix,
                "employees",
                *known_by_event(),
                Column("employee_id", String, nullable=False, index=True),
                Column("qualification", String, nullable=False),
            ),
            memberships=self.table(
                metadata,
                suffix,
                "memberships",
                *known_by_event(),
                Column("employee_id", String, nullable=False, index=True),
                Column("team_id", String, nullable=False),
                Column("since", Day, nullable=False),
            ),
            contracts=self.table(
                metadata,
                suffix,
                "contracts",
                *known_by_event(),
                Column("employee_id", String, nullable=False, index=True),
                Column("contract_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("ends_on", Day),
                Column("fte_hundredths", Integer, nullable=False),
            ),
            ends=self.table(
                metadata,
                suffix,
                "ends",
                *known_by_event(),
                Column("employee_id", String, nullable=False, index=True),
                Column("contract_id", String, nullable=False, index=True),
                Column("last_day", Day, nullable=False),
            ),
        )

    def fold(self, tables: StaffTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {**event_of(fact), "employee_id": data["employee_id"]}
        match fact.type:
            case "casework.EmployeeJoined" if not erased(data["qualification"]):
                yield Insert(tables.employees, row | {"qualification": data["qualification"]})
            case "casework.TeamJoined":
                yield Insert(tables.memberships, row | {"team_id": data["team_id"], "since": fact.occurred_on})
            case "casework.ContractConcluded" if not erased(data["fte"]):
                yield Insert(
                    tables.contracts,
                    row
                    | {
                        "contract_id": data["contract_id"],
                        "since": fact.occurred_on,
                        "ends_on": data["ends_on"],
                        "fte_hundredths": hundredths(data["fte"]),
                    },
                )
            case "casework.ContractEnded" if not erased(data["reason"]):
                yield Insert(tables.ends, row | {"contract_id": data["contract_id"], "last_day": fact.occurred_on})

    def erase(self, tables: StaffTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.EMPLOYEE:
            for table in (tables.employees, tables.contracts, tables.ends):
                yield Delete(table, {"employee_id": erasure.subject})


def employees(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """Everybody who ever joined, with the qualification."""
    return known(tables.employees, knowledge)


def memberships(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """The team of each employee on the day."""
    member = in_force(tables.memberships, knowledge, of="employee_id")
    return select(member).where(holds(member)).subquery()


def contracts(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """The contracts active on the day, their first and last day included."""
    contract = last_days(tables, knowledge)
    return select(contract).where(contract.c.since <= VALID_AT, contract.c.last_day >= VALID_AT).subquery()


def ended_contracts(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """The contracts whose last day is the day or before it."""
    contract = last_days(tables, knowledge)
    return select(contract).where(contract.c.last_day <= VALID_AT).subquery()


def last_days(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """Every contract with its last day: as agreed, or as it ended before; the end of time without either."""
    contract, end = known(tables.contracts, knowledge), tables.ends.alias()
    ended_early = (
        select(func.min(end.c.last_day))
        .where(end.c.contract_id == contract.c.contract_id, knowledge.covers(end))
        .correlate_except(end)
        .scalar_subquery()
    )
    ended, agreed = (func.coalesce(day, FOREVER, type_=Day()) for day in (ended_early, contract.c.ends_on))
    return select(contract, case((ended < agreed, ended), else_=agreed).label("last_day")).subquery()
