"""Events for the tests of the bus. The bus never looks at their data, so these hold none of a contract's."""

from __future__ import annotations

import json
from uuid import uuid4

from shared.eventstore.port import NO_STREAM, EventStore, NewEvent

QUESTION = "intake.PersonRegistered"
"""A type that eligibility subscribes to."""
UNHEARD = "intake.Unheard"
"""Another one, which only the next release publishes."""
ANSWER = "reporting.ReportSealed"
"""A type that nobody subscribes to."""


def new_event(
    type: str, *, mood: str = "calm", causation_id: str = "", correlation_id: str = "", version: int = 1
) -> NewEvent:
    event_id = str(uuid4())
    metadata = {
        "version": version,
        "occurred_on": "2018-07-31",
        "learnt_on": "2018-07-31",
        "actor": "probe",
        "on_behalf_of": None,
        "command_id": event_id,
        "body_digest": "",
        "correlation_id": correlation_id or event_id,
        "causation_id": causation_id or event_id,
    }
    data = json.dumps({"mood": mood}).encode()
    return NewEvent(event_id=event_id, type=type, data=data, metadata=json.dumps(metadata).encode())


def store_events(store: EventStore, count: int = 1, *, type: str = QUESTION, mood: str = "calm") -> list[str]:
    """Append events to a new stream in one go; returns their ids."""
    events = [new_event(type, mood=mood) for _ in range(count)]
    store.append(f"person-{uuid4()}", events, expected=NO_STREAM, command_id=str(uuid4()), digest="")
    return [event.event_id for event in events]


def append(store: EventStore, stream: str, event: NewEvent) -> None:
    """Append an event to a stream that has some, as another process does, perhaps of another release."""
    revision = store.read(stream)[-1].revision
    store.append(stream, [event], expected=revision, command_id=event.event_id, digest="")
