"""Every exchange, queue and binding of the bus, in one place; who reacts to what is said by the contracts.

``wegmarken.events`` (topic) routes by ``<service>.<EventType>`` to one queue per service that reacts.
What nobody subscribes to goes to a bounded queue by the alternate exchange, so that a returned message
always means a broken topology. Beside the queue of a service: ``<service>.retry.<seconds>`` hold failed
messages until it is time again, ``<service>.crashed`` takes what the broker gave up on after too many
deliveries, ``<service>.parked`` what people must look at.

Every queue is a quorum queue: declared on a cluster, it has members on three nodes and outlives any one of them.
One that lies on a single node could not even be declared while that is away.

A queue's arguments never change under its name: the broker refuses the difference for ever. A new shape
is a new name; so the delay is part of a retry queue's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shared.contracts.subscriptions import SUBSCRIPTIONS

EVENTS: Final = "wegmarken.events"
UNROUTED: Final = "wegmarken.unrouted"
UNREAD: Final = "wegmarken.unread"
"""The queue behind it: a sample of what nobody reads, for people who wonder."""
LEADER: Final = "wegmarken.relay.leader"
"""An exclusive queue: who holds it is the relay that publishes."""

DELAYS: Final = (1.0, 5.0, 30.0, 120.0)
"""Seconds between the attempts at a message, unless the settings say otherwise."""

DELIVERY_LIMIT: Final = 50
"""Only a guard against a message that kills its handler's process: each kill counts for every message in
hand, so a low limit would park the innocent."""
NEVER: Final = 1_000_000_000
UNREAD_KEPT: Final = 1000


def retry_queue(service: str, delay: float) -> str:
    return f"{service}.retry.{delay:g}"


def crashed_queue(service: str) -> str:
    return f"{service}.crashed"


def parked_queue(service: str) -> str:
    return f"{service}.parked"


def queues_of(service: str, delays: Sequence[float]) -> tuple[str, ...]:
    """All queues whose messages wait to be handled: without the parked ones."""
    return (service, *(retry_queue(service, delay) for delay in sorted(set(delays))), crashed_queue(service))


def declare(channel: Any, delays: Sequence[float] = DELAYS) -> None:
    """Declare everything; what is there already stays as it is.

    Raises amqp.PreconditionFailed when a queue exists with other arguments.
    """
    channel.exchange_declare(UNROUTED, "fanout", durable=True, auto_delete=False)
    channel.exchange_declare(
        EVENTS, "topic", durable=True, auto_delete=False, arguments={"alternate-exchange": UNROUTED}
    )
    _queue(channel, UNREAD, {"x-queue-type": "quorum", "x-max-length": UNREAD_KEPT, "x-overflow": "drop-head"})
    channel.queue_bind(UNREAD, UNROUTED)
    for service, patterns in SUBSCRIPTIONS.items():
        _declare_service(channel, service, patterns, delays)


def _declare_service(channel: Any, service: str, patterns: Sequence[str], delays: Sequence[float]) -> None:
    limited = {"x-delivery-limit": DELIVERY_LIMIT}
    # Newer brokers have a limit of their own where none is named, and drop what exceeds it.
    unlimited = {"x-delivery-limit": NEVER}
    _queue(channel, parked_queue(service), {"x-queue-type": "quorum", **unlimited})
    _queue(channel, crashed_queue(service), {"x-queue-type": "quorum", **unlimited})
    _queue(channel, service, {**_dead_letters_to(crashed_queue(service)), **limited})
    for delay in sorted(set(delays)):
        _queue(
            channel,
            retry_queue(service, delay),
            {**_dead_letters_to(service), "x-message-ttl": round(delay * 1000)},
        )
    for pattern in patterns:
        channel.queue_bind(service, EVENTS, pattern)


def _dead_letters_to(queue: str) -> dict[str, Any]:
    """A quorum queue that hands messages on with confirmation: none is lost on the way."""
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",  # what that strategy asks for
    }


def _queue(channel: Any, name: str, arguments: Mapping[str, Any]) -> None:
    channel.queue_declare(name, durable=True, auto_delete=False, arguments=dict(arguments))
