"""How far somebody who follows the log is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from shared.eventstore.port import EventStore


class Lag(NamedTuple):
    """``events`` not followed yet (where they are many, at least so many); ``seconds``: the age of the oldest of them.

    Counted, because positions of some stores have gaps.
    """

    events: int
    seconds: float

    @property
    def as_json(self) -> dict[str, float]:
        return self._asdict()


NO_LAG = Lag(0, 0.0)


def lag(store: EventStore, position: int) -> Lag:
    """The lag of who has followed up to a position. Raises StoreUnavailable."""
    following = store.read_all(after=position, limit=1)
    if not following:
        return NO_LAG
    age = (datetime.now(UTC) - following[0].recorded_at).total_seconds()
    return Lag(max(1, store.events_after(position)), round(max(0.0, age), 3))


def lags(store: EventStore, positions: Iterable[int]) -> dict[int, Lag]:
    """The lag of each position, looked up once. Raises StoreUnavailable."""
    return {position: lag(store, position) for position in set(positions)}
