"""The connection to a server or cluster: made when it is first needed, made again when it was lost.

To be used on native threads only.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

import grpc
from kurrentdbclient import KurrentDBClient, exceptions, streams
from kurrentdbclient.common import handle_rpc_error
from kurrentdbclient.connection_spec import ConnectionSpec
from kurrentdbclient.protos.v1.streams_pb2 import BatchAppendReq, BatchAppendResp

from shared.eventstore.kurrentdb.url import with_defaults
from shared.eventstore.port import StoreUnavailable
from shared.runtime.logs import get_logger
from shared.runtime.metrics import EVENTSTORE_RECONNECTIONS
from shared.runtime.native import threading, time

T = TypeVar("T")
PATIENCE: Final = 5.0
"""Seconds for which a lost connection is looked for again before the store counts as away."""
PAUSES: Final = (0.02, 0.1, 0.25, 0.5)
"""Seconds between the attempts; the last goes on."""
OURS: Final = (r"[a-z]+\.[A-Z][A-Za-z0-9]*",)
"""Types of the platform's events (``shared.contracts.registry``). A server holds others beside them: its own, what is
recorded by its tools, and ``milestones``."""
CHANNEL_OPTIONS: Final = (
    # Answers are read by the thread that asked, instead of being handed over by another.
    (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1),
    # A new connection is tried at once, whatever others to the same place have gone through.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # Signs of life are asked for as long as a follower waits, not only twice.
    ("grpc.http2.max_pings_without_data", 0),
)
LOST: Final = (
    exceptions.ServiceUnavailableError,
    exceptions.NodeIsNotLeaderError,
    exceptions.DiscoveryFailedError,
    exceptions.CancelledError,
    exceptions.AbortedByServerError,
    exceptions.ExceptionThrownByHandlerError,
)
"""What a new connection may mend."""


class Answers(Iterator[BatchAppendResp], Protocol):
    """A call under way, for many appends."""

    def cancel(self) -> bool: ...


class Client(KurrentDBClient):
    """The package's client, with one attempt per call: who calls decides what is done again, and when."""

    def construct_call_credentials(self, username: str | None, password: str | None) -> None:
        """A header of each call instead: gRPC asks a plugin for credentials on a thread of its own, for which closing a
        channel may wait while it holds the interpreter, for ever (https://github.com/grpc/grpc/pull/42247)."""
        if username and password and self.connection_spec.options.tls:
            basic = b64encode(f"{username}:{password}".encode()).decode()
            metadata: Any = (*self._call_metadata, ("authorization", f"Basic {basic}"))
            self._call_metadata = metadata

    def read(self, **options: Any) -> streams.ReadResponse:
        """A read; see ``StreamsService.read``."""
        response: streams.ReadResponse = self.streams.read(metadata=self._call_metadata, **options)
        return response

    def follow(self, commit_position: int | None, **options: Any) -> streams.ReadResponse:
        """A subscription to everything: at once, so that it can be stopped before the server has confirmed it.

        With marks and checkpoints; see ``StreamsService.read`` for ``options``.
        """
        service = self.streams
        request = service._construct_read_request(subscribe=True, commit_position=commit_position, **options)
        call = service._stub.Read(request, metadata=service._metadata(self._call_metadata))
        response = streams.ReadResponse(call, None, service._grpc_streamers)
        response._include_checkpoints = response._include_caught_up = True
        return response

    def batch_append(self, requests: Iterator[BatchAppendReq]) -> Answers:
        """One call for many appends; the answers come as they come."""
        service = self.streams
        metadata = service._metadata(self._call_metadata, requires_leader=True)
        answers: Answers = service._stub.BatchAppend(requests, metadata=metadata)
        return answers

    def close(self) -> None:
        self._is_closed = False  # there may be a connection that was still being made the first time
        super().close()

    def _construct_grpc_channel(self, grpc_target: str, grpc_options: Any = ()) -> grpc.Channel:
        return super()._construct_grpc_channel(grpc_target, (*grpc_options, *CHANNEL_OPTIONS))

    def _get_commit_position(self, **options: Any) -> int:
        # By this the client tries a new connection: a server that accepts it and is silent must not hold us.
        return super()._get_commit_position(**{**options, "timeout": min(PATIENCE, self._default_deadline or PATIENCE)})


class Connection:
    """Shared by all threads of a process."""

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError for a URL that cannot be used."""
        self._url = with_defaults(url)
        self.deadline = float(ConnectionSpec(self._url).options.default_deadline or 0)
        """Seconds that a call may take."""
        self._client: Client | None = None
        self._making = threading.Lock()
        self._closed = False

    def client(self, until: float) -> Client:
        """Raises one of ``LOST`` where no server could be asked who leads, StoreUnavailable."""
        if self._client is None:
            with self._making_it(until):
                self._client = self._client or Client(self._url)
        return self._client

    @property
    def closed(self) -> bool:
        return self._closed

    def call(self, work: Callable[[Client], T]) -> T:
        """Ask the server something that may be asked twice. Raises StoreUnavailable."""
        search = Search(self)
        while True:
            try:
                return work(search.client())
            except Exception as error:
                search.go_on(error)

    def reconnect(self, known: UUID, error: Exception, until: float) -> None:
        """Make the connection anew, unless somebody else has since it was ``known``. Raises what ``client`` raises."""
        client = self.client(until)
        target = None
        if isinstance(error, exceptions.NodeIsNotLeaderError) and error.host and error.port:
            target = f"{error.host}:{error.port}"
        with self._making_it(until):
            if client.connection_id == known:
                EVENTSTORE_RECONNECTIONS.inc()
                client.reconnect(target, connection_id=known)

    def close(self) -> None:
        """Ends all calls. Does not wait for who is still looking for the server."""
        self._closed = True
        if self._client is not None:
            self._client.close()

    @contextmanager
    def _making_it(self, until: float) -> Iterator[None]:
        """One looks for the server, the others wait for it: no longer than they would look themselves."""
        if self._closed:
            raise StoreUnavailable("the store is closing")
        if not self._making.acquire(timeout=max(0.0, until - time.monotonic())):
            raise StoreUnavailable("the server is still being looked for")
        try:
            yield
        finally:
            self._making.release()
            if self._closed:  # meanwhile
                self.close()


class Search:
    """The attempts of one call to reach the server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._used: UUID | None = None
        self._attempts = 0
        self._until: float | None = None

    def client(self) -> Client:
        """The client to try with."""
        until = self._until or time.monotonic() + PATIENCE
        try:
            client = self._connection.client(until)
        except LOST:
            self._until = until  # looking for it the first time counts, too
            raise
        self._used = client.connection_id
        return client

    def found(self) -> None:
        """The server answered: from now on there is patience anew."""
        self._until, self._attempts = None, 0

    def go_on(self, error: Exception) -> None:
        """After an error that a new connection may mend: make it.

        Raises StoreUnavailable for any other, and in the end.
        """
        if self._connection.closed:
            raise StoreUnavailable("the store is closing") from error
        error = understood(error)
        self._until = self._until or time.monotonic() + PATIENCE
        if not isinstance(error, LOST) or time.monotonic() > self._until:
            raise unavailable(error) from error
        if self._attempts:
            time.sleep(PAUSES[min(self._attempts, len(PAUSES)) - 1])
        else:
            get_logger().warning("eventstore.lost", exception=kind(error))
        self._attempts += 1
        if self._used is not None:
            try:
                self._connection.reconnect(self._used, error, self._until)
            except Exception as again:
                again = understood(again)
                if not isinstance(again, LOST):
                    raise unavailable(again) from again


def understood(error: Exception) -> Exception:
    """An error in the client's own terms; the error itself where it has none."""
    if isinstance(error, grpc.RpcError):
        with suppress(Exception):  # a status may contradict itself
            error = handle_rpc_error(error)
    if isinstance(error, exceptions.InternalError) and "RST_STREAM" in str(error):
        return exceptions.ServiceUnavailableError("the call was reset")  # as by a proxy, or a node that ends
    if isinstance(error, exceptions.UnknownError) and "No leader info" in str(error):
        return exceptions.NodeIsNotLeaderError("nobody leads")
    if isinstance(error, ValueError) and "channel" in str(error).lower():
        return exceptions.ServiceUnavailableError("closed channel")
    return error


def unavailable(error: Exception) -> StoreUnavailable:
    """What callers get to know of an error: nothing of what it says. The log names what no new connection mends."""
    if isinstance(error, StoreUnavailable):
        return error
    if not isinstance(error, LOST):
        get_logger().error("eventstore.failed", exception=kind(error))
    return StoreUnavailable(kind(error))


def kind(error: Exception) -> str:
    """An error's class. Of a cluster none of whose nodes said who leads, that of the last node's own error."""
    behind = error.__cause__ if isinstance(error, exceptions.DiscoveryFailedError) else None
    return type(behind or error).__name__
