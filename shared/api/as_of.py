"""The two questions in time that every reader may ask: what held on a day, and as it was known when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from shared.api.fields import Invalid, any_date, matching
from shared.contracts.envelope import KnownAt

KNOWN_AT: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,15}"


def date_or_position() -> Any:
    """The state of knowledge: a day (what was learnt by then) or a position (what stands up to there)."""
    return matching(
        KNOWN_AT, de="ist weder ein Datum noch eine Position", en="is neither a date nor a position", default=None
    )


def known_at(said: str | None, *, field: str = "known_at") -> KnownAt:
    """What a ``date_or_position`` says; None is everything. Raises Invalid for a day no calendar has."""
    if said is None or said.isdigit():
        return None if said is None else int(said)
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise Invalid(field, de="ist kein Datum", en="is not a date") from None


@dataclass(frozen=True, kw_only=True)
class AsKnown:
    """What was known at ``known_at`` (default: all that is)."""

    known_at: str | None = date_or_position()

    def __post_init__(self) -> None:
        _ = self.known

    @property
    def known(self) -> KnownAt:
        """``known_at`` as what it means."""
        return known_at(self.known_at)


@dataclass(frozen=True, kw_only=True)
class AsOf(AsKnown):
    """What held on ``valid_at`` (default: today), as it was known at ``known_at``."""

    valid_at: date | None = any_date(default=None)  # noqa: RUF009 - a dataclass field
