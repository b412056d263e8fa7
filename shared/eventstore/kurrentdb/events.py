"""Events as the server holds them, and as the platform knows them.

The server takes an append for a repetition by its event ids, and answers as it did the first time: it tells neither
that nothing was written, nor whether the first one said the same. The platform must know both. So the ids on the wire
belong to one call of ``append`` (and to its retries, which must be taken for repetitions); the event's own id stands
at the end of its metadata, in a mark. A history that was copied keeps there its first position and instant, too.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import uuid4

import orjson
from kurrentdbclient import NewEvent as WireEvent
from kurrentdbclient import RecordedEvent
from kurrentdbclient.events import ContentType

from shared.eventstore.instants import EPOCH, instant_of, microseconds
from shared.eventstore.port import NewEvent, StoredEvent

MARK: Final = b'"_event":['


class Mark(NamedTuple):
    """The event's id; of a copied one also its position and instant (microseconds since 1970) in the first store."""

    event_id: str
    position: int | None = None
    recorded_us: int | None = None


def marked(metadata: bytes, mark: Mark) -> bytes:
    """Metadata with a mark. Raises ValueError when they are no JSON object."""
    if not (metadata.startswith(b"{") and metadata.endswith(b"}")):
        raise ValueError("an event's metadata are a JSON object")
    comma = b"" if metadata == b"{}" else b","
    facts = orjson.dumps([fact for fact in mark if fact is not None])
    return b"".join((metadata[:-1], comma, MARK, facts[1:], b"}"))


def unmarked(metadata: bytes) -> tuple[bytes, Mark | None]:
    """Metadata as they were given, and their mark; None where another program recorded the event."""
    at = metadata.rfind(MARK)
    if at < 0 or not metadata.endswith(b"]}"):
        return metadata, None
    try:
        facts = orjson.loads(metadata[at + len(MARK) - 1 : -1])
    except orjson.JSONDecodeError:
        return metadata, None
    if len(facts) not in (1, 3) or not isinstance(facts[0], str):
        return metadata, None
    given = metadata[: at - 1] if metadata[at - 1 : at] == b"," else metadata[:at]
    return given + b"}", Mark(*facts)


def wire_event(event: NewEvent) -> WireEvent:
    """An event under an id for this call."""
    return _wire_event(event.type, event.data, marked(event.metadata, Mark(event.event_id)))


def wire_copy(event: StoredEvent) -> WireEvent:
    """An event of another store, which keeps its position and instant."""
    mark = Mark(event.event_id, event.position, microseconds(event.recorded_at))
    return _wire_event(event.type, event.data, marked(event.metadata, mark))


def _wire_event(type: str, data: bytes, metadata: bytes) -> WireEvent:
    content_type: ContentType = "application/json" if data.startswith(b"{") else "application/octet-stream"
    return WireEvent(id=uuid4(), type=type, data=data, metadata=metadata, content_type=content_type)


def stored(recorded: RecordedEvent) -> StoredEvent:
    """What the server holds, as the platform knows it."""
    metadata, mark = unmarked(recorded.metadata)
    position, recorded_at = recorded.commit_position, recorded.recorded_at or EPOCH
    if mark is None:
        event_id = str(recorded.id)
    else:
        event_id = mark.event_id
        if mark.position is not None and mark.recorded_us is not None:
            position, recorded_at = mark.position, instant_of(mark.recorded_us)
    return StoredEvent(
        position,
        event_id,
        recorded.stream_name,
        recorded.stream_position,
        recorded.type,
        recorded.data,
        metadata,
        recorded_at,
    )
