"""Messages put aside: to look at, to replay, to discard. For people and their tools, over AMQP.

A message is parked after its last attempt, or at once if it is no nudge. While one of these functions
looks through a service's parked messages, others do not see them; whatever it does not settle goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from shared.bus import attempts, topology
from shared.bus.connection import Connection, Outgoing, Publisher, connected
from shared.bus.nudge import Malformed, Nudge, message, nudge_of

ANY: Final = None
"""Instead of an event's id: all of them."""


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked message. ``nudge`` is None if it is no nudge; ``parked_at`` is ISO 8601 in UTC."""

    service: str
    event_id: str
    nudge: Nudge | None
    error: str
    attempts: int
    parked_at: str
    headers: Mapping[str, Any]
    body: bytes


@dataclass(frozen=True, slots=True)
class _InHand:
    """A message taken out of the queue, not settled yet."""

    parked: Parked
    settle: Callable[[], None]


def look(broker_url: str, service: str) -> list[Parked]:
    """All parked messages of a service, oldest first; they stay. Raises one of ``connection.LOST``."""
    with _taken(broker_url, service) as (_, taken):
        return [one.parked for one in taken]


def replay(broker_url: str, service: str, event_id: str | None = ANY) -> int:
    """Put messages back into the service's queue as if they came for the first time; returns how many.

    Each is taken out only when the queue has it. Raises one of ``connection.LOST``.
    """
    with _selected(broker_url, service, event_id) as (connection, chosen):
        publisher = Publisher(connection)
        for taken in chosen:
            place = attempts.replayed(service, taken.parked.headers)
            again = message(taken.parked.body, taken.parked.event_id, place.headers)
            publisher.publish([Outgoing("", place.queue, again)])
            taken.settle()
        return len(chosen)


def discard(broker_url: str, service: str, event_id: str | None = ANY) -> int:
    """Drop messages for ever; returns how many. The events themselves stay in the store."""
    with _selected(broker_url, service, event_id) as (_, chosen):
        for taken in chosen:
            taken.settle()
        return len(chosen)


@contextmanager
def _selected(broker_url: str, service: str, event_id: str | None) -> Iterator[tuple[Connection, list[_InHand]]]:
    with _taken(broker_url, service) as (connection, taken):
        yield connection, [one for one in taken if event_id in (ANY, one.parked.event_id)]


@contextmanager
def _taken(broker_url: str, service: str) -> Iterator[tuple[Connection, list[_InHand]]]:
    """What is there now. In the end whatever was not settled has gone back: who looks next sees it."""
    with connected(broker_url) as connection:
        channel = connection.channel()
        yield connection, list(_take_all(channel, service))
        channel.basic_recover(requeue=True)


def _take_all(channel: Any, service: str) -> Iterator[_InHand]:
    """Until the queue has no more: the number that a quorum queue tells may be that of a moment ago."""
    while (delivery := channel.basic_get(topology.parked_queue(service))) is not None:
        yield _InHand(_parked(service, delivery), _acknowledging(delivery))


def _acknowledging(delivery: Any) -> Callable[[], None]:
    return lambda: delivery.channel.basic_ack(delivery.delivery_tag)


def _parked(service: str, delivery: Any) -> Parked:
    headers: Mapping[str, Any] = delivery.properties.get("application_headers") or {}
    body = delivery.body if isinstance(delivery.body, bytes) else delivery.body.encode()
    nudge: Nudge | None
    try:
        nudge = nudge_of(body, headers)
    except Malformed:
        nudge = None
    return Parked(
        service=service,
        event_id=nudge.event_id if nudge else delivery.properties.get("message_id", ""),
        nudge=nudge,
        error=str(headers.get(attempts.ERROR, "")),
        attempts=attempts.count(headers, attempts.ATTEMPT),
        parked_at=str(headers.get(attempts.PARKED_AT, "")),
        headers=headers,
        body=body,
    )
