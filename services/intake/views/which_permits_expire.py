"""Which residence titles and tolerations expire? One row per permit that was recorded and not withdrawn."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, exists, or_, select

from shared.contracts.intake import EntryWithdrawn, TitleGranted, TolerationIssued
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class PermitTables:
    permits: Table


class WhichPermitsExpire(View[PermitTables]):
    name, version = "intake.permits", 1
    types = types_of(TitleGranted, TolerationIssued, EntryWithdrawn)

    def tables(self, metadata: MetaData, suffix: str) -> PermitTables:
        return PermitTables(
            permits=self.table(
                metadata,
                suffix,
                "permits",
                Column("permit_id", String, primary_key=True),
                Column("person_id", String, nullable=False, index=True),
                Column("kind", String, nullable=False),
                Column("section", String, nullable=False),
                Column("valid_until", Day),
            )
        )

    def fold(self, tables: PermitTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        match fact.name:
            case "EntryWithdrawn":
                yield Delete(tables.permits, {"permit_id": data["entry_id"]})
            case event if not erased(data["section"]):
                kind = "title" if event == "TitleGranted" else "toleration"
                row = {
                    "permit_id": data[f"{kind}_id"],
                    "person_id": data["person_id"],
                    "kind": kind,
                    "section": data["section"],
                    "valid_until": data["valid_until"],
                }
                yield Insert(tables.permits, row)

    def erase(self, tables: PermitTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.permits, {"person_id": erasure.subject})


def expiring(
    connection: Connection, tables: PermitTables, person_ids: Collection[str], until: date
) -> list[dict[str, Any]]:
    """The permits after which a person has none, by that day or long ago; the earliest first."""
    permit, other = tables.permits.c, tables.permits.alias().c
    goes_on = exists().where(
        other.person_id == permit.person_id,
        or_(other.valid_until.is_(None), other.valid_until > permit.valid_until),
    )
    found = select(tables.permits).where(permit.person_id.in_(person_ids), permit.valid_until <= until, ~goes_on)
    return rows(connection, found.order_by(permit.valid_until, permit.permit_id))
