"""What the runtime publishes: the business clock, in the stream ``clock``."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.model import Event
from shared.contracts.registry import published


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class DayBegan(Event):
    """The business day ``occurred_on`` began; recorded only while the clock is set by hand."""
