"""The stand-in's catch-up subscriptions, seen through the server's own client."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.events import RecordedEvent
from kurrentdbclient.exceptions import GrpcDeadlineExceededError, StreamIsDeletedError

from tests.eventstore.stand_in.reading import LIVE
from tests.waiting import DEADLINE

MARKS: dict[str, Any] = {"include_caught_up": True, "include_fell_behind": True}


def append(client: KurrentDBClient, stream: str, *types: str) -> int:
    new = [NewEvent(type=type, data=b"{}") for type in types]
    return client.append_to_stream(stream, events=new, current_version=StreamState.ANY)


def told(deliveries: Iterable[RecordedEvent], count: int) -> list[str]:
    """The next deliveries in short: an event's type, a mark's name."""
    return [name(each) for each in islice(deliveries, count)]


def name(delivery: RecordedEvent) -> str:
    return delivery.type or type(delivery).__name__


def test_everything_that_is_there_comes_first_and_then_what_comes(client: KurrentDBClient) -> None:
    append(client, "s", "A", "B")
    subscription = client.subscribe_to_all(timeout=DEADLINE, **MARKS)
    assert told(subscription, 3) == ["A", "B", "CaughtUp"]
    append(client, "t", "C")
    append(client, "s", "D")
    assert told(subscription, 2) == ["C", "D"]


def test_caught_up_says_how_far(client: KurrentDBClient) -> None:
    position = append(client, "s", "A", "B")
    of_all = next(client.subscribe_to_all(from_end=True, timeout=DEADLINE, **MARKS))
    assert (name(of_all), of_all.commit_position) == ("CaughtUp", position)
    of_stream = next(client.subscribe_to_stream("s", from_end=True, timeout=DEADLINE, **MARKS))
    assert (name(of_stream), of_stream.stream_position) == ("CaughtUp", 1)
    assert of_stream.recorded_at is not None


def test_a_subscription_begins_behind_the_position_that_it_names(client: KurrentDBClient) -> None:
    positions = [append(client, "s", type) for type in "ABC"]
    assert told(client.subscribe_to_all(commit_position=positions[0], timeout=DEADLINE), 2) == ["B", "C"]
    subscription = client.subscribe_to_all(commit_position=positions[2], timeout=DEADLINE, **MARKS)
    assert told(subscription, 1) == ["CaughtUp"]
    append(client, "s", "D")
    assert told(subscription, 1) == ["D"]


def test_from_the_end_only_what_comes(client: KurrentDBClient) -> None:
    append(client, "s", "A")
    subscription = client.subscribe_to_all(from_end=True, timeout=DEADLINE, **MARKS)
    assert told(subscription, 1) == ["CaughtUp"]
    append(client, "s", "B")
    assert told(subscription, 1) == ["B"]


def test_a_stream_is_followed_alone(client: KurrentDBClient) -> None:
    append(client, "s", "A", "B", "C")
    subscription = client.subscribe_to_stream("s", stream_position=0, timeout=DEADLINE, **MARKS)
    assert told(subscription, 3) == ["B", "C", "CaughtUp"]
    append(client, "t", "X")
    append(client, "s", "D")
    assert told(subscription, 1) == ["D"]


def test_a_stream_is_awaited_before_it_exists(client: KurrentDBClient) -> None:
    subscription = client.subscribe_to_stream("later", timeout=DEADLINE, **MARKS)
    assert told(subscription, 1) == ["CaughtUp"]
    append(client, "later", "A")
    assert told(subscription, 1) == ["A"]


def test_a_tombstone_ends_the_subscription_to_its_stream(client: KurrentDBClient) -> None:
    append(client, "s", "A")
    subscription = client.subscribe_to_stream("s", timeout=DEADLINE)
    assert told(subscription, 1) == ["A"]
    client.tombstone_stream("s", current_version=StreamState.ANY)
    with pytest.raises(StreamIsDeletedError):
        told(subscription, 1)
    with pytest.raises(StreamIsDeletedError):
        told(client.subscribe_to_stream("s", timeout=DEADLINE), 1)


def test_checkpoints_say_how_far_a_filter_has_looked(client: KurrentDBClient) -> None:
    append(client, "s", *["Other"] * 3, "Wanted", *["Other"] * 4)
    positions = [recorded.commit_position for recorded in client.get_stream("s")]
    subscription = client.subscribe_to_all(
        commit_position=0,
        filter_include=["Wanted"],
        include_checkpoints=True,
        window_size=2,
        checkpoint_interval_multiplier=1,
        timeout=DEADLINE,
        **MARKS,
    )
    deliveries = list(islice(subscription, 7))
    # The first record considered is the server's own.
    assert [name(each) for each in deliveries] == [
        "Checkpoint",
        "Checkpoint",
        "Wanted",
        "Checkpoint",
        "Checkpoint",
        "Checkpoint",
        "CaughtUp",
    ]
    checkpoints = [each.commit_position for each in deliveries if each.is_checkpoint]
    assert checkpoints == [positions[0], positions[2], positions[4], positions[6], positions[7]]

    append(client, "s", "Other")
    position = append(client, "s", "Other")
    (mark,) = islice(subscription, 1)
    assert mark.is_checkpoint and mark.commit_position <= position


def test_a_filter_that_lets_nothing_through_is_caught_up_all_the_same(client: KurrentDBClient) -> None:
    position = append(client, "s", "A", "B")
    subscription = client.subscribe_to_all(filter_exclude=".*", include_checkpoints=True, timeout=DEADLINE, **MARKS)
    checkpoint, mark = islice(subscription, 2)
    assert (name(checkpoint), name(mark)) == ("Checkpoint", "CaughtUp")
    assert checkpoint.commit_position == mark.commit_position == position


def test_who_is_too_slow_is_not_told_before_it_has_caught_up_again(client: KurrentDBClient) -> None:
    subscription = client.subscribe_to_all(from_end=True, timeout=DEADLINE, **MARKS)
    assert told(subscription, 1) == ["CaughtUp"]
    append(client, "s", *["A"] * (LIVE + 1))
    assert told(subscription, LIVE + 2) == [*["A"] * (LIVE + 1), "CaughtUp"]
    append(client, "s", "B")
    assert told(subscription, 1) == ["B"]


def test_many_events_and_several_followers(client: KurrentDBClient) -> None:
    followers = [client.subscribe_to_all(from_end=True, timeout=DEADLINE) for _ in range(3)]
    written = [append(client, f"s-{number}", *["A"] * 100) for number in range(10)]
    for follower in followers:
        seen = [each.commit_position for each in islice(follower, 1000)]
        assert seen == sorted(seen) and set(written) <= set(seen)


def test_a_subscription_is_stopped_by_its_client(client: KurrentDBClient) -> None:
    append(client, "s", "A")
    subscription = client.subscribe_to_all(timeout=DEADLINE)
    assert told(subscription, 1) == ["A"]
    subscription.stop()
    assert list(subscription) == []


def test_a_subscription_ends_at_its_deadline(client: KurrentDBClient) -> None:
    append(client, "s", "A")
    with pytest.raises(GrpcDeadlineExceededError):
        list(client.subscribe_to_all(timeout=0.3))
