"""The file itself: its tables, connections to it, its rows, and whose turn it is to write.

A file lock around a transaction makes several writing processes take turns fairly, which SQLite's busy handler does
not. Plain ``INTEGER PRIMARY KEY`` keeps positions gap-free under rollback; AUTOINCREMENT would not.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from shared.eventstore.instants import instant_of
from shared.eventstore.port import Answer, StoredEvent, StoreUnavailable

STATEMENTS: Final = 512
"""Prepared statements that a connection keeps: those of every size of a group."""

SCHEMA: Final = """
create table if not exists events(
    position integer primary key,
    event_id text not null unique,
    stream text not null,
    revision integer not null,
    type text not null,
    data blob not null,
    metadata blob not null,
    recorded_at integer not null,  -- microseconds since 1970, UTC
    unique(stream, revision)
) strict;
create table if not exists commands(
    command_id text primary key,
    digest text not null,
    stream text not null,
    revision integer not null,
    position integer not null
) strict, without rowid;
"""
COLUMNS: Final = "position, event_id, stream, revision, type, data, metadata, recorded_at"
ANSWERS: Final = "select command_id, digest, stream, revision, position from commands where command_id"


def connect(path: Path) -> sqlite3.Connection:
    """A connection for any thread, one at a time. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=STATEMENTS
    )
    for pragma in ("journal_mode=wal", "synchronous=full", "wal_autocheckpoint=0"):
        connection.execute(f"pragma {pragma}")
    return connection


class Turn:
    """The turn to write, shared fairly by all processes on this file. A context; not for several threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + ".lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()


class _Unavailable:
    """Within it, whatever the file or SQLite refuses is ``StoreUnavailable``. Has no state, so one serves all."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error | OSError):
            raise StoreUnavailable(type(error).__name__) from error


UNAVAILABLE: Final = _Unavailable()


def events_in(path: Path) -> Iterator[StoredEvent]:
    """The events of a store's file that nobody writes any more, as a backup holds it; the file is not touched.

    Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
        for row in connection.execute(f"select {COLUMNS} from events order by position"):
            yield stored(*row)


def stored(
    position: int, event_id: str, stream: str, revision: int, type: str, data: bytes, metadata: bytes, recorded_at: int
) -> StoredEvent:
    """An event from its row."""
    return StoredEvent(position, event_id, stream, revision, type, data, metadata, instant_of(recorded_at))


def answer_of(command_id: str, digest: str, stream: str, revision: int, position: int) -> Answer:
    """An answer from its row."""
    return Answer(command_id=command_id, digest=digest, stream=stream, revision=revision, position=position)


def head_of(connection: sqlite3.Connection) -> int:
    """The position of the newest event, 0 if there is none."""
    (head,) = connection.execute("select coalesce(max(position), 0) from events").fetchone()
    return int(head)
