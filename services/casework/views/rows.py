"""Rows as the answers hold them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select


def rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """Each row by the plain names of its columns; SQLAlchemy's own are no JSON keys."""
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query).mappings()]
