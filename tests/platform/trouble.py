"""Things that go wrong while a scenario is loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias

from deploy.one_machine import OneMachine

Planned: TypeAlias = tuple[int, str, Callable[[], object]]
"""After how many commands what happens."""
LOOK = 0.2
"""Seconds between two looks at what has died."""


class Trouble:
    """Each happens, in a thread of its own and in order, when so many commands are done. What dies is revived."""

    def __init__(self, running: OneMachine, plan: Sequence[Planned]) -> None:
        self._running, self._over = running, threading.Event()
        self._errors: list[BaseException] = []
        self._due = list(plan)
        self._queue: list[Callable[[], object]] = []
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, done: int, day: date) -> None:
        """The loader's progress."""
        with self._wake:
            while self._due and self._due[0][0] <= done:
                self._queue.append(self._due.pop(0)[2])
                self._wake.notify()

    def over(self) -> None:
        """Wait until all trouble has happened and is mended."""
        assert not self._due
        with self._wake:
            self._over.set()
            self._wake.notify()
        self._thread.join()
        assert not self._errors, self._errors

    def _run(self) -> None:
        try:
            while not self._over.is_set() or self._queue:
                with self._wake:
                    self._wake.wait_for(lambda: self._queue or self._over.is_set(), LOOK)
                    trouble = self._queue.pop(0) if self._queue else None
                if trouble is not None:
                    trouble()
                self._running.supervisor.revive()  # again and again: what died just after its start waits a while
        except BaseException as error:
            self._errors.append(error)
