"""How far a follower is behind the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.eventstore.lag import NO_LAG, lag, lags
from shared.eventstore.port import EventStore
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EventStore]:
    store = SqliteEventStore(tmp_path / "events.db")
    yield store
    store.close()


def test_who_has_followed_everything_is_not_behind(store: EventStore) -> None:
    assert lag(store, 0) == NO_LAG
    append(store, "sample-1")
    assert lag(store, store.head()) == NO_LAG


def test_behind_is_so_many_events_and_as_old_as_the_first_of_them(store: EventStore) -> None:
    for n in range(3):
        append(store, f"sample-{n}")
    behind = lags(store, [0, 2, 3, 2])
    assert {position: each.events for position, each in behind.items()} == {0: 3, 2: 1, 3: 0}
    assert 0 <= behind[2].seconds <= behind[0].seconds < 60
    assert behind[0].as_json == {"events": 3, "seconds": behind[0].seconds}
