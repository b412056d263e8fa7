"""Reads of a stream or of $all in both directions, and catch-up subscriptions to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import uuid4

from tests.eventstore.stand_in import messages
from tests.eventstore.stand_in.filters import Filter
from tests.eventstore.stand_in.log import Log, Recorded
from tests.eventstore.stand_in.messages import ReadResp

PAGE: Final = 256
"""Events read from the log in one go."""
LIVE: Final = 32
"""Events that a live subscription may be behind before it has to catch up again: the server's buffer."""


class Bell:
    """Rings whenever something was written."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def ring(self) -> None:
        self._next.set()
        self._next = asyncio.Event()

    def next(self) -> asyncio.Event:
        """Set by the first ring from now on."""
        return self._next


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a client wants its events: links followed or not, ids as text or as two numbers."""

    log: Log
    resolve_links: bool
    structured: bool

    def __call__(self, event: Recorded) -> ReadResp:
        if self.resolve_links and event.type == "$>":
            return messages.resolved(event, self.log.linked(event), structured=self.structured)
        return messages.event(event, structured=self.structured)


def stream_events(log: Log, stream: str, *, start: int, backwards: bool) -> Iterator[Recorded]:
    """The events of a stream from a revision on. Raises StreamDeleted."""
    while page := log.read_stream(stream, start=start, limit=PAGE, backwards=backwards):
        yield from page
        start = page[-1].revision + (-1 if backwards else 1)


def all_events(log: Log, *, start: int, backwards: bool) -> Iterator[Recorded]:
    """The events of the whole log: from a position on, or backwards those before it."""
    place, read = (start, log.read_all_before) if backwards else (start - 1, log.read_all_after)
    while page := read(place, PAGE):
        yield from page
        place = page[-1].position


class Source(Protocol):
    """What a subscription follows. A place is a position of $all, or a revision of a stream."""

    def last(self) -> int: ...

    def page(self, after: int) -> Sequence[Recorded]:
        """Raises StreamDeleted."""
        ...

    def place(self, event: Recorded) -> int: ...

    def caught_up(self, place: int) -> ReadResp: ...


@dataclass(frozen=True, slots=True)
class OneStream:
    log: Log
    name: str

    def last(self) -> int:
        return self.log.stream(self.name).last

    def page(self, after: int) -> Sequence[Recorded]:
        return self.log.read_stream(self.name, start=after + 1, limit=PAGE)

    def place(self, event: Recorded) -> int:
        return event.revision

    def caught_up(self, place: int) -> ReadResp:
        return messages.caught_up(revision=place)


@dataclass(frozen=True, slots=True)
class AllStreams:
    log: Log

    def last(self) -> int:
        return self.log.head

    def page(self, after: int) -> Sequence[Recorded]:
        return self.log.read_all_after(after, PAGE)

    def place(self, event: Recorded) -> int:
        return event.position

    def caught_up(self, place: int) -> ReadResp:
        return messages.caught_up(position=place)


async def follow(
    source: Source,
    bell: Bell,
    *,
    after: int | None,
    render: Rendering,
    only: Filter | None = None,
    pause: Callable[[], Awaitable[None]],
) -> AsyncIterator[ReadResp]:
    """A subscription behind a place, or from the end (None): what is there, a mark, and then what comes.

    With a filter, checkpoints say how far it has looked. ``pause`` before each event while it catches up.
    Raises StreamDeleted.
    """
    last = source.last()
    after = last if after is None else after
    live, considered, marked = after >= last, 0, -1
    yield messages.confirmation(str(uuid4()))
    if live:
        yield source.caught_up(after)
    while True:
        written = bell.next()
        page = source.page(after)
        live = live and len(page) <= LIVE  # nobody is told, as by the server
        for event in page:
            if not live:
                await pause()
            after = source.place(event)
            considered += 1
            if only is None or only.lets_through(event):
                yield render(event)
            if only is not None and considered % only.interval == 0:
                marked = after
                yield messages.checkpoint(after)
        if len(page) == PAGE:
            continue
        if not live:
            live = True
            if only is not None and marked < after:
                marked = after
                yield messages.checkpoint(after)
            yield source.caught_up(after)
        await written.wait()
