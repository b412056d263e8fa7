"""Rows as answers show them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select


def rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """The rows by column name; a column's name is a special ``str``, which a JSON key must not be."""
    return [{str(name): value for name, value in row.items()} for row in connection.execute(query).mappings()]
