"""What goes wrong with a server goes wrong with the stand-in, when a test asks for it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    AppendDeadlineExceededError,
    DiscoveryFailedError,
    GrpcDeadlineExceededError,
    GrpcError,
    KurrentDBClientError,
    NodeIsNotLeaderError,
    NotFoundError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UnknownError,
)
from kurrentdbclient.streams import StreamsService

from tests.eventstore.stand_in import Secured, StandIn
from tests.waiting import DEADLINE, until


def event() -> NewEvent:
    return NewEvent(type="Sample", data=b"{}")


def append(client: KurrentDBClient, stream: str = "s", expected: StreamState | int = StreamState.ANY) -> int:
    return client.append_to_stream(stream, events=event(), current_version=expected)


def reached(client: KurrentDBClient) -> bool:
    """Whether the client, which pauses after a failed attempt, has found the server again."""
    try:
        return bool(client.read_gossip(timeout=1))
    except (GrpcError, DiscoveryFailedError):
        return False


def streams(client: KurrentDBClient) -> StreamsService:
    """The client without its own second attempt."""
    return client.streams


# --- the server goes and comes back -------------------------------------------------------------


def test_a_restart_ends_subscriptions_and_keeps_what_was_written(stand_in: StandIn, client: KurrentDBClient) -> None:
    url, position = stand_in.url, append(client)
    subscription = client.subscribe_to_all(timeout=DEADLINE)
    assert next(subscription).commit_position == position
    stand_in.stop()
    with pytest.raises(ServiceUnavailableError):
        next(subscription)
    with pytest.raises(ServiceUnavailableError):
        append(client)
    stand_in.start()
    assert stand_in.url == url
    until(lambda: reached(client), "the server is reached")
    resumed = client.subscribe_to_all(commit_position=position, timeout=DEADLINE)
    later = append(client)
    assert later > position
    assert next(resumed).commit_position == later
    assert [recorded.stream_position for recorded in client.get_stream("s")] == [0, 1]


def test_dropped_connections_end_what_is_under_way(stand_in: StandIn, client: KurrentDBClient) -> None:
    append(client)
    subscription = client.subscribe_to_all(timeout=DEADLINE)
    next(subscription)
    stand_in.slow(DEADLINE)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(streams(client).append, "s", StreamState.ANY, [event()])
        until(lambda: stand_in.held == 1, "the append is under way")
        with pytest.raises(ServiceUnavailableError):
            stand_in.restart()
            next(subscription)
        with pytest.raises(ServiceUnavailableError):
            under_way.result(DEADLINE)
    stand_in.slow(0)
    until(lambda: reached(client), "the server is reached")
    append(client)
    assert len(client.get_stream("s")) == 2


def test_each_epoch_leaves_its_record(stand_in: StandIn, client: KurrentDBClient) -> None:
    append(client)
    stand_in.restart()
    until(lambda: reached(client), "the server is reached")
    append(client)
    types = [recorded.type for recorded in client.read_all(filter_exclude=())]
    assert types == ["$epoch-information", "Sample", "$epoch-information", "Sample"]


# --- answers are lost or late -------------------------------------------------------------------


@pytest.mark.parametrize("single", [True, False], ids=["Append", "BatchAppend"])
def test_a_lost_answer_is_the_same_when_asked_again(stand_in: StandIn, client: KurrentDBClient, single: bool) -> None:
    service, new = streams(client), event()
    attempt = service.append if single else service.batch_append
    stand_in.lose_answers()
    with pytest.raises(ServiceUnavailableError):
        attempt("s", StreamState.NO_STREAM, [new])
    (written,) = client.get_stream("s")
    assert attempt("s", StreamState.NO_STREAM, [new]) == written.commit_position
    assert len(client.get_stream("s")) == 1


def test_the_client_asks_again_by_itself(stand_in: StandIn, client: KurrentDBClient) -> None:
    stand_in.lose_answers()
    position = append(client, expected=StreamState.NO_STREAM)
    (written,) = client.get_stream("s")
    assert written.commit_position == position


def test_a_slow_server_misses_the_deadline_and_writes_nothing(stand_in: StandIn, client: KurrentDBClient) -> None:
    stand_in.slow(DEADLINE)
    for attempt in (streams(client).append, streams(client).batch_append):
        with pytest.raises(GrpcDeadlineExceededError):
            attempt("s", StreamState.ANY, [event()], timeout=0.2)
    until(lambda: stand_in.held == 0, "no call is held")  # the server knows, too, that nobody waits any more
    stand_in.slow(0)
    with pytest.raises(NotFoundError):
        client.get_stream("s")


def test_a_late_answer_misses_the_deadline_though_all_is_written(stand_in: StandIn, client: KurrentDBClient) -> None:
    stand_in.answer_late(DEADLINE)
    with pytest.raises(GrpcDeadlineExceededError):
        streams(client).append("s", StreamState.ANY, [event()], timeout=0.2)
    stand_in.answer_late(0)
    assert len(client.get_stream("s")) == 1


def test_who_is_held_goes_on_when_the_server_is_fast_again(stand_in: StandIn, client: KurrentDBClient) -> None:
    stand_in.slow(10 * DEADLINE)
    with ThreadPoolExecutor(2) as pool:
        under_way = [pool.submit(append, client, f"s-{number}") for number in range(2)]
        until(lambda: stand_in.held == 2, "both appends are under way")
        stand_in.slow(0)
        assert all(each.result(DEADLINE) for each in under_way)


@pytest.mark.parametrize("batch", [False, True], ids=["Append", "BatchAppend"])
def test_who_is_not_ready_says_so_and_writes_nothing(stand_in: StandIn, client: KurrentDBClient, batch: bool) -> None:
    stand_in.be_unready(2)
    with pytest.raises(KurrentDBClientError, match="Server Is Not Ready") as refused:
        (streams(client).batch_append if batch else streams(client).append)("s", StreamState.ANY, [event()])
    assert isinstance(refused.value, ServiceUnavailableError) is not batch, "among many it is that append's own answer"
    with pytest.raises(ServiceUnavailableError, match="Server Is Not Ready"):
        list(streams(client).read())
    assert list(client.read_all()) == []


def test_an_append_that_is_said_to_have_timed_out_may_be_there(stand_in: StandIn, client: KurrentDBClient) -> None:
    stand_in.time_out()
    with pytest.raises(AppendDeadlineExceededError):
        streams(client).batch_append("s", StreamState.NO_STREAM, [event()])
    assert len(client.get_stream("s")) == 1


# --- several nodes ------------------------------------------------------------------------------


@pytest.fixture
def cluster() -> Iterator[StandIn]:
    with StandIn(nodes=3) as cluster:
        yield cluster


def test_a_node_that_does_not_lead_names_who_does(cluster: StandIn) -> None:
    with KurrentDBClient(f"kurrentdb://{cluster.targets[1]}?Tls=false") as client:
        with pytest.raises(NodeIsNotLeaderError) as refused:
            append(client)
        assert f"{refused.value.host}:{refused.value.port}" == cluster.targets[0]
        cluster.elect(1)
        append(client)


def test_a_client_of_the_cluster_follows_the_leader(cluster: StandIn) -> None:
    with KurrentDBClient(cluster.url) as client:
        assert client.connection_target == cluster.targets[0]
        states = [member.state for member in client.read_gossip()]
        assert sorted(states) == ["NODE_STATE_FOLLOWER", "NODE_STATE_FOLLOWER", "NODE_STATE_LEADER"]
        append(client)
        cluster.elect(2)
        append(client)
        assert client.connection_target == cluster.targets[2]
        assert len(client.get_stream("s")) == 2


def test_between_two_leaders_there_is_none(cluster: StandIn) -> None:
    with KurrentDBClient(cluster.url) as client:
        cluster.depose()
        assert {member.state for member in client.read_gossip()} == {"NODE_STATE_FOLLOWER"}
        with pytest.raises(UnknownError, match="No leader info"):
            streams(client).append("s", StreamState.ANY, [event()])
        with pytest.raises(KurrentDBClientError, match="No leader info"):
            streams(client).batch_append("s", StreamState.ANY, [event()])
        with pytest.raises(DiscoveryFailedError):
            KurrentDBClient(f"{cluster.url}&MaxDiscoverAttempts=1")
        cluster.elect(2)
        append(client)


def test_a_follower_serves_those_who_do_not_need_the_leader(cluster: StandIn) -> None:
    with KurrentDBClient(cluster.url) as client, KurrentDBClient(f"{cluster.url}&NodePreference=follower") as reader:
        subscription = reader.subscribe_to_all(timeout=DEADLINE)
        position = append(client)
        assert next(subscription).commit_position == position
        assert reader.connection_target != client.connection_target


def test_another_node_takes_over_from_one_that_dies(cluster: StandIn) -> None:
    with KurrentDBClient(cluster.url) as client:
        append(client)
        cluster.stop(0)
        cluster.elect(1)
        until(lambda: reached(client), "the server is reached")
        append(client)
        assert client.connection_target == cluster.targets[1]
        cluster.start(0)
        assert len(client.get_stream("s")) == 2


# --- behind TLS ---------------------------------------------------------------------------------


def test_a_client_with_the_password_comes_in_through_tls(secured: Secured) -> None:
    with StandIn(nodes=3, secured=secured) as cluster, KurrentDBClient(cluster.url) as client:
        append(client)
        cluster.elect(1)
        append(client)
        assert len(client.get_stream("s")) == 2


def test_a_client_with_another_password_or_authority_does_not_come_in(secured: Secured, stranger: Path) -> None:
    with StandIn(secured=secured) as stand_in:
        with KurrentDBClient(stand_in.url.replace(secured.password, "guessed")) as client:
            with pytest.raises(UnauthenticatedError):
                append(client)
            with pytest.raises(UnauthenticatedError):
                list(client.read_all())
        theirs = stand_in.url.replace(str(secured.authority), str(stranger))
        with KurrentDBClient(theirs) as client, pytest.raises(ServiceUnavailableError):
            streams(client).append("s", StreamState.ANY, [event()], timeout=DEADLINE)


# --- a process of its own -----------------------------------------------------------------------


@contextmanager
def process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The stand-in's command and the URL that it prints; killed at the end, if it still runs."""
    command = [sys.executable, "-m", "tests.eventstore.stand_in", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running, running.stdout.readline().strip()
        finally:
            running.kill()


def test_the_command_keeps_its_port_and_its_data_even_when_killed(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "log.db"))
    with process(*data) as (running, url), KurrentDBClient(url) as client:
        positions = [append(client, f"s-{number}") for number in range(20)]
        running.send_signal(signal.SIGKILL)
        running.wait(DEADLINE)
        port = client.connection_target.rpartition(":")[2]
        with process(*data, "--port", port) as (again, same):
            assert same == url
            assert [recorded.commit_position for recorded in client.read_all()] == positions
            assert append(client) > positions[-1]
            again.terminate()
            assert again.wait(DEADLINE) == os.EX_OK


def test_positions_and_metadata_survive_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with StandIn(path) as first, KurrentDBClient(first.url) as client:
        append(client)
        client.set_stream_metadata("s", metadata={"$maxCount": 1})
        position = append(client)
    with StandIn(path) as second, KurrentDBClient(second.url) as client:
        subscription = client.subscribe_to_all(commit_position=position, timeout=DEADLINE)
        later = append(client)
        assert next(subscription).commit_position == later
        assert [recorded.stream_position for recorded in islice(client.get_stream("s"), 2)] == [2]


def test_a_file_belongs_to_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with StandIn(path), pytest.raises(sqlite3.OperationalError), StandIn(path):
        pass


def test_a_port_that_is_taken_is_said_so(stand_in: StandIn) -> None:
    port = int(stand_in.targets[0].rpartition(":")[2])
    with pytest.raises(RuntimeError, match=str(port)), StandIn(port=port):
        pass
