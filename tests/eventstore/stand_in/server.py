"""The stand-in itself: nodes on loopback ports over one log, and the faults that tests ask for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar
from uuid import uuid4

import grpc
from kurrentdbclient.protos.v1 import gossip_pb2_grpc, streams_pb2_grpc

from tests.eventstore.stand_in import refusals
from tests.eventstore.stand_in.features import add_server_features
from tests.eventstore.stand_in.gate import Faults, Gate
from tests.eventstore.stand_in.gossip import Gossip, Member
from tests.eventstore.stand_in.log import Log
from tests.eventstore.stand_in.reading import Bell
from tests.eventstore.stand_in.secured import Secured
from tests.eventstore.stand_in.streams import Streams

T = TypeVar("T")
HOST: Final = "127.0.0.1"
OPTIONS: Final = [
    ("grpc.so_reuseport", 0),  # a port that is taken is taken
    ("grpc.max_receive_message_length", 32 * 1024 * 1024),
    ("grpc.http2.max_ping_strikes", 0),  # clients may ask whether we live as often as they like
]


class Node:
    """One server of the cluster. Its port stays its own over restarts."""

    def __init__(self, port: int) -> None:
        self.instance_id, self.port = str(uuid4()), port
        self.server: grpc.aio.Server | None = None


class StandIn:
    """A cluster of one or more nodes; a context that starts it and stops it. To be used from any thread."""

    def __init__(
        self, data: Path | None = None, *, port: int = 0, nodes: int = 1, secured: Secured | None = None
    ) -> None:
        """``data``: the file of the log; without one, in memory. ``port``: the first node's, 0 for a free one."""
        self._data, self._secured = data, secured
        self._nodes = [Node(port if number == 0 else 0) for number in range(nodes)]
        self._leader: int | None = 0
        self._faults = Faults()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in", daemon=True)

    def __enter__(self) -> StandIn:
        with ExitStack() as undoing:
            self._thread.start()
            undoing.callback(self._end)
            self._do(self._open())
            undoing.callback(lambda: self._do(self._close()))
            undoing.callback(self.stop)
            self.start()
            self._undoing = undoing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undoing.close()

    # --- where it is ----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The connection string of all nodes; it has options, so that others can follow after ``&``."""
        targets = ",".join(self.targets)
        return self._secured.url(targets) if self._secured else f"kurrentdb://{targets}?Tls=false"

    @property
    def targets(self) -> list[str]:
        return [f"{HOST}:{node.port}" for node in self._nodes]

    # --- what happens to it ---------------------------------------------------------------------

    def start(self, number: int | None = None) -> None:
        """Start the nodes that do not run, or one of them; on the ports that they had, with the log that they left."""
        for node in self._chosen(number):
            if node.server is None:
                self._do(self._start(node))

    def stop(self, number: int | None = None) -> None:
        """Stop all nodes, or one: calls under way end as those of a server that dies."""
        for node in self._chosen(number):
            if node.server is not None:
                self._do(self._stop(node))

    def restart(self, number: int | None = None) -> None:
        """Drop all connections: calls under way end as unavailable; who comes again is served."""
        self.stop(number)
        self.start(number)

    def elect(self, number: int) -> None:
        """Make another node the leader: the others refuse what needs the leader, and name it."""
        self._do(self._elect(number))

    def depose(self) -> None:
        """Leave the cluster without a leader until the next election: who needs one is refused."""
        self._do(self._depose())

    def be_unready(self, count: int = 1) -> None:
        """Refuse the next requests, as a server does that has just started."""
        self._do(self._befall(requests_to_refuse=count))

    def hold_back(self, count: int = 1) -> None:
        """Answer the next appends among many after the one that follows: nobody promised an order of answers."""
        self._do(self._befall(answers_to_hold_back=count))

    def break_off(self, count: int = 1) -> None:
        """End the next reads of more than a few events in the middle, as a node does that goes away."""
        self._do(self._befall(reads_to_break_off=count))

    def time_out(self, count: int = 1) -> None:
        """Do the next appends among many, and say of each that it has timed out."""
        self._do(self._befall(writes_to_time_out=count))

    def slow(self, seconds: float) -> None:
        """Let so much time pass before every request is looked at. 0 ends it, also for those that wait."""
        self._do(self._befall(seconds_before=seconds))

    def trickle(self, seconds: float) -> None:
        """Let so much time pass before each event that a follower has missed."""
        self._do(self._befall(seconds_between=seconds))

    def answer_late(self, seconds: float) -> None:
        """Do writes at once and let so much time pass before their answers. 0 ends it, also for those that wait."""
        self._do(self._befall(seconds_after=seconds))

    def lose_answers(self, count: int = 1) -> None:
        """Do the next writes, and lose their answers with the connection."""
        self._do(self._befall(answers_to_lose=count))

    @property
    def held(self) -> int:
        """How many requests wait at this moment because of ``slow`` or ``answer_late``."""
        return self._faults.held

    # --- inside the loop ------------------------------------------------------------------------

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _chosen(self, number: int | None) -> list[Node]:
        return self._nodes if number is None else [self._nodes[number]]

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _open(self) -> None:
        self._log, self._bell = Log(self._data), Bell()

    async def _close(self) -> None:
        self._log.close()

    async def _elect(self, number: int) -> None:
        self._leader = number
        self._begin_epoch()

    async def _depose(self) -> None:
        self._leader = None

    async def _befall(self, **changes: float) -> None:
        for name, value in changes.items():
            setattr(self._faults, name, value)
        self._faults.release()

    def _begin_epoch(self) -> None:
        assert self._leading is not None
        self._log.write_epoch(self._leading.instance_id)
        self._bell.ring()

    async def _start(self, node: Node) -> None:
        server = grpc.aio.server(options=OPTIONS)
        authorization = None if self._secured is None else self._secured.authorization
        gate = Gate(self._faults, lambda: self._other_leader(node), authorization)
        streams_pb2_grpc.add_StreamsServicer_to_server(  # type: ignore[no-untyped-call]
            Streams(self._log, self._bell, gate), server
        )
        gossip_pb2_grpc.add_GossipServicer_to_server(Gossip(self._members), server)  # type: ignore[no-untyped-call]
        add_server_features(server)
        address = f"{HOST}:{node.port}"
        if self._secured is None:
            node.port = server.add_insecure_port(address)
        else:
            node.port = server.add_secure_port(address, self._secured.server_credentials())
        if node is self._leading:
            self._begin_epoch()
        await server.start()
        node.server = server

    async def _stop(self, node: Node) -> None:
        server, node.server = node.server, None
        assert server is not None
        await server.stop(grace=None)

    @property
    def _leading(self) -> Node | None:
        return None if self._leader is None else self._nodes[self._leader]

    def _other_leader(self, node: Node) -> tuple[str, int] | None:
        """Where the leader is, if it is another. Raises Refused where there is none."""
        if self._leading is None:
            raise refusals.no_leader()
        return None if self._leading is node else (HOST, self._leading.port)

    def _members(self) -> list[Member]:
        leader = self._leading
        return [
            Member(node.instance_id, HOST, node.port, node.server is not None, node is leader) for node in self._nodes
        ]
