"""The access log: who read which person's record, when, what for and why.

A store of its own, one SQLite file or one PostgreSQL partition per month, so that a month is dropped by deleting
its file or table. A read that cannot be recorded is refused.
"""

from __future__ import annotations

import fcntl
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Final

from shared.database import postgres
from shared.database.migrations import Step, TooNew, migrate
from shared.database.plain import Database, DatabaseUnavailable, PostgresDatabase, Row, SqliteDatabase
from shared.runtime.native import aside, threading

BUSY_SECONDS = 5.0
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")
STEPS_OF_A_FILE: tuple[Step, ...] = (
    (
        """create table if not exists accesses (
            number integer primary key, at text not null, actor text not null, subject text not null,
            purpose text not null, reason text)""",
    ),
)
STEPS_OF_A_SCHEMA: tuple[Step, ...] = (
    (
        """create table if not exists accesses (
            month {text} not null, number bigint not null, at {text} not null, actor {text} not null,
            subject {text} not null, purpose {text} not null, reason {text}, primary key (month, number))
            partition by list (month)""",
    ),
)
_OF_SOMEBODY: Final = """(cast(:subject as text) is null or subject = :subject)
                         and (cast(:actor as text) is null or actor = :actor)"""
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


def open_access_log(where: str) -> AccessLog:
    """The access log in a directory, or in a PostgreSQL database."""
    return PostgresAccessLog(where) if postgres.is_postgres(where) else FileAccessLog(Path(where))


class AccessLog(ABC):
    """The access log, written by any number of processes."""

    _accesses: ClassVar[str]
    """The rows of ``:month``."""

    def record(self, *subjects: str, actor: str, purpose: str, at: datetime, reason: str | None = None) -> None:
        """Record a read of all the subjects or of none, durably, before it is answered.

        ``at`` has a time zone. Raises AccessNotRecorded.
        """
        instant = at.astimezone(UTC)
        said = {"at": instant.isoformat(), "actor": actor, "purpose": purpose, "reason": reason}
        rows = [{**said, "subject": subject} for subject in dict.fromkeys(subjects)]
        try:
            self._record(f"{instant:%Y-%m}", rows)
        except (DatabaseUnavailable, OSError) as error:
            raise AccessNotRecorded(f"access log: {error}") from error

    def take_over(self, other: AccessLog) -> None:
        """Record what another log has, each month whole or not at all. Raises StoreUnavailable."""
        for month in other.months():
            self._record(month, [{**asdict(access), "at": access.at.isoformat()} for access in other.accesses(month)])

    @abstractmethod
    def months(self) -> list[str]:
        """The recorded months, oldest first, like "2018-11"."""

    def accesses(self, month: str, *, subject: str | None = None, actor: str | None = None) -> list[Access]:
        """The reads of a month ("2018-11") in order, of all or of one subject or actor. Raises StoreUnavailable."""
        query = f"""select * from {self._accesses}
                    where {_OF_SOMEBODY}
                    order by number"""
        return [_access(row) for row in self._read(month, query, subject=subject, actor=actor)]

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
        query = f"""select * from {self._accesses}
                    where number > :after and at >= :since and at < :until
                    and {_OF_SOMEBODY}
                    order by number limit :limit"""
        found: list[tuple[str, Access]] = []
        for month in self.months():
            if begin <= month <= f"{last:%Y-%m}" and len(found) <= limit:
                rows = self._read(
                    month,
                    query,
                    since=first.isoformat(),
                    until=last.isoformat(),
                    subject=subject,
                    actor=actor,
                    after=int(number) if month == month_of_mark else 0,
                    limit=limit + 1 - len(found),
                )
                found += [(f"{month}:{row['number']}", _access(row)) for row in rows]
        page = found[:limit]
        return [access for _, access in page], page[-1][0] if len(found) > limit else None

    def drop_before(self, first_kept: str) -> list[str]:
        """Delete the months before one ("2018-11"); returns their names."""
        dropped = [month for month in self.months() if month < first_kept]
        for month in dropped:
            self._drop(month)
        return dropped

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _record(self, month: str, rows: Sequence[Row]) -> None: ...

    @abstractmethod
    def _read(self, month: str, query: str, **parameters: Any) -> list[Row]: ...

    @abstractmethod
    def _drop(self, month: str) -> None: ...


class FileAccessLog(AccessLog):
    """The access log in a directory, one file per month."""

    _accesses = "accesses"
    _ADD: Final = """insert into accesses (at, actor, subject, purpose, reason)
                     values (:at, :actor, :subject, :purpose, :reason)"""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()  # native: nothing under it yields to eventlet's hub
        self._open: _Month | None = None

    def months(self) -> list[str]:
        return sorted(
            found[1]
            for path in self._directory.glob("access-*.db")
            if (found := re.fullmatch(r"access-(\d{4}-\d{2})\.db", path.name))
        )

    def close(self) -> None:
        with self._lock:
            self._close()

    def _record(self, month: str, rows: Sequence[Row]) -> None:
        aside(partial(self._write, month, rows))

    def _write(self, month: str, rows: Sequence[Row]) -> None:
        with self._lock:
            try:
                with self._month_of(month).database.transaction() as statements:
                    for row in rows:
                        statements.write(self._ADD, **row)
            except BaseException:
                self._close()
                raise

    def _read(self, month: str, query: str, **parameters: Any) -> list[Row]:
        if not self._path(month).exists():
            return []
        with closing(SqliteDatabase(self._path(month), busy_seconds=BUSY_SECONDS)) as database:
            _migrate(database, STEPS_OF_A_FILE)
            return database.read(query, **parameters)

    def _drop(self, month: str) -> None:
        path = self._path(month)
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)

    def _path(self, month: str) -> Path:
        return self._directory / f"access-{month}.db"

    def _month_of(self, month: str) -> _Month:
        """The open file of the month; opened again when it is another month or the file was replaced."""
        path = self._path(month)
        if self._open is None or self._open.path != path or not self._open.is_in_place():
            self._close()
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._open = _Month(path)
        return self._open

    def _close(self) -> None:
        if self._open is not None:
            self._open.database.close()
            self._open = None


class PostgresAccessLog(AccessLog):
    """The access log in a schema of PostgreSQL, one partition per month. Opened when it is first needed."""

    _accesses = "(select * from accesses where month = :month) as accesses"
    _ADD: Final = """insert into accesses (month, number, at, actor, subject, purpose, reason)
                     values (:month, (select coalesce(max(number), 0) + 1 from accesses where month = :month),
                             :at, :actor, :subject, :purpose, :reason)"""

    def __init__(self, url: str) -> None:
        self._database = PostgresDatabase(url)
        self._is_whole = False

    def months(self) -> list[str]:
        rows = self._whole().read(
            "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'accesses'::regclass"
        )
        return sorted(row["name"].removeprefix("accesses_").replace("_", "-") for row in rows)

    def close(self) -> None:
        self._database.close()

    def _record(self, month: str, rows: Sequence[Row]) -> None:
        with self._whole().transaction() as statements:
            statements.write(
                f"create table if not exists {_partition(month)} partition of accesses for values in ('{month}')"
            )
            for row in rows:
                statements.write(self._ADD, month=month, **row)

    def _read(self, month: str, query: str, **parameters: Any) -> list[Row]:
        return self._whole().read(query, month=month, **parameters)

    def _drop(self, month: str) -> None:
        self._whole().write(f"drop table if exists {_partition(month)}")

    def _whole(self) -> PostgresDatabase:
        if not self._is_whole:
            _migrate(self._database, STEPS_OF_A_SCHEMA)
            self._is_whole = True
        return self._database


def _partition(month: str) -> str:
    """The table of a month. Raises ValueError for what is none."""
    if re.fullmatch(r"\d{4}-\d{2}", month) is None:
        raise ValueError(month)
    return f"accesses_{month.replace('-', '_')}"


def _migrate(database: Database, steps: tuple[Step, ...]) -> None:
    """Raises DatabaseUnavailable, also for what a newer program has written: this one can neither read nor record."""
    try:
        migrate(database, steps)
    except TooNew as error:
        raise DatabaseUnavailable(str(error)) from None


def _access(row: Row) -> Access:
    return Access(
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        subject=row["subject"],
        purpose=row["purpose"],
        reason=row["reason"],
    )


class _Month:
    def __init__(self, path: Path) -> None:
        self.path = path
        with _one_process_at_a_time(path.parent):  # SQLite does not wait when two turn on WAL at once
            self.database = SqliteDatabase(path, PRAGMAS, busy_seconds=BUSY_SECONDS)
            try:
                _migrate(self.database, STEPS_OF_A_FILE)
                self._inode = path.stat().st_ino
            except BaseException:
                self.database.close()
                raise

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
