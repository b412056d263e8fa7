"""What may befall a broker: a power cut, a standstill, a restart."""

from __future__ import annotations

import os
import signal
import time

from deploy.broker import PrivateBroker

DEADLINE = 10.0


def kill(broker: PrivateBroker) -> None:
    """End the node as a power cut would (SIGKILL)."""
    os.kill(broker.pid, signal.SIGKILL)
    deadline = time.monotonic() + DEADLINE
    while broker.alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def freeze(broker: PrivateBroker) -> None:
    """Let the node stand still with all its connections open."""
    os.kill(broker.pid, signal.SIGSTOP)


def thaw(broker: PrivateBroker) -> None:
    os.kill(broker.pid, signal.SIGCONT)


def restart(broker: PrivateBroker) -> None:
    """Stop what is left of it, and start it on the same ports."""
    broker.stop()
    broker.start()
