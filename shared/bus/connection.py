"""Connections to the broker, and publishing that knows what arrived."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import sample
from time import monotonic
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

import amqp
import kombu.connection
from amqp.exceptions import AMQPError

Connection: TypeAlias = Any
"""A live ``amqp.Connection``. Not kombu's, which silently connects again under whoever uses it."""

T = TypeVar("T")
R = TypeVar("R")

CONNECT_SECONDS: Final = 2.0
PATIENCE: Final = 10.0
"""Seconds after which a write or an answer that does not come takes the peer for dead."""
CONFIRM_SECONDS: Final = 15.0
"""How long a batch may go without being confirmed: a broker can stand still for a while."""
CLOSE_SECONDS: Final = 1.0
"""For a farewell in order."""
HEARTBEAT: Final = 10.0
"""Seconds between heartbeats; two missed ones end the connection, on either side."""
LOOK_UP: Final = 0.25
"""Seconds after which a wait for the broker asks whether it is still wanted."""


class Unconfirmed(Exception):
    """The broker did not take over every message of a batch: it refused, returned or did not answer."""


LOST: Final = (OSError, AMQPError, Unconfirmed)
"""What using a connection may raise: then drop it, connect again, and do again what was not confirmed."""


class Outgoing(NamedTuple):
    """A message on its way. The exchange "" delivers to the queue that the key names."""

    exchange: str
    routing_key: str
    message: amqp.Message


@contextmanager
def connected(url: str, *, heartbeat: float = HEARTBEAT, patience: float = PATIENCE) -> Iterator[Connection]:
    """A connection for the time of the block, see ``connect``.

    Closed in order at the end, or just dropped when the block raises.
    """
    connection = connect(url, heartbeat=heartbeat, patience=patience)
    try:
        yield connection
        with suppress(*LOST):
            connection.sock.settimeout(CLOSE_SECONDS)
            connection.close()
    finally:
        connection.collect()


def connect(url: str, *, heartbeat: float = HEARTBEAT, patience: float = PATIENCE) -> Connection:
    """A new connection. The URL may be several, ``;`` between them: each is tried once. Raises one of ``LOST``.

    Which is tried first is left to chance, so that the nodes of a cluster share the work and one that stands still
    is not asked first by everybody at each attempt.

    Nothing on it waits longer than ``patience`` seconds; that goes for green threads too, which the
    socket's own time limits (SO_RCVTIMEO) do not reach. ``collect`` drops it without a word to the broker.
    """
    nodes = url.split(";")
    named: Any = _connection_named(sample(nodes, len(nodes)), connect_timeout=CONNECT_SECONDS, heartbeat=heartbeat)
    named.ensure_connection(max_retries=len(nodes) - 1, interval_start=0, reraise_as_library_errors=False)
    connection: Connection = named.connection
    connection.sock.settimeout(patience)
    return connection


_connection_named: Any = kombu.connection.Connection


class Kept(Generic[T]):
    """A connection that stays open between uses, with what was prepared on it. Green threads take turns.

    It has no heartbeats, since nobody would send them in between; so it may end unnoticed, and then the
    use is tried once more on a new one.
    """

    def __init__(self, url: str, prepare: Callable[[Connection], T], *, patience: float = PATIENCE) -> None:
        self._url, self._prepare, self._patience = url, prepare, patience
        self._turn = threading.Lock()
        self._open: tuple[Connection, T] | None = None

    def use(self, action: Callable[[T], R]) -> R:
        """Raises one of ``LOST``, or whatever else the action raises."""
        with self._turn:
            if self._open is not None:
                try:
                    return action(self._open[1])
                except LOST:
                    self._drop()
            try:
                return action(self._connect())
            except LOST:
                self._drop()
                raise

    def close(self) -> None:
        """Drop the connection; another use opens one again."""
        with self._turn:
            self._drop()

    def _connect(self) -> T:
        connection = connect(self._url, heartbeat=0, patience=self._patience)
        self._open = connection, self._prepare(connection)
        return self._open[1]

    def _drop(self) -> None:
        if self._open is not None:
            self._open[0].collect()
        self._open = None


class Publisher:
    """A channel on which every message must be routed and confirmed. Once it raised, it is of no use."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel: Any = connection.channel()
        self._channel.confirm_select()
        self._channel.events["basic_ack"] = {self._on_ack}
        self._channel.events["basic_nack"] = {self._on_nack}
        self._channel.events["basic_return"] = {self._on_return}
        self._sent = 0
        self._confirmed_below = 1
        self._open: set[int] = set()
        self._refusal: str | None = None

    def publish(
        self,
        batch: Sequence[Outgoing],
        *,
        seconds: float = CONFIRM_SECONDS,
        abandoned: Callable[[], bool] = lambda: False,
    ) -> None:
        """Publish all, then wait until the broker has taken over each one.

        Raises one of ``LOST``: then any part of the batch may have arrived, and all of it is to be
        published again; also when ``abandoned`` says that nobody waits any more.
        """
        for exchange, routing_key, message in batch:
            self._sent += 1
            self._open.add(self._sent)
            self._channel.basic_publish(message, exchange, routing_key, mandatory=True)
        deadline = monotonic() + seconds
        while self._open:
            if monotonic() > deadline or abandoned():
                raise Unconfirmed(f"{len(self._open)} of {len(batch)}")
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=LOOK_UP)
            if self._refusal is not None:
                raise Unconfirmed(self._refusal)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        if not multiple:
            self._open.discard(tag)
            return
        self._open.difference_update(range(self._confirmed_below, tag + 1))
        self._confirmed_below = max(self._confirmed_below, tag + 1)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refusal = "refused by a queue"

    def _on_return(self, error: Exception, exchange: str, routing_key: str, message: amqp.Message) -> None:
        self._refusal = f"no queue takes {routing_key}"
