"""Waiting for what others do, and for no longer than that."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

DEADLINE = 20.0
"""Seconds after which what was to come counts as not coming."""


def wait_until(condition: Callable[[], object], seconds: float = DEADLINE) -> None:
    """Wait until the condition holds. Fails after so many seconds."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, "it did not come in time"
        sleep(0.005)
