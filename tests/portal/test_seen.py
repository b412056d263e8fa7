"""Whom somebody was shown a moment ago: for a minute, and for themselves alone."""

from __future__ import annotations

from services.portal.records.households import Household, Person
from services.portal.records.seen import Seen

PROBE = Household("h", "c", (Person("p", "Ali", "Probe"),))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_shown_is_known_for_a_minute() -> None:
    clock = Clock()
    seen = Seen(60.0, clock=clock)
    assert seen.recall("ada") is None
    assert seen.remember("ada", [PROBE]) == (PROBE,) == seen.recall("ada")
    clock.now += 59
    assert seen.recall("ada") == (PROBE,)
    clock.now += 1
    assert seen.recall("ada") is None


def test_nobody_is_told_what_others_were_shown() -> None:
    seen = Seen(clock=Clock())
    seen.remember("ada", [PROBE])
    seen.remember("ben", [])
    assert (seen.recall("ada"), seen.recall("ben"), seen.recall("cem")) == ((PROBE,), (), None)


def test_names_that_were_shown_too_long_ago_are_kept_nowhere() -> None:
    clock = Clock()
    seen = Seen(60.0, clock=clock)
    seen.remember("ada", [PROBE])
    clock.now += 60
    seen.remember("ben", [])
    assert "Probe" not in repr(vars(seen))
