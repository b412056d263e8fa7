"""What every adapter of the event store promises. An adapter's test module subclasses the suite."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
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
    StoreUnavailable,
)


def event(type: str = "intake.Sample", data: bytes = b"{}", metadata: bytes = b"{}") -> NewEvent:
    return NewEvent(event_id=str(uuid4()), type=type, data=data, metadata=metadata)


def of_command(command_id: str, digest: str, *events: NewEvent) -> list[NewEvent]:
    """Events whose metadata name their command, as those of all commands do."""
    metadata = json.dumps({"command_id": command_id, "body_digest": digest}).encode()
    return [replace(event, metadata=metadata) for event in events]


def append(
    store: EventStore,
    stream: str,
    *events: NewEvent,
    expected: int = NO_STREAM,
    command_id: str | None = None,
    digest: str = "d",
) -> Answer:
    command_id = command_id or str(uuid4())
    named = of_command(command_id, digest, *(events or (event(),)))
    return store.append(stream, named, expected=expected, command_id=command_id, digest=digest)


class EventStoreContract:
    """Subclasses offer the fixture ``store``. It may hold events of others; nobody else writes meanwhile."""

    @pytest.fixture
    def store(self) -> Iterator[EventStore]:
        raise NotImplementedError

    @pytest.fixture
    def begin(self, store: EventStore) -> int:
        """The position behind which a test's history begins."""
        return store.head()

    @pytest.fixture
    def s(self) -> str:
        return f"sample-{uuid4()}"

    # --- reading back ---------------------------------------------------------------------------

    def test_an_empty_store_has_nothing(self, store: EventStore, begin: int, s: str) -> None:
        if begin:
            pytest.skip("this store holds events of others")
        assert store.head() == store.events_after(0) == 0
        assert store.read(s) == []
        assert store.read_last(s) is None
        assert store.read_all() == []

    def test_a_stream_that_nobody_wrote_is_empty(self, store: EventStore, begin: int, s: str) -> None:
        assert store.read(s) == store.read(s, after=7) == store.read_all(after=begin) == []
        assert store.read_last(s) is None
        assert store.answer_to(str(uuid4()), stream=s) is None

    def test_what_was_appended_is_read_back_byte_for_byte(self, store: EventStore, s: str) -> None:
        first = event(data=b'{"a":"\xc3\xa4"}', metadata=b'{"command_id":"c", "list":[1,[2]], "a":"\xc3\xa4" }')
        second = event("casework.Other", b"\x00\xff", b"{}")
        third = event(data=b"", metadata=b'{"list":["command_id"]}')
        answer = store.append(s, [first, second, third], expected=NO_STREAM, command_id=str(uuid4()), digest="d")
        read = store.read(s)
        assert [(e.event_id, e.type, e.data, e.metadata, e.revision) for e in read] == [
            (new.event_id, new.type, new.data, new.metadata, revision)
            for revision, new in enumerate((first, second, third))
        ]
        assert {e.stream for e in read} == {s}
        assert answer.revision == 2
        assert answer.position == read[-1].position == store.head()
        assert store.read_last(s) == read[-1]

    def test_a_large_event_is_read_back(self, store: EventStore, begin: int, s: str) -> None:
        large = event(data=b'{"text":"' + b"x" * 500_000 + b'"}')
        append(store, s, large)
        assert [e.data for e in store.read_all(after=begin)] == [large.data]

    def test_a_stream_is_read_from_a_revision(self, store: EventStore, s: str) -> None:
        append(store, s, event(), event(), event())
        assert [e.revision for e in store.read(s, after=0)] == [1, 2]
        assert store.read(s, after=2) == store.read(s, after=9) == []

    def test_all_streams_are_read_in_order_of_position(self, store: EventStore, begin: int, s: str) -> None:
        for n in range(10):
            append(store, f"{s}-{n % 3}-{n}", *(event() for _ in range(n % 3 + 1)))
        everything = store.read_all(after=begin)
        assert len(everything) == 19
        assert all(a.position < b.position for a, b in pairwise(everything))
        assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(everything))
        for n, one in enumerate(everything):
            assert store.read_all(after=one.position, limit=2) == everything[n + 1 : n + 3]
            assert store.events_after(one.position) == len(everything) - n - 1
        assert store.read_all(after=begin, limit=19) == everything
        assert store.head() == everything[-1].position

    # --- who may write --------------------------------------------------------------------------

    def test_an_append_holds_at_least_one_event(self, store: EventStore, begin: int, s: str) -> None:
        with pytest.raises(ValueError):
            store.append(s, [], expected=NO_STREAM, command_id=str(uuid4()), digest="d")
        assert store.head() == begin

    def test_the_wrong_expected_revision_is_a_conflict_and_writes_nothing(
        self, store: EventStore, begin: int, s: str
    ) -> None:
        with pytest.raises(Conflict) as refused:
            append(store, s, expected=3)
        assert (refused.value.stream, refused.value.expected, refused.value.actual) == (s, 3, NO_STREAM)
        append(store, s)
        for wrong in (NO_STREAM, 1, 7):
            with pytest.raises(Conflict) as refused:
                append(store, s, expected=wrong)
            assert (refused.value.expected, refused.value.actual) == (wrong, 0)
        assert len(store.read_all(after=begin)) == 1

    def test_of_two_appends_at_the_same_revision_one_wins(self, store: EventStore, s: str) -> None:
        append(store, s)
        start = threading.Barrier(8)

        def attempt(_: int) -> bool:
            start.wait()
            try:
                append(store, s, expected=0)
            except Conflict:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1
        assert [e.revision for e in store.read(s)] == [0, 1]

    # --- the same command again -----------------------------------------------------------------

    def test_the_same_command_again_gets_the_first_answer_and_writes_nothing(
        self, store: EventStore, begin: int, s: str
    ) -> None:
        command, new = str(uuid4()), event()
        first = append(store, s, new, command_id=command)
        for digest in ("d", "other"):
            with pytest.raises(AlreadyAnswered) as again:
                append(store, s, new, command_id=command, digest=digest)
            assert again.value.answer == first
        assert store.answer_to(command, stream=s) == first
        assert store.answer_to(str(uuid4()), stream=s) is None
        assert len(store.read_all(after=begin)) == 1

    def test_a_command_is_known_wherever_its_stream_is_now(self, store: EventStore, s: str) -> None:
        command, new = str(uuid4()), (event(), event())
        append(store, s)
        first = append(store, s, *new, expected=0, command_id=command)
        last = append(store, s, expected=2)
        assert (first.revision, last.revision) == (2, 3)
        for expected in (NO_STREAM, 0, 2, 3, 9):
            with pytest.raises(AlreadyAnswered) as again:
                append(store, s, *new, expected=expected, command_id=command, digest="other")
            assert again.value.answer == first
        assert store.answer_to(command, stream=s) == first
        assert len(store.read(s)) == 4

    def test_the_same_command_at_the_same_moment_has_one_effect(self, store: EventStore, begin: int, s: str) -> None:
        command, new, start = str(uuid4()), event(), threading.Barrier(8)

        def attempt(n: int) -> Answer:
            start.wait()
            try:
                return append(store, s, new, command_id=command, digest=f"d{n}")
            except AlreadyAnswered as known:
                return known.answer

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(attempt, range(8)))) == 1
        assert len(store.read_all(after=begin)) == 1

    # --- following ------------------------------------------------------------------------------

    def test_a_follower_gets_everything_once_and_in_order_while_others_write(
        self, store: EventStore, begin: int, s: str
    ) -> None:
        for n in range(5):
            append(store, f"{s}-before-{n}")
        follower = store.subscribe_all(after=begin, batch=3)
        seen: list[StoredEvent] = []
        for delivery in follower:
            if isinstance(delivery, CaughtUp):
                assert delivery.position == store.head()
                break
            assert 1 <= len(delivery) <= 3
            seen += delivery
        assert len(seen) == 5

        def write(lane: int) -> None:
            for n in range(50):
                append(store, f"{s}-during-{lane}-{n}")

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
        assert seen == store.read_all(after=begin)

    def test_a_follower_starts_behind_a_position(self, store: EventStore, s: str) -> None:
        positions = [append(store, f"{s}-{n}").position for n in range(4)]
        for delivery in store.subscribe_all(after=positions[1]):
            assert not isinstance(delivery, CaughtUp)
            assert [e.position for e in delivery] == positions[2:]
            break

    def test_a_quiet_follower_says_again_that_it_is_caught_up(self, store: EventStore, begin: int) -> None:
        follower = store.subscribe_all(after=begin)
        assert [next(follower) for _ in range(3)] == [CaughtUp(begin)] * 3

    # --- the end --------------------------------------------------------------------------------

    def test_a_closed_store_refuses_and_its_followers_end(self, store: EventStore, s: str) -> None:
        append(store, s)
        follower = store.subscribe_all(after=store.head())
        assert isinstance(next(follower), CaughtUp)
        store.close()
        assert all(isinstance(delivery, CaughtUp) for delivery in follower)
        with pytest.raises(StoreUnavailable):
            append(store, f"{s}-afterwards")

    def test_a_follower_that_waits_ends_when_its_store_closes(self, store: EventStore, begin: int) -> None:
        caught_up, seen = threading.Event(), list[object]()

        def follow() -> None:
            for delivery in store.subscribe_all(after=begin):
                seen.append(delivery)
                caught_up.set()

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        assert caught_up.wait(20)
        store.close()
        follower.join(20)
        assert not follower.is_alive() and set(seen) == {CaughtUp(begin)}
