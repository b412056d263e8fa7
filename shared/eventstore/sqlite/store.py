"""The event store in one SQLite file: durable, gap-free, several processes at once.

One writer thread per process collects the appends that wait into one transaction (group commit).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from shared.eventstore.pace import LOOK_UP, Pace
from shared.eventstore.port import Answer, CaughtUp, NewEvent, StoredEvent, StoreUnavailable
from shared.eventstore.sqlite.file import (
    ANSWERS,
    COLUMNS,
    SCHEMA,
    UNAVAILABLE,
    Turn,
    answer_of,
    connect,
    head_of,
    stored,
)
from shared.eventstore.sqlite.watching import Watch
from shared.eventstore.sqlite.writing import Append, Writer
from shared.runtime.logs import get_logger, place_of
from shared.runtime.native import Completion, before_rest, completion, queue, threading, time

GROUP: Final = 64
"""Appends in one transaction at most."""
GATHER: Final = (0.015, 0.1)
"""Seconds a follower pauses after a delivery; see ``Pace``."""
COUNTED: Final = 100_000
"""Events that are counted one by one at most."""
CHECKPOINT: Final = 0.5
"""Seconds between two passive checkpoints of the write-ahead log."""
COUNT: Final = "select count(*) from (select 1 from events where position > ? limit ?)"

log = get_logger()


class SqliteEventStore:
    """Adapter of ``shared.eventstore.port.Target``. Usable from many threads or green threads."""

    def __init__(self, path: Path) -> None:
        """Open or create the store. Raises StoreUnavailable when the file cannot be opened."""
        self._path = path
        self._local = threading.local()
        self._waiting: queue.SimpleQueue[Append | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._watch = Watch(self._data_version, self._closing.is_set)
        with UNAVAILABLE:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(Turn(path)) as turn, turn:
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
        before_rest(partial(self._hand_over, Append(stream, events, expected, command_id, digest, outcome)))
        return outcome.wait()

    def _hand_over(self, append: Append) -> None:
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
        writer: Writer | None = None
        while (group := self._next_group()) is not None:
            try:
                writer = writer or Writer(self._path)
                outcomes = writer.write(group)
            except Exception as error:
                # SQLite may already have rolled back everything: nothing of the group was written,
                # and the connection is not trusted any more. Whatever it was, the writer lives on.
                if not isinstance(error, sqlite3.Error | OSError):  # no outage, though it looks like one outside
                    log.error("eventstore.write-failed", exception=type(error).__name__, place=place_of(error))
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

    def _next_group(self) -> list[Append] | None:
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
                connection = connection or connect(self._path)
                connection.execute("pragma wal_checkpoint(passive)").fetchall()
            except sqlite3.Error:
                connection = None  # the next round tries anew; appends do not depend on it
        if connection is not None:
            connection.close()

    def resume(self) -> None:
        """See ``Target``. A file can be read as it is."""

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """See ``Target``."""
        with UNAVAILABLE, closing(Writer(self._path)) as writer:
            writer.take_over(events)

    # --- reading --------------------------------------------------------------------------------

    def answer_to(self, command_id: str, *, stream: str, known_to: int | None = None) -> Answer | None:
        with UNAVAILABLE:
            found = self._reader().execute(f"{ANSWERS} = ?", (command_id,)).fetchone()
        return None if found is None else answer_of(*found)

    def read(self, stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        return self._select("where stream = ? and revision > ? order by revision", stream, after)

    def read_last(self, stream: str) -> StoredEvent | None:
        found = self._select("where stream = ? order by revision desc limit 1", stream)
        return found[0] if found else None

    def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[StoredEvent]:
        return self._select("where position > ? order by position limit ?", after, limit)

    def head(self) -> int:
        with UNAVAILABLE:
            return head_of(self._reader())

    def events_after(self, position: int) -> int:
        with UNAVAILABLE:
            (count,) = self._reader().execute(COUNT, (position, COUNTED)).fetchone()
            return int(count)

    def subscribe_all(self, *, after: int = 0, batch: int = 1000) -> Iterator[Sequence[StoredEvent] | CaughtUp]:
        pace, seen = Pace(*GATHER), -1
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
                time.sleep(pace.after(moved))

    def close(self) -> None:
        """Write what waits, then stop. Not usable afterwards."""
        self._closing.set()
        self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        if (connection := getattr(self._local, "connection", None)) is not None:
            connection.close()
            self._local.connection = None

    def _data_version(self) -> int:
        """Another number whenever another connection, of any process, has committed since."""
        with UNAVAILABLE:
            (version,) = self._reader().execute("pragma data_version").fetchone()
            return int(version)

    def _select(self, condition: str, *parameters: Any) -> list[StoredEvent]:
        with UNAVAILABLE:
            rows = self._reader().execute(f"select {COLUMNS} from events {condition}", parameters).fetchall()
        return [stored(*row) for row in rows]

    def _reader(self) -> sqlite3.Connection:
        """This native thread's connection; green threads share it, since no call yields half-way."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self._path)
        return connection
