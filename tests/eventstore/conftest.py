"""A stand-in for KurrentDB, and its own client for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kurrentdbclient import KurrentDBClient

from deploy import setup
from tests.eventstore.stand_in import Secured, StandIn


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def client(stand_in: StandIn) -> Iterator[KurrentDBClient]:
    with KurrentDBClient(stand_in.url) as client:
        yield client


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Secured:
    """With the certificates that an installation makes for its nodes."""
    certificates = _certificates(tmp_path_factory.mktemp("installation"), "kurrentdb")
    node = certificates / "kurrentdb"
    return Secured(certificate=node / "node.crt", key=node / "node.key", authority=certificates / setup.AUTHORITY)


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of another installation's authority."""
    return _certificates(tmp_path_factory.mktemp("another-installation")) / setup.AUTHORITY


def _certificates(directory: Path, *nodes: str) -> Path:
    """Those of an installation, but only for some nodes: keys take their time."""
    with pytest.MonkeyPatch.context() as few:
        few.setattr(setup, "NODES", {name: setup.NODES[name] for name in nodes})
        setup.make_certificates(directory, datetime.now(UTC))
    return directory
