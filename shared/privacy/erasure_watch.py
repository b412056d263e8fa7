"""How processes hear of an erasure, so that none trusts a key in its memory that another has destroyed.

On one machine by a counter in shared memory, over several by leases from the database.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

import psycopg

from shared.database import postgres
from shared.runtime.native import aside, threading, time

NOBODY_KNOWS: Final = b"\x01"
"""What a watch says that has not heard in time: as while keys are being destroyed."""


class Watch(Protocol):
    """Tells a process in no time whether keys were destroyed, by itself or by another one."""

    def read(self) -> bytes:
        """Another value than before once keys were destroyed; odd in its first byte while nobody can tell."""
        ...

    def erasing(self) -> AbstractContextManager[None]:
        """Around the destruction: when it is left, no watch anywhere says what it said before."""
        ...

    def close(self) -> None: ...


def in_progress(said: bytes) -> bool:
    """Whether keys are being destroyed, or may be, when a watch says this."""
    return bool(said[0] & 1)


class SharedCounter:
    """A counter in shared memory: odd while keys are being destroyed, another even number after that.

    If the destroying process dies, the counter stays odd: lookups then ask the file each time, until
    the next erasure or start makes it even.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < 8:
            os.ftruncate(self._file, 8)
        self._memory = mmap.mmap(self._file, 8)
        self._turn = threading.Lock()  # native; a lock on the file holds off no thread with the same descriptor

    def read(self) -> bytes:
        return self._memory[:8]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One thread of one process at a time; the operating system lets go if it dies."""
        with self._turn:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                if in_progress(self.read()):
                    self._move(1)
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def erasing(self) -> Iterator[None]:
        with self.exclusive():
            self._move(1)
            try:
                yield
            finally:
                self._move(1)

    def close(self) -> None:
        self._memory.close()
        os.close(self._file)

    def _move(self, by: int) -> None:
        self._memory[:8] = (int.from_bytes(self.read(), "little") + by).to_bytes(8, "little")


class ErasureLease:
    """A process may use the keys it has in memory for ``SECONDS`` after the database said what was destroyed.

    A thread asks again in time, and at once when an erasure notifies it. Whoever destroys a key waits for a lease's
    length: by then each process has heard of it, or does not trust its memory and asks the database each time.
    """

    SECONDS = 1.0
    """An erasure takes so much longer."""
    CHANNEL = "wegmarken_erasures"

    def __init__(self, url: str) -> None:
        self._url = url
        self._known = (0, 0.0)  # the newest erasure, and until when that holds
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="erasures", daemon=True)
        self._thread.start()

    def read(self) -> bytes:
        newest, until = self._known
        return (2 * newest).to_bytes(8, "little") if time.monotonic() < until else NOBODY_KNOWS

    @contextmanager
    def erasing(self) -> Iterator[None]:
        yield
        with suppress(psycopg.Error), postgres.connect(self._url, autocommit=True) as connection:
            connection.execute(f"notify {self.CHANNEL}")  # who does not hear it finds out when the lease ends
        aside(lambda: time.sleep(self.SECONDS))

    def close(self) -> None:
        self._closing.set()
        aside(lambda: self._thread.join(2 * self.SECONDS))

    def _watch(self) -> None:
        while not self._closing.is_set():
            with (
                suppress(psycopg.Error, OSError, ValueError),  # the thread lives as long as the ring
                postgres.connect(self._url, autocommit=True) as connection,
            ):
                connection.execute(f"listen {self.CHANNEL}")
                while not self._closing.is_set():
                    self._ask(connection)
                    for _ in connection.notifies(timeout=self.SECONDS / 4, stop_after=1):
                        pass
            self._closing.wait(self.SECONDS / 4)

    def _ask(self, connection: postgres.Connection) -> None:
        asked_at = time.monotonic()
        row = connection.execute("select coalesce(max(number), 0) from erasures").fetchone()
        if row is not None:
            self._known = row[0], asked_at + self.SECONDS
