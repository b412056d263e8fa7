"""The access log: who read which person's record, when and what for.

A store of its own, one SQLite file per month, so that a month is dropped by deleting its file. A read
that cannot be recorded is refused.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from shared.runtime.native import threading

BUSY_SECONDS = 5.0
TABLE = """CREATE TABLE IF NOT EXISTS accesses (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, purpose TEXT NOT NULL)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One read of a personal record; ``at`` is the machine's instant in UTC."""

    at: datetime
    actor: str
    subject: str
    purpose: str


class AccessNotRecorded(Exception):
    """The access log cannot be written: the read must be refused."""


class AccessLog:
    """The access log in a directory, written by any number of processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()  # native: nothing under it yields to eventlet's hub
        self._open: _Month | None = None

    def record(self, actor: str, subject: str, purpose: str, at: datetime) -> None:
        """Record a read, durably, before it is answered. Raises AccessNotRecorded; ``at`` has a time zone."""
        instant = at.astimezone(UTC)
        with self._lock:
            try:
                self._month_of(instant).db.execute(
                    "INSERT INTO accesses (at, actor, subject, purpose) VALUES (?, ?, ?, ?)",
                    (instant.isoformat(), actor, subject, purpose),
                )
            except (sqlite3.Error, OSError) as error:
                self._close()
                raise AccessNotRecorded(f"access log: {error}") from error

    def months(self) -> list[str]:
        """The recorded months, oldest first, like "2018-11"."""
        return sorted(
            found[1]
            for path in self._directory.glob("access-*.db")
            if (found := re.fullmatch(r"access-(\d{4}-\d{2})\.db", path.name))
        )

    def accesses(self, month: str, *, subject: str | None = None, actor: str | None = None) -> list[Access]:
        """The reads of a month ("2018-11") in order, of all or of one subject or actor."""
        path = self._path(month)
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as db:
            rows = db.execute(
                """SELECT at, actor, subject, purpose FROM accesses
                   WHERE (:subject IS NULL OR subject = :subject) AND (:actor IS NULL OR actor = :actor)
                   ORDER BY number""",
                {"subject": subject, "actor": actor},
            ).fetchall()
        return [
            Access(at=datetime.fromisoformat(at), actor=who, subject=whom, purpose=purpose)
            for at, who, whom, purpose in rows
        ]

    def drop_before(self, day: date) -> list[str]:
        """Delete the months that ended before ``day`` (the retention limit); returns their names."""
        dropped = [month for month in self.months() if month < f"{day:%Y-%m}"]
        for month in dropped:
            path = self._path(month)
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                path.with_name(name).unlink(missing_ok=True)
        return dropped

    def close(self) -> None:
        with self._lock:
            self._close()

    def _path(self, month: str) -> Path:
        return self._directory / f"access-{month}.db"

    def _month_of(self, instant: datetime) -> _Month:
        """The open file of the month; opened again when it is another month or the file was replaced."""
        path = self._path(f"{instant:%Y-%m}")
        if self._open is None or self._open.path != path or not self._open.is_in_place():
            self._close()
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open = _Month(path)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            with suppress(sqlite3.Error):
                self._open.db.close()
            self._open = None


class _Month:
    def __init__(self, path: Path) -> None:
        self.path = path
        with _one_process_at_a_time(path.parent):  # SQLite does not wait when two turn on WAL at once
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            self.db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", TABLE):
                self.db.execute(statement)
            self._inode = path.stat().st_ino

    def is_in_place(self) -> bool:
        """Else a write would go to a deleted file and be lost without a word."""
        try:
            return self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False


@contextmanager
def _one_process_at_a_time(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
