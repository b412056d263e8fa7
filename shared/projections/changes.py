"""What a fold asks of its tables: four kinds of change, as data.

Values are what the database keeps: text, numbers, booleans, None; a date may be given as ``date`` or
as ISO text, a Decimal is kept as text, and a value that cannot be read (``Hidden``) becomes NULL.
Column types are ``String``, ``Integer``, ``Boolean``, ``Float`` or ``Day`` of ``shared.projections.view``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Table

Row: TypeAlias = Mapping[str, Any]
"""Values by column name."""


class Insert(NamedTuple):
    """A new row."""

    table: Table
    row: Row


class Upsert(NamedTuple):
    """A row that replaces the one with the same ``keys`` (the columns of the primary key or a unique one)."""

    table: Table
    keys: tuple[str, ...]
    row: Row


class Update(NamedTuple):
    """New values for every row whose columns equal ``where`` (None matches NULL)."""

    table: Table
    where: Row
    values: Row


class Delete(NamedTuple):
    """Every row whose columns equal ``where`` (None matches NULL) goes."""

    table: Table
    where: Row


Change: TypeAlias = Insert | Upsert | Update | Delete
