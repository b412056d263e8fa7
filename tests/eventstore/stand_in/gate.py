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
    seconds_between: float = 0.0
    """Before each event that a follower has missed."""
    answers_to_lose: int = 0
    """So many writes are done and never answered."""
    requests_to_refuse: int = 0
    """So many requests are not handled: the server is not ready."""
    answers_to_hold_back: int = 0
    """So many answers, of appends among many, come after the next one's."""
    reads_to_break_off: int = 0
    """So many reads end in the middle, with their connection."""
    writes_to_time_out: int = 0
    """So many writes are done, and said to have timed out."""
    held: int = 0
    """Requests that wait because of the above."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def spend(self, name: str) -> bool:
        """Whether one of so many is left; then it is one less."""
        left: int = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left > 0

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
        """``other_leader``: host and port of the leader, None while this node leads; raises Refused while none does.

        ``authorization``: the header that every request has to bring, if any.
        """
        self._faults, self._other_leader, self._authorization = faults, other_leader, authorization

    async def enter(self, context: grpc.aio.ServicerContext) -> None:
        """Raises Refused for a request of a stranger, or that needs the leader."""
        await self._faults.hold(self._faults.seconds_before)
        headers = dict(context.invocation_metadata() or ())
        if self._authorization is not None and headers.get("authorization") != self._authorization:
            raise refusals.unauthenticated()
        if self._faults.spend("requests_to_refuse"):
            raise refusals.not_ready()
        if headers.get("requires-leader") == "true" and (leader := self._other_leader()) is not None:
            raise refusals.not_leader(*leader)

    async def catch_up(self) -> None:
        """Before an event that a follower has missed."""
        await self._faults.hold(self._faults.seconds_between)

    def break_off(self) -> None:
        """In the middle of a read. Raises Refused when it is to end there."""
        if self._faults.spend("reads_to_break_off"):
            raise refusals.lost()

    def times_out(self) -> bool:
        """Whether an append that was just written is said to have timed out."""
        return self._faults.spend("writes_to_time_out")

    def is_held_back(self) -> bool:
        """Whether an append's answer is to come after the next one's."""
        return self._faults.spend("answers_to_hold_back")

    async def leave(self) -> None:
        """After a write. Raises Refused when its answer is to be lost."""
        await self._faults.hold(self._faults.seconds_after)
        if self._faults.spend("answers_to_lose"):
            raise refusals.lost()
