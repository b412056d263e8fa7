"""What tests of casework's running processes look at."""

from __future__ import annotations

from pathlib import Path

from shared.contracts.model import PersonalClass
from shared.privacy.secrets import load_masters
from tests.casework.office import Office


def office_of(data: Path) -> Office:
    """The same store, keys and views, as seen from the test."""
    return Office(data, load_masters(data / "secrets", tuple(PersonalClass)))
