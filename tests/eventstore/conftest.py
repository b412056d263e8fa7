"""A stand-in for KurrentDB, and its own client for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kurrentdbclient import KurrentDBClient

from tests.eventstore.stand_in import StandIn


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def client(stand_in: StandIn) -> Iterator[KurrentDBClient]:
    with KurrentDBClient(stand_in.url) as client:
        yield client
