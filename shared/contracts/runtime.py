"""What the runtime publishes: the business clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from shared.contracts.model import Event
from shared.contracts.registry import published

OFFICE: Final = ZoneInfo("Europe/Berlin")
"""Where the office is: by its time a business day begins and ends."""
CLOCK: Final = "clock"
"""The clock's stream; there is one."""


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class DayBegan(Event):
    """The business day ``occurred_on`` began; recorded only while the clock is set by hand."""
