"""The event store on a server or cluster: adapter of ``shared.eventstore.port.Target``.

A command's answer stands in its events' metadata (``command_id``, ``body_digest``): what a stream tells of is
remembered, and of a known stream only what came since is read. An idempotency key is therefore known in the stream
that it was used on. Positions are the server's commit positions, with gaps.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from kurrentdbclient import NewEvent as WireEvent
from kurrentdbclient import RecordedEvent, StreamState, exceptions

from shared.eventstore.answers import answer_among, with_answer
from shared.eventstore.kurrentdb import milestones
from shared.eventstore.kurrentdb.appends import Appends, Written
from shared.eventstore.kurrentdb.connection import OURS, Client, Connection
from shared.eventstore.kurrentdb.events import stored, wire_copy, wire_event
from shared.eventstore.kurrentdb.following import Following
from shared.eventstore.kurrentdb.milestones import Milestone, Milestones, Place
from shared.eventstore.pace import LOOK_UP, Pace
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

RUN: Final = 512 * 1024
"""Bytes of data and metadata that are copied in one append at most; a server takes twice as much in all."""
REMEMBERED: Final = 4096
"""Streams whose answers a process remembers."""
JUST_READ: Final = 256
"""Streams whose events a process still has in hand: who reads one will append to it."""
GATHER: Final = (0.005, 0.1)
"""Seconds a follower pauses after a delivery; see ``Pace``."""


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
        found = self._read(commit_position=place.commit, limit=limit + place.known, filter_include=OURS)
        return [event for event in found if event.position > after][:limit]

    def subscribe_all(self, *, after: int = 0, batch: int = 1000) -> Iterator[Sequence[StoredEvent] | CaughtUp]:
        following = Following(self._connection, self._place_of(after).commit)
        pace, patience = Pace(*GATHER), LOOK_UP
        try:
            while not self._closed:
                events = aside(partial(following.take, batch, patience))
                patience = LOOK_UP
                if new := [event for event in events if event.position > after]:
                    after = new[-1].position
                    yield new
                    if following.caught_up:
                        aside(partial(time.sleep, pace.after(len(new))))
                        patience = 0.0
                elif following.caught_up and not events:  # nor did anything come during the pause
                    yield CaughtUp(after)
        except StoreUnavailable:
            if not self._closed:
                raise
        finally:
            following.end()

    def head(self) -> int:
        newest = self._newest()
        return newest.position if newest else 0

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

    def resume(self) -> None:
        """See ``Target``. Behind the last milestone no copied event would be found."""
        newest = self._newest()
        if newest is not None and newest.commit > newest.position:
            self._set(newest)

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """See ``Target``. The server's own positions are made larger than the copied ones."""
        for start in range(0, len(events), milestones.APART):
            part = events[start : start + milestones.APART]
            self._pass(part[-1].position)
            for together in _runs(part):
                self._copy(together[0].stream, [wire_copy(event) for event in together], together[0].revision - 1)
            newest = self._newest()
            assert newest is not None, "it was just written"
            self._set(newest)

    def _pass(self, position: int) -> None:
        """Fill the log until the server's own positions are above one.

        As a rule they are: but those of a server that was there for longer, or that others used, run ahead of ours.
        """
        newest = self._newest()
        if newest is not None and newest.commit <= newest.position:
            raise ValueError(f"the event at position {newest.position} was not copied: nothing can be copied behind it")
        commit = 0 if newest is None else newest.commit
        while commit <= position:
            filling = milestones.filling(min(position - commit + 1, RUN))
            commit = self._write(f"{milestones.FILLING}-{filling.id}", [filling], NO_STREAM).position or commit

    def _copy(self, stream: str, events: Sequence[WireEvent], expected: int) -> None:
        try:
            self._write(stream, events, expected)
        except exceptions.WrongCurrentVersionError as error:
            raise ValueError(f"{stream} is at {_revision(error.actual_version)}, not {expected}") from None

    def _newest(self) -> Milestone | None:
        """Where the newest event is, if there is one."""
        for newest in self._recorded(backwards=True, limit=1, filter_include=OURS):
            return Milestone(stored(newest).position, newest.commit_position)
        return None

    def _set(self, milestone: Milestone) -> None:
        known = self._milestones().all
        if milestone not in known:
            self._copy(milestones.STREAM, [milestones.as_event(milestone)], len(known) - 1)

    def _milestones(self) -> Milestones:
        """Another process may have copied since: so it is asked for what came."""
        known = self._known_milestones.all
        came = self._recorded(stream_name=milestones.STREAM, stream_position=len(known))
        self._known_milestones = Milestones([*known, *map(milestones.of_event, came)])
        return self._known_milestones

    def _place_of(self, position: int) -> Place:
        return self._milestones().place_of(position) if position > 0 else Place(None, 0)


def _runs(events: Sequence[StoredEvent]) -> Iterator[list[StoredEvent]]:
    """Events that stand behind each other in one stream, together as far as one append holds them."""
    run, size = list[StoredEvent](), 0
    for event in events:
        weight = len(event.data) + len(event.metadata)
        if run and ((event.stream, event.revision - 1) != (run[-1].stream, run[-1].revision) or size + weight > RUN):
            yield run
            run, size = [], 0
        run.append(event)
        size += weight
    if run:
        yield run


def _revision(version: int | StreamState | None) -> int:
    return version if isinstance(version, int) else NO_STREAM
