"""The KurrentDB adapter where a server is not ready, is silent, says nothing or no."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic

import grpc
import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from structlog.testing import capture_logs

from shared.eventstore.kurrentdb import connection
from shared.eventstore.kurrentdb import store as adapter
from shared.eventstore.kurrentdb.store import KurrentDBEventStore
from shared.eventstore.port import CaughtUp, StoredEvent, StoreUnavailable
from shared.runtime.metrics import EVENTSTORE_RECONNECTIONS
from tests.eventstore.contract import append, event
from tests.eventstore.stand_in import Secured, StandIn, refusals
from tests.eventstore.stand_in.reading import LIVE
from tests.eventstore.stand_in.streams import MAX_APPEND
from tests.eventstore.way import Way
from tests.waiting import DEADLINE, until


@pytest.fixture
def store(stand_in: StandIn) -> Iterator[KurrentDBEventStore]:
    store = KurrentDBEventStore(stand_in.url)
    yield store
    store.close()


def works(name: str) -> bool:
    """Whether a thread of the adapter runs."""
    return any(thread.name == f"eventstore-{name}" for thread in threading.enumerate())


@contextmanager
def told(store: KurrentDBEventStore) -> Iterator[list[object]]:
    """What a follower on a thread of its own is told, at last why it was sent away."""
    deliveries: list[object] = []

    def follow() -> None:
        try:
            for delivery in store.subscribe_all():
                deliveries.append(delivery)
        except StoreUnavailable as away:
            deliveries.append(away)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    yield deliveries
    store.close()
    follower.join(DEADLINE)
    assert not follower.is_alive()


def sent_away(deliveries: list[object]) -> bool:
    return bool(deliveries) and isinstance(deliveries[-1], StoreUnavailable)


# --- the end ------------------------------------------------------------------------------------


def test_who_closes_does_not_wait_for_the_server_to_end_the_call(stand_in: StandIn) -> None:
    store = KurrentDBEventStore(stand_in.url)
    append(store, "s")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(store.close).result(5)
    until(lambda: not works("appends"), "no thread appends any more")


def test_who_closes_waits_for_the_appends_under_way(stand_in: StandIn) -> None:
    store = KurrentDBEventStore(stand_in.url)
    append(store, "before")
    stand_in.answer_late(DEADLINE)
    with ThreadPoolExecutor(2) as pool:
        under_way = pool.submit(append, store, "s")
        until(lambda: stand_in.held == 1, "the append is under way")
        closed = pool.submit(store.close)
        with pytest.raises(StoreUnavailable):
            append(store, "afterwards")
        assert not closed.done()
        stand_in.answer_late(0)
        assert under_way.result(DEADLINE).revision == 0
        closed.result(DEADLINE)


# --- not ready, nobody leads --------------------------------------------------------------------


def test_a_server_that_is_not_ready_yet_is_asked_again(stand_in: StandIn, store: KurrentDBEventStore) -> None:
    append(store, "s")
    stand_in.be_unready(4)
    assert append(store, "s", expected=0).revision == 1
    stand_in.be_unready(4)
    assert len(store.read("s")) == 2


def test_a_server_that_is_never_ready_is_away(
    stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    append(store, "s")
    stand_in.be_unready(1_000_000)
    for ask in (store.head, lambda: append(store, "s", expected=0)):
        began = monotonic()
        with pytest.raises(StoreUnavailable):
            ask()
        assert monotonic() - began < 5
    stand_in.be_unready(0)
    assert append(store, "s", expected=0).revision == 1


def test_an_append_that_is_said_to_have_timed_out_is_written_once_and_answered(
    stand_in: StandIn, store: KurrentDBEventStore
) -> None:
    append(store, "s")
    stand_in.time_out()
    answer = append(store, "s", event(), event(), expected=0)
    assert [e.revision for e in store.read("s")] == [0, 1, 2]
    assert (answer.revision, answer.position) == (2, store.head())


def test_between_two_leaders_appends_and_reads_wait_for_the_next() -> None:
    with StandIn(nodes=3) as cluster, closing(KurrentDBEventStore(cluster.url)) as store, ThreadPoolExecutor(2) as pool:
        append(store, "s")
        before = EVENTSTORE_RECONNECTIONS.value
        cluster.depose()
        writing, reading = pool.submit(append, store, "s", expected=0), pool.submit(store.read, "s")
        until(lambda: EVENTSTORE_RECONNECTIONS.value > before + 1, "it has connected anew")
        assert not writing.done() and not reading.done()
        cluster.stop(0)
        cluster.elect(1)
        assert writing.result(DEADLINE).revision == 1
        assert len(reading.result(DEADLINE)) in (1, 2)
        assert len(store.read("s")) == 2


RESET = refusals.Refused(grpc.StatusCode.INTERNAL, "Received RST_STREAM with error code 2")


@pytest.mark.parametrize("lost", [refusals.lost(), RESET], ids=["gone", "reset"])
def test_a_read_that_breaks_off_in_the_middle_gives_everything_once(
    lost: refusals.Refused, stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "lost", lambda: lost)
    append(store, "s", *(event() for _ in range(10)))
    head, before = store.head(), EVENTSTORE_RECONNECTIONS.value
    for read in (lambda: store.read("s"), store.read_all):
        stand_in.break_off(2)
        assert [e.revision for e in read()] == list(range(10))
    assert store.head() == head
    assert EVENTSTORE_RECONNECTIONS.value == before + 4


# --- who may come in ----------------------------------------------------------------------------


def answers(url: str) -> tuple[set[str], list[str]]:
    """How questions of all kinds are answered there, and the lines about it."""
    said = set()
    with closing(KurrentDBEventStore(url)) as store, capture_logs() as lines:
        for ask in (
            store.head,
            lambda: store.read("s"),
            lambda: append(store, "s"),
            lambda: next(store.subscribe_all()),
        ):
            with pytest.raises(StoreUnavailable) as away:
                ask()
            said.add(str(away.value))
    return said, [f"{line['event']} {line['exception']}" for line in lines]


@pytest.mark.parametrize("nodes", [1, 3])
def test_with_another_password_nobody_comes_in_and_the_log_says_why(secured: Secured, nodes: int) -> None:
    with StandIn(nodes=nodes, secured=secured) as cluster:
        said, lines = answers(cluster.url.replace(secured.password, "hush"))
    assert said == {"UnauthenticatedError"}
    assert lines == ["eventstore.failed UnauthenticatedError"] * 4


@pytest.mark.parametrize("nodes", [1, 3])
def test_a_server_that_another_authority_vouches_for_is_none_of_ours(
    secured: Secured, stranger: Path, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with StandIn(nodes=nodes, secured=secured) as cluster:
        said, lines = answers(cluster.url.replace(str(secured.authority), str(stranger)))
    assert said == {"SSLError"}
    assert lines == ["eventstore.lost SSLError"] * 4


# --- refused for good ---------------------------------------------------------------------------


def test_what_the_server_never_takes_is_no_outage(
    stand_in: StandIn, store: KurrentDBEventStore, client: KurrentDBClient
) -> None:
    with pytest.raises(ValueError, match="MaximumAppendSizeExceeded"):
        append(store, "s", event(data=b"x" * MAX_APPEND))
    client.tombstone_stream("gone", current_version=StreamState.ANY)
    with pytest.raises(ValueError, match="StreamDeleted"):
        append(store, "gone")
    assert append(store, "s").revision == 0


def test_a_refusal_that_contradicts_itself_stops_nobody_else(
    stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_found = b"\x08\x05"
    monkeypatch.setattr(
        refusals,
        "lost",
        lambda: refusals.Refused(grpc.StatusCode.UNAVAILABLE, "lost", grpc_status_details_bin=not_found),
    )
    stand_in.lose_answers(1)
    began = monotonic()
    with pytest.raises(StoreUnavailable):
        append(store, "s")
    assert monotonic() - began < 5
    assert append(store, "t").revision == 0


def test_events_of_the_server_s_tools_are_not_ours(
    stand_in: StandIn, store: KurrentDBEventStore, client: KurrentDBClient
) -> None:
    append(store, "before")
    for n, type in enumerate(["PersistentConfig1", "Result", "some-event", "other.thing"]):
        foreign = NewEvent(type=type, data=b"{}")
        client.append_to_stream(f"foreign-{n}", current_version=StreamState.NO_STREAM, events=foreign)
        assert store.head() == store.read_all()[-1].position
    append(store, "after")
    assert [e.stream for e in store.read_all()] == ["before", "after"]
    assert store.events_after(0) == 2
    delivered = next(store.subscribe_all())
    assert not isinstance(delivered, CaughtUp) and [e.stream for e in delivered] == ["before", "after"]


# --- silent -------------------------------------------------------------------------------------


def test_silent_nodes_are_looked_for_no_longer_than_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        nodes = ",".join(f"127.0.0.1:{node.getsockname()[1]}" for node in (one, other))
        store = KurrentDBEventStore(f"kurrentdb://{nodes}?Tls=false&GossipTimeout=2")
        seconds: list[float] = []

        def ask() -> None:
            began = monotonic()
            with pytest.raises(StoreUnavailable):
                store.head()
            seconds.append(monotonic() - began)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(seconds) == 3, "three have been answered")
        assert max(seconds) < 2.5, "they do not wait for who looks"
        began = monotonic()
        store.close()
        assert monotonic() - began < 1.0, "nor does who closes"
        for thread in threads:
            thread.join(DEADLINE)
        assert seconds[3] < 8, "each node was asked once"


def test_an_idle_follower_notices_that_nothing_comes_through(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    with Way(stand_in.targets[0]) as way:
        options = "Tls=false&KeepAliveInterval=200&KeepAliveTimeout=500&DefaultDeadline=2"
        store = KurrentDBEventStore(f"kurrentdb://{way.target}?{options}")
        with told(store) as deliveries:
            until(lambda: deliveries, "the first delivery")
            asked = way.asked
            until(lambda: way.asked > asked + 6, "the server is asked again and again")  # as often as it takes
            way.fall_silent()
            until(lambda: sent_away(deliveries), "it is sent away")


def test_a_follower_whose_server_says_nothing_is_told(stand_in: StandIn) -> None:
    store = KurrentDBEventStore(f"{stand_in.url}&DefaultDeadline=1")
    append(store, "s")
    stand_in.slow(3 * DEADLINE)
    with told(store) as deliveries:
        until(lambda: sent_away(deliveries), "it is sent away")
        assert len(deliveries) == 1
        until(lambda: not works("follower"), "no thread follows any more")


def test_who_fell_behind_unnoticed_is_not_said_to_be_caught_up(
    stand_in: StandIn, store: KurrentDBEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "GATHER", (0.5, 0.5))
    follower, seen = store.subscribe_all(), list[StoredEvent]()
    assert next(follower) == CaughtUp(0)
    stand_in.trickle(0.001)
    append(store, "s", *(event() for _ in range(2 * LIVE)))
    for delivery in follower:
        if isinstance(delivery, CaughtUp):
            break
        seen += delivery
    assert len(seen) == 2 * LIVE
