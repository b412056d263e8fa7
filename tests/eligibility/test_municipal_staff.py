"""Staff of a municipality see who lives there, today and on the day they ask about."""

from __future__ import annotations

from datetime import date

import pytest

from services.eligibility.municipal_staff import check_visible
from shared.contracts.model import Ags, Event, Hidden
from shared.execute import Refused
from tests.eligibility.sentences import AICHELBERG, GOEPPINGEN, facts_of, given, left, lived, lives, registered

TODAY = "2018-04-10"
IN_TOWN = (registered(), lives("2016-06-01", "private", GOEPPINGEN))
MOVED = (*IN_TOWN, lives("2018-03-05", "private", AICHELBERG, entry="flat"))


def sees(ags: Ags, *history: Event, on: str = TODAY, as_known: tuple[Event, ...] | None = None) -> bool:
    """Whether the staff may see the person as of a day; ``as_known``: the part of the history known at the time."""
    shown = given(*(history if as_known is None else as_known)).on(on).assessment
    assert shown is not None
    days = {"as_of": date.fromisoformat(on), "today": date.fromisoformat(TODAY)}
    try:
        check_visible(ags, facts_of(history), shown, **days)
    except Refused as refused:
        assert refused.rule == "other-municipality"
        return False
    return True


def test_who_has_always_lived_here_is_seen_on_every_day() -> None:
    assert sees(GOEPPINGEN, *IN_TOWN) and sees(GOEPPINGEN, *IN_TOWN, on="2017-01-01")
    assert not sees(AICHELBERG, *IN_TOWN) and not sees(AICHELBERG, *IN_TOWN, on="2017-01-01")


def test_who_moved_away_is_no_longer_seen_not_even_in_the_past() -> None:
    assert not sees(GOEPPINGEN, *MOVED)
    assert not sees(GOEPPINGEN, *MOVED, on="2018-03-04")


def test_who_moved_here_is_seen_from_that_day_on() -> None:
    assert sees(AICHELBERG, *MOVED)
    assert sees(AICHELBERG, *MOVED, on="2018-03-05")
    assert not sees(AICHELBERG, *MOVED, on="2018-03-04")


@pytest.mark.parametrize("on", [TODAY, "2018-02-01"])
def test_who_left_the_district_or_was_never_housed_is_nobody_s(on: str) -> None:
    assert not sees(GOEPPINGEN, *IN_TOWN, left("2018-03-01"), on=on)
    assert not sees(GOEPPINGEN, registered(), on=on)


def test_a_correction_counts_and_so_does_what_was_known_before_it() -> None:
    corrected = (*IN_TOWN, lived("2016-06-01", "private", AICHELBERG))
    assert sees(AICHELBERG, *corrected, on="2017-01-01")
    assert not sees(AICHELBERG, *corrected, on="2017-01-01", as_known=IN_TOWN)
    assert not sees(GOEPPINGEN, *corrected, on="2017-01-01", as_known=IN_TOWN)


def test_who_is_erased_lives_nowhere() -> None:
    shown = given(*IN_TOWN).on(TODAY).assessment
    assert shown is not None
    day = date.fromisoformat(TODAY)
    for facts in (Hidden.ERASED, None):
        with pytest.raises(Refused):
            check_visible(GOEPPINGEN, facts, shown, as_of=day, today=day)
