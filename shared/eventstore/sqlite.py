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
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from shared.eventstore.answers import told_by
from shared.eventstore.instants import instant_of, microseconds
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
from shared.runtime.native import Completion, before_rest, completion, queue, threading, time

GROUP: Final = 64
"""Appends in one transaction at most."""
POLL: Final = 0.003
"""Seconds between two looks of a follower: 1.6-3.2 ms in the median, about 3 % of a core."""
GATHER: Final = (0.015, 0.1)
"""Seconds a follower pauses after a delivery, growing from the first to the second while deliveries are crowded:
alone, an event is there at once; under load, what came meanwhile is taken in one go."""
CROWD: Final = 8
"""Events in one delivery from which there is load; fewer are the echo of a single command."""
STATEMENTS: Final = 512
"""Prepared statements that a connection keeps: those of every size of a group."""
ROWS: Final = 100
"""Rows in one statement at most."""
LOOK_UP: Final = 0.25
"""Seconds after which a follower says again that it is caught up."""
COUNTED: Final = 100_000
"""Events that are counted one by one at most."""
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
ANSWERS: Final = "select command_id, digest, stream, revision, position from commands where command_id"
COUNT: Final = "select count(*) from (select 1 from events where position > ? limit ?)"
NEWEST: Final = "select position, recorded_at from events order by position desc limit 1"

Outcome: TypeAlias = Answer | AlreadyAnswered | Conflict


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
        with _UNAVAILABLE:
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
        # When the hub rests, so that the writer wakes once for all that came meanwhile, and finds the interpreter free.
        before_rest(partial(self._hand_over, _Append(stream, events, expected, command_id, digest, outcome)))
        return outcome.wait()

    def _hand_over(self, append: _Append) -> None:
        self._waiting.put(append)
        if self._ended.is_set():
            self._refuse_waiting()

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

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """See ``shared.eventstore.copying.Target``."""
        with _UNAVAILABLE, closing(_Writer(self._path)) as writer:
            writer.take_over(events)

    # --- reading --------------------------------------------------------------------------------

    def answer_to(self, command_id: str, *, stream: str, known_to: int | None = None) -> Answer | None:
        with _UNAVAILABLE:
            found = self._reader().execute(f"{ANSWERS} = ?", (command_id,)).fetchone()
        return None if found is None else _answer(*found)

    def read(self, stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        return self._select("where stream = ? and revision > ? order by revision", stream, after)

    def read_last(self, stream: str) -> StoredEvent | None:
        found = self._select("where stream = ? order by revision desc limit 1", stream)
        return found[0] if found else None

    def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[StoredEvent]:
        return self._select("where position > ? order by position limit ?", after, limit)

    def head(self) -> int:
        with _UNAVAILABLE:
            return _head(self._reader())

    def events_after(self, position: int) -> int:
        with _UNAVAILABLE:
            (count,) = self._reader().execute(COUNT, (position, COUNTED)).fetchone()
            return int(count)

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
        with _UNAVAILABLE:
            (version,) = self._reader().execute("pragma data_version").fetchone()
            return int(version)

    def closing(self) -> bool:
        return self._closing.is_set()

    def _select(self, condition: str, *parameters: Any) -> list[StoredEvent]:
        with _UNAVAILABLE:
            rows = self._reader().execute(f"select {COLUMNS} from events {condition}", parameters).fetchall()
        return [_stored(*row) for row in rows]

    def _reader(self) -> sqlite3.Connection:
        """This native thread's connection; green threads share it, since no call yields half-way."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._path)
        return connection


def events_in(path: Path) -> Iterator[StoredEvent]:
    """The events of a store's file that nobody writes any more, as a backup holds it; the file is not touched.

    Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)) as connection:
        for row in connection.execute(f"select {COLUMNS} from events order by position"):
            yield _stored(*row)


def _stored(
    position: int, event_id: str, stream: str, revision: int, type: str, data: bytes, metadata: bytes, recorded_at: int
) -> StoredEvent:
    return StoredEvent(position, event_id, stream, revision, type, data, metadata, instant_of(recorded_at))


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=10, cached_statements=STATEMENTS
    )
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


class _Unavailable:
    """Within it, whatever the file or SQLite refuses is ``StoreUnavailable``. Has no state, so one serves all."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, sqlite3.Error | OSError):
            raise StoreUnavailable(type(error).__name__) from error


_UNAVAILABLE: Final = _Unavailable()


class _Writer:
    """The connection that writes, and the turn to do so.

    The fewer statements, the fewer times two threads hand the interpreter to each other: that is what a group
    costs. So it is looked up in three, and written in two.
    """

    def __init__(self, path: Path) -> None:
        self._turn = _Turn(path)
        self._connection = _connect(path)

    def write(self, group: Sequence[_Append]) -> list[Outcome]:
        """One transaction for the whole group. Raises sqlite3.Error, OSError: then nothing of it was written."""
        try:
            with self._turn:
                return self._written(group)
        except sqlite3.IntegrityError:  # one of them brings an event id that is taken, and a command id that is not
            if len(group) > 1:
                return [outcome for append in group for outcome in self.write([append])]
            return [Conflict(group[0].stream, group[0].expected, group[0].expected)]

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """One transaction. Raises ValueError, sqlite3.Error, OSError: then nothing was written."""
        answers = [answer for answer in map(told_by, events) if answer is not None]
        with self._turn, self._connection as connection:
            connection.execute("begin immediate")
            if (head := _head(connection)) >= events[0].position:
                raise ValueError(f"the store is at {head} already, not before {events[0].position}")
            try:
                connection.executemany(
                    f"insert into events({COLUMNS}) values(?, ?, ?, ?, ?, ?, ?, ?)",
                    ((*event[:-1], microseconds(event.recorded_at)) for event in events),
                )
            except sqlite3.IntegrityError:
                raise ValueError("an event is there already, or its id or place in a stream is taken") from None
            connection.executemany(
                "insert into commands values(?, ?, ?, ?, ?) on conflict(command_id) do update"
                " set revision = excluded.revision, position = excluded.position where stream = excluded.stream",
                ((one.command_id, one.digest, one.stream, one.revision, one.position) for one in answers),
            )

    def _written(self, group: Sequence[_Append]) -> list[Outcome]:
        execute = self._connection.execute
        execute("begin immediate")
        try:
            settling = self._settling(group)
            outcomes = [settling.outcome(append) for append in group]
            self._insert("commands", settling.commands)
            self._insert("events", settling.events)
            execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                execute("rollback")
            raise
        return outcomes

    def _settling(self, group: Sequence[_Append]) -> _Settling:
        """What the log holds of the group's commands and streams. Under the writer's lock: it stays true."""
        execute, places = self._connection.execute, ", ".join("?" * len(group))
        head, last = execute(NEWEST).fetchone() or (0, 0)
        known = execute(f"{ANSWERS} in ({places})", [append.command_id for append in group]).fetchall()
        revisions = execute(
            f"select stream, max(revision) from events where stream in ({places}) group by stream",
            [append.stream for append in group],
        ).fetchall()
        recorded_at = max(time.time_ns() // 1000, last)  # monotone, even if the machine's clock steps back
        return _Settling(head, recorded_at, {row[0]: _answer(*row) for row in known}, dict(revisions))

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        for start in range(0, len(rows), ROWS):
            some = rows[start : start + ROWS]
            row = f"({', '.join('?' * len(some[0]))})"
            values = ", ".join([row] * len(some))
            # "or rollback": the transaction ends with the first error, so no statement's journal must be kept
            statement = f"insert or rollback into {table} values{values}"
            self._connection.execute(statement, list(chain.from_iterable(some)))

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()
        self._turn.close()


class _Settling:
    """Settles appends one after the other: each sees what those before it in the group will have written."""

    def __init__(self, head: int, recorded_at: int, answers: dict[str, Answer], revisions: dict[str, int]) -> None:
        self._head, self._recorded_at = head, recorded_at
        self._answers, self._revisions = answers, revisions
        self.commands: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []

    def outcome(self, append: _Append) -> Outcome:
        if (known := self._answers.get(append.command_id)) is not None:
            return AlreadyAnswered(known)
        if (actual := self._revisions.get(append.stream, NO_STREAM)) != append.expected:
            return Conflict(append.stream, append.expected, actual)
        self.events += (
            (
                self._head + number,
                event.event_id,
                append.stream,
                actual + number,
                event.type,
                event.data,
                event.metadata,
                self._recorded_at,
            )
            for number, event in enumerate(append.events, start=1)
        )
        count = len(append.events)
        self._head += count
        answer = Answer(
            command_id=append.command_id,
            digest=append.digest,
            stream=append.stream,
            revision=actual + count,
            position=self._head,
        )
        self.commands.append((answer.command_id, answer.digest, answer.stream, answer.revision, answer.position))
        self._answers[answer.command_id], self._revisions[append.stream] = answer, answer.revision
        return answer


def _answer(command_id: str, digest: str, stream: str, revision: int, position: int) -> Answer:
    return Answer(command_id=command_id, digest=digest, stream=stream, revision=revision, position=position)


def _head(connection: sqlite3.Connection) -> int:
    (head,) = connection.execute("select coalesce(max(position), 0) from events").fetchone()
    return int(head)
