"""Writes changes: consecutive ones of the same shape become one ``executemany`` at the driver.

Changes of different tables do not see each other, so each table's run on its own, in their order.
SQLAlchemy compiles each shape once and is then out of the way: it would cost more per row than the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Connection, Dialect, Table, and_, bindparam, delete, insert, update
from sqlalchemy.sql import ClauseElement

from shared.projections.changes import Change, Delete, Insert, Row, Update, Upsert
from shared.projections.engine import copies, is_away, upsert

Shape: TypeAlias = tuple[Any, ...]
"""What changes must share to become one statement: kind, table, columns, and which of ``where`` are None."""


class Statement(NamedTuple):
    """SQL for the driver, and how a change's values become its parameters; a quicker way for many, if there is one."""

    sql: str
    parameters: Callable[[Any], Any]
    copy: tuple[str, int] | None = None

    def write(self, cursor: Any, run: list[Change]) -> int:
        """Write changes of this shape; the number of rows that were touched."""
        if self.copy is not None and len(run) >= self.copy[1]:
            with cursor.copy(self.copy[0]) as lines:
                for change in run:
                    lines.write_row(tuple(_row(change).values()))
        else:
            cursor.executemany(self.sql, list(map(self.parameters, run)))
        touched: int = cursor.rowcount
        return touched


class Writer:
    """Writes changes to databases of one dialect; keeps what it compiled."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._statements: dict[Shape, Statement] = {}

    def write(self, connection: Connection, changes: Iterable[Change]) -> int:
        """Write within the connection's transaction; the number of rows that were touched.

        Raises ConnectionError when the database cannot write now; for what it will never write the driver's
        own exceptions, and those of whoever made the changes.
        """
        tables: dict[Table, list[Change]] = {}
        for change in changes:
            tables.setdefault(change.table, []).append(change)
        touched = 0
        cursor = connection.connection.cursor()
        try:
            for of_table in tables.values():
                for shape, run in groupby(of_table, _shape):
                    statement = self._statements.get(shape) or self._compile(shape)
                    touched += statement.write(cursor, list(run))
        except self._dialect.loaded_dbapi.Error as error:
            if is_away(error, self._dialect):
                raise ConnectionError(type(error).__name__) from error
            raise
        finally:
            cursor.close()
        return touched

    def forget(self) -> None:
        """Forget what was compiled, after tables were dropped."""
        self._statements.clear()

    def _compile(self, shape: Shape) -> Statement:
        executable, values = _statement(shape, self._dialect.name)
        compiled = executable.compile(dialect=self._dialect)
        order = getattr(compiled, "positiontup", None)
        copy = copies(self._dialect, shape[1], shape[2:]) if shape[0] is Insert else None
        statement = Statement(str(compiled), values if order is None else _in_order(order, values), copy)
        self._statements[shape] = statement
        return statement


def _shape(change: Change) -> Shape:
    return _SHAPES[change.__class__](change)


_SHAPES: dict[type, Callable[[Any], Shape]] = {
    Insert: lambda change: (Insert, change.table, *change.row),
    Upsert: lambda change: (Upsert, change.table, change.keys, *change.row),
    Update: lambda change: (Update, change.table, _null(change.where), tuple(change.where), *change.values),
    Delete: lambda change: (Delete, change.table, _null(change.where), *change.where),
}


def _statement(shape: Shape, dialect_name: str) -> tuple[ClauseElement, Callable[[Any], Row]]:
    """The statement of a shape with named parameters, and how a change gives their values."""
    match shape:
        case (kind, table, *columns) if kind is Insert:
            return insert(table).values({name: bindparam(name) for name in columns}), _row
        case (kind, table, keys, *columns) if kind is Upsert:
            return upsert(dialect_name, table, keys, tuple(columns)), _row
        case (kind, table, null, where, *values) if kind is Update:
            new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in values}
            return update(table).where(_matching(table, where, null)).values(new), _where_and_values
        case (kind, table, null, *where) if kind is Delete:
            return delete(table).where(_matching(table, tuple(where), null)), _where
    raise AssertionError("unreachable")


def _matching(table: Table, names: tuple[str, ...], null: frozenset[str]) -> Any:
    return and_(*(table.c[n].is_(None) if n in null else table.c[n] == bindparam(f"where_{n}") for n in names))


def _null(where: Row) -> frozenset[str]:
    return frozenset(name for name, value in where.items() if value is None)


_row: Callable[[Any], Row] = itemgetter(-1)  # of Insert and Upsert: the last field, at the speed of C


def _where(change: Delete) -> Row:
    return {f"where_{name}": value for name, value in change.where.items()}


def _where_and_values(change: Update) -> Row:
    values = {f"new_{name}": value for name, value in change.values.items()}
    values.update((f"where_{name}", value) for name, value in change.where.items())
    return values


def _in_order(names: list[str], values: Callable[[Any], Row]) -> Callable[[Any], tuple[Any, ...]]:
    """Parameters by place, for drivers that count them."""
    if len(names) < 2:  # itemgetter would not give a tuple
        return lambda change: tuple(values(change)[name] for name in names)
    pick = itemgetter(*names)
    return lambda change: pick(values(change))
