"""When must we look again? One row for everybody whom time alone may bring another phase or service."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Column, Connection, MetaData, Select, String, Table, func, select

from shared.contracts.eligibility import HousingPhaseDetermined
from shared.contracts.model import PersonalClass, PersonId, erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Upsert, View


class Look(NamedTuple):
    """Look at this person on that day, or as soon after it as can be."""

    person_id: PersonId
    due_on: date


@dataclass(frozen=True, slots=True)
class LookTables:
    looks: Table


class WhenToLookAgain(View[LookTables]):
    name, version = "eligibility.due", 1
    types = types_of(HousingPhaseDetermined)

    def tables(self, metadata: MetaData, suffix: str) -> LookTables:
        return LookTables(
            looks=self.table(
                metadata,
                suffix,
                "looks",
                Column("person_id", String, primary_key=True),
                Column("due_on", Day, nullable=False, index=True),
            )
        )

    def fold(self, tables: LookTables, fact: Fact) -> Iterator[Change]:
        person_id, due_on = fact.data["person_id"], fact.data["next_look_on"]
        if erased(due_on) or due_on is None:
            yield Delete(tables.looks, {"person_id": person_id})
        else:
            yield Upsert(tables.looks, ("person_id",), {"person_id": person_id, "due_on": due_on})

    def erase(self, tables: LookTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.looks, {"person_id": erasure.subject})


def due_by(connection: Connection, tables: LookTables, day: date, limit: int) -> list[Look]:
    """The first ``limit`` looks that are due by a day, the earliest first."""
    return _looks(connection, _due(tables, day).limit(limit))


def due_among(connection: Connection, tables: LookTables, person_ids: Collection[str], day: date) -> list[Look]:
    """The looks at these persons that are due by a day, the earliest first."""
    return _looks(connection, _due(tables, day).where(tables.looks.c.person_id.in_(person_ids)))


def _due(tables: LookTables, day: date) -> Select[Any]:
    look = tables.looks.c
    return select(look.person_id, look.due_on).where(look.due_on <= day).order_by(look.due_on, look.person_id)


def _looks(connection: Connection, due: Select[Any]) -> list[Look]:
    return [Look(PersonId(row.person_id), row.due_on) for row in connection.execute(due)]


def how_many_due(connection: Connection, tables: LookTables, day: date) -> int:
    return connection.scalar(select(func.count()).where(tables.looks.c.due_on <= day)) or 0
