"""How many messages wait for a service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

import amqp

from shared.bus import topology
from shared.bus.connection import Connection, Kept

PATIENCE: Final = 2.0
"""Seconds: whoever asks wants to know now."""


class DepthGauge:
    """Messages in the service's queue and its retry queues that no process has in hand; 0 without queues.

    ``retry_delays`` must be those in use: they name the queues. Asking takes a few milliseconds, on a connection that
    stays open.
    """

    def __init__(self, broker_url: str, service: str, retry_delays: Sequence[float] = topology.DELAYS) -> None:
        # Against the direction in which messages move by themselves, so that none slips through.
        self._queues = tuple(reversed(topology.queues_of(service, retry_delays)))
        self._kept = Kept(broker_url, lambda connection: connection, patience=PATIENCE)

    def read(self) -> int:
        """Raises one of ``connection.LOST``."""
        return self._kept.use(lambda connection: messages_in(connection, self._queues))

    def close(self) -> None:
        self._kept.close()


def messages_in(connection: Connection, queues: Iterable[str]) -> int:
    """Messages of these queues that no process has in hand; a queue that does not exist holds none."""
    channel = connection.channel()
    found = 0
    for queue in queues:
        with suppress(amqp.NotFound):  # the broker closes the channel, and the client opens it again
            found += channel.queue_declare(queue, passive=True).message_count
    channel.close()
    return found
