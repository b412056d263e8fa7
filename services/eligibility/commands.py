"""What may be asked of eligibility. Nobody records anything here: it assesses what others have recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.api.fields import Invalid, ags, any_date, matching, one_of, uuid, whole
from shared.api.said import Said
from shared.contracts.model import Ags, PersonId

NEITHER: Final = Said(
    "ist weder ein Datum (JJJJ-MM-TT) noch eine Position", "is neither a date (YYYY-MM-DD) nor a position"
)
Asked = Literal["provisional", "follow_up", "overdue_occupant"]
"""In provisional housing; in follow-up housing; entitled to it, but still in a shared accommodation."""


@dataclass(frozen=True, slots=True)
class Assess:
    """Look at a person as of today, and publish what differs from the last determination."""

    person_id: PersonId


@dataclass(frozen=True, kw_only=True)
class GetEligibility:
    """Phase and service in charge of a person as of a day, as it was known.

    ``valid_at``: the day looked at (default: today). ``known_at``: a date (what the office had learnt
    by then) or a position of the log (exact); default: all.
    """

    person_id: PersonId = uuid()
    valid_at: date | None = any_date(default=None)
    known_at: str | None = matching(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,15}", de=NEITHER.german, en=str(NEITHER), default=None
    )

    def __post_init__(self) -> None:
        try:
            _ = self.known
        except ValueError:
            raise Invalid("known_at", de=NEITHER.german, en=str(NEITHER)) from None

    @property
    def known(self) -> date | int | None:
        """``known_at`` as what it means. Raises ValueError for a date that no calendar has."""
        if self.known_at is None:
            return None
        return int(self.known_at) if self.known_at.isdecimal() else date.fromisoformat(self.known_at)


@dataclass(frozen=True, kw_only=True)
class GetResponsibility:
    """Who serves people in this phase in this municipality on a day (default: today)."""

    ags: Ags = ags()
    phase: Asked = one_of(Asked)
    on: date | None = any_date(default=None)


@dataclass(frozen=True, kw_only=True)
class FindDue:
    """Persons at whom to look again by a day (default: today), the earliest first."""

    until: date | None = any_date(default=None)
    limit: int = whole(1, 500, default=100)
