from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from shared.contracts.model import PersonalClass
from shared.privacy.keyring import KeyRing, open_keyring
from shared.privacy.secrets import create_secrets, load_masters

OpenRing = Callable[..., KeyRing]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    create_secrets(tmp_path / "secrets")
    return tmp_path / "secrets"


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    return tmp_path / "ring" / "keys.db"


@pytest.fixture
def ring_url(ring_file: Path) -> str:
    return f"sqlite:///{ring_file}"


@pytest.fixture
def open_ring(ring_url: str, secrets: Path) -> Iterator[OpenRing]:
    """Opens the test's key ring as one more process would, with the masters of some classes or of all."""
    opened = []

    def open_it(classes: Collection[PersonalClass] = tuple(PersonalClass)) -> KeyRing:
        opened.append(open_keyring(ring_url, load_masters(secrets, classes)))
        return opened[-1]

    yield open_it
    for ring in opened:
        ring.close()


@pytest.fixture
def ring(open_ring: OpenRing) -> KeyRing:
    return open_ring()
