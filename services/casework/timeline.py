"""What holds from a day on, until something else does. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)  # no slots: Python 3.11 cannot make Timeline[X]() of a frozen class with slots
class Timeline(Generic[T]):
    """Values by the day from which they hold, oldest first; what is recorded later wins on the same day."""

    entries: tuple[tuple[date, T], ...] = ()

    def starting(self, since: date, value: T) -> Timeline[T]:
        """The timeline with ``value`` from ``since`` until the next entry."""
        kept = {day: held for day, held in self.entries if day != since}
        return Timeline(tuple(sorted((kept | {since: value}).items(), key=lambda entry: entry[0])))

    def on(self, day: date) -> T | None:
        """What holds on a day; None before the first entry."""
        return next((value for since, value in reversed(self.entries) if since <= day), None)

    def next_change(self, after: date) -> date:
        """The first day after ``after`` from which another entry holds; ``date.max`` if there is none."""
        return next((since for since, _ in self.entries if since > after), date.max)

    def days_within(self, first: date, end: date) -> Iterator[date]:
        """The days of [first, end) at which to look in order to see everything that holds there."""
        yield first
        yield from (since for since, _ in self.entries if first < since < end)
