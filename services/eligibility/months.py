"""Months and ages as the law counts them (§§ 187, 188 BGB). Pure."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    """The day with the same number, else the last day of that month (§ 188 (2), (3) BGB).

    29.02.2016 + 24 months = 28.02.2018. Raises ValueError beyond the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def reaches_age(born_on: date, years: int) -> date:
    """The first day at that age. The day of birth counts in full (§ 187 (2) s. 2 BGB).

    So whoever was born on 29.02.2000 is 18 from 01.03.2018, a day after ``add_months`` would say.
    """
    birthday = add_months(born_on, 12 * years)
    return birthday if birthday.day == born_on.day else birthday + timedelta(days=1)
