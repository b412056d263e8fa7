"""Why a figure says something else than before: who came, who went, who counts differently. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final, Literal, TypeAlias

from services.reporting.figures.model import Contribution

What: TypeAlias = Literal["came", "went", "changed"]
ORDER: Final[tuple[What, ...]] = ("came", "went", "changed")
"""Who makes the difference first; most that changed only rest on further events."""
_Subject: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """How a subject counted before and how it counts after; None where it does not."""

    before: Contribution | None
    after: Contribution | None

    @property
    def what(self) -> What:
        if self.before is None:
            return "came"
        return "went" if self.after is None else "changed"

    @property
    def of(self) -> Contribution:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def by(self) -> tuple[str, ...]:
        """The events behind it now that were not behind it before."""
        known = () if self.before is None else self.before.events
        return () if self.after is None else tuple(event for event in self.after.events if event not in known)


def changes(before: Iterable[Contribution], after: Iterable[Contribution]) -> list[Change]:
    """What differs between two explanations: who came, who went, who changed; each by line and subject.

    Who counts in another line than before changed, too. One that counts the same is left out, whenever it began.
    """
    found: list[Change] = []
    old, new = _by_subject(before), _by_subject(after)
    for subject in old.keys() | new.keys():
        found += _changes_of(old.get(subject, {}), new.get(subject, {}))
    return sorted(found, key=_place)


def _place(change: Change) -> tuple[int, str, str, str]:
    return ORDER.index(change.what), change.of.line, change.of.subject, change.of.subject_id


def _changes_of(old: Mapping[str, Contribution], new: Mapping[str, Contribution]) -> Iterator[Change]:
    """Of one subject, by line."""
    for line in old.keys() & new.keys():
        if replace(old[line], since=None) != replace(new[line], since=None):
            yield Change(old[line], new[line])
    left, entered = ([side[line] for line in sorted(side.keys() - other)] for side, other in ((old, new), (new, old)))
    for was, is_now in zip_longest(left, entered):
        yield Change(was, is_now)


def _by_subject(contributions: Iterable[Contribution]) -> Mapping[_Subject, Mapping[str, Contribution]]:
    """By subject and line; several of one subject in one line are one."""
    found = defaultdict[_Subject, dict[str, Contribution]](dict)
    for each in contributions:
        lines = found[each.subject, each.subject_id]
        if (same := lines.get(each.line)) is not None:
            events = tuple(sorted({*same.events, *each.events}))
            each = replace(same, amount=same.amount + each.amount, events=events)
        lines[each.line] = each
    return found
