"""Where views read their events from: the event store itself, or reporting's ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias

from shared.contracts.codec import Sealer
from shared.eventstore.port import CaughtUp, EventStore
from shared.projections.facts import Fact
from shared.runtime.collector import undisturbed

Facts: TypeAlias = Sequence[Fact]


class Source(Protocol):
    """A log of facts in order of position. All methods may raise ``StoreUnavailable``.

    Facts of types that no view reads may be left out, but never the last of those looked at: its
    position is how far the views have read.
    """

    def read(self, *, after: int, limit: int, until: int | None = None) -> Facts:
        """The next facts above a position, and not above ``until``, the position of a fact."""
        ...

    def follow(self, *, after: int, batch: int) -> Iterator[Facts | CaughtUp]:
        """Blocks: facts as they come, with caught-up marks at least once a second."""
        ...

    def head(self) -> int:
        """The position of the newest fact, 0 if there is none."""
        ...

    def facts_after(self, position: int) -> int:
        """How many facts there are above a position; where they are many, perhaps only that they are at least so
        many."""
        ...


class StoreSource:
    """The event store as a source. What is sealed is opened with ``sealer``, once for all views."""

    def __init__(self, store: EventStore, sealer: Sealer) -> None:
        self._store, self._sealer = store, sealer

    @undisturbed()
    def read(self, *, after: int, limit: int, until: int | None = None) -> Facts:
        events = self._store.read_all(after=after, limit=limit)
        return [Fact.of(stored, self._sealer) for stored in events if until is None or stored.position <= until]

    def follow(self, *, after: int, batch: int) -> Iterator[Facts | CaughtUp]:
        for item in self._store.subscribe_all(after=after, batch=batch):
            yield item if isinstance(item, CaughtUp) else [Fact.of(stored, self._sealer) for stored in item]

    def head(self) -> int:
        return self._store.head()

    def facts_after(self, position: int) -> int:
        return self._store.events_after(position)
