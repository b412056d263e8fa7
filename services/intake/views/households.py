"""Who belongs to a household, on any day and as known on any day: one row per membership ever recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, and_, exists, or_, select

from services.intake.views.rows import rows
from shared.contracts.intake import BirthRecorded, HouseholdJoined, PersonRegistered
from shared.contracts.model import Hidden, PersonalClass
from shared.projections.view import Change, Day, Erasure, Fact, Insert, Update, View, reads, visible

FROM_THE_START: Final = date.min


@dataclass(frozen=True)
class Tables:
    memberships: Table


class Households(View[Tables]):
    name = "intake.households"
    version = 1
    types = reads(PersonRegistered, BirthRecorded, HouseholdJoined)

    def tables(self, metadata: MetaData, suffix: str) -> Tables:
        return Tables(
            memberships=self.table(
                metadata,
                suffix,
                "memberships",
                Column("position", Integer, primary_key=True),
                Column("person_id", String, nullable=False, index=True),
                Column("household_id", String, nullable=False, index=True),
                Column("anchor_id", String),
                Column("relation", String),
                Column("since", Day, nullable=False),
            )
        )

    def fold(self, tables: Tables, fact: Fact) -> Iterable[Change]:
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

    def erase(self, tables: Tables, erasure: Erasure) -> Iterable[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.memberships, {"person_id": erasure.subject}, {"relation": None})


def _relation(data: Mapping[str, Any]) -> str | None:
    """A birth names no relation, because there is only one; it is hidden with the other statistics."""
    if "relation" in data:
        return cast("str | None", visible(data["relation"]))
    return None if isinstance(data["sex"], Hidden) else "minor_child"


HOUSEHOLDS: Final = Households()


def members(connection: Connection, tables: Tables, household_id: str, day: date) -> list[dict[str, Any]]:
    """Whose membership on that day is this household's; the anchor first, then as they came."""
    held, later = tables.memberships.c, tables.memberships.alias()
    superseded = exists().where(
        later.c.person_id == held.person_id,
        later.c.since <= day,
        or_(later.c.since > held.since, and_(later.c.since == held.since, later.c.position > held.position)),
    )
    return rows(
        connection,
        select(held.person_id, held.anchor_id, held.relation)
        .where(held.household_id == household_id, held.since <= day, ~superseded)
        .order_by(held.anchor_id.is_not(None), held.position),
    )


def exists_ever(connection: Connection, tables: Tables, household_id: str) -> bool:
    """Whether anybody was ever recorded as a member."""
    held = tables.memberships.c
    return connection.scalar(select(held.position).where(held.household_id == household_id).limit(1)) is not None
