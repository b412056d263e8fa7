"""When must we look again? One row for everybody whom time alone may bring another phase or service."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from sqlalchemy import Column, Connection, MetaData, String, Table, func, select

from shared.contracts.eligibility import HousingPhaseDetermined
from shared.contracts.model import PersonalClass, PersonId
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Upsert, View, reads, visible


class Look(NamedTuple):
    """Look at this person on that day, or as soon after it as can be."""

    person_id: PersonId
    due_on: date


@dataclass(frozen=True)
class Tables:
    looks: Table


class Due(View[Tables]):
    name = "eligibility.due"
    version = 1
    types = reads(HousingPhaseDetermined)

    def tables(self, metadata: MetaData, suffix: str) -> Tables:
        return Tables(
            looks=self.table(
                metadata,
                suffix,
                "looks",
                Column("person_id", String, primary_key=True),
                Column("due_on", Day, nullable=False, index=True),
            )
        )

    def fold(self, tables: Tables, fact: Fact) -> Iterable[Change]:
        person_id, due_on = fact.data["person_id"], visible(fact.data["next_look_on"])
        if due_on is None:
            yield Delete(tables.looks, {"person_id": person_id})
        else:
            yield Upsert(tables.looks, ("person_id",), {"person_id": person_id, "due_on": due_on})

    def erase(self, tables: Tables, erasure: Erasure) -> Iterable[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.looks, {"person_id": erasure.subject})


DUE: Final = Due()


def due_by(connection: Connection, tables: Tables, day: date, limit: int) -> list[Look]:
    """The first ``limit`` looks that are due by a day, the earliest first."""
    look = tables.looks.c
    rows = connection.execute(
        select(look.person_id, look.due_on).where(look.due_on <= day).order_by(look.due_on, look.person_id).limit(limit)
    )
    return [Look(PersonId(row.person_id), row.due_on) for row in rows]


def how_many_due(connection: Connection, tables: Tables, day: date) -> int:
    return connection.scalar(select(func.count()).where(tables.looks.c.due_on <= day)) or 0
