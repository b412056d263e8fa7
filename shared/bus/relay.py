"""The relay: tails the event store and publishes every event to the broker, at least once and in order.

It is the only publisher of events: what appends publishes nothing. So none is lost between store and
broker, and none is published that did not happen. The checkpoint moves when the broker has confirmed a
whole batch; after anything else the batch is published again on a new connection.

For processes without eventlet: plain threads, blocking sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import amqp
import structlog

from shared.bus import metrics, topology
from shared.bus.checkpoint import Checkpoint
from shared.bus.connection import LOST, Connection, Outgoing, Publisher, Unconfirmed, connected
from shared.bus.leading import still_led, take_the_lead
from shared.bus.nudge import message_of
from shared.contracts.codec import NoEnvelope
from shared.eventstore.identity import identity
from shared.eventstore.lag import Lag, lag
from shared.eventstore.port import CaughtUp, EventStore, StoredEvent, StoreUnavailable
from shared.runtime.native import Stop

BATCH: Final = 1000
"""Events published before their confirmation is awaited, at most."""
PAUSE: Final = 0.25
"""Seconds before a broker or store that was away is tried again."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """``position`` is published, ``head`` is stored; a relay that does not lead stands by.

    ``head`` and ``lag`` are None while the store is away.
    """

    position: int
    head: int | None
    lag: Lag | None
    leader: bool
    connected: bool


class Relay:
    """Publishes a store's events to the broker. Several may run on one checkpoint file: one leads."""

    def __init__(
        self,
        store: EventStore,
        broker_url: str,
        checkpoint: Path,
        *,
        retry_delays: Sequence[float] = topology.DELAYS,
        batch: int = BATCH,
    ) -> None:
        """``checkpoint`` is the file of the position; ``retry_delays`` (seconds) shape the retry queues."""
        self._store, self._broker_url, self._checkpoint_path = store, broker_url, checkpoint
        self._delays, self._batch = retry_delays, batch
        self._position = 0
        self._store_id: str | None = None
        self._leader = self._connected = False
        self._complaint = ""
        metrics.LAG.set_function(self._lag)
        metrics.LAG_SECONDS.set_function(self._lag_seconds)
        metrics.LEADER.set_function(lambda: float(self._leader))

    def run(self, stop: Stop) -> None:
        """Publish until ``stop`` is set. A broker or store that is away is waited for."""
        while not stop.is_set():
            try:
                self._run(stop)
            except LOST as error:
                self._complain("relay.broker-away", error)
            except StoreUnavailable as error:
                self._complain("relay.store-away", error)
            finally:
                self._leader = self._connected = False
            stop.wait(PAUSE)

    def status(self) -> RelayStatus:
        """For health: may be asked from any thread."""
        head: int | None
        try:
            head = self._store.head()
        except StoreUnavailable:
            head = None
        return RelayStatus(self._position, head, self._behind(), self._leader, self._connected)

    def _complain(self, what: str, error: Exception) -> None:
        """Once, not at every attempt."""
        if what != self._complaint:
            log.warning(what, exception=type(error).__name__)
        self._complaint = what

    def _behind(self) -> Lag | None:
        """None while the store is away."""
        try:
            return lag(self._store, self._position)
        except StoreUnavailable:
            return None

    def _lag(self) -> float:
        behind = self._behind()
        return float("nan") if behind is None else float(behind.events)

    def _lag_seconds(self) -> float:
        behind = self._behind()
        return float("nan") if behind is None else behind.seconds

    def _run(self, stop: Stop) -> None:
        checkpoint = Checkpoint(self._checkpoint_path)
        try:
            self._position = checkpoint.position()
            with connected(self._broker_url) as connection:
                self._connected = True
                self._wait_to_lead(connection, checkpoint, stop)
                if not stop.is_set():
                    self._prepare(connection, checkpoint)
                    publisher = Publisher(connection)
                    while not stop.is_set():
                        self._follow(connection, publisher, checkpoint, stop)
        finally:
            checkpoint.close()

    def _wait_to_lead(self, connection: Connection, checkpoint: Checkpoint, stop: Stop) -> None:
        """Return as the leader, or because of ``stop``. The broker frees the place when a leader's
        connection ends, however it ends."""
        channel = connection.channel()
        while not stop.is_set():
            if not still_led(connection, channel) and take_the_lead(channel):
                log.info("relay.leads", position=self._position)
                self._leader, self._complaint = True, ""
                return
            self._position = checkpoint.position()
            connection.heartbeat_tick()

    def _prepare(self, connection: Connection, checkpoint: Checkpoint) -> None:
        if checkpoint.position() > 0 and not _exchange_exists(connection):
            # Whether events that were never handled went with it, only people can know.
            log.error("relay.broker-lost-its-queues", position=checkpoint.position(), help="wegmarken relay rewind")
        topology.declare(connection.channel(), self._delays)
        if (ahead := checkpoint.position()) > (head := self._store.head()):
            # A store restored from an older copy: its new events take positions that were published before, and what
            # was done about its old ones may be lost with those that are missing.
            log.error("relay.ahead-of-store", position=ahead, head=head)
            checkpoint.rewind(0)

    def _follow(self, connection: Connection, publisher: Publisher, checkpoint: Checkpoint, stop: Stop) -> None:
        """Publish from the checkpoint on, until ``stop`` or until somebody else moved the checkpoint."""
        self._position = checkpoint.position()
        for item in self._store.subscribe_all(after=self._position, batch=self._batch):
            if isinstance(item, CaughtUp):
                _listen(connection)
                if checkpoint.position() != self._position:
                    return
            elif not self._publish(publisher, checkpoint, item, stop):
                return
            if stop.is_set():
                return
        stop.wait(PAUSE)  # the store closes

    def _publish(self, publisher: Publisher, checkpoint: Checkpoint, events: Sequence[StoredEvent], stop: Stop) -> bool:
        store_id = self._store_id = self._store_id or identity(self._store)
        assert store_id is not None, "it holds these events"
        try:
            publisher.publish(list(_announced(events, store_id)), abandoned=stop.is_set)
        except LOST as error:
            if not (isinstance(error, Unconfirmed) and stop.is_set()):
                metrics.REDONE.inc()
            raise
        metrics.PUBLISHED.inc(len(events))
        moved = checkpoint.advance(self._position, events[-1].position)
        self._position = events[-1].position if moved else checkpoint.position()
        return moved


def outgoing(event: StoredEvent, store_id: str) -> Outgoing:
    """An event on its way to whoever subscribed to its type. Raises NoEnvelope."""
    return Outgoing(topology.EVENTS, event.type, message_of(event, store_id))


def _announced(events: Iterable[StoredEvent], store_id: str) -> Iterator[Outgoing]:
    """All but what another program recorded, to which nobody reacts."""
    for event in events:
        try:
            yield outgoing(event, store_id)
        except NoEnvelope:
            log.warning("relay.foreign", position=event.position, event_id=event.event_id)


def _listen(connection: Connection) -> None:
    """Notice while idle that the broker closed the connection, or fell silent."""
    connection.heartbeat_tick()
    with suppress(TimeoutError):
        connection.drain_events(timeout=0)


def _exchange_exists(connection: Connection) -> bool:
    channel: Any = connection.channel()
    try:
        channel.exchange_declare(topology.EVENTS, "topic", passive=True)
    except amqp.NotFound:  # the broker closed the channel, and the client opened it again
        return False
    finally:
        channel.close()
    return True
