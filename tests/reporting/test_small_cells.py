"""What the council sees: no count of one to four people, and none that could be computed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reporting.as_of import AsOf
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Sums
from services.reporting.small_cells import ENOUGH, hide, is_small

AS_OF = AsOf(valid_at=date(2018, 11, 1), position=1)


def seen(figure: str, **lines: int) -> tuple[dict[str, Any], bool]:
    """What the council sees of a figure with these sums."""
    sums = Sums()
    for line, count in lines.items():
        if count:
            sums.add(line, Decimal(count), count)
    value, hidden = hide(FIGURES[figure], sums, AS_OF)
    return dict(value), hidden


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"single": 304, "family": 611}, {"total": 915, "single": 304, "family": 611}),
        ({"single": 5, "family": 611}, {"total": 616, "single": 5, "family": 611}),
        ({"single": 0, "family": 611}, {"total": 611, "single": 0, "family": 611}),
        ({"single": 4, "family": 611}, {"total": 615, "single": None, "family": None}),
        ({"single": 1, "family": 1}, {"total": None, "single": None, "family": None}),
        ({"single": 0, "family": 3}, {"total": None, "single": 0, "family": None}),
    ],
)
def test_a_small_part_is_hidden_and_with_it_what_would_give_it_away(
    counts: dict[str, int], shown: dict[str, int | None]
) -> None:
    value, hidden = seen("persons-contacted", **counts)
    assert value == shown
    assert hidden == (None in shown.values())


def test_what_a_total_leaves_is_hidden_too() -> None:
    value, _ = seen("outreach-share", outreach=20, elsewhere=3)
    assert value == {"share": None, "outreach": None, "consultations": 23}


def test_a_ratio_that_rests_on_a_small_count_is_hidden() -> None:
    counts = {"in_care": 1400, "district_municipalities": 300, "own_service_towns": 3, "fte": 13}
    value, hidden = seen("caseload-per-fte", **counts)
    assert hidden and value["with_overdue_occupants"] is None
    assert value["housed"] is not None and value["with_overdue_occupants_outside_towns"] is not None


def test_a_team_s_small_counts_hide_that_team_s_ratios_only() -> None:
    value, _ = seen("caseload-by-team", **{"a.persons": 3, "a.fte": 2, "b.persons": 300, "b.fte": 2})
    assert (value["a.persons"], value["a.housed"], value["a.fte"]) == (None, None, 2)
    assert (value["b.persons"], value["b.housed"]) == (300, 150)


@pytest.mark.parametrize("figure", ["staff", "teams", "municipalities"])
def test_what_counts_no_people_who_are_looked_after_is_shown(figure: str) -> None:
    value, hidden = seen(figure, persons=2, fte=1, teams=3, district=4, own=1)
    assert not hidden and None not in value.values()


@given(st.lists(st.integers(0, 12), min_size=4, max_size=4))
def test_no_small_part_can_be_computed_from_what_is_shown(counts: list[int]) -> None:
    settings = ("outreach", "office_hours", "office", "remote")
    value, hidden = seen("consultations", **dict(zip(settings, counts, strict=True)))
    assert hidden == any(map(is_small, counts))
    assert not any(is_small(value[setting]) for setting in (*settings, "total"))
    secret = [count for setting, count in zip(settings, counts, strict=True) if value[setting] is None]
    if value["total"] is not None and secret:  # then their sum is known: several numbers must make it up
        assert len(secret) > 1 and sum(secret) >= ENOUGH
        assert len({pair for pair in combinations(range(sum(secret) + 1), 2) if sum(pair) == sum(secret)}) > 1
