"""Reactions: a nameko entrypoint that handles each message of a service's queue, reliably.

    class React:
        name = "eligibility"  # names the queue

        @reaction
        def on_nudge(self, nudge: Nudge) -> None: ...

A message is acknowledged only after its effect: the method returned, or the message was put, confirmed,
into a retry queue or aside. So each is handled at least once, perhaps several times and in any order;
handlers are written for that. nameko's own consumer acknowledges what failed and loses it.

A message about a type of event that this code does not know is put back, as is one whose reaction says so: a process
of a newer release will know what to do. To find nothing to do here would be to lose it.

A message of another store than the process's own (left on the broker by an earlier platform) has no effect.

The process starts without the broker and keeps looking for it; ``status`` tells whether it is there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial, wraps
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Final, TypeAlias

import structlog
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint

from shared.bus import attempts, metrics, topology
from shared.bus.attempts import Place
from shared.bus.connection import LOOK_UP, LOST, Connection, Kept, Outgoing, Publisher, connected
from shared.bus.depth import DepthGauge
from shared.bus.nudge import Malformed, Nudge, message, nudge_of
from shared.contracts.registry import NewerThanThisCode, contract_named
from shared.eventstore.identity import identity
from shared.eventstore.port import EventStore, NotYet, StoreUnavailable
from shared.runtime.logs import bound, place_of
from shared.runtime.metrics import NEWER_EVENTS, STORE_UNAVAILABLE

AMQP_URI: Final = "AMQP_URI"
EVENT_STORE: Final = "EVENT_STORE"
RETRY_DELAYS: Final = "RETRY_DELAYS"
MAX_WORKERS: Final = "max_workers"
WORKERS: Final = 16
RECONNECT_AT_MOST: Final = 1.0
"""Seconds between two attempts to connect; with the attempt itself, a broker is found within two."""
PUT_BACK_AFTER: Final = 1.0
"""Seconds before a message that could not even be put into a retry queue is given back to the broker."""
STOP_SECONDS: Final = 8.0
"""How long a stop waits for messages in hand; the broker delivers again what is not settled then."""

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ReactionStatus:
    """``in_hand`` messages are received and not settled; ``waiting`` ones are in the queue and the retry
    queues, None while the broker does not tell. ``connected``: subscribed."""

    connected: bool
    in_hand: int
    waiting: int | None


def nameko_config(
    broker_url: str, store: EventStore, retry_delays: Sequence[float] = topology.DELAYS, workers: int = WORKERS
) -> dict[str, Any]:
    """The part of nameko's configuration that reactions need. ``store`` holds the events that they are nudged
    about; ``workers`` messages are handled at a time."""
    return {AMQP_URI: broker_url, EVENT_STORE: store, RETRY_DELAYS: tuple(retry_delays), MAX_WORKERS: workers}


def reaction(method: Callable[[Any, Nudge], None]) -> Callable[[Any, Nudge], None]:
    """Make a method of a nameko service the handler of the service's queue. One per service."""

    @wraps(method)
    def handle(service: Any, nudge: Nudge) -> None:
        with bound(correlation_id=nudge.correlation_id, causation_id=nudge.event_id):
            method(service, nudge)

    Reaction.decorator(handle)
    return handle


_running: dict[str, Reaction] = {}


def status(service: str) -> ReactionStatus:
    """For health: how the reaction of a service that runs in this process is doing. Asks the broker.

    To be called on a green thread of the process. Raises KeyError if it was not started.
    """
    return _running[service].status()


class Reaction(Entrypoint):  # type: ignore[misc]
    """The entrypoint behind ``@reaction``: its own connection, one green thread that listens."""

    def setup(self) -> None:
        config: Mapping[str, Any] = self.container.config
        self._url: str = config[AMQP_URI]
        self._store: EventStore = config[EVENT_STORE]
        self._store_id: str | None = None
        self._foreign: set[str | None] = set()
        self._delays: Sequence[float] = config.get(RETRY_DELAYS, topology.DELAYS)
        self._service: str = self.container.service_name
        self._prefetch: int = self.container.max_workers
        self._elsewhere = Kept(self._url, Publisher)
        self._depth = DepthGauge(self._url, self._service, self._delays)
        self._received = self._settled = 0
        self._connected = self._stopping = False
        self._listener: Any = None
        metrics.IN_HAND.labels(self._service).set_function(lambda: self._received - self._settled)
        metrics.SUBSCRIBED.labels(self._service).set_function(lambda: float(self._connected))
        metrics.FOREIGN.labels(self._service)  # told as 0 from the start: only then does the first one count as a rise

    def start(self) -> None:
        _running[self._service] = self
        self._listener = self.container.spawn_managed_thread(self._listen, identifier="reaction")

    def stop(self) -> None:
        """Take no more messages; return when those in hand are settled."""
        self._stopping = True
        if self._listener is not None:
            self._listener.wait()
        self._elsewhere.close()
        self._depth.close()

    def kill(self) -> None:
        self._stopping = True

    def status(self) -> ReactionStatus:
        """Counted twice when there seems to be nothing: a message on the wire is neither here nor there."""
        waiting = self._waiting()
        if waiting == 0 and self._received == self._settled:
            waiting = self._waiting()
        return ReactionStatus(self._connected, self._received - self._settled, waiting)

    def _waiting(self) -> int | None:
        try:
            return self._depth.read()
        except LOST:
            return None

    # --- listening ------------------------------------------------------------------------------

    def _listen(self) -> None:
        pause, complained = 0.0, False
        while not self._stopping:
            try:
                with connected(self._url) as connection:
                    channel = self._subscribe(connection)
                    pause, complained = 0.0, False
                    self._drain(connection, channel)
            except LOST as error:
                if not complained:  # once, not at every attempt
                    log.warning("reaction.broker-away", service=self._service, exception=type(error).__name__)
                sleep(pause)
                pause, complained = min(RECONNECT_AT_MOST, pause + 0.1), True
            finally:
                self._connected = False

    def _subscribe(self, connection: Connection) -> Any:
        channel: Any = connection.channel()
        topology.declare(channel, self._delays)
        channel.basic_qos(0, self._prefetch, False)
        for queue, handle in (
            (topology.crashed_queue(self._service), self._handle_crashed),
            (self._service, self._handle),
        ):
            channel.basic_consume(queue, consumer_tag=queue, callback=partial(self._receive, handle))
        self._connected = True
        log.info("reaction.subscribed", service=self._service)
        return channel

    def _drain(self, connection: Connection, channel: Any) -> None:
        """Receive until asked to stop; then until everything in hand is settled."""
        while not self._stopping:
            _wait_for_events(connection)
        self._connected = False
        deadline = monotonic() + STOP_SECONDS
        for queue in (self._service, topology.crashed_queue(self._service)):
            channel.basic_cancel(queue)
        while self._received > self._settled and monotonic() < deadline:
            _wait_for_events(connection)

    def _receive(self, handle: Callable[[Any], None], delivery: Any) -> None:
        """A green thread per message: the listener must not wait for a worker to become free."""
        self._received += 1
        self.container.spawn_managed_thread(partial(handle, delivery), identifier="delivery")

    # --- handling -------------------------------------------------------------------------------

    def _handle(self, delivery: Any) -> None:
        try:
            nudge = nudge_of(delivery.body, _headers(delivery))
        except Malformed as error:
            place = attempts.parked(self._service, _headers(delivery), type(error).__name__, _now())
            self._settle(delivery, place)
            return
        try:
            if self._is_foreign(nudge):
                self._settle(delivery, None)
                return
            contract_named(nudge.type)
            self.container.spawn_worker(self, (nudge,), {}, handle_result=partial(self._handled, delivery, nudge))
        except (StoreUnavailable, NewerThanThisCode) as error:
            self._failed(delivery, nudge, error)
        except ContainerBeingKilled:
            self._settled += 1  # the broker will deliver it again, to somebody else

    def _is_foreign(self, nudge: Nudge) -> bool:
        """Whether it speaks of another store's event. One without events yet has announced none."""
        self._store_id = self._store_id or identity(self._store)
        if nudge.store_id in (None, self._store_id):
            return False
        metrics.FOREIGN.labels(self._service).inc()
        if nudge.store_id not in self._foreign:  # once, not for every message
            self._foreign.add(nudge.store_id)
            log.warning("reaction.foreign", service=self._service, store_id=nudge.store_id)
        return True

    def _handled(
        self, delivery: Any, nudge: Nudge, context: Any, result: object, exc_info: ExcInfo | None
    ) -> tuple[object, ExcInfo | None]:
        """Called by nameko on the worker's green thread, before the worker ends."""
        if exc_info is None:
            metrics.HANDLED.labels(self._service).inc()
            self._settle(delivery, None)
        else:
            self._failed(delivery, nudge, exc_info[1])
        return result, exc_info

    def _failed(self, delivery: Any, nudge: Nudge, error: BaseException) -> None:
        match error:
            case NewerThanThisCode():
                NEWER_EVENTS.inc()
            case StoreUnavailable() if not isinstance(error, NotYet):
                STORE_UNAVAILABLE.inc()
        place = attempts.after_failure(self._service, _headers(delivery), type(error), self._delays, _now())
        log.warning(
            "reaction.parked" if place.parked else "reaction.failed",
            service=self._service,
            event_id=nudge.event_id,
            type=nudge.type,
            queue=place.queue,
            exception=type(error).__qualname__,
            place=place_of(error),
        )
        self._settle(delivery, place)

    def _handle_crashed(self, delivery: Any) -> None:
        self._settle(delivery, attempts.after_delivery_limit(self._service, _headers(delivery), _now()))

    def _settle(self, delivery: Any, place: Place | None) -> None:
        """Acknowledge, after the message went on to ``place`` if there is one. Never raises: a connection
        that ended meanwhile means that the broker delivers the message again."""
        try:
            if place is not None:
                again = message(delivery.body, delivery.properties.get("message_id", ""), place.headers)
                self._elsewhere.use(lambda publisher: publisher.publish([Outgoing("", place.queue, again)]))
                (metrics.PARKED if place.parked else metrics.RETRIED).labels(self._service).inc()
            with suppress(*LOST):
                delivery.channel.basic_ack(delivery.delivery_tag)
        except LOST as error:
            log.warning("reaction.put-back", service=self._service, exception=type(error).__name__)
            sleep(PUT_BACK_AFTER)
            with suppress(*LOST):
                delivery.channel.basic_reject(delivery.delivery_tag, requeue=True)
        finally:
            self._settled += 1


def _wait_for_events(connection: Connection) -> None:
    with suppress(TimeoutError):
        connection.drain_events(timeout=LOOK_UP)
    connection.heartbeat_tick()


def _headers(delivery: Any) -> Mapping[str, Any]:
    headers: Mapping[str, Any] = delivery.properties.get("application_headers") or {}
    return headers


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
