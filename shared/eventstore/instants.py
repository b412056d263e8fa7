"""Instants as logs keep them: microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNIT: Final = timedelta(microseconds=1)


def microseconds(instant: datetime) -> int:
    """An instant as a log keeps it."""
    return (instant - EPOCH) // _UNIT


def instant_of(microseconds: int) -> datetime:
    """An instant that a log kept, in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)
