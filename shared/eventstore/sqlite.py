"""The event store in one SQLite file: durable, gap-free, several processes at once.

One writer thread per process collects the appends that wait into one transaction (group commit);
each is checked under the writer's lock before its rows are written, so that one command's conflict
is its own. A file lock around the transaction makes several writing processes take turns fairly,
which SQLite's busy handler does not. Plain ``INTEGER PRIMARY KEY`` keeps positions gap-free under
rollback; AUTOINCREMENT would not.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from shared.eventstore.port import (
    NO_STREAM,
    AlreadyAnswered,
    Answer,
    CaughtUp,
    Conflict,
    NewEvent,
    StoredEvent,
    StoreUnavailable,
)
from shared.runtime.native import Completion, completion, queue, threading, time

GROUP: Final = 64
"""Appends in one transaction at most."""
POLL: Final = 0.003
"""Seconds between two looks of a follower: 1.6-3.2 ms in the median, about 3 % of a core."""
GATHER: Final = (0.015, 0.1)
"""Seconds a follower pauses after a delivery, growing from the first to the second while deliveries are crowded:
alone, an event is there at once; under load, what came meanwhile is taken in one go."""
CROWD: Final = 8
"""Events in one delivery from which there is load; fewer are the echo of a single command."""
LOOK_UP: Final = 0.25
"""Seconds after which a follower says again that it is caught up."""
CHECKPOINT: Final = 0.5
"""Seconds between two passive checkpoints of the write-ahead log."""

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
INSERT: Final = """
insert or ignore into events(position, event_id, stream, revision, type, data, metadata, recorded_at)
select ?, ?, ?, ?, ?, ?, ?, ?
where (select coalesce(max(revision), -1) from events where stream = ?) = ?
"""
NEWEST: Final = "select position, recorded_at from events order by position desc limit 1"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Append:
    stream: str
    events: Sequence[NewEvent]
    expected: int
    command_id: str
    digest: str
    outcome: Completion[Answer]


class _Watch:
    """One look for all followers of a store in this process: counts the changes it has seen."""

    def __init__(self, store: SqliteEventStore) -> None:
        self._store, self._changed = store, threading.Condition()
        self._thread: threading.Thread | None = None
        self._failure: StoreUnavailable | None = None
        self.changes = 0

    def wait(self, seen: int, *, timeout: float) -> int:
        """The number of changes, as soon as it is another than ``seen`` or the time is over."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._failure = None
                self._thread = threading.Thread(target=self._look, name="eventstore-watch", daemon=True)
                self._thread.start()
            self._changed.wait_for(lambda: self.changes != seen or self._failure, timeout)
            if self._failure is not None:
                raise self._failure
            return self.changes

    def _look(self) -> None:
        version = None
        try:
            while not self._store.closing():
                if (now := self._store.data_version()) != version:
                    version = now
                    with self._changed:
                        self.changes += 1
                        self._changed.notify_all()
                time.sleep(POLL)
        except StoreUnavailable as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()


class SqliteEventStore:
    """Adapter of ``shared.eventstore.port.EventStore``. Usable from many threads or green threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the store. Raises StoreUnavailable when the file cannot be opened."""
        self._path = path
        self._local = threading.local()
        self._waiting: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._watch = _Watch(self)
        with _unavailable():
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(_Turn(path)) as turn, turn:
                self._reader().executescript(SCHEMA)

    # --- writing --------------------------------------------------------------------------------

    def append(self, stream: str, events: Sequence[NewEvent], *, expected: int, command_id: str, digest: str) -> Answer:
        if not events:
            raise ValueError("an append holds at least one event")
        if self._closing.is_set():
            raise StoreUnavailable("the store is closing")
        if not self._threads:
            self._start_writing()
        outcome: Completion[Answer] = completion()
        self._waiting.put(_Append(stream, events, expected, command_id, digest, outcome))
        if self._ended.is_set():
            self._refuse_waiting()
        return outcome.wait()

    def _start_writing(self) -> None:
        with self._starting:
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._write, name="eventstore-writer", daemon=True),
                    threading.Thread(target=self._checkpoint, name="eventstore-checkpoint", daemon=True),
                ]
                for thread in self._threads:
                    thread.start()

    def _write(self) -> None:
        writer: _Writer | None = None
        while (group := self._next_group()) is not None:
            try:
                writer = writer or _Writer(self._path)
                outcomes = writer.write(group)
            except Exception as error:
                # SQLite may already have rolled back everything: nothing of the group was written,
                # and the connection is not trusted any more. Whatever it was, the writer lives on.
                if writer is not None:
                    writer.close()
                    writer = None
                for append in group:
                    append.outcome.fail(StoreUnavailable(type(error).__name__))
            else:
                for append, outcome in zip(group, outcomes, strict=True):
                    if isinstance(outcome, Answer):
                        append.outcome.set(outcome)
                    else:
                        append.outcome.fail(outcome)
        if writer is not None:
            writer.close()
        self._ended.set()
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        """Who came while the store closed is not left waiting."""
        with suppress(queue.Empty):
            while True:
                append = self._waiting.get_nowait()
                if append is not None:
                    append.outcome.fail(StoreUnavailable("the store is closing"))

    def _next_group(self) -> list[_Append] | None:
        """Blocks for the next appends; None when the store closes."""
        first = self._waiting.get()
        group = [] if first is None else [first]
        while first is not None and len(group) < GROUP:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._waiting.put(None)
                break
            group.append(following)
        return group or None

    def _checkpoint(self) -> None:
        connection: sqlite3.Connection | None = None
        while not self._closing.wait(CHECKPOINT):
            try:
                connection = connection or _connect(self._path)
                connection.execute("pragma wal_checkpoint(passive)").fetchall()
            except sqlite3.Error:
                connection = None  # the next round tries anew; appends do not depend on it
        if connection is not None:
            connection.close()

    # --- reading --------------------------------------------------------------------------------

    def answer_to(self, command_id: str, *, stream: str) -> Answer | None:
        with _unavailable():
            return _answer(self._reader(), command_id)

    def read(self, stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        return self._select("where stream = ? and revision > ? order by revision", stream, after)

    def read_last(self, stream: str) -> StoredEvent | None:
        found = self._select("where stream = ? order by revision desc limit 1", stream)
        return found[0] if found else None

    def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[StoredEvent]:
        return self._select("where position > ? order by position limit ?", after, limit)

    def head(self) -> int:
        with _unavailable():
            return _head(self._reader())

    def subscribe_all(self, *, after: int = 0, batch: int = 1000) -> Iterator[Sequence[StoredEvent] | CaughtUp]:
        least, most = GATHER
        seen, pause = -1, least
        while not self._closing.is_set():
            changed = self._watch.wait(seen, timeout=LOOK_UP)
            moved = 0
            while changed != seen and (events := self.read_all(after=after, limit=batch)):
                moved += len(events)
                after = events[-1].position
                yield events
                if len(events) < batch:
                    break
            seen = changed
            yield CaughtUp(after)
            if moved:
                pause = min(most, 2 * pause) if moved >= CROWD else least
                time.sleep(pause)

    def close(self) -> None:
        """Write what waits, then stop. Not usable afterwards."""
        self._closing.set()
        self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        if (connection := getattr(self._local, "connection", None)) is not None:
            connection.close()
            self._local.connection = None

    def data_version(self) -> int:
        """Another number whenever another connection, of any process, has committed since."""
        with _unavailable():
            (version,) = self._reader().execute("pragma data_version").fetchone()
            return int(version)

    def closing(self) -> bool:
        return self._closing.is_set()

    def _select(self, condition: str, *parameters: Any) -> list[StoredEvent]:
        with _unavailable():
            rows = self._reader().execute(f"select {COLUMNS} from events {condition}", parameters).fetchall()
        return [_stored(*row) for row in rows]

    def _reader(self) -> sqlite3.Connection:
        """This native thread's connection; green threads share it, since no call yields half-way."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path)
        return connection


def _stored(
    position: int, event_id: str, stream: str, revision: int, type: str, data: bytes, metadata: bytes, recorded_at: int
) -> StoredEvent:
    instant = EPOCH + timedelta(microseconds=recorded_at)
    return StoredEvent(position, event_id, stream, revision, type, data, metadata, instant)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    for pragma in ("journal_mode=wal", "synchronous=full", "wal_autocheckpoint=0"):
        connection.execute(f"pragma {pragma}")
    return connection


class _Turn:
    """The turn to write, shared fairly by all processes on this file. A context; not for several threads."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(path.name + ".lock").open("w")

    def __enter__(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        self._file.close()


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(type(error).__name__) from error


class _Writer:
    """The connection that writes, and the turn to do so."""

    def __init__(self, path: Path) -> None:
        self._turn = _Turn(path)
        self._connection = _connect(path)

    def write(self, group: Sequence[_Append]) -> list[Answer | AlreadyAnswered | Conflict]:
        """One transaction for the whole group. Raises sqlite3.Error, OSError: then nothing of it was written."""
        execute = self._connection.execute
        with self._turn:
            execute("begin immediate")
            try:
                head, last = execute(NEWEST).fetchone() or (0, 0)
                recorded_at = max(time.time_ns() // 1000, last)  # monotone, even if the machine's clock steps back
                outcomes: list[Answer | AlreadyAnswered | Conflict] = []
                for append in group:
                    outcome = _write_one(self._connection, append, head, recorded_at)
                    outcomes.append(outcome)
                    if isinstance(outcome, Answer):
                        head = outcome.position
                execute("commit")
            except BaseException:
                if self._connection.in_transaction:
                    execute("rollback")
                raise
        return outcomes

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        self._turn.close()


def _write_one(
    connection: sqlite3.Connection, append: _Append, head: int, recorded_at: int
) -> Answer | AlreadyAnswered | Conflict:
    """The rows of one command, if nothing stands against it. Under the writer's lock: ``head`` stays true.

    The fewer statements, the fewer times two threads hand the interpreter to each other.
    """
    execute, count = connection.execute, len(append.events)
    answer = Answer(
        command_id=append.command_id,
        digest=append.digest,
        stream=append.stream,
        revision=append.expected + count,
        position=head + count,
    )
    row = (answer.command_id, answer.digest, answer.stream, answer.revision, answer.position)
    if not execute("insert or ignore into commands values(?, ?, ?, ?, ?)", row).rowcount:
        known = _answer(connection, append.command_id)
        assert known is not None
        return AlreadyAnswered(known)
    for number, event in enumerate(append.events, start=1):
        revision = append.expected + number
        if not execute(
            INSERT,
            (
                head + number,
                event.event_id,
                append.stream,
                revision,
                event.type,
                event.data,
                event.metadata,
                recorded_at,
                append.stream,
                revision - 1,
            ),
        ).rowcount:
            if number > 1:  # the stream is right, so an event id is taken: nothing of the group may stay
                raise sqlite3.IntegrityError("an event id is taken")
            execute("delete from commands where command_id = ?", (append.command_id,))
            (actual,) = execute("select max(revision) from events where stream = ?", (append.stream,)).fetchone()
            return Conflict(append.stream, append.expected, NO_STREAM if actual is None else actual)
    return answer


def _answer(connection: sqlite3.Connection, command_id: str) -> Answer | None:
    row = connection.execute(
        "select digest, stream, revision, position from commands where command_id = ?", (command_id,)
    ).fetchone()
    if row is None:
        return None
    digest, stream, revision, position = row
    return Answer(command_id=command_id, digest=digest, stream=stream, revision=revision, position=position)


def _head(connection: sqlite3.Connection) -> int:
    (head,) = connection.execute("select coalesce(max(position), 0) from events").fetchone()
    return int(head)
