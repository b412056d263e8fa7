"""Copies of SQLite files: one consistent state of a file that others write meanwhile."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from shared.runtime.disk import sync

PAGES: Final = 2048
"""Pages between two reports of progress."""
BUSY_SECONDS: Final = 10.0


def copy_file(
    source: Path,
    target: Path,
    *,
    without_rows_of: Collection[str] = (),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """A copy in one file without a write-ahead log, durable on return. Raises sqlite3.Error, OSError.

    The source's state is held by a transaction, so that writers disturb neither the copy nor are disturbed by it.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(_connect(source, "mode=rw")) as there,
        closing(sqlite3.connect(target, isolation_level=None)) as here,
    ):
        there.execute("begin")
        there.execute("select 1 from sqlite_master").fetchone()
        there.backup(here, pages=PAGES, progress=lambda status, rest, total: tell(total - rest, total))
        here.execute("pragma journal_mode=delete")
        if without_rows_of:
            here.execute("pragma secure_delete=on")
            for table in without_rows_of:
                here.execute(f"delete from {table}")
            here.execute("vacuum")
    sync(target)


def rows_of(path: Path, query: str) -> list[Any]:
    """Rows of a file that nobody writes any more; it is not touched. Raises sqlite3.Error."""
    with closing(_connect(path, "mode=ro&immutable=1")) as connection:
        return connection.execute(query).fetchall()


def is_whole(path: Path) -> bool:
    """What SQLite itself says of a file that nobody writes any more."""
    try:
        return rows_of(path, "pragma integrity_check") == [("ok",)]
    except sqlite3.Error:
        return False


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None, timeout=BUSY_SECONDS)
