"""A figure over time says at each point what the figure says on that day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.facts import look
from services.reporting.figures import FIGURES, OVER_TIME
from services.reporting.figures.model import Sums, measure
from services.reporting.series import Counted, sums_on, sweep
from shared.contracts.envelope import KnownAt
from tests.reporting.any_history import DAYS, any_history, day
from tests.reporting.histories import History, snapshot, talk

ONE = timedelta(days=1)
POINTS = sorted({point for each in DAYS for point in (each - ONE, each, each + ONE)})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(any_history(), st.data())
def test_each_point_is_what_the_figure_says_on_that_day(history: History, data: st.DataObject) -> None:
    known_at: KnownAt = data.draw(st.none() | day | st.integers(0, len(history.stored) + 1))
    with history.folded() as engine, snapshot(engine) as now:
        for figure in OVER_TIME.values():
            at = look(now, figure.views, valid_at=POINTS[-1], known_at=known_at)
            for point, sums in zip(POINTS, sums_on(now.connection, figure, at, POINTS), strict=True):
                on_the_day = look(now, figure.views, valid_at=point, known_at=known_at)
                expected = measure(now.connection, figure, on_the_day)
                found = figure.value(sums, replace(at.as_of, valid_at=point))
                assert list(found.items()) == list(expected.items()), (figure.name, point)


def test_without_days_there_are_no_points() -> None:
    with History().folded() as engine, snapshot(engine) as now:
        figure = FIGURES["persons-in-care"]
        at = look(now, figure.views, valid_at=DAYS[0])
        assert sums_on(now.connection, figure, at, []) == []


def swept(*counted: Counted) -> list[tuple[int, int]]:
    """Sum and number of contributions of the line "a" on three days."""
    sums = [Sums(), Sums(), Sums()]
    sweep(counted, ["2018-01-01", "2018-01-02", "2018-01-04"], sums)
    return [(int(each["a"]), each.contributions("a")) for each in sums]


@pytest.mark.parametrize(
    ("since", "until", "counts_on"),
    [
        ("2017-01-01", "9999-12-31", [1, 1, 1]),
        ("2018-01-02", "9999-12-31", [0, 1, 1]),
        ("2018-01-03", "2018-01-05", [0, 0, 1]),
        ("2017-01-01", "2018-01-02", [1, 0, 0]),  # the last day is not included
        ("2018-01-03", "2018-01-04", [0, 0, 0]),
        ("2018-01-04", "2018-01-02", [0, 0, 0]),
        ("2019-01-01", "9999-12-31", [0, 0, 0]),
    ],
)
def test_a_contribution_counts_on_the_days_of_its_spell(since: str, until: str, counts_on: list[int]) -> None:
    assert swept(Counted("a", 200, 1, since, until)) == [(2 * n, n) for n in counts_on]


def test_a_line_on_which_nothing_counts_is_none() -> None:
    sums = [Sums()]
    sweep([Counted("a", 100, 1, "2018-01-01", "2018-01-02")], ["2018-01-03"], sums)
    assert sums[0].lines == []


def test_what_came_since_is_the_difference_of_the_sums() -> None:
    history = History().day(date(2018, 3, 1))
    history.record(talk("first", "one", date(2018, 3, 1), "ada", setting="outreach"))
    history.record(talk("second", "one", date(2018, 4, 1), "ada"), talk("third", "one", date(2018, 4, 2), "ada"))
    figure = FIGURES["outreach-share"]
    with history.folded() as engine, snapshot(engine) as now:
        at = look(now, figure.views, valid_at=date(2018, 4, 30))
        march, april = sums_on(now.connection, figure, at, [date(2018, 3, 31), date(2018, 4, 30)])
    assert figure.value(april - march, at.as_of) == {"share": 0, "outreach": 0, "consultations": 2}
    assert (april - march).lines == ["elsewhere"]
