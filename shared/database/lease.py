"""Of several processes that could keep one database up to date, one leads and the others stand by.

Who leads holds a lock that ends with the process, however that ends. It spares work and decides nothing: whoever writes
still makes sure that nobody else has written, since a connection can be lost without both ends knowing.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol

import psycopg

from shared.database import postgres
from shared.database.plain import DatabaseUnavailable
from shared.runtime.native import threading
from shared.runtime.place import sqlite_file

TAKE: Final = "select pg_try_advisory_lock(hashtext('wegmarken leads'), hashtext(current_schema()))"


class Lease(Protocol):
    """May be asked by several threads."""

    def held(self) -> bool:
        """Whether this process leads; where nobody does, it does from now on. Raises DatabaseUnavailable."""
        ...

    def close(self) -> None:
        """Let somebody else lead."""
        ...


def open_lease(url: str) -> Lease:
    """The lease of a database: beside a SQLite file, or in a schema of PostgreSQL."""
    file = sqlite_file(url)
    return PostgresLease(url) if file is None else FileLease(file.with_name(f"{file.name}.leader"))


class FileLease:
    """A lock on a file (flock), which stays there empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._locked: IO[bytes] | None = None

    def held(self) -> bool:
        with self._turn:
            if self._locked is None:
                self._locked = self._take()
            return self._locked is not None

    def close(self) -> None:
        with self._turn:
            if self._locked is not None:
                self._locked.close()
            self._locked = None

    def _take(self) -> IO[bytes] | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("ab")
        except OSError as error:
            raise DatabaseUnavailable(type(error).__name__) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        return file


class PostgresLease:
    """A lock of a connection (advisory); lost with it, and then taken again or not."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._turn = threading.Lock()
        self._connection: postgres.Connection | None = None
        self._is_held = False

    def held(self) -> bool:
        with self._turn:
            try:
                return self._ask()
            except psycopg.Error as error:
                self._drop()
                raise DatabaseUnavailable(type(error).__name__) from error

    def close(self) -> None:
        with self._turn:
            self._drop()

    def _ask(self) -> bool:
        if self._connection is not None and not postgres.is_usable(self._connection):
            self._drop()
        if self._connection is None:
            self._connection = postgres.connect(self._url, autocommit=True)
        if not self._is_held:
            found = self._connection.execute(TAKE).fetchone()
            self._is_held = found is not None and bool(found[0])
        return self._is_held

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection, self._is_held = None, False
