"""Appends that waited together, written in one transaction.

Each is checked under the writer's lock before its rows are written, so that one command's conflict is its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

from shared.eventstore.answers import told_by
from shared.eventstore.port import NO_STREAM, AlreadyAnswered, Answer, Conflict, NewEvent, StoredEvent
from shared.eventstore.sqlite.file import ANSWERS, COLUMNS, Turn, answer_of, connect, head_of
from shared.runtime.native import Completion, time

ROWS: Final = 100
"""Rows in one statement at most."""
NEWEST: Final = "select position, recorded_at from events order by position desc limit 1"

Outcome: TypeAlias = Answer | AlreadyAnswered | Conflict


@dataclass(frozen=True, slots=True)
class Append:
    """An append that waits to be written, and who waits for its outcome."""

    stream: str
    events: Sequence[NewEvent]
    expected: int
    command_id: str
    digest: str
    outcome: Completion[Answer]


class Writer:
    """The connection that writes, and the turn to do so.

    The fewer statements, the fewer times two threads hand the interpreter to each other: that is what a group
    costs. So it is looked up in three, and written in two.
    """

    def __init__(self, path: Path) -> None:
        self._turn = Turn(path)
        self._connection = connect(path)

    def write(self, group: Sequence[Append]) -> list[Outcome]:
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
            if (head := head_of(connection)) >= events[0].position:
                raise ValueError(f"the store is at {head} already, not before {events[0].position}")
            try:
                connection.executemany(
                    f"insert into events({COLUMNS}) values(?, ?, ?, ?, ?, ?, ?, ?)",
                    (event.columns for event in events),
                )
            except sqlite3.IntegrityError:
                raise ValueError("an event is there already, or its id or place in a stream is taken") from None
            connection.executemany(
                "insert into commands values(?, ?, ?, ?, ?) on conflict(command_id) do update"
                " set revision = excluded.revision, position = excluded.position where stream = excluded.stream",
                ((one.command_id, one.digest, one.stream, one.revision, one.position) for one in answers),
            )

    def _written(self, group: Sequence[Append]) -> list[Outcome]:
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

    def _settling(self, group: Sequence[Append]) -> _Settling:
        """What the log holds of the group's commands and streams. Under the writer's lock: it stays true."""
        execute, places = self._connection.execute, ", ".join("?" * len(group))
        head, last = execute(NEWEST).fetchone() or (0, 0)
        known = execute(f"{ANSWERS} in ({places})", [append.command_id for append in group]).fetchall()
        revisions = execute(
            f"select stream, max(revision) from events where stream in ({places}) group by stream",
            [append.stream for append in group],
        ).fetchall()
        recorded_at = max(time.time_ns() // 1000, last)  # monotone, even if the machine's clock steps back
        return _Settling(head, recorded_at, {row[0]: answer_of(*row) for row in known}, dict(revisions))

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

    def outcome(self, append: Append) -> Outcome:
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
