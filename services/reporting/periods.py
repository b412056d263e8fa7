"""Calendar periods: months, quarters and weeks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal, NamedTuple, TypeAlias

Every: TypeAlias = Literal["month", "quarter", "week"]


class Period(NamedTuple):
    """From the first day to the last, both included."""

    first: date
    last: date


def periods(since: date, until: date, every: Every) -> Iterator[Period]:
    """The periods that the days from ``since`` to ``until`` touch, cut to these days. Weeks begin on Monday."""
    while since <= until:
        last = min(last_day(since, every), until)
        yield Period(since, last)
        since = last + timedelta(days=1)


def last_day(day: date, every: Every) -> date:
    """The last day of the period in which a day lies."""
    match every:
        case "week":
            return day + timedelta(days=6 - day.weekday())
        case "month":
            return _begin(day.year, day.month + 1) - timedelta(days=1)
        case "quarter":
            return _begin(day.year, day.month + 3 - (day.month - 1) % 3) - timedelta(days=1)


def _begin(year: int, month: int) -> date:
    """The first day of a month; the thirteenth is next year's first."""
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def months_later(day: date, months: int) -> date:
    """The same day of the month so many months later, or that month's last day."""
    begin = _begin(day.year, day.month + months)
    return min(begin + timedelta(days=day.day - 1), last_day(begin, "month"))
