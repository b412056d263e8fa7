"""Another service for a municipality may be another service for everybody who lives there. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from services.eligibility.commands import Assess
from shared.contracts.model import PersonId

NAME: Final = "when municipal service changed then assess"


def react(residents: Iterable[PersonId]) -> list[Assess]:
    """Whom to look at. ``residents``: who was ever recorded as living there; the assessment sorts out the rest."""
    return [Assess(person_id) for person_id in dict.fromkeys(residents)]
