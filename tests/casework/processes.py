"""What tests of casework's running processes look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from shared.contracts.model import PersonalClass
from shared.privacy.masters import load_masters
from tests.casework.world import World


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, with a deadline."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        sleep(0.01)


def world_of(data: Path) -> World:
    """The same store, keys and views, as seen from the test."""
    return World(data, load_masters(data / "secrets", tuple(PersonalClass)))
