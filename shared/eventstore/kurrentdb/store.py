"""The event store on a server or cluster: adapter of ``shared.eventstore.port.EventStore``.

A command's answer stands in its events' metadata (``command_id``, ``body_digest``): what a stream tells of is
remembered, and of a known stream only what came since is read. An idempotency key is therefore known in the stream
that it was used on. Positions are the server's commit positions, with gaps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, Final

from kurrentdbclient import NewEvent as WireEvent
from kurrentdbclient import RecordedEvent, StreamState, exceptions

from shared.eventstore.answers import answer_among, with_answer
from shared.eventstore.kurrentdb import milestones
from shared.eventstore.kurrentdb.appends import Appends, Written
from shared.eventstore.kurrentdb.connection import SYSTEM_EVENTS, Client, Connection
from shared.eventstore.kurrentdb.events import stored, wire_copy, wire_event
from shared.eventstore.kurrentdb.following import Following
from shared.eventstore.kurrentdb.milestones import Milestone, Milestones, Place
from shared.eventstore.port import (
    NO_STREAM,
    SURELY_COUNTED,
    AlreadyAnswered,
    Answer,
    CaughtUp,
    Conflict,
    NewEvent,
    StoredEvent,
    StoreUnavailable,
)
from shared.eventstore.remembered import Remembered
from shared.runtime.native import aside, time

REMEMBERED: Final = 4096
"""Streams whose answers a process remembers."""
JUST_READ: Final = 256
"""Streams whose events a process still has in hand: who reads one will append to it."""
LOOK_UP: Final = 0.25
"""Seconds after which a follower says again that it is caught up."""
GATHER: Final = (0.005, 0.1)
"""Seconds a follower pauses after a delivery, growing from the first to the second while deliveries are crowded."""
CROWD: Final = 8
"""Events in one delivery from which there is load; fewer are the echo of a single command."""


class KurrentDBEventStore:
    """Usable from many threads or green threads. Connects when it is first asked something."""

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError for a URL that cannot be used."""
        self._connection = Connection(url)
        self._appends = Appends(self._connection)
        nothing: Mapping[str, Answer] = {}
        self._just_read: OrderedDict[str, Sequence[StoredEvent]] = OrderedDict()
        self._answers = Remembered(self, nothing, with_answer, most=REMEMBERED)
        self._known_milestones = Milestones()
        self._copying = False
        self._closed = False

    # --- writing --------------------------------------------------------------------------------

    def append(self, stream: str, events: Sequence[NewEvent], *, expected: int, command_id: str, digest: str) -> Answer:
        if not events:
            raise ValueError("an append holds at least one event")
        if expected != NO_STREAM and (known := self.answer_to(command_id, stream=stream, known_to=expected)):
            raise AlreadyAnswered(known)
        try:
            written = self._write(stream, [wire_event(event) for event in events], expected)
        except exceptions.WrongCurrentVersionError as error:
            if (known := self._answers.state(stream).get(command_id)) is not None:
                raise AlreadyAnswered(known) from None
            raise Conflict(stream, expected, _revision(error.actual_version)) from None
        if written.position is None:
            if (known := self._answers.state(stream).get(command_id)) is None:
                raise StoreUnavailable("what was written is not there yet")
            return known
        revision, position = expected + len(events), written.position
        answer = Answer(command_id=command_id, digest=digest, stream=stream, revision=revision, position=position)
        self._answers.advance(stream, expected, revision, lambda known: {**known, command_id: answer})
        return answer

    def _write(self, stream: str, events: Sequence[WireEvent], expected: int) -> Written:
        if self._closed:
            raise StoreUnavailable("the store is closing")
        return self._appends.write(stream, events, expected, self._connection.deadline)

    # --- reading --------------------------------------------------------------------------------

    def answer_to(self, command_id: str, *, stream: str, known_to: int | None = None) -> Answer | None:
        events = self._just_read.get(stream)
        if known_to is None or events is None or events[-1].revision < known_to:
            return self._answers.state(stream, known_to=known_to).get(command_id)
        return answer_among(events, command_id)

    def read(self, stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        events = self._read(stream_name=stream, stream_position=after + 1)
        if events and after == NO_STREAM:
            self._just_read.pop(stream, None)
            self._just_read[stream] = events
            if len(self._just_read) > JUST_READ:
                self._just_read.popitem(last=False)
        return events

    def read_last(self, stream: str) -> StoredEvent | None:
        found = self._read(stream_name=stream, backwards=True, limit=1)
        return found[0] if found else None

    def read_all(self, *, after: int = 0, limit: int = 1000) -> Sequence[StoredEvent]:
        place = self._place_of(after)
        found = self._read(commit_position=place.commit, limit=limit + place.known, filter_exclude=SYSTEM_EVENTS)
        return [event for event in found if event.position > after][:limit]

    def subscribe_all(self, *, after: int = 0, batch: int = 1000) -> Iterator[Sequence[StoredEvent] | CaughtUp]:
        following = Following(self._connection, self._place_of(after).commit)
        least, most = GATHER
        pause = least
        try:
            while not self._closed:
                events = aside(partial(following.take, batch, LOOK_UP))
                if new := [event for event in events if event.position > after]:
                    after = new[-1].position
                    yield new
                if following.caught_up:
                    yield CaughtUp(after)
                    if new:
                        pause = min(most, 2 * pause) if len(new) >= CROWD else least
                        aside(partial(time.sleep, pause))
        except StoreUnavailable:
            if not self._closed:
                raise
        finally:
            following.end()

    def head(self) -> int:
        found = self._read(backwards=True, limit=1, filter_exclude=SYSTEM_EVENTS)
        return found[0].position if found else 0

    def events_after(self, position: int) -> int:
        return len(self.read_all(after=position, limit=SURELY_COUNTED))

    def close(self) -> None:
        """Write what waits, then stop. Not usable afterwards."""
        self._closed = True
        aside(self._appends.close)
        aside(self._connection.close)

    def _read(self, **options: Any) -> list[StoredEvent]:
        return [stored(recorded) for recorded in self._recorded(**options)]

    def _recorded(self, **options: Any) -> list[RecordedEvent]:
        def read(client: Client) -> list[RecordedEvent]:
            try:
                return list(client.read(timeout=self._connection.deadline, **options))
            except exceptions.NotFoundError:
                return []

        return aside(partial(self._connection.call, read))

    # --- copies ---------------------------------------------------------------------------------

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """See ``shared.eventstore.copying.Target``. The server's own positions must be larger than the copied ones."""
        if not self._copying:
            self._set_milestone()  # where an interrupted copy has left off
            self._copying = True
        for start in range(0, len(events), milestones.APART):
            for together in _runs(events[start : start + milestones.APART]):
                expected = together[0].revision - 1
                try:
                    self._write(together[0].stream, [wire_copy(event) for event in together], expected)
                except exceptions.WrongCurrentVersionError as error:
                    raise ValueError(f"{together[0].stream} is at {error.actual_version}, not {expected}") from None
            self._set_milestone()

    def _set_milestone(self) -> None:
        """At the newest event, if there is one and none stands there."""
        for newest in self._recorded(backwards=True, limit=1, filter_exclude=SYSTEM_EVENTS):
            milestone = Milestone(stored(newest).position, newest.commit_position)
            if milestone.commit <= milestone.position:
                raise ValueError(f"position {milestone.position} is not below the server's own, {milestone.commit}")
            known = self._milestones().all
            if milestone not in known:
                self._write(milestones.STREAM, [milestones.as_event(milestone)], len(known) - 1)

    def _milestones(self) -> Milestones:
        """Another process may have copied since: so it is asked for what came."""
        known = self._known_milestones.all
        came = self._recorded(stream_name=milestones.STREAM, stream_position=len(known))
        self._known_milestones = Milestones([*known, *map(milestones.of_event, came)])
        return self._known_milestones

    def _place_of(self, position: int) -> Place:
        return self._milestones().place_of(position) if position > 0 else Place(None, 0)


def _runs(events: Sequence[StoredEvent]) -> Iterator[list[StoredEvent]]:
    """Events that stand behind each other in one stream, together."""
    for _, run in groupby(enumerate(events), key=lambda one: (one[1].stream, one[1].revision - one[0])):
        yield [event for _, event in run]


def _revision(version: int | StreamState | None) -> int:
    return version if isinstance(version, int) else NO_STREAM
