"""Appends from client processes, in green threads, as the processes behind HTTP append."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, TypeAlias

import orjson

from benchmarks.tools.percentiles import percentile
from shared.eventstore.opening import open_store
from shared.eventstore.port import NewEvent, StoredEvent


class Append(NamedTuple):
    """What is appended in one go: the arguments of ``EventStore.append``."""

    stream: str
    events: Sequence[NewEvent]
    expected: int
    command_id: str
    digest: str


Client: TypeAlias = Sequence[Sequence[Append]]
"""What one process appends: each share one after the other, all shares at once."""


class Appended(NamedTuple):
    """When it began and ended (one clock for all processes), and the milliseconds that each append took."""

    began: float
    ended: float
    milliseconds: list[float]


def append_of(event: StoredEvent) -> Append:
    """An event where its log has it."""
    return _append(event.stream, [event], event.revision - 1)


def together(stream: str, events: Sequence[StoredEvent]) -> Append:
    """Events of any streams as the first of another."""
    return _append(stream, events, -1)


def _append(stream: str, events: Sequence[StoredEvent], expected: int) -> Append:
    metadata = orjson.loads(events[-1].metadata)
    new = [NewEvent(event_id=one.event_id, type=one.type, data=one.data, metadata=one.metadata) for one in events]
    return Append(stream, new, expected, metadata["command_id"], metadata["body_digest"])


def dealt(appends: Iterable[Append], shares: int) -> list[list[Append]]:
    """Shares of about the same length; those of one stream are in one share, in their order."""
    hands: list[list[Append]] = [[] for _ in range(shares)]
    hand_of: dict[str, list[Append]] = {}
    for append in appends:
        if (hand := hand_of.get(append.stream)) is None:
            hand = hand_of[append.stream] = min(hands, key=len)
        hand.append(append)
    return hands


def appended(url: str, clients: Sequence[Client]) -> dict[str, float]:
    """Each client in a process of its own; the time runs from when all are connected. Raises EOFError if one fails."""
    with ExitStack() as running:
        pipes = [running.enter_context(_process(url, client)) for client in clients]
        for pipe in pipes:
            pipe.recv()  # it is connected
        for pipe in pipes:
            pipe.send(None)
        found: list[Appended] = [pipe.recv() for pipe in pipes]
    milliseconds = sorted(one for client in found for one in client.milliseconds)
    seconds = max(client.ended for client in found) - min(client.began for client in found)
    return {
        "appends_per_s": round(len(milliseconds) / seconds),
        "p50_ms": round(percentile(milliseconds, 0.5), 2),
        "p99_ms": round(percentile(milliseconds, 0.99), 2),
    }


@contextmanager
def _process(url: str, client: Client) -> Iterator[Connection[Any, Any]]:
    spawning = get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=_append_all, args=(theirs, url, client), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
        process.join()
    finally:
        process.terminate()
        process.join()


def _append_all(pipe: Connection[Any, Any], url: str, client: Client) -> None:
    import eventlet  # here, where its warning is silenced already (shared.runtime)

    eventlet.monkey_patch()
    with closing(open_store(url)) as store:
        milliseconds: list[float] = []

        def append_share(share: Iterable[Append]) -> None:
            for stream, events, expected, command_id, digest in share:
                started = time.perf_counter()
                store.append(stream, events, expected=expected, command_id=command_id, digest=digest)
                milliseconds.append((time.perf_counter() - started) * 1000)

        first, *others = client
        append_share(first[:1])  # connects, and is not counted
        milliseconds.clear()
        pipe.send(None)
        pipe.recv()
        began = time.perf_counter()
        working = [eventlet.spawn(append_share, share) for share in (first[1:], *others)]
        for thread in working:
            thread.wait()
        pipe.send(Appended(began, time.perf_counter(), milliseconds))
