"""Streams folded once and remembered: they only ever grow, so of a known one only what came since is read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from shared.eventstore.port import NO_STREAM, EventStore, StoredEvent

S = TypeVar("S")


class Remembered(Generic[S]):
    """What streams of one kind amount to just now; shared by all workers of a process.

    ``learn`` is what one more event makes of a state, ``nothing`` the state of a stream without events. Of the
    ``most`` streams that were asked for last the state is kept.
    """

    def __init__(self, store: EventStore, nothing: S, learn: Callable[[S, StoredEvent], S], *, most: int) -> None:
        self._store, self._nothing, self._learn, self._most = store, nothing, learn, most
        self._known: OrderedDict[str, tuple[int, S]] = OrderedDict()

    def state(self, stream: str, *, known_to: int | None = None) -> S:
        """The stream's state; what came since is not asked for where all is known up to a revision, ``known_to``.

        Raises StoreUnavailable, and what ``learn`` raises.
        """
        revision, state = self._known.pop(stream, (NO_STREAM, self._nothing))
        if known_to is None or revision < known_to:
            for stored in self._store.read(stream, after=revision):
                revision, state = stored.revision, self._learn(state, stored)
        if revision != NO_STREAM:
            self._keep(stream, revision, state)
        return state

    def advance(self, stream: str, expected: int, revision: int, change: Callable[[S], S]) -> None:
        """Whoever appended knows what came: the stream's state at ``revision`` from that at ``expected``, if known."""
        known_to, state = self._known.pop(stream, (NO_STREAM, self._nothing))
        if known_to == expected:
            known_to, state = revision, change(state)
        if known_to != NO_STREAM:
            self._keep(stream, known_to, state)

    def _keep(self, stream: str, revision: int, state: S) -> None:
        self._known[stream] = revision, state
        if len(self._known) > self._most:
            self._known.popitem(last=False)
