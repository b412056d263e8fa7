"""The stand-in's log: streams, revisions and commit positions, in SQLite. It knows nothing of gRPC.

What an append, a deletion or a read of a stream means is decided as EventStoreDB 23 and 24 and KurrentDB 25 do:
appends are idempotent by event id, a deleted stream comes back behind its old revisions, a tombstone is for ever.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

NO_STREAM: Final = -1
ANY: Final = -2
STREAM_EXISTS: Final = -4
"""What an append may expect besides a revision; the numbers are the protocol's."""

FOR_EVER: Final = 2**63 - 1
"""The revision of a tombstone, and what a deleted stream is truncated before."""
FIRST: Final = 224
"""Where the first record starts: behind the header, so no event is at position 0."""
OVERHEAD: Final = 96
"""Bytes of a record besides its name, type, data and metadata. Positions count bytes, so they have gaps."""

SCHEMA: Final = """
create table if not exists events(
    position integer primary key,
    stream text not null,
    revision integer not null,
    event_id text not null,
    type text not null,
    content_type text not null,
    data blob not null,
    metadata blob not null,
    created integer not null,  -- ticks of 100 ns since 1970, UTC
    unique(stream, revision)
) strict;
create index if not exists events_by_id on events(event_id);
create table if not exists streams(
    name text primary key,
    last integer not null,  -- revision of the newest event, -1 where only metadata was written
    metadata text not null  -- of the stream, as JSON
) strict, without rowid;
"""
COLUMNS: Final = "position, stream, revision, event_id, type, content_type, data, metadata, created"


class Proposed(NamedTuple):
    """An event that a client wants to append."""

    event_id: str
    type: str
    content_type: str
    data: bytes
    metadata: bytes


class Recorded(NamedTuple):
    """An event of the log. ``created``: ticks of 100 ns since 1970, UTC."""

    position: int
    stream: str
    revision: int
    event_id: str
    type: str
    content_type: str
    data: bytes
    metadata: bytes
    created: int


class Appended(NamedTuple):
    """The outcome of an append: the stream's revision, and the position of the last record written."""

    revision: int
    position: int


class WrongVersion(Exception):
    """The stream is not as expected. ``current``: its newest revision, ``NO_STREAM`` where there is none."""

    def __init__(self, stream: str, expected: int, current: int) -> None:
        super().__init__(f"{stream} is at {current}, not {expected}")
        self.stream, self.expected, self.current = stream, expected, current


class InvalidPosition(Exception):
    """No record begins at this position of $all."""


class StreamDeleted(Exception):
    """The stream was tombstoned, or deleted where it had to exist."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.stream = stream


@dataclass(frozen=True, slots=True)
class Stream:
    """What is known of a stream besides its events. ``known``: it has, or had, events or metadata."""

    last: int = NO_STREAM
    known: bool = False
    max_count: int | None = None
    truncated_before: int = 0
    max_age: int | None = None

    @property
    def tombstoned(self) -> bool:
        return self.last == FOR_EVER

    @property
    def deleted(self) -> bool:
        """Soft: a new event brings the stream back."""
        return self.truncated_before == FOR_EVER

    @property
    def first(self) -> int:
        """The oldest revision that may still be read."""
        kept = 0 if self.max_count is None else self.last - self.max_count + 1
        return max(0, self.truncated_before, kept)


def metastream(stream: str) -> str:
    return f"$${stream}"


class Log:
    """One log. To be used by one thread at a time."""

    def __init__(self, path: Path | None = None) -> None:
        """In memory, unless a file is given. Raises sqlite3.OperationalError for a file that another process uses."""
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, timeout=1)
        self._connection.execute("pragma locking_mode=exclusive")  # the log is ours alone
        self._connection.execute("pragma journal_mode=wal")
        self._connection.execute("pragma synchronous=off")  # it survives its process, not the machine
        self._connection.executescript(SCHEMA)
        (last,) = self.read_all_before(FOR_EVER, 1) or (None,)
        self._end = FIRST if last is None else last.position + _size(last)

    def close(self) -> None:
        self._connection.close()

    # --- writing --------------------------------------------------------------------------------

    def append(self, stream: str, expected: int, events: Sequence[Proposed]) -> Appended:
        """Append the events, all or none; sent again, they get the first answer. Raises WrongVersion, StreamDeleted."""
        state = self._writable(stream)
        known = self._known(stream, state, expected, events)
        first, last = (known[0], known[-1]) if known else (None, None)
        if last is not None and all(known):
            return last
        if first is not None:  # some are there, some are not: another append
            raise WrongVersion(stream, expected, state.last)
        _check(stream, state, expected)
        owner = stream.removeprefix("$$")
        before = self.stream(owner)
        with self._transaction():
            appended = self._write(stream, state.last, events)
            if before.deleted:  # who writes to it, or to its metadata, brings it back: behind what was deleted
                self._set_metadata(owner, self.metadata(owner) | {"$tb": before.last + 1})
        return appended

    def delete(self, stream: str, expected: int) -> int:
        """Delete the stream, so that it can come back; the position of the deletion. Raises as ``append``."""
        state = self._writable(stream)
        _check(stream, state, expected)
        if not state.known:
            raise WrongVersion(stream, expected, state.last)
        with self._transaction():
            return self._set_metadata(stream, {"$tb": FOR_EVER})

    def tombstone(self, stream: str, expected: int) -> int:
        """Delete the stream for ever; the position of the tombstone. Raises as ``append``."""
        _check(stream, self._writable(stream), expected)
        with self._transaction():
            return self._write_one(stream, FOR_EVER - 1, "$streamDeleted", {})

    def write_epoch(self, leader: str) -> None:
        """What a leader writes when it takes over: one reason why $all holds more than the clients' events."""
        name, data = "$epoch-information", {"leaderInstanceId": leader, "epochPosition": self._end}
        with self._transaction():
            self._write_one(name, self.stream(name).last, "$epoch-information", data)

    def _writable(self, stream: str) -> Stream:
        state = self.stream(stream)
        if state.tombstoned:
            raise StreamDeleted(stream)
        return state

    def _known(
        self, stream: str, state: Stream, expected: int, events: Sequence[Proposed]
    ) -> Sequence[Appended | None]:
        """Which of the events are there already: at the revisions that they would get, or at any where any would do."""
        if expected in (ANY, STREAM_EXISTS):
            return [self._by_id(stream, event.event_id) for event in events]
        if expected < state.last:
            return [self._at(stream, revision, event.event_id) for revision, event in enumerate(events, expected + 1)]
        return []

    def _by_id(self, stream: str, event_id: str) -> Appended | None:
        found = self._connection.execute(
            "select revision, position from events where event_id = ? and stream = ? order by position desc limit 1",
            (event_id, stream),
        ).fetchone()
        return None if found is None else Appended(*found)

    def _at(self, stream: str, revision: int, event_id: str) -> Appended | None:
        found = self._connection.execute(
            "select revision, position from events where stream = ? and revision = ? and event_id = ?",
            (stream, revision, event_id),
        ).fetchone()
        return None if found is None else Appended(*found)

    def _set_metadata(self, stream: str, metadata: dict[str, Any]) -> int:
        name = metastream(stream)
        return self._write_one(name, self.stream(name).last, "$metadata", metadata)

    def _write_one(self, stream: str, last: int, type: str, data: dict[str, Any]) -> int:
        event = Proposed(str(uuid4()), type, "application/json", json.dumps(data).encode(), b"")
        return self._write(stream, last, [event]).position

    def _write(self, stream: str, last: int, events: Sequence[Proposed]) -> Appended:
        created, rows = time.time_ns() // 100, list[Recorded]()
        position = self._end
        for revision, event in enumerate(events, start=last + 1):
            position = self._end
            rows.append(Recorded(position, stream, revision, *event, created))
            self._end += _size(rows[-1])
        if not rows:
            self._end += OVERHEAD  # nothing is a record, too
            return Appended(last, position)
        self._connection.executemany(f"insert into events({COLUMNS}) values(?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        last += len(rows)
        self._connection.execute(
            "insert into streams values(?, ?, '{}') on conflict do update set last = excluded.last", (stream, last)
        )
        if stream.startswith("$$"):
            self._take_over(stream.removeprefix("$$"), events[-1].data)
        return Appended(last, position)

    def _take_over(self, stream: str, metadata: bytes) -> None:
        """Metadata takes effect, unless it is none."""
        try:
            kept = json.loads(metadata)
        except ValueError:
            return
        if isinstance(kept, dict):
            self._connection.execute(
                "insert into streams values(?, -1, ?) on conflict do update set metadata = excluded.metadata",
                (stream, json.dumps(kept)),
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    # --- reading --------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The position that the next event will have."""
        return self._end

    def valid(self, position: int, *, backwards: bool) -> int:
        """The position, if $all can be read from there. Raises InvalidPosition."""
        beyond = position > self.head if not backwards else position == self._end
        if position == 0 or beyond or self._select("where position = ?", (position,)):
            return position
        raise InvalidPosition(position)

    @property
    def head(self) -> int:
        """The position of the newest event, 0 if there is none."""
        (head,) = self._connection.execute("select coalesce(max(position), 0) from events").fetchone()
        return int(head)

    def stream(self, name: str) -> Stream:
        """What is known of a stream, also of one that does not exist."""
        found = self._connection.execute("select last, metadata from streams where name = ?", (name,)).fetchone()
        if found is None:
            return Stream()
        last, metadata = found
        if name.startswith("$$"):
            return Stream(last, known=True, max_count=1)
        kept = json.loads(metadata) if metadata != "{}" else {}
        return Stream(last, True, kept.get("$maxCount"), kept.get("$tb", 0), kept.get("$maxAge"))

    def metadata(self, stream: str) -> dict[str, Any]:
        """The metadata of a stream, empty where there is none."""
        found = self._connection.execute("select metadata from streams where name = ?", (stream,)).fetchone()
        return json.loads(found[0]) if found else {}

    def exists(self, name: str) -> bool:
        """Whether the stream can be read. Raises StreamDeleted for a tombstoned one, and for its metadata."""
        if self.stream(name.removeprefix("$$")).tombstoned:
            raise StreamDeleted(name)
        state = self.stream(name)
        return state.last != NO_STREAM and not state.deleted

    def read_stream(self, name: str, *, start: int, limit: int, backwards: bool = False) -> list[Recorded]:
        """Events of a stream from a revision on, that included. Raises StreamDeleted as ``exists``."""
        if not self.exists(name):
            return []
        state = self.stream(name)
        oldest = 0 if state.max_age is None else time.time_ns() // 100 - state.max_age * 10_000_000
        bounds = (state.first, min(start, state.last)) if backwards else (max(start, state.first), state.last)
        order = "desc" if backwards else "asc"
        return self._select(
            f"where stream = ? and revision between ? and ? and created >= ? order by revision {order} limit ?",
            (name, *bounds, oldest, limit),
        )

    def read_all_after(self, position: int, limit: int) -> list[Recorded]:
        """Events of the whole log above a position, in order of position."""
        return self._select("where position > ? order by position limit ?", (position, limit))

    def read_all_before(self, position: int, limit: int) -> list[Recorded]:
        """Events of the whole log below a position, the newest first."""
        return self._select("where position < ? order by position desc limit ?", (position, limit))

    def linked(self, link: Recorded) -> Recorded | None:
        """The event that a link event points at, if it is there."""
        revision, _, stream = link.data.decode().partition("@")
        found = self._select("where stream = ? and revision = ?", (stream, int(revision)))
        return found[0] if found else None

    def _select(self, condition: str, parameters: Iterable[object]) -> list[Recorded]:
        rows = self._connection.execute(f"select {COLUMNS} from events {condition}", tuple(parameters))
        return [Recorded(*row) for row in rows]


def _check(stream: str, state: Stream, expected: int) -> None:
    """Raises WrongVersion, StreamDeleted when the stream is not as expected."""
    if expected == ANY or (expected == NO_STREAM and state.deleted):
        return
    if expected == STREAM_EXISTS and state.deleted:
        raise StreamDeleted(stream)
    if not state.known if expected == STREAM_EXISTS else expected != state.last:
        raise WrongVersion(stream, expected, state.last)


def _size(event: Recorded) -> int:
    return OVERHEAD + len(event.stream) + len(event.type) + len(event.data) + len(event.metadata)
