"""The business clock."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.codec import decode
from shared.contracts.runtime import CLOCK, OFFICE, DayBegan
from shared.execute import Refused
from shared.service import clock
from shared.service.clock import FIRST_DAY, Advance, ManualClock, SystemClock, advance
from shared.service.platform import Platform
from tests.given import given

DAY = date(2018, 11, 5)


def began(day: date) -> DayBegan:
    return DayBegan(occurred_on=day)


def test_a_day_begins() -> None:
    given(clock.decider).when(Advance(DAY)).then(began(DAY))


def test_the_present_day_begins_once() -> None:
    given(clock.decider, began(DAY)).when(Advance(DAY)).then_nothing()


def test_the_clock_does_not_go_back() -> None:
    yesterday = DAY - timedelta(days=1)
    given(clock.decider, began(DAY)).when(Advance(yesterday)).then_refused("clock-goes-back", today=DAY, to=yesterday)
    given(clock.decider).when(Advance(date(2014, 12, 31))).then_refused("clock-goes-back")


def test_the_system_clock_is_the_offices_day(monkeypatch: pytest.MonkeyPatch) -> None:
    class Midsummer(datetime):
        @classmethod
        def now(cls, zone: object = None) -> datetime:
            return datetime(2018, 6, 30, 22, 30, tzinfo=UTC).astimezone(OFFICE)

    monkeypatch.setattr(clock, "datetime", Midsummer)
    assert SystemClock().today() == date(2018, 7, 1)


def test_every_process_sees_the_same_day(opened: Callable[..., Platform]) -> None:
    here, there = opened(), opened()
    assert here.clock.today() == there.clock.today() == FIRST_DAY
    advance(here.store, here.sealer, DAY, "probe")
    assert here.clock.today() == there.clock.today() == DAY
    advance(there.store, there.sealer, DAY + timedelta(days=1), "probe")
    assert here.clock.today() == DAY + timedelta(days=1)


def test_a_day_is_recorded_once_with_who_began_it(opened: Callable[..., Platform]) -> None:
    platform = opened()
    first = advance(platform.store, platform.sealer, DAY, "probe")
    again = advance(platform.store, platform.sealer, DAY, "another")
    assert (first.revision, again.revision, again.repeated) == (0, 0, True)
    (stored,) = platform.store.read(CLOCK)
    recorded = decode(stored, platform.sealer)
    assert recorded.event == began(DAY)
    assert (recorded.envelope.actor, recorded.envelope.learnt_on) == ("probe", DAY)


def test_a_day_that_was_left_does_not_come_again(opened: Callable[..., Platform]) -> None:
    platform = opened()
    for day in (DAY, DAY + timedelta(days=2)):
        advance(platform.store, platform.sealer, day, "probe")
    for day in (DAY, DAY + timedelta(days=1), FIRST_DAY):
        with pytest.raises(Refused):
            advance(platform.store, platform.sealer, day, "probe")
    assert ManualClock(platform.store).today() == DAY + timedelta(days=2)


def test_many_at_once_begin_a_day_once(opened: Callable[..., Platform]) -> None:
    platform = opened()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: advance(platform.store, platform.sealer, DAY, "probe"), range(16)))
    assert len(platform.store.read(CLOCK)) == 1
