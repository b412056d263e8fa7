"""Streams folded once and remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.eventstore.port import NO_STREAM, StoredEvent
from shared.eventstore.remembered import Remembered
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append, event


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    store = SqliteEventStore(tmp_path / "events.db")
    yield store
    store.close()


class Letters:
    """Streams that spell words; ``folded`` are the events that were looked at."""

    def __init__(self, store: SqliteEventStore, most: int = 10) -> None:
        self.folded: list[str] = []
        self.remembered = Remembered(store, "", self._learn, most=most)

    def _learn(self, word: str, stored: StoredEvent) -> str:
        letter = stored.data.decode()
        self.folded.append(letter)
        if letter == "?":
            raise ValueError
        return word + letter


def test_of_a_known_stream_only_what_came_since_is_folded(store: SqliteEventStore) -> None:
    letters = Letters(store)
    append(store, "s", event(data=b"a"), event(data=b"b"))
    assert [letters.remembered.state("s"), letters.remembered.state("s")] == ["ab", "ab"]
    append(store, "s", event(data=b"c"), expected=1)
    assert letters.remembered.state("s") == "abc"
    assert letters.folded == ["a", "b", "c"]


def test_a_stream_without_events_is_nothing_and_is_not_remembered(store: SqliteEventStore) -> None:
    letters = Letters(store, most=1)
    append(store, "s", event(data=b"a"))
    letters.remembered.state("s")
    assert letters.remembered.state("nowhere") == ""
    letters.remembered.state("s")
    assert letters.folded == ["a"]
    append(store, "nowhere", event(data=b"n"))
    assert letters.remembered.state("nowhere") == "n"


def test_what_was_appended_is_not_folded_where_all_before_is_known(store: SqliteEventStore) -> None:
    letters = Letters(store)
    append(store, "s", event(data=b"a"))
    letters.remembered.advance("s", NO_STREAM, 0, lambda word: word + "a")
    append(store, "s", event(data=b"b"), expected=0)
    letters.remembered.advance("s", 0, 1, lambda word: word + "b")
    assert letters.remembered.state("s") == letters.remembered.state("s", known_to=1) == "ab"
    assert letters.folded == []


def test_what_was_appended_is_folded_where_something_before_is_not_known(store: SqliteEventStore) -> None:
    letters = Letters(store)
    append(store, "s", event(data=b"a"), event(data=b"b"))
    append(store, "s", event(data=b"c"), expected=1)
    letters.remembered.advance("s", 1, 2, lambda word: word + "c")
    assert letters.remembered.state("s", known_to=2) == "abc"
    assert letters.folded == ["a", "b", "c"]


def test_the_stream_that_nobody_asked_for_longest_is_forgotten(store: SqliteEventStore) -> None:
    letters = Letters(store, most=2)
    for name in ("a", "b", "c"):
        append(store, name, event(data=name.encode()))
    for name in ("a", "b", "a", "c", "a", "b"):
        assert letters.remembered.state(name) == name
    assert letters.folded == ["a", "b", "c", "b"]


def test_what_could_not_be_learnt_is_folded_anew(store: SqliteEventStore) -> None:
    letters = Letters(store)
    append(store, "s", event(data=b"a"))
    letters.remembered.state("s")
    append(store, "s", event(data=b"?"), expected=0)
    for _ in range(2):
        with pytest.raises(ValueError):
            letters.remembered.state("s")
    assert letters.folded == ["a", "?", "a", "?"]
