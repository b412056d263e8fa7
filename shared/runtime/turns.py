"""So many at the same time; the others wait in the order in which they came."""

from __future__ import annotations

from collections import deque

from shared.runtime.native import Completion, completion, threading


class Turns:
    """For native and green threads alike. Nobody overtakes: who was woken has the turn already."""

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[Completion[None]] = deque()
        self._lock = threading.Lock()  # native, for memory only

    @property
    def waiting(self) -> int:
        """How many wait at this moment."""
        return len(self._waiting)

    def take(self, seconds: float) -> None:
        """Block until it is this (green) thread's turn. Raises TimeoutError after so many seconds."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine: Completion[None] = completion()
            self._waiting.append(mine)
        try:
            mine.wait(seconds)
        except BaseException:  # a green thread may be killed while it waits
            if self._has_left(mine):
                self.give_back()
            raise

    def give_back(self) -> None:
        """Let the next one take its turn."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set(None)
            else:
                self._free += 1

    def _has_left(self, one: Completion[None]) -> bool:
        """Whether it was given its turn just now; else it waits no longer."""
        with self._lock:
            if one not in self._waiting:
                return True
            self._waiting.remove(one)
            return False
