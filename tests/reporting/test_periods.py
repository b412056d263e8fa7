"""Months, quarters and weeks."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.periods import Every, last_day, months_later, periods

DAYS = st.dates(date(1999, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("every", "ends"),
    [
        ("month", ["2018-11-30", "2018-12-31", "2019-01-31", "2019-02-10"]),
        ("quarter", ["2018-12-31", "2019-02-10"]),
    ],
)
def test_periods_end_with_the_calendar_s_and_the_last_with_the_last_day(every: Every, ends: list[str]) -> None:
    found = list(periods(date(2018, 11, 5), date(2019, 2, 10), every))
    assert [period.last.isoformat() for period in found] == ends
    assert found[0].first == date(2018, 11, 5)


def test_weeks_end_on_sunday() -> None:
    assert [period.last.weekday() for period in periods(date(2018, 11, 7), date(2018, 11, 25), "week")] == [6, 6, 6]
    assert last_day(date(2018, 11, 11), "week") == date(2018, 11, 11)


def test_no_days_are_no_periods() -> None:
    assert list(periods(date(2018, 11, 2), date(2018, 11, 1), "month")) == []


@given(DAYS, st.integers(0, 800), st.sampled_from(["month", "quarter", "week"]))
def test_periods_cover_every_day_once(since: date, days: int, every: Every) -> None:
    until = since + timedelta(days=days)
    found = list(periods(since, until, every))
    assert (found[0].first, found[-1].last) == (since, until)
    assert all(later.first - earlier.last == timedelta(days=1) for earlier, later in pairwise(found))
    assert all(last_day(period.first, every) == last_day(period.last, every) for period in found)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2018-01-31", 1, "2018-02-28"), ("2018-11-15", 2, "2019-01-15"), ("2016-02-29", 12, "2017-02-28")],
)
def test_so_many_months_later(day: str, months: int, later: str) -> None:
    assert months_later(date.fromisoformat(day), months).isoformat() == later
