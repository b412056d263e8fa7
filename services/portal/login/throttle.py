"""Guessing gets slower: each failure of an account or an address makes the next try wait longer."""

from __future__ import annotations

import hmac
import sqlite3
import time
from dataclasses import dataclass
from typing import Final

FORGOTTEN_AFTER: Final = 3600.0
"""Seconds without a failure after which all is forgotten."""
LONGEST_WAIT: Final = 300.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, before each further one doubles the wait."""

    free: int

    def wait_after(self, failures: int) -> float:
        """Seconds to wait after so many failures: 0, …, 0, 1, 2, 4, … at most ``LONGEST_WAIT``."""
        beyond = failures - self.free
        return 0.0 if beyond < 0 else min(LONGEST_WAIT, 2.0 ** min(beyond, 20))


PER_ACCOUNT: Final = Patience(free=4)
PER_ADDRESS: Final = Patience(free=20)
"""A whole office may stand behind one address."""


class Throttle:
    """Counts failures by account and by address; both only as keyed hashes."""

    def __init__(self, database: sqlite3.Connection, key: bytes) -> None:
        self._database, self._key = database, key

    def enter(self, name: str, address: str) -> float:
        """Seconds to wait before a try; 0 lets it in, and counts it as failed until ``forgive``.

        Counted before and not after, so that many tries at once are no way around it.
        """
        now = time.time()
        watched = ((self._who("account", name), PER_ACCOUNT), (self._who("address", address), PER_ADDRESS))
        wait = max(self._wait(who, patience, now) for who, patience in watched)
        if wait <= 0:
            for who, _ in watched:
                self._count(who, now)
        return max(0.0, wait)

    def forgive(self, name: str, address: str) -> None:
        """The try was right: the account starts afresh, the address has this one back."""
        self._database.execute("delete from failures where who = ?", (self._who("account", name),))
        self._database.execute("update failures set count = count - 1 where who = ?", (self._who("address", address),))

    def _wait(self, who: bytes, patience: Patience, now: float) -> float:
        row = self._database.execute("select count, last_at from failures where who = ?", (who,)).fetchone()
        if row is None or now - row["last_at"] > FORGOTTEN_AFTER:
            return 0.0
        return float(row["last_at"] + patience.wait_after(row["count"]) - now)

    def _count(self, who: bytes, now: float) -> None:
        self._database.execute("delete from failures where last_at < ?", (now - FORGOTTEN_AFTER,))
        self._database.execute(
            "insert into failures (who, count, last_at) values (?, 1, ?)"
            " on conflict (who) do update set count = count + 1, last_at = excluded.last_at",
            (who, now),
        )

    def _who(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind} {value}".encode(), "sha256")
