"""Where every request to a node comes in and every write's answer goes out: the place for things to go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from tests.eventstore.stand_in import refusals


@dataclass
class Faults:
    """What happens to the requests to come."""

    seconds_before: float = 0.0
    """Until a request is looked at."""
    seconds_after: float = 0.0
    """From a write to its answer."""
    answers_to_lose: int = 0
    """So many writes are done and never answered."""
    held: int = 0
    """Requests that wait because of the above."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self, seconds: float) -> None:
        """Returns when the time is over, or earlier when those who wait are released."""
        if seconds:
            self.held += 1
            try:
                await asyncio.wait_for(self.released.wait(), seconds)
            except TimeoutError:
                pass
            finally:
                self.held -= 1

    def release(self) -> None:
        """Let go on who waits."""
        self.released.set()
        self.released = asyncio.Event()


class Gate:
    """Of one node."""

    def __init__(
        self, faults: Faults, other_leader: Callable[[], tuple[str, int] | None], authorization: str | None = None
    ) -> None:
        """``other_leader``: host and port of the leader, None while this node leads.

        ``authorization``: the header that every request has to bring, if any.
        """
        self._faults, self._other_leader, self._authorization = faults, other_leader, authorization

    async def enter(self, context: grpc.aio.ServicerContext) -> None:
        """Raises Refused for a request of a stranger, or that needs the leader."""
        await self._faults.hold(self._faults.seconds_before)
        headers = dict(context.invocation_metadata() or ())
        if self._authorization is not None and headers.get("authorization") != self._authorization:
            raise refusals.unauthenticated()
        leader = self._other_leader()
        if leader is not None and headers.get("requires-leader") == "true":
            raise refusals.not_leader(*leader)

    async def leave(self) -> None:
        """After a write. Raises Refused when its answer is to be lost."""
        await self._faults.hold(self._faults.seconds_after)
        if self._faults.answers_to_lose:
            self._faults.answers_to_lose -= 1
            raise refusals.lost()
