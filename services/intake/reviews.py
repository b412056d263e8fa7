"""What a person decided where the rules leave it to a human (R13). Pure: no I/O, no clock.

Eligibility says which doubts there are and on which events they rest; a decision settles those, and holds until a
doubt rests on something else. It is recorded here as the other facts are: eligibility only assesses what is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from services.intake.commands import SettleReview
from services.intake.ids import NewId
from shared.contracts.intake import ReviewSettled, SettledPhase
from shared.contracts.model import EventId, Personal


@dataclass(frozen=True, slots=True)
class Review:
    """Decided on a day: this phase holds, follow-up housing ``since`` a day."""

    entry_id: str
    on: date
    settles: tuple[EventId, ...]
    phase: Personal[SettledPhase]
    since: Personal[date | None]
    legal_basis: Personal[str]
    reason: Personal[str]


Reviews: TypeAlias = tuple[Review, ...]


def evolve(reviews: Reviews, event: ReviewSettled) -> Reviews:
    review = Review(
        entry_id=event.review_id,
        on=event.occurred_on,
        settles=event.settles,
        phase=event.phase,
        since=event.since,
        legal_basis=event.legal_basis,
        reason=event.reason,
    )
    return (*reviews, review)


def decide(command: SettleReview, new_id: NewId) -> list[ReviewSettled]:
    return [
        ReviewSettled(
            person_id=command.person_id,
            review_id=new_id("review_id"),
            settles=command.settles,
            phase=command.phase,
            since=command.since,
            legal_basis=command.legal_basis,
            reason=command.reason,
            occurred_on=command.settled_on,
        )
    ]
