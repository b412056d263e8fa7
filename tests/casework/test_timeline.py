"""What holds from a day on."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.casework.timeline import Timeline

FIRST = date(2018, 1, 1)
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))


@given(st.lists(st.tuples(days, st.integers())), days)
def test_the_latest_entry_up_to_the_day_holds(entries: list[tuple[date, int]], day: date) -> None:
    timeline = Timeline[int]()
    for since, value in entries:
        timeline = timeline.starting(since, value)
    known = dict(entries)  # what is recorded later wins on the same day
    newest = max((since for since in known if since <= day), default=None)
    assert timeline.on(day) == (None if newest is None else known[newest])
    assert timeline.next_change(day) == min((since for since in known if since > day), default=date.max)


@given(st.lists(st.tuples(days, st.integers())), days, days)
def test_the_days_within_show_all_that_holds_there(entries: list[tuple[date, int]], first: date, end: date) -> None:
    timeline = Timeline[int]()
    for since, value in entries:
        timeline = timeline.starting(since, value)
    everything = {timeline.on(first + timedelta(days=n)) for n in range((end - first).days)} or {timeline.on(first)}
    assert {timeline.on(day) for day in timeline.days_within(first, end)} == everything
