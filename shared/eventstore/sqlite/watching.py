"""Who follows a file that others write to: somebody looks whether it has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from shared.eventstore.port import StoreUnavailable
from shared.runtime.native import threading, time

POLL: Final = 0.003
"""Seconds between two looks of a follower: 1.6-3.2 ms in the median, about 3 % of a core."""


class Watch:
    """One look for all followers of a store in this process: counts the changes it has seen."""

    def __init__(self, data_version: Callable[[], int], closing: Callable[[], bool]) -> None:
        self._data_version, self._closing = data_version, closing
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failure: StoreUnavailable | None = None
        self.changes = 0

    def wait(self, seen: int, *, timeout: float) -> int:
        """The number of changes, as soon as it is another than ``seen`` or the time is over."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._failure = None
                self._thread = threading.Thread(target=self._look, name="eventstore-watch", daemon=True)
                self._thread.start()
            self._changed.wait_for(lambda: self.changes != seen or self._failure, timeout)
            if self._failure is not None:
                raise self._failure
            return self.changes

    def _look(self) -> None:
        version = None
        try:
            while not self._closing():
                if (now := self._data_version()) != version:
                    version = now
                    with self._changed:
                        self.changes += 1
                        self._changed.notify_all()
                time.sleep(POLL)
        except StoreUnavailable as error:
            with self._changed:
                self._failure = error
                self._changed.notify_all()
