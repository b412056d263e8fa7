"""What stands behind a figure, as JSON: persons and employees by pseudonym, and the events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.reporting.figures.model import Contribution

NAMED_BY_PSEUDONYM: Final = frozenset({"person", "employee"})


@dataclass(frozen=True, slots=True)
class Narrator:
    """Tells contributions without telling who somebody is. ``erased``: subjects whose identity is gone."""

    pseudonym: Callable[[str], str]
    erased: Collection[str]

    def tell(self, contributions: Iterable[Contribution]) -> list[dict[str, Any]]:
        """Each contribution: its line and amount, what contributes, by which events and rule."""
        return [self._told(contribution) for contribution in contributions]

    def _told(self, contribution: Contribution) -> dict[str, Any]:
        whole = contribution.amount == contribution.amount.to_integral_value()
        return {
            "line": contribution.line,
            "amount": int(contribution.amount) if whole else float(contribution.amount),
            contribution.subject: self._named(contribution),
            "erased": contribution.subject_id in self.erased,
            "events": list(contribution.events),
            "rule": contribution.rule,
        }

    def _named(self, contribution: Contribution) -> str:
        subject_id = contribution.subject_id
        return self.pseudonym(subject_id) if contribution.subject in NAMED_BY_PSEUDONYM else subject_id
