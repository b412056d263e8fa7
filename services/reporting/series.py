"""A figure over time: what it says on each of many days, in one pass over what contributes to it.

A contribution counts for a spell. So nobody asks the database day by day: each spell adds to the days that lie
in it, and a sweep over the days adds up. Only what small tables tell is asked for each day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, String, func, type_coerce

from services.reporting.as_of import FOR_EVER
from services.reporting.facts import Facts, Look
from services.reporting.figures.model import Changing, Figure, Part, Sums, Turning, add_up, parts_of, sums_of
from services.reporting.hundredths import amount


class Counted(NamedTuple):
    """Contributions, so many and so much together, that count in a line from ``since`` to before ``until``."""

    line: str
    hundredths: int
    contributions: int
    since: str
    until: str


def sums_on(connection: Connection, figure: Figure, look: Look, days: Sequence[date]) -> list[Sums]:
    """What the figure's contributions amount to on each of the days, which ascend: the same as ``summed`` finds."""
    sums = [Sums() for _ in days]
    texts = [day.isoformat() for day in days]
    parts, queries = parts_of(figure, look.facts), sums_of(figure, look.facts)
    for part, on_a_day, spells in zip(parts, queries, _spells_of(figure, look.facts), strict=True):
        if spells is None:
            for day, of_the_day in zip(days, sums, strict=True):
                add_up(connection, on_a_day, replace(look.as_of, valid_at=day), of_the_day)
        else:
            rows = connection.execute(spells, look.as_of.parameters)
            sweep(_counted(connection, part, rows, look.as_of.parameters), texts, sums)
    return sums


def sweep(counted: Iterable[Counted], days: Sequence[str], sums: Sequence[Sums]) -> None:
    """Add to the sums of each day what counts on it."""
    hundredths = defaultdict[str, list[int]](lambda: [0] * (len(days) + 1))
    contributions = defaultdict[str, list[int]](lambda: [0] * (len(days) + 1))
    for line, much, many, since, until in counted:
        first, end = bisect_left(days, since), bisect_left(days, until)
        if first < end:
            hundredths[line][first] += much
            hundredths[line][end] -= much
            contributions[line][first] += many
            contributions[line][end] -= many
    for line in hundredths:
        on_days = zip(sums, accumulate(hundredths[line]), accumulate(contributions[line]), strict=False)
        for on_the_day, much, many in on_days:
            if many:
                on_the_day.add(line, amount(much), many)


@lru_cache(maxsize=256)
def _spells_of(figure: Figure, facts: Facts) -> tuple[Select[Any] | None, ...]:
    """For each part what it counts for which spells; None for one that is of the day.

    First what names the line, then sum and number of contributions, then since when and until when, spell by spell.
    """

    def over_time(part: Part) -> Select[Any] | None:
        if part.spells is None:
            return None
        names = [name.label(f"name_{n}") for n, name in enumerate(_naming(part))]
        ends = (spell.until for spell in part.spells if spell.until is not None)
        days = [
            type_coerce(day, String).label(f"day_{n}")
            for n, day in enumerate((*(spell.since for spell in part.spells), *ends))
        ]
        columns: list[ColumnElement[Any]] = [*names, func.sum(part.amount), func.count(), *days]
        labels = (column.name for column in (*names, *days))  # by name: each is worked out once
        query: Select[Any] = part.rows.with_only_columns(*columns).group_by(*labels)
        return query

    return tuple(map(over_time, parts_of(figure, facts)))


def _naming(part: Part) -> list[ColumnElement[Any]]:
    """The columns that tell the line: in itself, before and after a day, or by subject."""
    match part.line:
        case Changing():
            return [part.who]
        case Turning(before, day, then):
            return [before, type_coerce(day, String), then]
        case _:
            return [part.line_on_the_day]


def _counted(
    connection: Connection, part: Part, rows: Iterable[Sequence[Any]], parameters: Mapping[str, Any]
) -> Iterator[Counted]:
    """What the rows of ``_spells_of`` count."""
    assert part.spells is not None
    named = 3 if isinstance(part.line, Turning) else 1
    begins, ends = named + 2, named + 2 + len(part.spells)
    unusual = part.line.unusual(connection, parameters) if isinstance(part.line, Changing) else {}
    for row in rows:
        if None in row[begins:ends]:
            continue  # never begins
        hundredths, contributions = row[named], row[named + 1]
        since, until = max(row[begins:ends]), min(row[ends:], default=FOR_EVER)
        match part.line:
            case Changing(usual=usual):
                yield Counted(usual, hundredths, contributions, since, until)
                for stretch in unusual.get(row[0], ()):
                    first, end = max(since, stretch.since), min(until, stretch.until)
                    if first < end:
                        yield Counted(usual, -hundredths, -contributions, first, end)
                        yield Counted(stretch.line, hundredths, contributions, first, end)
            case Turning():
                before, day, then = row[:named]
                yield Counted(before, hundredths, contributions, since, min(until, day or since))
                yield Counted(then, hundredths, contributions, max(since, day or since), until)
            case _:
                yield Counted(row[0], hundredths, contributions, since, until)
