"""How far the relay has come: one row in a file of its own."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from shared.eventstore.port import StoreUnavailable

SCHEMA: Final = """
create table if not exists relay(
    one integer primary key check (one = 1),
    position integer not null  -- of the last event that the broker has confirmed
) strict;
insert or ignore into relay values(1, 0);
"""


class CheckpointUnavailable(StoreUnavailable):
    """The file cannot be read or written."""


class Checkpoint:
    """The position up to which everything is published. To be used by one thread at a time.

    Raises StoreUnavailable when the file cannot be read or written.
    """

    FILE: Final = "relay.db"
    """Its name in the data directory."""

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
            self._connection.execute("pragma journal_mode=wal")
            self._connection.execute("pragma synchronous=full")
            self._connection.executescript(SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise CheckpointUnavailable(f"{self.FILE}: {type(error).__name__}") from error

    def position(self) -> int:
        """Of the last confirmed event; 0 before the first."""
        (position,) = self._execute("select position from relay").fetchone()
        return int(position)

    def advance(self, expected: int, position: int) -> bool:
        """Move on, unless somebody else has moved it meanwhile (a rewind, another relay): then False."""
        moved = self._execute("update relay set position = ? where position = ?", position, expected)
        return moved.rowcount == 1

    def rewind(self, position: int) -> int:
        """Go back, so that all events after ``position`` are published again; returns where it was.

        Raises ValueError for a position ahead of the checkpoint: what lies between would never be published.
        """
        was = self.position()
        while position < was and not self.advance(was, position):
            was = self.position()
        if position > was:
            raise ValueError(f"the relay is at {was}; it can go back, not forward to {position}")
        return was

    def close(self) -> None:
        self._connection.close()

    def _execute(self, statement: str, *parameters: int) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, parameters)
        except sqlite3.Error as error:
            raise CheckpointUnavailable(f"{self.FILE}: {type(error).__name__}") from error
