"""Small cells: counts of one to four people would tell about them, so they are not for the public. Pure.

The statutory reports are complete; what the council sees is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Final

from services.reporting.as_of import AsOf
from services.reporting.figures.model import Figure, Number, Sums, Unit, Value

ENOUGH: Final = 5
"""A count of so many, or of nobody, tells of nobody."""


def is_small(count: Number) -> bool:
    return count is not None and 0 < count < ENOUGH


def hide(figure: Figure, sums: Sums, as_of: AsOf) -> tuple[Value, bool]:
    """The figure's numbers without small cells (None in their place), and whether there were any.

    What could be computed from a total and the other numbers is hidden, too, and so is a ratio that rests on it.
    """
    value = figure.value(sums, as_of)
    if not figure.of_people:
        return value, False
    counts = {key: int(number or 0) for key, number in value.items() if figure.quantity(key).unit is Unit.COUNT}
    hidden = {key for key, count in counts.items() if is_small(count)}
    for total, parts in figure.totals.items():
        if total in counts:
            hidden |= _derivable(counts, hidden, total, parts)
    hidden |= {key for key in value if any(_tells(sums, line, hidden) for line in _lines(figure, key))}
    return {key: None if key in hidden else number for key, number in value.items()}, bool(hidden)


def nothing(value: Value) -> Value:
    """All numbers hidden."""
    return dict.fromkeys(value)


def _derivable(counts: Mapping[str, int], hidden: Set[str], total: str, parts: Iterable[str]) -> set[str]:
    """What has to be hidden besides, so that nobody finds a hidden part by subtraction: the smallest parts first."""
    there = [part for part in parts if counts.get(part)]
    secret = [counts[part] for part in there if part in hidden]
    rest = counts[total] - sum(counts[part] for part in there)
    if is_small(rest):
        secret.append(rest)
    found: set[str] = set()
    shown = sorted((part for part in there if part not in hidden), key=lambda part: (counts[part], part))
    while secret and (len(secret) < 2 or sum(secret) < ENOUGH):
        if not shown:
            return found | {total}
        found.add(shown[0])
        secret.append(counts[shown.pop(0)])
    return found


def _lines(figure: Figure, key: str) -> list[str]:
    """The lines that a ratio rests on; those of its team, in a figure by team."""
    team = key.partition(".")[0] + "." if figure.by_team else ""
    return [team + line for line in figure.quantity(key).rests_on]


def _tells(sums: Sums, line: str, hidden: Set[str]) -> bool:
    return line in hidden or is_small(sums.contributions(line))
