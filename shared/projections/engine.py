"""Databases of views: everything that knows which database it is. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, MetaData, Table, bindparam, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.sql import ClauseElement

from shared.contracts.model import Hidden
from shared.eventstore.port import StoreUnavailable

UNAVAILABLE: Final = (StoreUnavailable, OperationalError, sqlite3.OperationalError, ConnectionError)
"""Trouble of the surroundings (disk full, lock, connection lost), never the fault of an event: try again."""

NAMES: Final[Mapping[str, Any]] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
}
"""Names of indexes carry the physical table's name, so that two generations can stand side by side."""

_READING: Final = ("query_only=1", "cache_size=-8192", "temp_store=memory")
_WRITING: Final = (
    "journal_mode=wal",  # stays with the file; readers do not ask for it, since that fails while others do
    "synchronous=normal",  # a lost tail is folded again from the log
    "secure_delete=on",  # what an erasure deletes leaves no trace in the file
    "wal_autocheckpoint=16000",
    "cache_size=-16384",  # KiB
    "temp_store=memory",
)

_READS: Final = "wegmarken_reads"

_PASSING: Final = ("08", "25", "40", "53", "55", "57", "58")
"""PostgreSQL's classes of trouble that may pass: connection, read-only standby, deadlock, resources, lock, shutdown,
disk. (https://www.postgresql.org/docs/current/errcodes-appendix.html)"""

for _kind, _adapt in ((date, date.isoformat), (Decimal, str), (Hidden, lambda _: None)):
    sqlite3.register_adapter(_kind, _adapt)  # type: ignore[arg-type]


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMES)


def open_engine(url: str, *, writing: bool = False) -> Engine:
    """An engine whose transactions are snapshots (reading) or take the write lock at once (writing).

    A missing SQLite file and its directory are created.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": 10, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def tune(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions begin below, not by the driver's guess
        for pragma in _WRITING if writing else _READING:
            connection.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        only_reads = not writing or connection.get_execution_options().get(_READS, False)
        connection.exec_driver_sql("begin" if only_reads else "begin immediate")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that sees one state and waits for nobody; of either kind of engine."""
    with engine.connect() as connection, connection.execution_options(**{_READS: True}).begin():
        yield connection


def is_away(error: Exception, dialect: Dialect) -> bool:
    """Whether a database's error is trouble that may pass: full disk, lock, lost connection.

    Any other is its last word about what it was asked to write: a constraint, a type, a missing table or column.
    Drivers' classes do not tell the two apart (SQLite's missing column is an OperationalError), its codes do.
    """
    raised, driver = getattr(error, "orig", None) or error, dialect.loaded_dbapi
    if (code := getattr(raised, "sqlite_errorcode", None)) is not None:
        return isinstance(raised, driver.OperationalError) and code & 0xFF != sqlite3.SQLITE_ERROR
    if (state := getattr(raised, "sqlstate", None) or getattr(raised, "pgcode", None)) is not None:
        return str(state).startswith(_PASSING)
    return isinstance(raised, driver.OperationalError | driver.InterfaceError)  # without an answer, so without a code


def upsert(engine_name: str, table: Table, keys: tuple[str, ...], columns: tuple[str, ...]) -> ClauseElement:
    """Insert a row, or replace the columns of the one with the same keys; bind names are the columns'."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[engine_name]
    statement: Any = dialect.insert(table).values({name: bindparam(name) for name in columns})
    rest = {name: statement.excluded[name] for name in columns if name not in keys}
    complete: ClauseElement = (
        statement.on_conflict_do_update(index_elements=list(keys), set_=rest)
        if rest
        else statement.on_conflict_do_nothing(index_elements=list(keys))
    )
    return complete


def forget_deleted(engine: Engine) -> bool:
    """Remove every trace of deleted rows. False while a reader holds on to some: try again later.

    ``secure_delete`` zeroes what is deleted, but not what a page kept of rows that had moved to another
    page: so SQLite writes the file anew, then empties the write-ahead log. PostgreSQL: vacuum and the
    retention of its log are the operator's.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("vacuum")
        cursor.execute("pragma wal_checkpoint(truncate)")
        return cursor.fetchone() == (0, 0, 0)
    finally:
        connection.close()
