"""Tables of entries with versions: what all of them have."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, text
from sqlalchemy.sql.schema import SchemaItem


def versions_of(entry: str) -> tuple[SchemaItem, ...]:
    """The columns that tell later versions from first ones, and an index of the later ones by ``entry``."""
    return (
        Column("revises", Boolean, nullable=False),
        Column("withdrawn", Boolean, nullable=False),
        Index(None, entry, sqlite_where=text("revises = 1"), postgresql_where=text("revises")),
    )
