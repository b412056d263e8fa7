"""What eligibility publishes: the housing phase and the service in charge of a person.

Every event lives in the stream of its person's eligibility; both are decided together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from shared.contracts.model import (
    Ags,
    Event,
    EventId,
    HouseholdId,
    Personal,
    PersonalClass,
    PersonId,
    personal,
)
from shared.contracts.registry import published

Phase = Literal["provisional", "follow_up", "not_in_district", "out_of_scope", "manual_review"]
"""Provisional housing (VU), follow-up housing (AU), or why neither can be said."""
Rule = Literal["R0", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R11", "R13"]

DISTRICT: Final = "district"
"""The district serves the person itself."""
NOBODY: Final = "none"
"""No service does."""


def eligibility_stream(person_id: PersonId) -> str:
    return f"eligibility-{person_id}"


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class HousingPhaseDetermined(Event):
    """The phase of a person as of ``occurred_on``, the day looked at.

    ``since`` is the day from which the phase holds (for AU: the day provisional housing ended).
    ``rule`` and ``legal_basis`` name the deciding rule (for R10 members: R10, then the anchor's);
    ``overdue_since`` is the flag of R12: in follow-up phase, yet living in a shared accommodation;
    ``next_look_on`` is the next day on which time alone may change the result.
    """

    person_id: PersonId
    household_id: HouseholdId
    rule_set: str
    rests_on: tuple[EventId, ...]
    phase: Personal[Phase] = personal(PersonalClass.STATISTICS, subject="person_id")
    since: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    rule: Personal[Rule] = personal(PersonalClass.STATISTICS, subject="person_id")
    legal_basis: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    reasons: Personal[tuple[str, ...]] = personal(PersonalClass.STATISTICS, subject="person_id")
    overdue_since: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    next_look_on: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ServiceInChargeDetermined(Event):
    """Who serves the person from ``occurred_on``.

    ``integration_management`` is ``DISTRICT``, the AGS of a town with its own service, or ``NOBODY``;
    ``social_advice`` the district's refugee social service in either phase (§ 18 FlüAG in AU) or ``NOBODY``.
    """

    person_id: PersonId
    household_id: HouseholdId
    rule_set: str
    integration_management: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    social_advice: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    ags: Personal[Ags | None] = personal(PersonalClass.STATISTICS, subject="person_id")
