"""The port of the event store: what every adapter promises. One contract suite tests them all.

A stream's revisions count 0, 1, 2, …; positions grow over the whole store (in some adapters with
gaps). Data are bytes to the store, metadata a JSON object in which it may look for the command's id and
digest (``command_id``, ``body_digest``), and come back byte for byte. An append is all or nothing and durable
on return.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from shared.eventstore.instants import microseconds

NO_STREAM: Final = -1
"""Expected revision of a stream that does not exist yet."""
SURELY_COUNTED: Final = 2000
"""Events that every adapter counts one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to append. ``event_id`` is a UUID in text form, unique over the whole store."""

    event_id: str
    type: str
    data: bytes
    metadata: bytes


class StoredEvent(NamedTuple):
    """An event as the store holds it. ``recorded_at``: UTC, set in the append's transaction; monotone in a file, on
    servers as far as their clocks agree."""

    position: int
    event_id: str
    stream: str
    revision: int
    type: str
    data: bytes
    metadata: bytes
    recorded_at: datetime

    @property
    def columns(self) -> tuple[int, str, str, int, str, bytes, bytes, int]:
        """As logs keep it, field by field: the instant in microseconds since 1970."""
        return (*self[:-1], microseconds(self.recorded_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The recorded outcome of a command: what its first answer said."""

    command_id: str
    digest: str
    stream: str
    revision: int
    position: int


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Mark in a subscription: everything that was there has been delivered, up to ``position``."""

    position: int


class Conflict(Exception):
    """The stream is not at the expected revision; nothing was written. Load again and decide again."""

    def __init__(self, stream: str, expected: int, actual: int) -> None:
        super().__init__(f"{stream} is at {actual}, not {expected}")
        self.stream, self.expected, self.actual = stream, expected, actual


class AlreadyAnswered(Exception):
    """This command id was answered before; nothing was written. ``answer`` is the first answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"command {answer.command_id} was answered before")
        self.answer = answer


class StoreUnavailable(Exception):
    """The store cannot be reached or cannot write. Try again later.

    Nothing was written, as far as anybody knows: of an append whose answer was lost on the way from a server, the same
    command again gets the first answer.
    """


class NotYet(StoreUnavailable):
    """No store is away: what was asked for is still being made, or was made by another release. Try again later."""


class EventStore(Protocol):
    """What the platform needs of an event store. All methods raise StoreUnavailable."""

    def append(self, stream: str, events: Sequence[NewEvent], *, expected: int, command_id: str, digest: str) -> Answer:
        """Append the events of one command, at least one, in one transaction.

        ``expected`` is the revision of the last event of the stream, or ``NO_STREAM``. Raises
        AlreadyAnswered for a command id known in this stream (whatever the digest; some adapters
        know it in all), else Conflict; ValueError for what the store cannot take, now or later (a server: more than
        1 MiB). Event ids derive from the command's: a store may rely on it.
        """
        ...

    def answer_to(self, command_id: str, *, stream: str, known_to: int | None = None) -> Answer | None:
        """The first answer to a command that was recorded in this stream, if there is one.

        Who has just read the stream up to a revision, ``known_to``, does not need to have it read again.
        """
        ...

    def read(self, stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        """The events of a stream with a revision above ``after``; empty if there is no such stream."""
        ...

    def read_last(self, stream: str) -> StoredEvent | None:
        """The newest event of a stream."""
        ...

    def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[StoredEvent]:
        """The next events of the whole store above a position, in order of position."""
        ...

    def subscribe_all(self, *, after: int = 0, batch: int = 1000) -> Iterator[Sequence[StoredEvent] | CaughtUp]:
        """Blocks: batches of events above a position as they come, and a CaughtUp mark after each end
        of the log (again at least once a second while nothing comes, so that a caller can look up).

        An adapter that lost its connection makes a new one and goes on after the last event. While it looks
        for the server, no mark comes; after a few seconds StoreUnavailable does."""
        ...

    def head(self) -> int:
        """The position of the newest event, 0 if there is none."""
        ...

    def events_after(self, position: int) -> int:
        """How many events there are above a position; where they are many, perhaps only that they are at least so
        many (no fewer than ``SURELY_COUNTED``)."""
        ...

    def close(self) -> None:
        """Finish what is under way and release files, threads and connections."""
        ...


class Target(EventStore, Protocol):
    """A store that can take over another's history, as every adapter can."""

    def resume(self) -> None:
        """Before anything is read: make what an interrupted copy has left readable. Raises as ``take_over``."""
        ...

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """Write the next events of another store as they are there: ids, positions, instants. Durable on return.

        An interruption leaves a beginning of them. Raises ValueError for what this store cannot hold or already
        holds otherwise, StoreUnavailable.
        """
        ...
