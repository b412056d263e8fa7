"""Whom the staff of a municipality may see: who lives there, and lived there when they look back. Pure."""

from __future__ import annotations

from datetime import date

from services.eligibility.assessment import Assessment
from services.eligibility.facts import Folded, Stay
from shared.contracts.model import Ags, Hidden
from shared.execute import Refused


def check_visible(ags: str, facts: Folded, assessment: Assessment, *, as_of: date, today: date) -> None:
    """Refuse an assessment as of a day to the staff of the municipality ``ags``, unless the person is theirs.

    That is who lives there today and did on that day, both by all that is known now (``facts``), and by what was
    known when the assessment would have been made. Raises Refused.
    """
    if {assessment.ags, _home(facts, as_of), _home(facts, today)} != {ags}:
        raise Refused("other-municipality")


def _home(facts: Folded, day: date) -> Ags | None:
    """The municipality in which somebody lives on a day; None: in none of the district, or it cannot be read."""
    where = None if facts is None or isinstance(facts, Hidden) else facts.whereabouts_on(day)
    return where.ags if isinstance(where, Stay) else None
