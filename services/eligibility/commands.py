"""What may be asked of eligibility. Nobody records anything here: it assesses what others have recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.api.as_of import AsKnown, AsOf
from shared.api.fields import ags, any_date, one_of, several, uuid, whole
from shared.contracts.model import Ags, PersonId

Asked = Literal["provisional", "follow_up", "overdue_occupant"]
"""In provisional housing; in follow-up housing; entitled to it, but still in a shared accommodation."""


@dataclass(frozen=True, slots=True)
class Assess:
    """Look at a person as of today, and publish what differs from the last determination."""

    person_id: PersonId


@dataclass(frozen=True, kw_only=True)
class GetEligibility(AsOf):
    """Phase and service in charge of a person as of a day, as it was known.

    ``valid_at``: the day looked at (default: today). ``known_at``: a date (what the office had learnt
    by then) or a position of the log (exact); default: all.
    """

    person_id: PersonId = uuid()


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


MOST_PERSONS = 2000


@dataclass(frozen=True, kw_only=True)
class FindDueAmong:
    """What time alone brings these persons up to ``until``."""

    person_ids: tuple[PersonId, ...] = several(uuid(), MOST_PERSONS, least=1)
    until: date = any_date()


@dataclass(frozen=True, kw_only=True)
class FindPhases:
    """In which phase these persons are today."""

    person_ids: tuple[PersonId, ...] = several(uuid(), 100, least=1)


@dataclass(frozen=True, kw_only=True)
class GetHistory(AsKnown):
    """What was determined about a person, and when."""

    person_id: PersonId = uuid()
