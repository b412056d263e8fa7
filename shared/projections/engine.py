"""Databases of views: everything that knows which database it is. SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import IsolationLevel
from psycopg.adapt import Dumper
from sqlalchemy import Connection, Dialect, Engine, MetaData, String, Table, bindparam, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool
from sqlalchemy.schema import CreateColumn
from sqlalchemy.sql import ClauseElement
from sqlalchemy.types import TypeDecorator

from shared.contracts.model import Hidden
from shared.database import postgres
from shared.database.plain import DatabaseUnavailable
from shared.eventstore.port import StoreUnavailable
from shared.projections.view import PLAIN
from shared.runtime.turns import Turns

AWAY: Final = (OperationalError, NoConnection)
"""What a database that is away raises through SQLAlchemy."""
UNAVAILABLE: Final = (StoreUnavailable, *AWAY, sqlite3.OperationalError, ConnectionError)
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
_FEW: Final = 20
"""So many rows go to PostgreSQL as statements; for more, COPY is faster."""

sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(Decimal, str)
sqlite3.register_adapter(Hidden, lambda _: None)


def new_metadata() -> MetaData:
    return MetaData(naming_convention=NAMES)


def open_engine(url: str, *, writing: bool = False) -> Engine:
    """An engine whose transactions are snapshots (reading) or take the write lock at once (writing).

    A missing SQLite file and its directory are created, and so is a missing schema in PostgreSQL. Raises
    DatabaseUnavailable where that directory cannot be.
    """
    return _open_postgres(url, writing) if postgres.is_postgres(url) else _open_sqlite(url, writing)


def _open_sqlite(url: str, writing: bool) -> Engine:
    parsed = make_url(url)
    if parsed.database:
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnavailable(f"views: {error}") from None
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


def _open_postgres(url: str, writing: bool) -> Engine:
    engine = create_engine(
        "postgresql+psycopg://",
        creator=partial(postgres.connect, url),
        use_native_hstore=False,
        pool_pre_ping=True,  # what was lost while it lay idle is replaced without a word
        poolclass=_FairPool,
        pool_size=postgres.MOST,
        max_overflow=0,
        pool_timeout=postgres.TURN_SECONDS,
    )

    @event.listens_for(engine, "connect")
    def tune(connection: postgres.Connection, _: object) -> None:
        connection.adapters.register_dumper(Hidden, _Nothing)
        if not writing:
            connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if not writing:
            return
        if connection.get_execution_options().get(_READS, False):
            connection.exec_driver_sql("set transaction isolation level repeatable read, read only")
        else:
            connection.exec_driver_sql(postgres.TURN)

    return engine


class _FairPool(QueuePool):
    """Who came first gets the next connection. From SQLAlchemy's own pool, newcomers take it before who was woken."""

    def __init__(self, creator: Any, *, pool_size: int, **options: Any) -> None:
        super().__init__(creator, pool_size=pool_size, **options)
        self._turns = Turns(pool_size)

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            self._turns.take(self._timeout)
        except TimeoutError:
            raise NoConnection(f"{self._turns.waiting} others wait for a connection, too") from None
        try:
            return super()._do_get()
        except BaseException:
            self._turns.give_back()
            raise

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        try:
            super()._do_return_conn(record)
        finally:
            self._turns.give_back()


class _Nothing(Dumper):
    """What cannot be read becomes NULL."""

    def dump(self, obj: Any) -> None:
        return None


@compiles(CreateColumn, "postgresql")
def _by_code_point(create: CreateColumn, compiler: Any, **options: Any) -> str:
    """Text sorts and compares by code point, as in SQLite, whatever the language of the database."""
    written: str = compiler.visit_create_column(create, **options)
    of = create.element.type
    if isinstance(of.impl_instance if isinstance(of, TypeDecorator) else of, String):
        kind = compiler.dialect.type_compiler_instance.process(of)
        written = written.replace(kind, f'{kind} COLLATE "C"', 1)
    return written


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
    if (state := getattr(raised, "sqlstate", None)) is not None:
        return str(state).startswith(postgres.PASSING)
    return isinstance(raised, driver.OperationalError | driver.InterfaceError)  # without an answer, so without a code


def keep_tables(connection: Connection, register: Table) -> None:
    """Let nobody drop tables that the register names while this transaction reads them; to be called before it reads.

    A snapshot of SQLite keeps them by itself. PostgreSQL drops tables for everybody at once, so who drops waits.
    """
    _lock(connection, register, "access share")


def wait_for_readers(connection: Connection, register: Table) -> None:
    """Wait until nobody reads tables that the register names; who comes then sees what this transaction leaves."""
    _lock(connection, register, "access exclusive")


def _lock(connection: Connection, table: Table, mode: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"lock table {table.name} in {mode} mode")


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


def keep_no_samples(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's statistics hold no values of ``PLAIN`` columns: they would outlive what an erasure deletes."""
    if connection.dialect.name == "postgresql":
        quote = connection.dialect.identifier_preparer.quote
        for column in table.columns:
            if PLAIN.items() <= column.info.items():
                connection.exec_driver_sql(
                    f"alter table {quote(table.name)} alter column {quote(column.name)} set statistics 0"
                )


def copies(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> tuple[str, int] | None:
    """The COPY that takes rows of plain columns, and from how many rows on it is worth it; None where there is none."""
    if dialect.name != "postgresql":
        return None
    quote = dialect.identifier_preparer.quote
    return f"COPY {quote(table.name)} ({', '.join(map(quote, columns))}) FROM STDIN", _FEW


def forget_deleted(engine: Engine, tables: Iterable[Table]) -> bool:
    """Remove every trace of rows deleted from these. False while a reader holds on to some: try again later.

    ``secure_delete`` zeroes what is deleted, but not what a page kept of rows that had moved to another
    page: so SQLite writes the file anew, then empties the write-ahead log. PostgreSQL writes the tables anew.
    """
    if engine.dialect.name == "postgresql":
        return _scrub(engine, [table.name for table in tables])
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("vacuum")
        cursor.execute("pragma wal_checkpoint(truncate)")
        return cursor.fetchone() == (0, 0, 0)
    finally:
        connection.close()


def _scrub(engine: Engine, tables: Iterable[str]) -> bool:
    lent = engine.raw_connection()
    connection: Any = lent.driver_connection
    try:
        connection.autocommit = True
        return postgres.scrub(connection, tables)
    except psycopg.Error as error:
        if is_away(error, engine.dialect):
            raise ConnectionError(type(error).__name__) from error
        raise
    finally:
        lent.invalidate()  # whatever became of it, the next one is as it should be
