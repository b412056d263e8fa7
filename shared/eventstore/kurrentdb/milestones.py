"""Where the events of a copied history stand: they keep their first positions, and the server has its own.

Every so many events a milestone names both. So a follower that knows a first position finds its place by reading a
little more than it needs. The server's positions are larger than any that were copied: whatever is behind the last
milestone is a position of the server itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson
from kurrentdbclient import NewEvent, RecordedEvent

STREAM: Final = "milestones"
TYPE: Final = "Milestone"
FILLING: Final = "filling"
"""Begins the names of streams that hold nothing and may be deleted at any time."""
APART: Final = 1000
"""Events from one milestone to the next at most."""


class Milestone(NamedTuple):
    """The position of an event in the store that it was copied from, and in this one."""

    position: int
    commit: int


class Place(NamedTuple):
    """Where to read: from this commit position on (None: the first); so many events there may be known already."""

    commit: int | None
    known: int


@dataclass(frozen=True, slots=True)
class Milestones:
    """All of a store, in order."""

    all: Sequence[Milestone] = ()

    def place_of(self, position: int) -> Place:
        """Where what comes after a position of the platform begins."""
        if not self.all or position > self.all[-1].position:
            return Place(position, 1)
        passed = bisect_right(self.all, position, key=lambda milestone: milestone.position)
        return Place(self.all[passed - 1].commit, APART + 1) if passed else Place(None, APART)


def as_event(milestone: Milestone) -> NewEvent:
    data = orjson.dumps(milestone._asdict())
    return NewEvent(id=uuid5(NAMESPACE_URL, f"urn:wegmarken:milestone:{milestone}"), type=TYPE, data=data)


def filling(size: int) -> NewEvent:
    """So many bytes that tell nothing, and nobody reads: they make the server's positions larger."""
    return NewEvent(id=uuid4(), type="Filling", data=bytes(size), content_type="application/octet-stream")


def of_event(event: RecordedEvent) -> Milestone:
    return Milestone(**orjson.loads(event.data))
