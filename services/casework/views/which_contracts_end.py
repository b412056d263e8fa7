"""Which fixed-term contracts run out soon, and when is that to be announced?

A row is one announcement still to come; it goes when it was made or the contract ended early.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, select

from services.casework.employee import Announcement, announcements
from shared.contracts.casework import ContractConcluded, ContractEnded, ContractExpiryAnnounced
from shared.contracts.model import erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class ContractEndTables:
    announcements: Table


class WhichContractsEnd(View[ContractEndTables]):
    name, version = "casework.contract_ends", 1
    types = types_of(ContractConcluded, ContractEnded, ContractExpiryAnnounced)

    def tables(self, metadata: MetaData, suffix: str) -> ContractEndTables:
        return ContractEndTables(
            announcements=self.table(
                metadata,
                suffix,
                "announcements",
                Column("contract_id", String, primary_key=True),
                Column("days_ahead", Integer, primary_key=True),
                Column("employee_id", String, nullable=False),
                Column("due_on", Day, nullable=False, index=True),
            )
        )

    def fold(self, tables: ContractEndTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        contract = {"contract_id": data["contract_id"]}
        match fact.name:
            case "ContractConcluded":
                if erased(data["ends_on"]) or data["ends_on"] is None:
                    return
                due = announcements(date.fromisoformat(data["ends_on"]), date.fromisoformat(fact.learnt_on))
                for days_ahead, due_on in due.items():
                    row = {"days_ahead": days_ahead, "employee_id": data["employee_id"], "due_on": due_on}
                    yield Insert(tables.announcements, contract | row)
            case "ContractEnded":
                yield Delete(tables.announcements, contract)
            case "ContractExpiryAnnounced":
                yield Delete(tables.announcements, contract | {"days_ahead": data["days_ahead"]})

    def erase(self, tables: ContractEndTables, erasure: Erasure) -> Iterator[Change]:
        yield Delete(tables.announcements, {"employee_id": erasure.subject})


def due(connection: Connection, tables: ContractEndTables, today: date) -> list[Announcement]:
    """The announcements that have fallen due and were not made yet, oldest first."""
    rows = tables.announcements
    found = select(rows.c.employee_id, rows.c.contract_id, rows.c.days_ahead).where(rows.c.due_on <= today)
    return [Announcement(*row) for row in connection.execute(found.order_by(rows.c.due_on))]


def how_many_due(connection: Connection, tables: ContractEndTables, today: date) -> int:
    rows = tables.announcements
    return connection.execute(select(func.count()).where(rows.c.due_on <= today)).scalar_one()
