"""A small database for plain SQL: a SQLite file or a schema of PostgreSQL, under the same statements.

Parameters are named (``:name``), and so are the columns of rows. What the dialects write differently is in ``words``:
``{blob}``, ``{real}`` (eight bytes), ``{text}`` (ordered by code point), and ``{strict}`` at a table's end.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

import psycopg
from psycopg.rows import dict_row

from shared.database import postgres
from shared.eventstore.port import StoreUnavailable
from shared.runtime.native import threading

Row: TypeAlias = Mapping[str, Any]

SQLITE: Final = {"blob": "blob", "real": "real", "text": "text", "strict": " strict"}
POSTGRESQL: Final = {"blob": "bytea", "real": "double precision", "text": 'text collate "C"', "strict": ""}


class DatabaseUnavailable(StoreUnavailable):
    """It cannot be read or written; nothing was changed. The text begins with the file's or the schema's name."""


class Statements(Protocol):
    """Raises DatabaseUnavailable."""

    def read(self, statement: str, **parameters: Any) -> list[Row]:
        """The rows of a query."""
        ...

    def write(self, statement: str, **parameters: Any) -> int:
        """Carry out a change; the number of rows that were touched."""
        ...


class Database(Statements, Protocol):
    """Shared by threads and green threads. Outside a transaction each statement is one."""

    @property
    def words(self) -> Mapping[str, str]: ...

    def transaction(self) -> AbstractContextManager[Statements]:
        """All or nothing, and nobody else writes meanwhile. Raises DatabaseUnavailable."""
        ...

    def has_table(self, name: str) -> bool: ...

    def close(self) -> None: ...


class SqliteDatabase:
    """A file, made when it is not there yet; readable by its owner only. Raises DatabaseUnavailable."""

    words: Mapping[str, str] = SQLITE

    def __init__(self, path: Path, pragmas: Iterable[str] = (), *, busy_seconds: float) -> None:
        self._name = path.name
        self._lock = threading.RLock()  # native: nothing under it yields to eventlet's hub
        with _sqlite(self._name):
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            self._db = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            try:
                for pragma in pragmas:
                    self._db.execute(f"pragma {pragma}")
            except BaseException:
                self._db.close()
                raise

    def read(self, statement: str, **parameters: Any) -> list[Row]:
        with self._lock, _sqlite(self._name):
            return [dict(row) for row in self._db.execute(statement, parameters)]

    def write(self, statement: str, **parameters: Any) -> int:
        with self._lock, _sqlite(self._name):
            return self._db.execute(statement, parameters).rowcount

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        with self._lock:
            self.write("begin immediate")
            try:
                yield self
                self.write("commit")
            except BaseException:
                with suppress(DatabaseUnavailable):  # after some failures SQLite has rolled back already
                    self.write("rollback")
                raise

    def has_table(self, name: str) -> bool:
        return bool(self.read("select 1 from sqlite_master where name = :name", name=name))

    def empty_log(self) -> bool:
        """Write the write-ahead log into the file and empty it; False while a reader needs it."""
        return not self.read("pragma wal_checkpoint(truncate)")[0]["busy"]

    def close(self) -> None:
        with self._lock:
            self._db.close()


class PostgresDatabase:
    """A schema, made when it is not there yet. A lost connection is replaced by itself."""

    words: Mapping[str, str] = POSTGRESQL

    def __init__(self, url: str) -> None:
        self._pool = postgres.Pool(url)
        _, self._schema = postgres.target(url)

    def read(self, statement: str, **parameters: Any) -> list[Row]:
        with self._lent() as statements:
            return statements.read(statement, **parameters)

    def write(self, statement: str, **parameters: Any) -> int:
        with self._lent() as statements:
            return statements.write(statement, **parameters)

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        with self._lent() as statements:
            statements.write("begin")
            statements.read(postgres.TURN)
            yield statements
            statements.write("commit")

    def has_table(self, name: str) -> bool:
        return bool(self.read("select 1 from pg_tables where schemaname = current_schema() and tablename = :n", n=name))

    def scrub(self, *tables: str) -> bool:
        """Remove every trace of deleted rows from the tables' files; False while a reader holds on to some."""
        with _postgres(self._schema), self._pool.connection() as connection:
            return postgres.scrub(connection, tables)

    def close(self) -> None:
        self._pool.close()

    @contextmanager
    def _lent(self) -> Iterator[Statements]:
        with _postgres(self._schema), self._pool.connection() as connection:  # which rolls back what was not committed
            yield _OnConnection(connection)


class _OnConnection:
    def __init__(self, connection: postgres.Connection) -> None:
        self._connection = connection

    def read(self, statement: str, **parameters: Any) -> list[Row]:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return list(cursor.execute(_named(statement), parameters or None).fetchall())

    def write(self, statement: str, **parameters: Any) -> int:
        with self._connection.cursor() as cursor:
            return cursor.execute(_named(statement), parameters or None).rowcount


@lru_cache(maxsize=256)
def _named(statement: str) -> bytes:
    """The statement as psycopg writes parameters."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement).encode()


@contextmanager
def _sqlite(name: str) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise DatabaseUnavailable(f"{name}: {error}") from error


@contextmanager
def _postgres(name: str) -> Iterator[None]:
    """Its own texts may quote values."""
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseUnavailable(f"{name}: {type(error).__name__}") from error
