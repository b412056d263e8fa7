"""A subscription to everything, on a native thread: whoever follows takes from it what has come, in batches."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

from kurrentdbclient import RecordedEvent, exceptions
from kurrentdbclient.streams import ReadResponse

from shared.eventstore.kurrentdb.connection import OURS, Connection, Search, unavailable
from shared.eventstore.kurrentdb.events import stored
from shared.eventstore.port import StoredEvent, StoreUnavailable
from shared.runtime.logs import get_logger
from shared.runtime.native import threading, time

WINDOW: Final = 1000
"""Events the server looks at in one go, and after which it says how far it has looked."""
ROOM: Final = 10_000
"""Events that wait to be taken, at most; then the server waits."""
FILL: Final = 0.05
"""Seconds a batch has to fill while there is more to come."""


class Following:
    """From a commit position on (None: from the first), resumed by itself after the last event that came."""

    def __init__(self, connection: Connection, commit: int | None) -> None:
        self._connection, self._commit = connection, commit
        self._waiting: deque[StoredEvent] = deque()
        self._some, self._room = threading.Event(), threading.Event()
        self._live = self._ended = False
        self._due = inf
        self._failure: StoreUnavailable | None = None
        self._subscription: ReadResponse | None = None
        self._thread = threading.Thread(target=self._work, name="eventstore-follower", daemon=True)
        self._thread.start()

    def take(self, most: int, seconds: float) -> list[StoredEvent]:
        """The next events: as soon as one is there; while there is more to come, as soon as there are ``most``.

        An empty list after so many seconds. Raises StoreUnavailable where the server is not found again, or is silent.
        """
        if not self._waiting:
            self._some.clear()
            if not self._waiting and self._failure is None:
                self._some.wait(seconds)
        until = time.monotonic() + FILL
        while self._waiting and not self._live and len(self._waiting) < most and time.monotonic() < until:
            time.sleep(FILL / 10)
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        self._room.set()
        if not taken and self._failure is not None:
            raise StoreUnavailable(*self._failure.args)
        if not taken and time.monotonic() > self._due:
            raise StoreUnavailable("the subscription is not answered")
        return taken

    @property
    def caught_up(self) -> bool:
        """Whether the server has said so, and everything was taken.

        It does not say when it falls behind again, which shows only in that more comes.
        """
        return self._live and not self._waiting

    def end(self) -> None:
        self._ended = True
        self._room.set()
        if (subscription := self._subscription) is not None:
            subscription.stop()

    # --- on the native thread -------------------------------------------------------------------

    def _work(self) -> None:
        search, lost = Search(self._connection), False
        while not self._ended:
            try:
                client = search.client()
                self._due = time.monotonic() + self._connection.deadline
                self._subscription = subscription = client.follow(
                    self._commit, filter_include=OURS, window_size=WINDOW, checkpoint_interval_multiplier=1
                )
                if self._ended:
                    subscription.stop()  # who ended did not know of it
                for recorded in subscription:
                    if lost:
                        get_logger().info("eventstore.resumes", commit_position=self._commit)
                        lost = False
                    self._due = inf
                    search.found()
                    self._take_in(recorded)
                raise exceptions.ServiceUnavailableError("the subscription ended")
            except Exception as error:
                self._live, self._due, lost = False, inf, True
                if self._ended:
                    return
                try:
                    search.go_on(error)
                except Exception as away:
                    self._failure = unavailable(away)
                    self._some.set()
                    return

    def _take_in(self, recorded: RecordedEvent) -> None:
        if recorded.is_caught_up:
            self._live = True
            self._some.set()
        elif recorded.is_checkpoint:
            self._commit = recorded.commit_position
        else:
            self._waiting.append(stored(recorded))
            self._commit = recorded.commit_position
            if not self._some.is_set():
                self._some.set()
            while len(self._waiting) >= ROOM and not self._ended:
                self._room.clear()
                self._room.wait(1.0)
