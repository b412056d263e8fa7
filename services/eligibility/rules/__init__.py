"""The rule sets, dated: which law holds on which day."""

from __future__ import annotations

from datetime import date
from typing import Final

from services.eligibility.rules.flueag_2018 import FLUEAG_2018
from services.eligibility.rules.model import RuleSet

RULE_SETS: Final[tuple[RuleSet, ...]] = (FLUEAG_2018,)
"""In order of ``in_force_from``."""


def rule_set_on(day: date) -> RuleSet:
    """The rule set in force on a day; the first one for days before it."""
    return next((rules for rules in reversed(RULE_SETS) if rules.in_force_from <= day), RULE_SETS[0])
