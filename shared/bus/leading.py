"""Who leads on a broker: whoever's connection holds an exclusive queue, which ends with that connection.

Of several platforms on one broker each would eat the others' nudges, so only one may lead there.
"""

from __future__ import annotations

from typing import Any, Final

import amqp

from shared.bus import topology
from shared.bus.connection import LOOK_UP, Connection, connected

KEEPS_NOTHING: Final = {"x-max-length": 0}


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


def still_led(connection: Connection, channel: Any) -> bool:
    """After ``LOOK_UP`` seconds whether somebody leads, or at once that nobody does. Raises one of ``LOST``.

    A message comes back when there is no queue to take it. To be asked again and again: unlike a refused declaration
    it leaves no error in the broker's log.
    """
    channel.basic_publish(amqp.Message(), "", topology.LEADER, mandatory=True)
    try:
        connection.drain_events(timeout=LOOK_UP)
    except TimeoutError:
        return True
    except amqp.ChannelError:
        return False
    return True


def take_the_lead(channel: Any) -> bool:
    """Whether this connection leads from now on, until it ends. Raises one of ``LOST``."""
    try:
        channel.queue_declare(topology.LEADER, exclusive=True, auto_delete=False, arguments=KEEPS_NOTHING)
    except amqp.ResourceLocked:  # the broker closed the channel, and the client opened it again
        return False
    return True
