"""Changes become SQL: in order within a table, together where they have one shape."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, select

from shared.contracts.model import Hidden
from shared.projections.changes import Change, Delete, Insert, Update, Upsert
from shared.projections.engine import open_engine
from shared.projections.writer import Writer

METADATA = MetaData()
SHELF = Table("shelf", METADATA, Column("id", Integer, primary_key=True), Column("a", String), Column("b", String))
OTHER = Table("other", METADATA, Column("id", Integer, primary_key=True))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = open_engine("sqlite://", writing=True)
    METADATA.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def after(connection: Connection, *changes: Change) -> list[tuple[Any, ...]]:
    Writer(connection.dialect).write(connection, changes)
    return [tuple(row) for row in connection.execute(select(SHELF).order_by(SHELF.c.id))]


def row(id: int, a: object = None, b: object = None) -> dict[str, object]:
    return {"id": id, "a": a, "b": b}


def test_inserts_of_different_shapes(connection: Connection) -> None:
    changes = [Insert(SHELF, {"b": "y", "id": 1}), Insert(SHELF, {"id": 2, "a": "x"}), Insert(SHELF, row(3, "x", "y"))]
    assert after(connection, *changes) == [(1, None, "y"), (2, "x", None), (3, "x", "y")]


def test_changes_of_one_table_keep_their_order(connection: Connection) -> None:
    assert after(
        connection,
        Insert(SHELF, row(1, "x")),
        Update(SHELF, {"id": 1}, {"a": "y"}),
        Insert(SHELF, row(2, "x")),
        Update(SHELF, {"a": "y"}, {"b": "seen", "a": "z"}),
        Delete(SHELF, {"id": 2}),
        Insert(SHELF, row(2, "anew")),
    ) == [(1, "z", "seen"), (2, "anew", None)]


def test_an_upsert_replaces_the_row_with_the_same_keys(connection: Connection) -> None:
    assert after(
        connection,
        Upsert(SHELF, ("id",), row(1, "x", "y")),
        Upsert(SHELF, ("id",), row(1, "z")),
        Upsert(SHELF, ("id",), {"id": 1, "b": "only b"}),
        Upsert(SHELF, ("id",), {"id": 1}),
    ) == [(1, "z", "only b")]


def test_where_matches_null(connection: Connection) -> None:
    assert after(
        connection,
        Insert(SHELF, row(1)),
        Insert(SHELF, row(2, "x")),
        Update(SHELF, {"a": None}, {"b": "was null"}),
        Delete(SHELF, {"a": "x", "b": None}),
    ) == [(1, None, "was null")]


def test_values_are_kept_as_text_where_the_driver_has_no_type(connection: Connection) -> None:
    assert after(
        connection, Insert(SHELF, row(1, date(2018, 2, 1), Decimal("0.80"))), Insert(SHELF, row(2, Hidden.ERASED))
    ) == [(1, "2018-02-01", "0.80"), (2, None, None)]


def test_changes_of_different_tables_are_written_table_by_table(connection: Connection) -> None:
    statements: list[str] = []
    connection.connection.dbapi_connection.set_trace_callback(statements.append)  # type: ignore[union-attr]
    alternating = [change for n in range(3) for change in (Insert(SHELF, {"id": n}), Insert(OTHER, {"id": n}))]
    Writer(connection.dialect).write(connection, alternating)
    assert [sql.split()[2] for sql in statements] == ["shelf"] * 3 + ["other"] * 3


def test_an_unknown_column_is_refused(connection: Connection) -> None:
    with pytest.raises(Exception, match="Unconsumed column names: c"):
        after(connection, Insert(SHELF, {"id": 1, "c": 2}))
