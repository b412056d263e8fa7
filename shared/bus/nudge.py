"""The message of the bus: a nudge. It says which event to look at and never carries its data.

Attributes of CloudEvents travel as headers, so that any consumer can route and trace without our code;
the body names the event and where it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import amqp
import orjson

from shared.contracts.codec import envelope_of
from shared.eventstore.port import StoredEvent

JSON: Final = "application/json"
PERSISTENT: Final = 2
CAUSATION: Final = "cloudEvents:causationid"
CORRELATION: Final = "cloudEvents:correlationid"
STORE: Final = "cloudEvents:storeid"


class Malformed(Exception):
    """A message that is no nudge: not JSON, or without what a nudge needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """What a reaction is given: look at this event. May come twice, late, or in another order.

    ``causation_id`` is what led to the event itself; what the reaction does is caused by ``event_id``.
    ``store_id`` is the identity of the store that holds the event; None in messages of before it was told.
    """

    event_id: str
    type: str
    stream: str
    revision: int
    position: int
    correlation_id: str
    causation_id: str
    store_id: str | None


def message_of(stored: StoredEvent, store_id: str) -> amqp.Message:
    """The message that announces a store's event; its routing key is the event's type. Raises NoEnvelope."""
    envelope = envelope_of(stored)
    service = stored.type.partition(".")[0]
    body = {
        "id": stored.event_id,
        "type": stored.type,
        "stream": stored.stream,
        "revision": stored.revision,
        "position": stored.position,
    }
    headers = {
        "cloudEvents:specversion": "1.0",
        "cloudEvents:id": stored.event_id,
        "cloudEvents:type": stored.type,
        "cloudEvents:source": f"/wegmarken/{service}",
        "cloudEvents:subject": stored.stream,
        "cloudEvents:time": stored.recorded_at.isoformat(),
        CORRELATION: envelope.correlation_id,
        CAUSATION: envelope.causation_id,
        STORE: store_id,
    }
    return message(orjson.dumps(body), stored.event_id, headers)


def message(body: bytes, message_id: str, headers: Mapping[str, Any]) -> amqp.Message:
    """A persistent message of ours."""
    return amqp.Message(
        body,
        content_type=JSON,
        delivery_mode=PERSISTENT,
        message_id=message_id,
        application_headers=dict(headers),
    )


def nudge_of(body: bytes | str, headers: Mapping[str, Any]) -> Nudge:
    """Read a message back. Raises Malformed."""
    try:
        said = orjson.loads(body)
        return Nudge(
            event_id=_text(said["id"]),
            type=_text(said["type"]),
            stream=_text(said["stream"]),
            revision=_number(said["revision"]),
            position=_number(said["position"]),
            correlation_id=_text(headers[CORRELATION]),
            causation_id=_text(headers[CAUSATION]),
            store_id=_text(headers[STORE]) if STORE in headers else None,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise Malformed(type(error).__name__) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value
