"""Guessing gets slower: each failure of an account or an address makes the next try wait longer.

Failures are forgotten one by one, so that an office behind one address is not locked out by the slips of a day.
"""

from __future__ import annotations

import hmac
import time
from dataclasses import dataclass
from typing import Final

from shared.database.plain import Database, Statements

ONE_FORGOTTEN_AFTER: Final = 300.0
"""Seconds since the last failure for each one that is forgotten."""
ALL_FORGOTTEN_AFTER: Final = 24 * 3600.0
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


@dataclass(frozen=True, slots=True)
class Failures:
    """``count`` failures up to ``last_at``, in seconds since 1970."""

    count: int
    last_at: float

    def left(self, now: float) -> int:
        """How many are not forgotten."""
        return max(0, self.count - int((now - self.last_at) // ONE_FORGOTTEN_AFTER))

    def wait(self, patience: Patience, now: float) -> float:
        """Seconds to wait before the next try; below 0 that long already."""
        return self.last_at + patience.wait_after(self.left(now)) - now


@dataclass(frozen=True, slots=True)
class Try:
    """``wait``: seconds to wait before it; 0 has let it in, at ``at``. ``before``: how its address stood."""

    wait: float
    account: bytes
    address: bytes
    at: float
    before: Failures


class Throttle:
    """Counts failures by account and by address; both only as keyed hashes."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database, self._key = database, key

    def enter(self, name: str, address: str) -> Try:
        """A try, which has to wait, or is let in and counts as failed until ``forgive``.

        Counted before and not after, so that many tries at once are no way around it.
        """
        now = time.time()
        account, at_address = self._who("account", name), self._who("address", address)
        with self._database.transaction() as statements:
            of_account, of_address = (_failures(statements, who, now) for who in (account, at_address))
            wait = max(0.0, of_account.wait(PER_ACCOUNT, now), of_address.wait(PER_ADDRESS, now))
            if wait == 0:
                statements.write("delete from failures where last_at < :before", before=now - ALL_FORGOTTEN_AFTER)
                _count(statements, account, of_account, now)
                _count(statements, at_address, of_address, now)
        return Try(wait, account, at_address, now, of_address)

    def forgive(self, right: Try) -> None:
        """The try was right: the account starts afresh, the address stands as before; if others have tried from there
        since, it has only this one back."""
        with self._database.transaction() as statements:
            statements.write("delete from failures where who = :who", who=right.account)
            statements.write(
                "update failures set count = case when last_at = :at then :count else count - 1 end,"
                " last_at = case when last_at = :at then :last_at else last_at end where who = :who",
                at=right.at,
                count=right.before.count,
                last_at=right.before.last_at,
                who=right.address,
            )

    def _who(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind} {value}".encode(), "sha256")


def _failures(statements: Statements, who: bytes, now: float) -> Failures:
    for row in statements.read("select count, last_at from failures where who = :who", who=who):
        return Failures(row["count"], row["last_at"])
    return Failures(0, now)


def _count(statements: Statements, who: bytes, before: Failures, now: float) -> None:
    statements.write(
        "insert into failures (who, count, last_at) values (:who, :count, :now)"
        " on conflict (who) do update set count = :count, last_at = :now",
        who=who,
        count=before.left(now) + 1,
        now=now,
    )
