"""Which store an event is of: a broker may still hold messages of another, from an earlier platform on it."""

from __future__ import annotations

from typing import Final
from uuid import NAMESPACE_URL, uuid5

from shared.eventstore.port import EventStore, StoredEvent

STORES: Final = uuid5(NAMESPACE_URL, "urn:wegmarken:store")


def identity(store: EventStore) -> str | None:
    """A UUID that is this store's alone, for ever the same; None before its first event.

    Its first event makes it: no other store recorded the same one in the same microsecond. So it needs no place of
    its own, a copy restored from a backup keeps it, and a store begun anew in an old directory has another.
    """
    first = store.read_all(limit=1)
    return made_by(first[0]) if first else None


def made_by(first: StoredEvent) -> str:
    """The identity of the store that begins with this event."""
    return str(uuid5(STORES, f"{first.event_id} {first.recorded_at.isoformat()}"))
