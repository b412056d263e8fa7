"""What tests of casework's running processes look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from shared.contracts.model import PersonalClass
from shared.privacy.secrets import load_masters
from tests.casework.office import Office


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, with a deadline."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        sleep(0.01)


def office_of(data: Path) -> Office:
    """The same store, keys and views, as seen from the test."""
    return Office(data, load_masters(data / "secrets", tuple(PersonalClass)))
