"""What the runtime publishes: the business clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.contracts.model import Event
from shared.contracts.registry import published

CLOCK: Final = "clock"
"""The clock's stream; there is one."""


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class DayBegan(Event):
    """The business day ``occurred_on`` began; recorded only while the clock is set by hand."""
