"""The business clock: which day it is in the office.

In operation it is today in Europe/Berlin. In a demonstration it is set by hand: each step forward is an
event ``DayBegan``, so that every process sees the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from shared.contracts.codec import Sealer, envelope_of
from shared.contracts.envelope import Origin
from shared.contracts.ids import named_id
from shared.contracts.runtime import CLOCK, OFFICE, DayBegan
from shared.eventstore.port import EventStore
from shared.execute import COMMANDS, Accepted, Decider, Refused, execute

FIRST_DAY: Final = date(2015, 1, 1)
"""The manual clock's day before it was ever advanced."""


class BusinessClock(Protocol):
    """Tells the office's date."""

    def today(self) -> date: ...


class SystemClock:
    """The machine's date in the office's time zone."""

    def today(self) -> date:
        return datetime.now(OFFICE).date()


class ManualClock:
    """The newest day that was begun by hand. Looks for it at each call: any process may have begun it."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._seen: tuple[int, date] = (0, FIRST_DAY)

    def today(self) -> date:
        """Raises StoreUnavailable."""
        newest = self._store.read_last(CLOCK)
        if newest is not None and newest.position != self._seen[0]:
            self._seen = newest.position, envelope_of(newest).occurred_on
        return self._seen[1]


@dataclass(frozen=True, slots=True)
class Advance:
    """Begin this day."""

    to: date


def evolve(_: date, event: DayBegan) -> date:
    return event.occurred_on


def decide(today: date, command: Advance) -> list[DayBegan]:
    """Refuses to go back; the present day needs no event."""
    if command.to < today:
        raise Refused("clock-goes-back", today=today, to=command.to)
    return [] if command.to == today else [DayBegan(occurred_on=command.to)]


decider: Final = Decider(FIRST_DAY, evolve, decide, newest_suffices=True)


def advance(store: EventStore, sealer: Sealer, to: date, actor: str) -> Accepted:
    """Begin the day ``to``; once, however often it is asked for.

    Raises Refused("clock-goes-back"), StoreUnavailable.
    """
    decide(ManualClock(store).today(), Advance(to))  # a day begun before, and left since, is refused too
    command_id = named_id(COMMANDS, f"clock {to}")
    return execute(store, sealer, CLOCK, decider, Advance(to), Origin.by(actor, command_id, to))
