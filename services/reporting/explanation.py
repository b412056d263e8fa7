"""What stands behind a figure, as JSON: persons and employees by pseudonym, and the events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from services.reporting.difference import Change
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

    def tell_changes(self, changes: Iterable[Change]) -> list[dict[str, Any]]:
        """Each change: what it is, of what, how it counted before and after, and by which events not before."""
        return [
            {
                "what": change.what,
                **self._who(change.of),
                "before": None if change.before is None else _counts(change.before),
                "after": None if change.after is None else _counts(change.after),
                "by": list(change.by),
            }
            for change in changes
        ]

    def _told(self, contribution: Contribution) -> dict[str, Any]:
        return self._who(contribution) | _counts(contribution)

    def _who(self, contribution: Contribution) -> dict[str, Any]:
        subject_id = contribution.subject_id
        named = self.pseudonym(subject_id) if contribution.subject in NAMED_BY_PSEUDONYM else subject_id
        return {contribution.subject: named, "erased": subject_id in self.erased}


def _counts(contribution: Contribution) -> dict[str, Any]:
    whole = contribution.amount == contribution.amount.to_integral_value()
    return {
        "line": contribution.line,
        "amount": int(contribution.amount) if whole else float(contribution.amount),
        "since": contribution.since,
        "events": list(contribution.events),
        "rule": contribution.rule,
    }
