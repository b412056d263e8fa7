"""The same kind of history through each event store: append, read, subscribe, the ledger and what stands on it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from benchmarks.rebuild import rebuild
from benchmarks.tools.alone import alone
from benchmarks.tools.appending import Append, append_of, appended, dealt, together
from benchmarks.tools.ledger import settings
from benchmarks.tools.percentiles import percentile
from benchmarks.tools.servers import server_named_by
from benchmarks.tools.waiting import PAUSE, NeverCame
from scenarios.invented_log import invented_log
from services.reporting.ledger import LEDGER, Ledger
from shared.contracts.model import PersonalClass
from shared.eventstore.opening import open_store
from shared.eventstore.port import CaughtUp, EventStore, StoredEvent
from shared.privacy.secrets import create_secrets
from shared.projections.engine import open_engine
from shared.service.platform import Platform

ROUNDS: Final = 3
GIVEN: Final = "WEGMARKEN_EVENTSTORE"
"""Names a real server, which is then measured instead of the stand-in."""
ROOT: Final = Path(__file__).resolve().parents[1]
STAND_IN: Final = "tests.eventstore.stand_in"
"""The command of a stand-in for the server; nothing of it is imported."""
LONG: Final = 10
"""Events in one of the streams that are read."""
LOOK: Final = 0.25
PATIENCE: Final = 300.0
"""Seconds after which what did not come counts as lost."""


class Clients(NamedTuple):
    """Processes that append, appends at once in each of them, and all their appends."""

    processes: int
    at_once: int
    appends: int


@dataclass(frozen=True, slots=True)
class History:
    """What a round appends: one event each by ``clients``, whole ``streams``, and ``live`` events one at a time."""

    clients: Mapping[str, Clients]
    streams: int
    live: int

    @property
    def events(self) -> int:
        return sum(clients.appends for clients in self.clients.values()) + self.streams * LONG + self.live


HISTORY: Final = History(
    clients={
        "1": Clients(1, 1, 2_000),
        "8": Clients(1, 8, 8_000),
        "32": Clients(1, 32, 34_000),
        "2 processes, 16 each": Clients(2, 16, 14_000),
    },
    streams=180,
    live=200,
)
"""60,000 events."""


def run(history: History = HISTORY, rounds: int = ROUNDS) -> dict[str, Any]:
    """Alternating rounds over new stores; of each figure the median."""
    server = server_named_by(GIVEN)
    found: dict[str, list[dict[str, Any]]] = {"sqlite": [], "kurrentdb": []}
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory:
        for number in range(rounds):
            for store, measured in found.items():
                data = Path(directory, f"{store}-{number}")
                with _opened(store, data, server) as url:
                    measured.append(_round(url, data, history))
                print(f"  round {number + 1}, {store}: {measured[-1]}", file=sys.stderr, flush=True)
    return {
        "bench": "stores",
        "events": history.events,
        "server": "stand-in" if server is None else urlsplit(server).netloc.rpartition("@")[2],
        **{store: _medians(measured) for store, measured in found.items()},
    }


def _opened(store: str, data: Path, server: str | None) -> AbstractContextManager[str]:
    if store == "sqlite":
        return _named(settings(data).eventstore)
    return _stand_in(data) if server is None else _named(server)


@contextmanager
def _named(url: str) -> Iterator[str]:
    yield url


@contextmanager
def _stand_in(data: Path) -> Iterator[str]:
    """A stand-in as a process of its own, with its log in a file."""
    data.mkdir(parents=True)
    command = [sys.executable, "-m", STAND_IN, "--data", str(data / "stand-in.db")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        if not (url := process.stdout.readline().strip()):
            raise RuntimeError("the stand-in did not start")
        yield url
    finally:
        process.terminate()
        process.wait()


def _round(url: str, data: Path, history: History) -> dict[str, Any]:
    log = _invented(data, history.events)
    with _connected(url) as store:
        begin = store.head()  # a given server may hold other events
    appending = {}
    for name, (processes, at_once, count) in history.clients.items():
        shares = dealt(map(append_of, islice(log, count)), processes * at_once)
        appending[name] = appended(url, [shares[process::processes] for process in range(processes)])
    live = [append_of(event) for event in islice(log, history.live)]
    streams = [together(f"bench-{first.event_id}", [first, *islice(log, LONG - 1)]) for first in log]
    appended(url, [[streams]])
    there = history.events - history.live
    found, end = alone(_used, url, data, begin, there, [append.stream for append in streams], live)
    rebuilt = alone(rebuild, data, end)
    found["ledger"]["rebuild_events_per_s"] = round(there / rebuilt.seconds)
    return {"append": appending, **found}


def _invented(data: Path, count: int) -> Iterator[StoredEvent]:
    """So many events, sealed with keys under ``data``: others each time, since a given server keeps them."""
    create_secrets(data / "secrets")
    platform = Platform.open(settings(data), "benchmarks", frozenset(PersonalClass))
    try:
        return iter(list(islice(invented_log(platform.sealer, seed=time.time_ns()), count)))
    finally:
        platform.close()


# --- in a process of its own ------------------------------------------------------------------------


def _used(
    url: str, data: Path, begin: int, count: int, streams: Sequence[str], live: Sequence[Append]
) -> tuple[dict[str, dict[str, float]], int]:
    """What reading and following so many events above ``begin`` gives; and the position the ledger has reached."""
    read = _read(url, begin, streams)
    caught_up = _catch_up(url, begin, count)
    per_second, end = _ledger(url, data, begin)
    subscribed = {**caught_up, **_live(url, live)}
    return {"read": read, "subscribe": subscribed, "ledger": {"events_per_s": per_second}}, end


@contextmanager
def _connected(url: str) -> Iterator[EventStore]:
    """A store that was asked something already: making a connection is not what is measured."""
    with closing(open_store(url)) as store:
        store.head()
        yield store


def _read(url: str, begin: int, streams: Sequence[str]) -> dict[str, float]:
    """One stream after the other, then everything page by page."""
    with _connected(url) as store:
        started = time.perf_counter()
        events = sum(len(store.read(stream)) for stream in streams)
        of_streams = time.perf_counter() - started
        if events != len(streams) * LONG:
            raise NeverCame(f"{events} events in {len(streams)} streams of {LONG}")
        started, events, after = time.perf_counter(), 0, begin
        while page := store.read_all(after=after):
            events, after = events + len(page), page[-1].position
        of_all = time.perf_counter() - started
    return {"streams_per_s": round(len(streams) / of_streams), "events_per_s": round(events / of_all)}


def _catch_up(url: str, begin: int, count: int) -> dict[str, float]:
    """From the subscription to the first mark."""
    events = 0
    with _connected(url) as store:
        started = time.perf_counter()
        for item in store.subscribe_all(after=begin):
            if isinstance(item, CaughtUp):
                break
            events += len(item)
        seconds = time.perf_counter() - started
    if events != count:
        raise NeverCame(f"{events} events, expected {count}")
    return {"events_per_s": round(events / seconds)}


def _live(url: str, appends: Sequence[Append]) -> dict[str, float]:
    """Milliseconds from before an append to the delivery of its event to who has caught up; one at a time."""
    delivered: dict[int, float] = {}
    appending: dict[int, float] = {}
    pauses, caught_up = Random(1), threading.Event()

    def follow(store: EventStore, after: int) -> None:
        for item in store.subscribe_all(after=after):
            if isinstance(item, CaughtUp):
                caught_up.set()
                if len(delivered) == len(appends):
                    return
            else:
                delivered.update(dict.fromkeys((event.position for event in item), time.perf_counter()))

    with _connected(url) as following, _connected(url) as store:
        follower = threading.Thread(target=follow, args=(following, store.head()), daemon=True)
        follower.start()
        caught_up.wait(PATIENCE)
        for stream, events, expected, command_id, digest in appends:
            time.sleep(pauses.uniform(*PAUSE))
            started = time.perf_counter()
            answer = store.append(stream, events, expected=expected, command_id=command_id, digest=digest)
            appending[answer.position] = started
        follower.join(PATIENCE)
    if delivered.keys() != appending.keys():
        raise NeverCame(f"{len(delivered)} of {len(appending)} events within {PATIENCE:.0f} s")
    lags = sorted((delivered[position] - started) * 1000 for position, started in appending.items())
    return {"p50_ms": round(percentile(lags, 0.5), 2), "p99_ms": round(percentile(lags, 0.99), 2)}


def _ledger(url: str, data: Path, begin: int) -> tuple[int, int]:
    """Events per second of the ledger's own tail, and the position it has reached.

    The first event is written by hand, so that the ledger begins where this round does, and not counted.
    """
    engine, stop = open_engine(settings(data).ledger, writing=True), threading.Event()
    with _connected(url) as store:
        ledger, end = Ledger(engine), store.head()
        LEDGER.create(engine)
        first = ledger.write(store.read_all(after=begin, limit=1)).seq
        tail = threading.Thread(target=ledger.tail, args=(store, stop))
        started = time.perf_counter()
        tail.start()
        try:
            while (head := ledger.head()).position < end:
                if time.perf_counter() - started > PATIENCE:
                    raise NeverCame(f"the ledger is at {head.position} of {end}")
                ledger.wait(ledger.written, LOOK)
            seconds = time.perf_counter() - started
        finally:
            stop.set()
            tail.join()
    engine.dispose()
    return round((head.seq - first) / seconds), end


def _medians(rounds: Sequence[Any]) -> Any:
    """Of numbers the median; of mappings a mapping of them."""
    if isinstance(rounds[0], Mapping):
        return {name: _medians([measured[name] for measured in rounds]) for name in rounds[0]}
    return median(rounds)
