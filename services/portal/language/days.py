"""Days as people write them: ``5.11.18``, ``05.11.2018``, ``heute``, ``gestern``, ``-3``. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

RELATIVE: Final = {
    "heute": 0,
    "h": 0,
    "today": 0,
    "gestern": -1,
    "g": -1,
    "yesterday": -1,
    "vorgestern": -2,
    "morgen": 1,
    "tomorrow": 1,
}
YEARS: Final = range(1900, 2200)
"""Those that the services take."""
_WRITTEN = re.compile(r"(\d{1,2})[.,/ ](\d{1,2})(?:[.,/ ](\d{2}|\d{4})?)?")
_RUN = re.compile(r"(\d{2})(\d{2})(\d{2}|\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class NoDay(ValueError):
    """What was written is no day that a calendar has."""


def read_day(written: str, today: date) -> date:
    """The day that is meant. Without a year: the newest such day that is not ahead of ``today``.

    A year of two digits lies at most ten years ahead. Raises NoDay.
    """
    text = written.strip().lower()
    if text in RELATIVE:
        return today + timedelta(days=RELATIVE[text])
    if re.fullmatch(r"[+\-−–]\d{1,3}", text):
        return today + timedelta(days=int(text[1:]) * (1 if text[0] == "+" else -1))
    if found := _ISO.fullmatch(text):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _WRITTEN.fullmatch(text) or _RUN.fullmatch(text):
        day, month = int(found[1]), int(found[2])
        if found[3] is not None:
            return _day(_year(found[3], today), month, day)
        return next(
            (
                this
                for year in range(today.year, today.year - 9, -1)
                if (this := _maybe(year, month, day)) and this <= today
            ),
            None,
        ) or _day(today.year, month, day)
    raise NoDay


def written(day: date) -> str:
    """A day as it stands in a field: the same in both languages, and for ever the same day, as "today" is not."""
    return f"{day:%d.%m.%Y}"


def _year(digits: str, today: date) -> int:
    if len(digits) == 4:
        return int(digits)
    year = today.year // 100 * 100 + int(digits)
    return year if year <= today.year + 10 else year - 100


def _day(year: int, month: int, day: int) -> date:
    if (found := _maybe(year, month, day)) is None:
        raise NoDay
    return found


def _maybe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None
