"""Waiting for what others do, and for no longer than that."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE = 30.0
"""Seconds after which what was to come counts as not coming."""


def until(condition: Callable[[], T | None], what: str, seconds: float = DEADLINE) -> T:
    """Wait until a condition gives something true, and give it back. Fails after so many seconds, and says ``what``."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.01)
    return found
