"""Whom somebody looks after, as their pages showed it a moment ago."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from services.portal.records.households import Household


class Seen:
    """The households that accounts have just been shown: no look into intake for every letter that they type.

    ``lasts``: seconds after which they are forgotten; ``clock`` tells seconds. Names stand in this process's memory
    only, and each account is given its own.
    """

    def __init__(self, lasts: float = 60.0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._lasts, self._clock = lasts, clock
        self._known: dict[str, tuple[float, tuple[Household, ...]]] = {}

    def recall(self, account_id: str) -> tuple[Household, ...] | None:
        """What an account was shown; None if that is too long ago."""
        seen_at, households = self._known.get(account_id, (0.0, None))
        return households if self._is_fresh(seen_at) else None

    def remember(self, account_id: str, households: Iterable[Household]) -> tuple[Household, ...]:
        """Keep what an account is shown; what others were shown too long ago goes."""
        shown = tuple(households)
        fresh = {who: seen for who, seen in self._known.items() if self._is_fresh(seen[0])}
        self._known = {**fresh, account_id: (self._clock(), shown)}
        return shown

    def _is_fresh(self, seen_at: float) -> bool:
        return self._clock() - seen_at < self._lasts
