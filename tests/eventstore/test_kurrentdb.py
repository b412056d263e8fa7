"""The KurrentDB adapter: the contract over the wire, and what a server and the way to it can go through."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import uuid4

import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from structlog.testing import capture_logs

from shared.eventstore.kurrentdb import connection
from shared.eventstore.kurrentdb.store import KurrentDBEventStore
from shared.eventstore.kurrentdb.url import with_defaults
from shared.eventstore.port import (
    NO_STREAM,
    AlreadyAnswered,
    CaughtUp,
    Conflict,
    EventStore,
    StoredEvent,
    StoreUnavailable,
)
from shared.runtime.metrics import EVENTSTORE_RECONNECTIONS
from tests.eventstore.contract import EventStoreContract, append, event
from tests.eventstore.stand_in import Secured, StandIn

NAMED = os.environ.get("WEGMARKEN_EVENTSTORE", "")
"""A server of your own: the contract is tested against it, too. What is written there stays."""


@pytest.fixture(params=["tls", pytest.param("plain", marks=pytest.mark.soak)])
def security(request: pytest.FixtureRequest) -> Secured | None:
    """All that follows holds as shipped, behind TLS with a password; and in the clear, as other tests here have it."""
    return request.getfixturevalue("secured") if request.param == "tls" else None


@pytest.fixture
def stand_in(security: Secured | None) -> Iterator[StandIn]:
    with StandIn(secured=security) as stand_in:
        yield stand_in


@pytest.fixture
def store(stand_in: StandIn) -> Iterator[KurrentDBEventStore]:
    store = KurrentDBEventStore(stand_in.url)
    yield store
    store.close()


class TestKurrentDBEventStore(EventStoreContract):
    @pytest.fixture
    def store(self, stand_in: StandIn) -> Iterator[EventStore]:
        store = KurrentDBEventStore(stand_in.url)
        yield store
        store.close()


if NAMED.startswith(("kurrentdb", "esdb")):

    class TestTheNamedServer(EventStoreContract):
        @pytest.fixture
        def store(self) -> Iterator[EventStore]:
            store = KurrentDBEventStore(NAMED)
            yield store
            store.close()


# --- appends ------------------------------------------------------------------------------------


def test_an_append_whose_answer_was_lost_is_written_once_and_answered(
    stand_in: StandIn, store: KurrentDBEventStore
) -> None:
    append(store, "s")
    stand_in.lose_answers(1)
    command = str(uuid4())
    answer = append(store, "s", event(), event(), expected=0, command_id=command)
    assert [e.revision for e in store.read("s")] == [0, 1, 2]
    assert (answer.revision, answer.position) == (2, store.head())
    assert store.answer_to(command, stream="s") == answer
    with pytest.raises(AlreadyAnswered):
        append(store, "s", expected=0, command_id=command)


def test_who_wrote_a_stream_does_not_read_it_to_append_again(
    store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, read = [], store.read

    def noted(stream: str, *, after: int = -1) -> Sequence[StoredEvent]:
        reads.append(stream)
        return read(stream, after=after)

    monkeypatch.setattr(store, "read", noted)
    command = str(uuid4())
    first = append(store, "s", event(), event(), command_id=command)
    append(store, "s", expected=1)
    with pytest.raises(AlreadyAnswered) as known:
        append(store, "s", expected=2, command_id=command)
    assert known.value.answer == first
    assert reads == []


def test_lost_answers_among_many_appends_are_each_their_own(stand_in: StandIn, store: KurrentDBEventStore) -> None:
    append(store, "taken")

    def attempt(n: int) -> bool:
        if n % 20 == 0:
            stand_in.lose_answers(1)
        try:
            append(store, "taken" if n % 4 == 0 else f"free-{n}")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, range(64)))
    assert outcomes == [n % 4 != 0 for n in range(64)]
    assert len(store.read_all()) == 49


def test_each_append_gets_its_own_answer_whatever_their_order(
    stand_in: StandIn, store: KurrentDBEventStore, client: KurrentDBClient
) -> None:
    append(store, "first")
    stand_in.hold_back(1)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(append, store, "s", event(), event())
        follower = client.subscribe_to_stream("s", timeout=20)
        assert [next(follower).stream_position for _ in range(2)] == [0, 1]
        assert not under_way.done()
        assert append(store, "t").revision == 0
        assert under_way.result(20).revision == 1
    assert [e.stream for e in store.read_all()] == ["first", "s", "s", "t"]


def test_what_another_process_wrote_meanwhile_is_a_conflict(stand_in: StandIn, store: KurrentDBEventStore) -> None:
    append(store, "s")
    store.read("s")
    other = KurrentDBEventStore(stand_in.url)
    command = str(uuid4())
    theirs = append(other, "s", expected=0, command_id=command)
    other.close()
    with pytest.raises(Conflict) as refused:
        append(store, "s", expected=0)
    assert refused.value.actual == 1
    with pytest.raises(AlreadyAnswered) as known:
        append(store, "s", expected=0, command_id=command, digest="other")
    assert known.value.answer == theirs


def test_a_server_that_is_away_is_said_so_and_found_again(
    stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    append(store, "before")
    stand_in.stop()
    with pytest.raises(StoreUnavailable) as away:
        append(store, "meanwhile")
    with pytest.raises(StoreUnavailable):
        store.read("before")
    assert "127.0.0.1" not in str(away.value)
    stand_in.start()
    assert append(store, "after").revision == 0
    assert [e.stream for e in store.read_all()] == ["before", "after"]


def test_a_restart_during_appends_and_reads_is_not_noticed(stand_in: StandIn, store: KurrentDBEventStore) -> None:
    before = EVENTSTORE_RECONNECTIONS.value
    stop = threading.Event()

    def keep_restarting() -> None:
        while not stop.wait(0.3):
            stand_in.restart()

    restarting = threading.Thread(target=keep_restarting)
    restarting.start()

    def one(n: int) -> int:
        append(store, f"s-{n}")
        return len(store.read(f"s-{n}"))

    with ThreadPoolExecutor(8) as pool:
        rounds = 0
        while EVENTSTORE_RECONNECTIONS.value < before + 3:
            assert list(pool.map(one, range(rounds * 100, rounds * 100 + 100))) == [1] * 100
            rounds += 1
    stop.set()
    restarting.join()
    assert len(store.read_all(limit=100_000)) == rounds * 100


def test_a_slow_server_is_not_waited_for_longer_than_the_deadline(stand_in: StandIn) -> None:
    store = KurrentDBEventStore(f"{stand_in.url}&DefaultDeadline=1")
    append(store, "s")
    stand_in.slow(60)
    for ask in (lambda: store.read("s"), lambda: append(store, "late")):
        began = monotonic()
        with pytest.raises(StoreUnavailable):
            ask()
        assert 0.9 < monotonic() - began < 4
    stand_in.slow(0)
    assert len(store.read("s")) == 1
    stand_in.slow(60)
    began = monotonic()
    store.close()
    assert monotonic() - began < 1


def test_when_the_leader_changes_writing_goes_on_with_the_new_one(security: Secured | None) -> None:
    with StandIn(nodes=3, secured=security) as cluster:
        store = KurrentDBEventStore(cluster.url)
        append(store, "s")
        for revision, (leader, gone) in enumerate([(1, 0), (2, 1)]):
            cluster.elect(leader)
            cluster.stop(gone)
            assert append(store, "s", expected=revision).revision == revision + 1
            assert len(store.read("s")) == revision + 2
        store.close()


def test_no_thread_of_grpc_s_asks_us_for_the_password(stand_in: StandIn) -> None:
    """Such a plugin and a channel that is being closed can wait for each other, and all of the process with them."""
    client = connection.Client(with_defaults(stand_in.url))
    try:
        assert client._call_credentials is None
    finally:
        client.close()


def test_a_cluster_that_was_never_there_is_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    away = "kurrentdb://127.0.0.1:9,127.0.0.1:19?Tls=false&MaxDiscoverAttempts=1&DefaultDeadline=2"
    store = KurrentDBEventStore(away)
    for ask in (store.head, lambda: store.read("s"), lambda: append(store, "s")):
        with pytest.raises(StoreUnavailable):
            ask()
    store.close()


# --- following ----------------------------------------------------------------------------------


def test_a_follower_goes_on_after_a_restart_without_loss_or_repetition(
    stand_in: StandIn, store: KurrentDBEventStore
) -> None:
    before, seen = EVENTSTORE_RECONNECTIONS.value, list[StoredEvent]()
    for n in range(10):
        append(store, f"before-{n}")
    restarted = False
    with capture_logs() as lines:
        for delivery in store.subscribe_all(batch=4):
            if not isinstance(delivery, CaughtUp):
                seen += delivery
            elif len(seen) == 20:
                assert delivery.position == store.head()
                break
            elif not restarted:
                stand_in.restart()
                for n in range(10):
                    append(store, f"after-{n}")
                restarted = True
    assert seen == store.read_all()
    assert EVENTSTORE_RECONNECTIONS.value > before
    resumes = {"event": "eventstore.resumes", "commit_position": seen[9].position, "log_level": "info"}
    assert lines.count(resumes) == 1
    lost = [line for line in lines if line["event"] == "eventstore.lost"]
    assert lines.index(lost[0]) < lines.index(resumes)
    assert {line["exception"] for line in lost} <= {error.__name__ for error in connection.LOST}


def test_a_follower_is_told_when_the_server_stays_away(
    stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    append(store, "s")
    follower = store.subscribe_all()
    next(follower)
    stand_in.stop()
    with pytest.raises(StoreUnavailable):
        for _ in follower:
            pass


def test_the_server_s_own_events_are_not_ours(
    stand_in: StandIn, store: KurrentDBEventStore, client: KurrentDBClient
) -> None:
    append(store, "s")
    client.set_stream_metadata("s", metadata={"$maxCount": 10})
    assert [e.stream for e in store.read_all()] == ["s"]
    assert store.head() == store.read_all()[0].position
    delivered = next(store.subscribe_all())
    assert not isinstance(delivered, CaughtUp) and [e.stream for e in delivered] == ["s"]


def test_what_another_program_recorded_is_read_under_its_own_id(
    store: KurrentDBEventStore, client: KurrentDBClient
) -> None:
    foreign = NewEvent(type="other.Thing", data=b"{}", metadata=b'{"a":[1]}')
    client.append_to_stream("theirs", current_version=StreamState.NO_STREAM, events=foreign)
    (found,) = store.read("theirs")
    assert (found.event_id, found.metadata) == (str(foreign.id), b'{"a":[1]}')
    with pytest.raises(Conflict):
        append(store, "theirs", expected=NO_STREAM)
