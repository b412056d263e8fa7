from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.eligibility.months import add_months, reaches_age


@pytest.mark.parametrize(
    ("begins", "months", "ends"),
    [
        (date(2015, 9, 15), 24, date(2017, 9, 15)),
        (date(2016, 2, 29), 24, date(2018, 2, 28)),
        (date(2016, 8, 31), 6, date(2017, 2, 28)),
        (date(2015, 8, 31), 6, date(2016, 2, 29)),
        (date(2016, 12, 1), 1, date(2017, 1, 1)),
        (date(2016, 3, 31), 1, date(2016, 4, 30)),
    ],
)
def test_months_end_on_the_same_day_number_or_the_last_day(begins: date, months: int, ends: date) -> None:
    assert add_months(begins, months) == ends


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.integers(0, 240))
def test_months_never_skip_one(begins: date, months: int) -> None:
    ends = add_months(begins, months)
    assert (ends.year - begins.year) * 12 + ends.month - begins.month == months
    assert ends.day <= begins.day


@pytest.mark.parametrize(
    ("born_on", "of_age"),
    [
        (date(2000, 5, 1), date(2018, 5, 1)),
        (date(2000, 2, 29), date(2018, 3, 1)),
        (date(2002, 2, 28), date(2020, 2, 28)),
    ],
)
def test_an_age_is_reached_at_the_beginning_of_the_birthday(born_on: date, of_age: date) -> None:
    assert reaches_age(born_on, 18) == of_age
