"""The sentence itself: that a false sentence fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from shared.contracts.runtime import DayBegan
from shared.execute import Decider, Refused
from tests.given import given


@dataclass(frozen=True)
class Advance:
    to: date


def decide(today: date, command: Advance) -> list[DayBegan]:
    if command.to < today:
        raise Refused("clock-goes-back", today=today.isoformat(), to=command.to.isoformat())
    return [] if command.to == today else [DayBegan(occurred_on=command.to)]


CLOCK: Decider[date, Advance, DayBegan] = Decider(date.min, lambda _, event: event.occurred_on, decide)
MONDAY, TUESDAY = DayBegan(occurred_on=date(2018, 1, 1)), DayBegan(occurred_on=date(2018, 1, 2))


def test_true_sentences() -> None:
    given(CLOCK).when(Advance(MONDAY.occurred_on)).then(MONDAY)
    given(CLOCK, MONDAY).when(Advance(MONDAY.occurred_on)).then_nothing()
    given(CLOCK, MONDAY, TUESDAY).when(Advance(MONDAY.occurred_on)).then_refused("clock-goes-back")
    given(CLOCK, TUESDAY).when(Advance(MONDAY.occurred_on)).then_refused("clock-goes-back", today="2018-01-02")
    assert given(CLOCK, MONDAY, TUESDAY).state == TUESDAY.occurred_on


def test_false_sentences_fail_and_say_what_came_instead() -> None:
    accepted = given(CLOCK).when(Advance(MONDAY.occurred_on))
    refused = given(CLOCK, TUESDAY).when(Advance(MONDAY.occurred_on))
    with pytest.raises(AssertionError, match="DayBegan"):
        accepted.then(TUESDAY)
    with pytest.raises(AssertionError, match="DayBegan"):
        accepted.then_nothing()
    with pytest.raises(AssertionError, match="DayBegan"):
        accepted.then_refused("clock-goes-back")
    with pytest.raises(AssertionError, match="was refused: clock-goes-back"):
        refused.then(MONDAY)
    with pytest.raises(AssertionError, match="was refused: clock-goes-back"):
        refused.then_refused("clock-stands-still")
    with pytest.raises(AssertionError, match="2018-01-02"):
        refused.then_refused("clock-goes-back", today="2018-01-03")
