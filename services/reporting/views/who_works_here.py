"""Who works here, with which qualification, under which contract?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Integer, MetaData, String, Subquery, Table, and_, or_, select

from services.reporting.as_of import VALID_AT, Knowledge, known, some
from services.reporting.hundredths import hundredths
from services.reporting.views.columns import event_of, known_by_event
from services.reporting.views.unreadable import erased, erases
from shared.contracts.casework import ContractConcluded, ContractEnded, EmployeeJoined
from shared.contracts.model import PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View, reads


@dataclass(frozen=True, slots=True)
class StaffTables:
    employees: Table
    contracts: Table
    ends: Table


class WhoWorksHere(View[StaffTables]):
    name, version = "reporting.who_works_here", 1
    types = reads(EmployeeJoined, ContractConcluded, ContractEnded)
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
        if erases(erasure, PersonalClass.EMPLOYEE):
            for table in (tables.employees, tables.contracts, tables.ends):
                yield Delete(table, {"employee_id": erasure.subject})


def employees(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """Everybody who ever joined, with the qualification."""
    return known(tables.employees, knowledge)


def contracts(tables: StaffTables, knowledge: Knowledge) -> Subquery:
    """The contracts active on the day, their first and last day included."""
    contract, end = known(tables.contracts, knowledge), tables.ends.alias()
    ended_before = some(
        end,
        where=and_(end.c.contract_id == contract.c.contract_id, end.c.last_day < VALID_AT, knowledge.covers(end)),
    )
    return (
        select(contract)
        .where(
            contract.c.since <= VALID_AT,
            or_(contract.c.ends_on.is_(None), contract.c.ends_on >= VALID_AT),
            ~ended_before,
        )
        .subquery()
    )
