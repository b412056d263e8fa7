"""A store, a broker with empty queues, and the processes between them."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import PrivateBroker
from shared.bus import topology
from shared.bus.checkpoint import Checkpoint
from shared.bus.connection import connected
from shared.bus.depth import messages_in
from shared.bus.relay import Relay
from shared.contracts.subscriptions import SUBSCRIPTIONS
from shared.eventstore.port import StoredEvent
from shared.eventstore.sqlite import SqliteEventStore
from tests.bus.events import ANSWER

DELAYS = (0.1, 0.2)
"""Seconds; so retries do not take the tests' time."""


class Bus:
    """Everything around one store in one directory."""

    def __init__(self, broker: PrivateBroker, directory: Path, processes: ExitStack) -> None:
        self.broker, self.directory, self._processes = broker, directory, processes
        self.store = SqliteEventStore(directory / "events.db")

    @contextmanager
    def relay(self, url: str | None = None) -> Iterator[Relay]:
        """A relay on a thread of this process, stopped at the end of the block; ``url`` of another broker."""
        stop = threading.Event()
        relay = Relay(self.store, url or self.broker.url, self.directory / Checkpoint.FILE, retry_delays=DELAYS)
        thread = threading.Thread(target=relay.run, args=(stop,))
        thread.start()
        try:
            yield relay
        finally:
            stop.set()
            thread.join(10)
            assert not thread.is_alive()

    def reacting(self, *options: str) -> subprocess.Popen[str]:
        """A process that reacts, started but perhaps not subscribed yet. Killed at the end of the test."""
        delays = ",".join(map(str, DELAYS))
        return self._start("tests.bus.reacting", str(self.directory), self.broker.url, delays, *options)

    def relaying(self) -> subprocess.Popen[str]:
        """A relay in a process of its own. Killed at the end of the test."""
        return self._start("tests.bus.relaying", str(self.directory), self.broker.url)

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[str]:
        with (self.directory / "log").open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", module, *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._processes.callback(process.wait)
        self._processes.callback(process.kill)
        return process

    def stored(self) -> Iterator[StoredEvent]:
        position = 0
        while events := self.store.read_all(after=position, limit=5000):
            yield from events
            position = events[-1].position

    def answers(self) -> Counter[str]:
        """How often each event was answered, by its id."""
        return Counter(e.stream.removeprefix("answer-") for e in self.stored() if e.type == ANSWER)

    def answered(self) -> int:
        """The number of answers, for conditions to wait for."""
        query = "select count(*) from events where type = ?"
        with closing(sqlite3.connect(self.directory / "events.db")) as connection:
            (count,) = connection.execute(query, (ANSWER,)).fetchone()
        return int(count)

    def handled(self) -> list[str]:
        """The ids of the events in the order in which they reached the handler."""
        return [line.split()[0] for line in self._handled_lines()]

    def handled_revisions(self) -> list[int]:
        return [int(line.split()[1]) for line in self._handled_lines()]

    def _handled_lines(self) -> list[str]:
        path = self.directory / "handled"
        return path.read_text().splitlines() if path.exists() else []

    def status(self) -> dict[str, Any]:
        """What the reacting process says of itself, when started with ``--status``."""
        path = self.directory / "status.json"
        return json.loads(path.read_text()) if path.exists() else {}

    def counted(self, metric: str) -> float:
        """A counter without labels of the process started with ``--status``."""
        path = self.directory / "metrics"
        lines = path.read_text().splitlines() if path.exists() else []
        return sum(float(line.split()[1]) for line in lines if line.startswith(f"{metric} "))

    def messages_in(self, queue: str) -> int:
        with connected(self.broker.url) as connection:
            return messages_in(connection, [queue])

    def log(self) -> str:
        return (self.directory / "log").read_text()


@pytest.fixture
def bus(broker: PrivateBroker, tmp_path: Path) -> Iterator[Bus]:
    empty(broker)
    with ExitStack() as processes:
        bus = Bus(broker, tmp_path, processes)
        processes.callback(bus.store.close)
        yield bus


def empty(broker: PrivateBroker) -> None:
    """No queue or exchange of ours is left."""
    with connected(broker.url) as connection:
        channel = connection.channel()
        for service in SUBSCRIPTIONS:
            for delays in (DELAYS, topology.DELAYS):
                for queue in (*topology.queues_of(service, delays), topology.parked_queue(service)):
                    channel.queue_delete(queue)
        channel.queue_delete(topology.UNREAD)
        channel.exchange_delete(topology.EVENTS)
        channel.exchange_delete(topology.UNROUTED)
