"""The access log: who read which person's record, when, what for and why.

A store of its own, one SQLite file per month, so that a month is dropped by deleting its file. A read
that cannot be recorded is refused.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from shared.eventstore.port import StoreUnavailable
from shared.runtime.native import threading

BUSY_SECONDS = 5.0
TABLE = """CREATE TABLE IF NOT EXISTS accesses (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL, purpose TEXT NOT NULL,
    reason TEXT)"""
MARK = r"[0-9]{4}-[0-9]{2}:[0-9]{1,15}"
"""A place in the log: a month and a number in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One read of a personal record; ``at`` is the machine's instant in UTC.

    ``purpose`` is what was asked, ``reason`` why, in the words of who asked, where that must be said.
    """

    at: datetime
    actor: str
    subject: str
    purpose: str
    reason: str | None = None


def oldest_kept(today: date, months: int) -> str:
    """The oldest month ("2016-11") of which a day is less than so many months ago."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return f"{year:04}-{month + 1:02}"


class AccessNotRecorded(Exception):
    """The access log cannot be written: the read must be refused."""


class AccessLog:
    """The access log in a directory, written by any number of processes."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()  # native: nothing under it yields to eventlet's hub
        self._open: _Month | None = None

    def record(self, *subjects: str, actor: str, purpose: str, at: datetime, reason: str | None = None) -> None:
        """Record a read of all the subjects or of none, durably, before it is answered.

        ``at`` has a time zone. Raises AccessNotRecorded.
        """
        instant = at.astimezone(UTC)
        rows = [(instant.isoformat(), actor, subject, purpose, reason) for subject in dict.fromkeys(subjects)]
        with self._lock:
            try:
                db = self._month_of(instant).db
                db.execute("BEGIN IMMEDIATE")
                db.executemany(
                    "INSERT INTO accesses (at, actor, subject, purpose, reason) VALUES (?, ?, ?, ?, ?)", rows
                )
                db.execute("COMMIT")
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
                """SELECT at, actor, subject, purpose, reason FROM accesses
                   WHERE (:subject IS NULL OR subject = :subject) AND (:actor IS NULL OR actor = :actor)
                   ORDER BY number""",
                {"subject": subject, "actor": actor},
            ).fetchall()
        return [_access(*row) for row in rows]

    def search(
        self,
        since: datetime,
        until: datetime,
        *,
        subject: str | None = None,
        actor: str | None = None,
        after: str | None = None,
        limit: int,
    ) -> tuple[list[Access], str | None]:
        """The reads from ``since`` to before ``until``, in order, at most ``limit``, and after which mark more come.

        ``after`` is such a mark, which matches ``MARK``. Raises StoreUnavailable.
        """
        first, last = (instant.astimezone(UTC) for instant in (since, until))
        month_of_mark, _, number = (after or ":0").partition(":")
        begin = max(f"{first:%Y-%m}", month_of_mark)
        found: list[tuple[str, Access]] = []
        for month in self.months():
            if begin <= month <= f"{last:%Y-%m}" and len(found) <= limit:
                found += self._search(
                    month,
                    {
                        "since": first.isoformat(),
                        "until": last.isoformat(),
                        "subject": subject,
                        "actor": actor,
                        "after": int(number) if month == month_of_mark else 0,
                        "limit": limit + 1 - len(found),
                    },
                )
        page = found[:limit]
        return [access for _, access in page], page[-1][0] if len(found) > limit else None

    def _search(self, month: str, parameters: Mapping[str, Any]) -> list[tuple[str, Access]]:
        with _unavailable_if_it_fails(), closing(sqlite3.connect(self._path(month), timeout=BUSY_SECONDS)) as db:
            rows = db.execute(
                """SELECT number, at, actor, subject, purpose, reason FROM accesses
                   WHERE number > :after AND at >= :since AND at < :until
                   AND (:subject IS NULL OR subject = :subject) AND (:actor IS NULL OR actor = :actor)
                   ORDER BY number LIMIT :limit""",
                parameters,
            ).fetchall()
        return [(f"{month}:{number}", _access(*row)) for number, *row in rows]

    def drop_before(self, first_kept: str) -> list[str]:
        """Delete the months before one ("2018-11"); returns their names."""
        dropped = [month for month in self.months() if month < first_kept]
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


def _access(at: str, actor: str, subject: str, purpose: str, reason: str | None) -> Access:
    return Access(at=datetime.fromisoformat(at), actor=actor, subject=subject, purpose=purpose, reason=reason)


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
def _unavailable_if_it_fails() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreUnavailable(f"access log: {error}") from error


@contextmanager
def _one_process_at_a_time(directory: Path) -> Iterator[None]:
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
