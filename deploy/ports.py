"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import random
import socket
from itertools import islice
from typing import Final

RANGE: Final = range(21000, 32000)
"""Below the range from which the kernel takes the ports of outgoing connections: free now is free after a restart."""


class NoFreePort(Exception):
    """All of ``RANGE`` are taken. The text is one line for people."""


def free_ports(count: int) -> list[int]:
    """So many that nobody listens on now, by chance: so who chooses at the same time chooses others.

    Raises NoFreePort.
    """
    found = list(islice((port for port in random.sample(RANGE, len(RANGE)) if is_free(port)), count))
    if len(found) < count:
        raise NoFreePort(f"no free port between {RANGE.start} and {RANGE.stop}")
    return found


def is_free(port: int) -> bool:
    """Whether one could listen there on 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what is only closing does not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
