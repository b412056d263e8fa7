"""Whatever intake learns about a person may change the phase of the household: look again at each member. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.eligibility.commands import Assess
from shared.contracts.intake import (
    BirthRecorded,
    ConsentGiven,
    ConsentRefused,
    ConsentWithdrawn,
    NoticeGiven,
    PersonRegistered,
    TolerationIssued,
)
from shared.contracts.model import PersonId
from shared.contracts.registry import types_of

NAME: Final = "when intake changed then assess"

NO_RULE_READS: Final = types_of(NoticeGiven, ConsentGiven, ConsentRefused, ConsentWithdrawn, TolerationIssued)
# Nobody can belong to somebody who was not yet registered or born.
CONCERNS_NOBODY_ELSE: Final = NO_RULE_READS | types_of(PersonRegistered, BirthRecorded)


def concerns_members(event_type: str) -> bool:
    """Whether an event of this type about an anchor may change the phase of the household's members."""
    return event_type not in CONCERNS_NOBODY_ELSE


def react(event_type: str, person_id: PersonId, members: Iterable[PersonId]) -> list[Assess]:
    """Whom to look at. ``members``: who belongs or belonged to a household of which the person is the anchor."""
    if event_type in NO_RULE_READS:
        return []
    affected = [person_id, *members] if concerns_members(event_type) else [person_id]
    return [Assess(each) for each in dict.fromkeys(affected)]
