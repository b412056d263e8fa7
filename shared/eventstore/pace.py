"""How a follower paces itself: alone, an event is there at once; under load, what came meanwhile is taken in one go."""

from __future__ import annotations

from typing import Final

CROWD: Final = 8
"""Events in one delivery from which there is load; fewer are the echo of a single command."""
LOOK_UP: Final = 0.25
"""Seconds after which a follower says again that it is caught up."""


class Pace:
    """The pauses of one follower, from ``least`` to ``most`` seconds: growing while deliveries are crowded."""

    def __init__(self, least: float, most: float) -> None:
        self._least, self._most = least, most
        self._pause = least

    def after(self, delivered: int) -> float:
        """Seconds to pause after a delivery of so many events."""
        self._pause = min(self._most, 2 * self._pause) if delivered >= CROWD else self._least
        return self._pause
