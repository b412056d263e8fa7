"""Whether a relay leads on a broker: of several platforms on one broker each would eat the others' nudges."""

from __future__ import annotations

import amqp

from shared.bus import topology
from shared.bus.connection import connected


def somebody_leads(broker_url: str) -> bool:
    """The leader's queue is exclusive: to everybody else it is locked. Raises one of ``connection.LOST``."""
    with connected(broker_url, heartbeat=0) as connection:
        try:
            connection.channel().queue_declare(topology.LEADER, passive=True)
        except amqp.ResourceLocked:
            return True
        except amqp.NotFound:
            return False
    return True
