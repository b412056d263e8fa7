"""What every adapter of the event store promises. An adapter's test module subclasses the suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import uuid4

import pytest

from shared.eventstore.port import (
    NO_STREAM,
    AlreadyAnswered,
    Answer,
    CaughtUp,
    Conflict,
    EventStore,
    NewEvent,
    StoredEvent,
)


def event(type: str = "intake.Sample", data: bytes = b"{}") -> NewEvent:
    return NewEvent(event_id=str(uuid4()), type=type, data=data, metadata=b"{}")


def append(store: EventStore, stream: str, *events: NewEvent, expected: int = NO_STREAM) -> Answer:
    command = str(uuid4())
    return store.append(stream, events or (event(),), expected=expected, command_id=command, digest="d")


class EventStoreContract:
    """Subclasses offer the fixture ``store``: an empty store."""

    @pytest.fixture
    def store(self) -> Iterator[EventStore]:
        raise NotImplementedError

    def test_an_empty_store_has_nothing(self, store: EventStore) -> None:
        assert store.head() == 0
        assert store.read("nowhere") == []
        assert store.read_last("nowhere") is None
        assert store.read_all() == []

    def test_what_was_appended_is_read_back_byte_for_byte(self, store: EventStore) -> None:
        first, second = event(data=b'{"a":"\xc3\xa4"}'), event("casework.Other", b"\x00\xff")
        answer = append(store, "s", first, second)
        read = store.read("s")
        assert [(e.event_id, e.type, e.data, e.metadata, e.revision) for e in read] == [
            (first.event_id, first.type, first.data, first.metadata, 0),
            (second.event_id, second.type, second.data, second.metadata, 1),
        ]
        assert answer.revision == 1
        assert answer.position == read[-1].position == store.head()
        assert store.read_last("s") == read[-1]

    def test_a_stream_is_read_from_a_revision(self, store: EventStore) -> None:
        append(store, "s", event(), event(), event())
        assert [e.revision for e in store.read("s", after=0)] == [1, 2]

    def test_all_streams_are_read_in_order_of_position(self, store: EventStore) -> None:
        for n in range(10):
            append(store, f"s-{n % 3}-{n}")
        everything = store.read_all()
        assert all(a.position < b.position for a, b in pairwise(everything))
        assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(everything))
        assert store.read_all(after=everything[3].position, limit=2) == everything[4:6]

    def test_the_wrong_expected_revision_is_a_conflict_and_writes_nothing(self, store: EventStore) -> None:
        append(store, "s")
        for wrong in (NO_STREAM, 1, 7):
            with pytest.raises(Conflict) as refused:
                append(store, "s", expected=wrong)
            assert (refused.value.expected, refused.value.actual) == (wrong, 0)
        assert len(store.read_all()) == 1

    def test_the_same_command_again_gets_the_first_answer_and_writes_nothing(self, store: EventStore) -> None:
        command, new = str(uuid4()), event()
        first = store.append("s", [new], expected=NO_STREAM, command_id=command, digest="d")
        with pytest.raises(AlreadyAnswered) as again:
            store.append("s", [new], expected=NO_STREAM, command_id=command, digest="other")
        assert again.value.answer == first
        assert store.answer_to(command, stream="s") == first
        assert store.answer_to(str(uuid4()), stream="s") is None
        assert len(store.read_all()) == 1

    def test_an_event_is_never_written_twice(self, store: EventStore) -> None:
        new = event()
        append(store, "s", new)
        with pytest.raises(Conflict):
            append(store, "t", new)
        assert store.read("t") == []
        assert len(store.read_all()) == 1

    def test_of_two_appends_at_the_same_revision_one_wins(self, store: EventStore) -> None:
        append(store, "s")
        start = threading.Barrier(8)

        def attempt(_: int) -> bool:
            start.wait()
            try:
                append(store, "s", expected=0)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1
        assert [e.revision for e in store.read("s")] == [0, 1]

    def test_the_same_command_at_the_same_moment_has_one_effect(self, store: EventStore) -> None:
        command, new, start = str(uuid4()), event(), threading.Barrier(8)

        def attempt(_: int) -> Answer:
            start.wait()
            try:
                return store.append("s", [new], expected=NO_STREAM, command_id=command, digest="d")
            except AlreadyAnswered as known:
                return known.answer

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(attempt, range(8)))) == 1
        assert len(store.read_all()) == 1

    def test_a_follower_gets_everything_once_and_in_order_while_others_write(self, store: EventStore) -> None:
        for n in range(5):
            append(store, f"before-{n}")
        follower = store.subscribe_all(after=0, batch=3)
        seen: list[StoredEvent] = []
        for delivery in follower:
            if isinstance(delivery, CaughtUp):
                assert delivery.position == store.head()
                break
            seen += delivery
        assert len(seen) == 5

        def write(lane: int) -> None:
            for n in range(50):
                append(store, f"during-{lane}-{n}")

        writers = [threading.Thread(target=write, args=(lane,)) for lane in range(4)]
        for writer in writers:
            writer.start()
        for delivery in follower:
            if not isinstance(delivery, CaughtUp):
                seen += delivery
            if len(seen) == 205:
                break
        for writer in writers:
            writer.join()
        assert seen == store.read_all()

    def test_a_follower_starts_behind_a_position(self, store: EventStore) -> None:
        positions = [append(store, f"s-{n}").position for n in range(4)]
        for delivery in store.subscribe_all(after=positions[1]):
            assert not isinstance(delivery, CaughtUp)
            assert [e.position for e in delivery] == positions[2:]
            break

    def test_a_quiet_follower_says_again_that_it_is_caught_up(self, store: EventStore) -> None:
        follower = store.subscribe_all(after=0)
        assert [next(follower) for _ in range(3)] == [CaughtUp(0)] * 3
