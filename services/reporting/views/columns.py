"""What all tables of facts have: by which event a row is known, and how versions of an entry are told apart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Index, String, text
from sqlalchemy.sql.schema import SchemaItem

from shared.projections.view import POSITION, Day, Fact


def known_by_event() -> tuple[SchemaItem, ...]:
    """The columns of a table with one row per event."""
    return (
        Column("position", POSITION, primary_key=True),
        Column("event_id", String, nullable=False),
        Column("learnt_on", Day, nullable=False),
    )


def event_of(fact: Fact) -> dict[str, Any]:
    """The values of ``known_by_event``."""
    return {"position": fact.position, "event_id": fact.event_id, "learnt_on": fact.learnt_on}


def versions_of(entry: str) -> tuple[SchemaItem, ...]:
    """The columns that tell later versions from first ones, and an index of the later ones by ``entry``."""
    return (
        Column("revises", Boolean, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
        Index(None, entry, **only("revises = 1", "revises")),
    )


def only(sqlite: str, postgresql: str | None = None) -> dict[str, Any]:
    """For an index of those rows only. The condition is written as queries have it; databases differ in booleans."""
    return {"sqlite_where": text(sqlite), "postgresql_where": text(postgresql or sqlite)}
