"""Who belongs to which household, on any day? One row per membership ever recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Column, Connection, MetaData, String, Table, and_, exists, or_, select

from shared.contracts.intake import BirthRecorded, HouseholdJoined, PersonRegistered
from shared.contracts.model import PersonalClass, PersonId, erased
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import POSITION, Change, Day, Erasure, Fact, Insert, Update, View

FROM_THE_START: Final = date.min


@dataclass(frozen=True, slots=True)
class HouseholdTables:
    memberships: Table


class WhoBelongsTogether(View[HouseholdTables]):
    name, version = "intake.households", 1
    types = types_of(PersonRegistered, BirthRecorded, HouseholdJoined)

    def tables(self, metadata: MetaData, suffix: str) -> HouseholdTables:
        return HouseholdTables(
            memberships=self.table(
                metadata,
                suffix,
                "memberships",
                Column("position", POSITION, primary_key=True),
                Column("person_id", String, nullable=False, index=True),
                Column("household_id", String, nullable=False, index=True),
                Column("anchor_id", String),
                Column("relation", String),
                Column("since", Day, nullable=False),
            )
        )

    def fold(self, tables: HouseholdTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        yield Insert(
            tables.memberships,
            {
                "position": fact.position,
                "person_id": data["person_id"],
                "household_id": data["household_id"],
                "anchor_id": data["anchor_id"],
                "relation": _relation(data),
                "since": FROM_THE_START if fact.revision == 0 else fact.occurred_on,
            },
        )

    def erase(self, tables: HouseholdTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.memberships, {"person_id": erasure.subject}, {"relation": None})


def _relation(data: Mapping[str, Any]) -> str | None:
    """A birth names no relation, because there is only one; it is hidden with the other statistics."""
    told = "relation" in data
    if erased(data["relation" if told else "sex"]):
        return None
    return cast("str | None", data["relation"]) if told else "minor_child"


def members(
    connection: Connection, tables: HouseholdTables, household_ids: Collection[str], day: date
) -> dict[str, list[dict[str, Any]]]:
    """Whose membership on that day is each household's; the anchor first, then as they came."""
    held, later = tables.memberships.c, tables.memberships.alias()
    superseded = exists().where(
        later.c.person_id == held.person_id,
        later.c.since <= day,
        or_(later.c.since > held.since, and_(later.c.since == held.since, later.c.position > held.position)),
    )
    found = rows(
        connection,
        select(held.household_id, held.person_id, held.anchor_id, held.relation)
        .where(held.household_id.in_(household_ids), held.since <= day, ~superseded)
        .order_by(held.anchor_id.is_not(None), held.position),
    )
    members: dict[str, list[dict[str, Any]]] = {household_id: [] for household_id in household_ids}
    for row in found:
        members[row.pop("household_id")].append(row)
    return members


def ever(connection: Connection, tables: HouseholdTables, household_id: str) -> list[PersonId]:
    """Who was recorded as a member for any day, as they came."""
    held = tables.memberships.c
    found = select(held.person_id).where(held.household_id == household_id).order_by(held.position)
    return list(dict.fromkeys(map(PersonId, connection.scalars(found))))
