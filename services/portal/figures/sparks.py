"""The small charts of the dashboard's tiles: courses as SVG paths, and bars. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.portal.answers import Answer
from services.portal.figures.charts import as_float, from_first, month_or_day
from services.portal.figures.in_words import Number
from services.portal.language.words import Words

WIDTH, HEIGHT = 100, 30
"""Of a spark's drawing; it is stretched to the tile."""


@dataclass(frozen=True, slots=True)
class Spark:
    """A course as SVG paths over a baseline of zero, and from when until when it goes."""

    line: str
    area: str
    end: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar of a tile: its name, its number as text, and its length in hundredths of the longest."""

    name: str
    text: str
    length: float


def spark(series: Answer, key: str, words: Words) -> Spark | None:
    """One number over time; None if there is no course to show. What is not known is a gap."""
    points = from_first(series["points"])
    values = [as_float(point["value"].get(key)) for point in points]
    known = [value for value in values if value is not None]
    if len(known) < 2 or max(known) <= 0:
        return None
    across, top = WIDTH / (len(values) - 1), max(known)
    runs: list[list[tuple[float, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((round(n * across, 2), round(HEIGHT - 1 - (HEIGHT - 2) * max(0.0, value) / top, 2)))
    drawn = [run for run in runs if run]
    x, y = drawn[-1][-1]
    return Spark(
        line=" ".join(_path(run) for run in drawn),
        area=" ".join(f"{_path(run)}L{run[-1][0]} {HEIGHT}L{run[0][0]} {HEIGHT}Z" for run in drawn),
        end=f"M{x} {y}h0",
        since=month_or_day(date.fromisoformat(points[0]["valid_at"]), words),
        until=month_or_day(date.fromisoformat(points[-1]["valid_at"]), words),
    )


def meters(numbers: Sequence[Number]) -> list[Meter]:
    """A few numbers as bars, the longest of them as long as the tile."""
    values = [max(0.0, as_float(each.value) or 0) for each in numbers]
    longest = max(values, default=0) or 1
    return [
        Meter(each.label, each.text, round(100 * value / longest, 2))
        for each, value in zip(numbers, values, strict=True)
    ]


def _path(run: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in run)
