"""Where does somebody live? One row per residence or departure that was recorded and not withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Boolean, Column, Connection, Index, MetaData, String, Table, and_, exists, or_, select

from shared.contracts.intake import EntryWithdrawn, MovedIn, MovedOut, ResidenceCorrected
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import PLAIN, POSITION, Change, Day, Delete, Erasure, Fact, Insert, Update, View

HOME: Final = ("kind", "ags", "accommodation", "address")
STATISTICS: Final = ("kind", "ags", "accommodation", "destination")


@dataclass(frozen=True, slots=True)
class ResidenceTables:
    residences: Table


class WhoLivesWhere(View[ResidenceTables]):
    name, version = "intake.residences", 1
    types = types_of(MovedIn, MovedOut, ResidenceCorrected, EntryWithdrawn)

    def tables(self, metadata: MetaData, suffix: str) -> ResidenceTables:
        return ResidenceTables(
            residences=self.table(
                metadata,
                suffix,
                "residences",
                Column("residence_id", String, primary_key=True),
                Column("person_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("position", POSITION, nullable=False),
                Column("departed", Boolean, nullable=False),
                *(Column(name, String, info=PLAIN) for name in (*HOME, "destination")),
                Index(None, "person_id", "since"),
            )
        )

    def fold(self, tables: ResidenceTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        match fact.name:
            case "EntryWithdrawn":
                yield Delete(tables.residences, {"residence_id": data["entry_id"]})
            case "MovedOut":
                yield Insert(tables.residences, _row(fact, departed=True))
            case _ if erased(data["address"]):
                return  # as if they had never lived there
            case "MovedIn":
                yield Insert(tables.residences, _row(fact, departed=False))
            case "ResidenceCorrected":
                corrected = {"since": fact.occurred_on, **_readable(data, HOME)}
                yield Update(tables.residences, {"residence_id": data["residence_id"]}, corrected)

    def erase(self, tables: ResidenceTables, erasure: Erasure) -> Iterator[Change]:
        hers = {"person_id": erasure.subject}
        if erasure.personal_class == PersonalClass.IDENTITY:
            yield Delete(tables.residences, {**hers, "departed": False})
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.residences, hers, dict.fromkeys(STATISTICS))


def _row(fact: Fact, *, departed: bool) -> dict[str, Any]:
    return {
        "residence_id": fact.data["residence_id"],
        "person_id": fact.data["person_id"],
        "since": fact.occurred_on,
        "position": fact.position,
        "departed": departed,
        **dict.fromkeys((*HOME, "destination")),
        **_readable(fact.data, ("destination",) if departed else HOME),
    }


def _readable(data: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: None if erased(data[name]) else data[name] for name in names}


def homes(
    connection: Connection, tables: ResidenceTables, person_ids: Collection[str], day: date
) -> dict[str, dict[str, Any]]:
    """Where each of these persons lives on that day, or to where they left; nothing of who was never recorded."""
    held, later = tables.residences.c, tables.residences.alias().c
    superseded = exists().where(
        later.person_id == held.person_id,
        later.since <= day,
        or_(later.since > held.since, and_(later.since == held.since, later.position > held.position)),
    )
    found = rows(
        connection,
        select(tables.residences).where(held.person_id.in_(person_ids), held.since <= day, ~superseded),
    )
    return {row["person_id"]: _home(row) for row in found}


def _home(row: Mapping[str, Any]) -> dict[str, Any]:
    """The same shape as in a person's record."""
    if row["departed"]:
        when = {"moved_out_on": row["since"], "destination": row["destination"]}
    else:
        when = {"moved_in_on": row["since"], **{name: row[name] for name in HOME}}
    return {"residence_id": row["residence_id"], **when}
