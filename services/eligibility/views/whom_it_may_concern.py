"""Whom else may an event concern? Who belonged to an anchor's household, and who lived in a municipality.

Both keep everything that was ever recorded: whoever looks at one person too many finds nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Column, Connection, MetaData, String, Table, select

from shared.contracts.intake import (
    BirthRecorded,
    HouseholdJoined,
    MovedIn,
    PersonRegistered,
    ResidenceCorrected,
)
from shared.contracts.model import Ags, PersonalClass, PersonId, erased
from shared.contracts.registry import types_of
from shared.projections.view import POSITION, Change, Delete, Erasure, Fact, Insert, View

_RESIDENCES: Final = types_of(MovedIn, ResidenceCorrected)


@dataclass(frozen=True, slots=True)
class ConcernTables:
    """``members``: one row per membership in somebody else's household; ``residents``: one per residence."""

    members: Table
    residents: Table


class WhomItMayConcern(View[ConcernTables]):
    name, version = "eligibility.households", 1
    types = types_of(PersonRegistered, BirthRecorded, HouseholdJoined, MovedIn, ResidenceCorrected)

    def tables(self, metadata: MetaData, suffix: str) -> ConcernTables:
        return ConcernTables(
            members=self.table(
                metadata,
                suffix,
                "members",
                Column("position", POSITION, primary_key=True),
                Column("person_id", String, nullable=False),
                Column("anchor_id", String, nullable=False),
            ),
            residents=self.table(
                metadata,
                suffix,
                "residents",
                Column("position", POSITION, primary_key=True),
                Column("person_id", String, nullable=False, index=True),
                Column("ags", String, nullable=False, index=True),
            ),
        )

    def fold(self, tables: ConcernTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {"position": fact.position, "person_id": data["person_id"]}
        if fact.type in _RESIDENCES:
            if not erased(data["ags"]):
                yield Insert(tables.residents, {**row, "ags": data["ags"]})
        elif data["anchor_id"] is not None:
            yield Insert(tables.members, {**row, "anchor_id": data["anchor_id"]})

    def erase(self, tables: ConcernTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.residents, {"person_id": erasure.subject})


def memberships_after(connection: Connection, tables: ConcernTables, position: int) -> list[tuple[PersonId, PersonId]]:
    """Member and anchor of each membership recorded after a position of the log."""
    row = tables.members.c
    rows = connection.execute(
        select(row.person_id, row.anchor_id).where(row.position > position).order_by(row.position)
    )
    return [(PersonId(person_id), PersonId(anchor_id)) for person_id, anchor_id in rows]


def residents_of(connection: Connection, tables: ConcernTables, ags: Ags) -> list[PersonId]:
    """Who was ever recorded as living in the municipality."""
    row = tables.residents.c
    rows = connection.scalars(select(row.person_id).where(row.ags == ags).order_by(row.position))
    return [PersonId(each) for each in dict.fromkeys(rows)]
