"""Charts: figures over time or side by side, as data for drawing, as a table, and in one sentence. Pure.

``static/charts.js`` draws ``Chart.data``; the small charts of the tiles are ``sparks``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import orjson
from babel.dates import format_date

from services.portal.answers import Answer
from services.portal.figures import in_words
from services.portal.figures.in_words import HIDDEN, PLACES, Number, Value, but, ends_with, only
from services.portal.language import terms
from services.portal.language.terms.figures import SHORT, UNITS
from services.portal.language.words import Words, mark, sorted_as

Kind = Literal["areas", "stepped", "bars", "lines", "steps", "ranking", "pairs"]
"""``areas`` and ``stepped`` are stacked bands, ``lines`` and ``steps`` lines, ``bars`` stand on months, others lie."""
MOST_TICKS: Final = 7
STEPS: Final = (1, 2, 3, 6, 12)
"""Months between two ticks."""
LEAST_POINTS: Final = 6
MOST_BANDS: Final = 6
SMALL: Final = 0.02
"""Of the greatest total: bands that never get thicker are drawn as one, and keep their columns in the table."""


@dataclass(frozen=True, slots=True)
class Strand:
    """One line, band or row of bars."""

    name: str
    numbers: Sequence[Number | None]
    short: str = ""
    """The name where there is little room."""

    @property
    def values(self) -> list[float | None]:
        return [None if each is None else as_float(each.value) for each in self.numbers]


@dataclass(frozen=True, slots=True)
class Ending:
    """A contract that ends: when, whose, and how much of a post."""

    day: str
    name: str
    fte: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """``labels`` name the points, ``ticks`` those of them that the axis names; ``across`` heads their column.

    ``drawn`` are the strands as they are drawn, ``strands`` as they stand in the table.
    ``partial``: the last point covers only a part of its period. ``endings`` are contracts one by one.
    """

    figure: str
    title: str
    kind: Kind
    unit: str
    across: str
    labels: Sequence[str]
    ticks: Sequence[str]
    strands: Sequence[Strand]
    drawn: Sequence[tuple[str, Sequence[float | None]]]
    places: int = 0
    is_share: bool = False
    partial: bool = False
    sentence: str = ""
    endings: Sequence[Ending] = ()

    @property
    def data(self) -> str:
        """What is drawn, as JSON."""
        drawing = {
            "kind": self.kind,
            "labels": self.labels,
            "ticks": self.ticks,
            "strands": [{"name": name, "values": values} for name, values in self.drawn],
            "places": self.places,
            "share": self.is_share,
            "partial": self.partial,
            "hidden": self.hidden,
        }
        return orjson.dumps(drawing).decode()

    @property
    def hidden(self) -> list[int]:
        """The points at which something is kept secret."""
        told = range(len(self.labels))
        return [n for n in told if any((each := strand.numbers[n]) and each.text == HIDDEN for strand in self.strands)]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be seen."""
        return not any(value for _, values in self.drawn for value in values)

    @property
    def rows(self) -> list[tuple[str, list[str]]]:
        """The table: a label and its numbers in order of ``strands``."""
        return [
            (label, [each.text if (each := strand.numbers[n]) else "" for strand in self.strands])
            for n, label in enumerate(self.labels)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a figure is drawn: which of its numbers, how, and whether by what came in each period."""

    kind: Kind
    shows: Callable[[str], bool]
    in_period: bool = False
    across: str = ""
    unit: str = ""

    @property
    def is_of_the_day(self) -> bool:
        """Whether its numbers stand beside each other as on one day, and not over time."""
        return self.kind in ("ranking", "pairs")


SHAPES: Final[Mapping[str, Shape]] = {
    "persons-in-care": Shape(kind="areas", shows=only("persons")),
    "population": Shape(kind="areas", shows=but("total")),
    "persons-contacted": Shape(kind="bars", shows=only("total"), in_period=True),
    "outreach-share": Shape(kind="lines", shows=only("share")),
    "consultations": Shape(kind="bars", shows=but("total", "attempted"), in_period=True),
    "topics": Shape(kind="ranking", shows=but(), across=mark("Topic"), unit=mark("consultations")),
    "consultations-by-team": Shape(kind="ranking", shows=ends_with(".held"), across=mark("Team")),
    "staff": Shape(kind="steps", shows=only("persons", "fte")),
    "grant": Shape(kind="stepped", shows=only("committed", "free")),
    "caseload-per-fte": Shape(kind="lines", shows=but()),
    "caseload-by-team": Shape(kind="pairs", shows=ends_with("housed", "with_overdue_occupants"), across=mark("Team")),
    "contracts-ending": Shape(kind="bars", shows=only("contracts"), in_period=True),
    "overdue-occupants": Shape(kind="areas", shows=but("total")),
    "teams": Shape(kind="steps", shows=but()),
    "municipalities": Shape(kind="areas", shows=but()),
}
"""How each figure is drawn; one that is not here has no chart."""


def as_float(value: Value) -> float | None:
    return None if value is None else float(value)


# --- over time ----------------------------------------------------------------------------------


def over_time(series: Answer, words: Words) -> Chart:
    """A series as a chart, from the first point on at which there is something."""
    shape = SHAPES[series["series"]]
    points = from_first(series["points"])
    days = [date.fromisoformat(point["valid_at"]) for point in points]
    values = "in_period" if shape.in_period else "value"
    keys = [key for key in _keys(series, points, values) if shape.shows(key)]
    strands = [_strand(series, key, points, values, words) for key in keys]
    units, labels = _units(strands), [month_or_day(day, words) for day in days]
    chart_title = in_words.title(series, words)
    return Chart(
        figure=series["series"],
        title=words.say("{figure}, by month", figure=chart_title) if shape.in_period else chart_title,
        kind=shape.kind,
        unit=_unit(series, strands, words),
        across=words.say("Month"),
        labels=labels,
        ticks=_ticks(days, words),
        strands=strands,
        drawn=_bands(strands, words) if shape.kind == "areas" else _as_they_are(strands),
        places=max((PLACES.get(unit, 2) for unit in units), default=0),
        is_share=units == {"share"},
        partial=shape.in_period and bool(days) and not _ends_month(days[-1]),
        sentence=" ".join(_course(strand, labels, words) for strand in strands),
    )


def _strand(series: Answer, key: str, points: Sequence[Answer], values: str, words: Words) -> Strand:
    numbers = [
        in_words.number(series, key, point[values][key], words, hidden=point.get("suppressed", False))
        if key in point[values]
        else None
        for point in points
    ]
    return Strand(in_words.quantity_of(series, key)[words.language], numbers, _short(series["series"], key, words))


def _short(name: str, key: str, words: Words) -> str:
    """What the office calls it where there is little room; nothing if there is no such word."""
    first, _, second = key.partition(".")
    if name == "population" and first in terms.SHORT_PHASES:
        return f"{words.say(terms.SHORT_PHASES[first])}, {terms.term(words, 'kind', second)}"
    return words.say(SHORT[second or first]) if (second or first) in SHORT else ""


def _units(strands: Sequence[Strand]) -> set[str]:
    return {each.unit for strand in strands for each in strand.numbers if each is not None}


def _unit(answer: Answer, strands: Sequence[Strand], words: Words) -> str:
    """What the numbers of all strands are; nothing where that is said by each one's name."""
    units = _units(strands)
    if len(units) != 1:
        return ""
    labels = {each.own_label for strand in strands for each in strand.numbers if each is not None}
    if len(labels) == 1:
        return labels.pop()
    unit = units.pop()
    if unit == "count":
        return str(in_words.quantity_of(answer, "total")[words.language]) if "total" in answer["quantities"] else ""
    return words.say(UNITS[unit])


def _as_they_are(strands: Sequence[Strand]) -> list[tuple[str, Sequence[float | None]]]:
    return [(each.short or each.name, each.values) for each in strands]


def _keys(series: Answer, points: Sequence[Answer], values: str) -> list[str]:
    """All keys of all points, in the order of the figure's definition."""
    found = dict.fromkeys(key for point in points for key in point[values])
    defined = {key: n for n, key in enumerate(series["quantities"])}
    return sorted(found, key=lambda key: defined.get(key, len(defined)))


def from_first(points: Sequence[Answer]) -> Sequence[Answer]:
    """The points from the first on at which anything was counted or hidden."""
    begun = (
        n for n, point in enumerate(points) if point.get("suppressed") or any(map(_counts, point["value"].values()))
    )
    return points[min(next(begun, 0), max(0, len(points) - LEAST_POINTS)) :]


def _counts(value: Value) -> bool:
    return value is not None and float(value) != 0


def _bands(strands: Sequence[Strand], words: Words) -> list[tuple[str, Sequence[float | None]]]:
    """What is stacked; where there are too many bands the thin ones together, on top."""
    bands = _as_they_are(strands)
    if len(bands) <= MOST_BANDS:
        return bands
    greatest = max(
        (sum(value or 0 for value in point) for point in zip(*(v for _, v in bands), strict=True)), default=0
    )
    thin = [values for _, values in bands if max((value or 0 for value in values), default=0) < SMALL * greatest]
    thick = [(name, values) for name, values in bands if values not in thin]
    if len(thin) < 2:
        return bands
    together: list[float | None] = [sum(value or 0 for value in point) for point in zip(*thin, strict=True)]
    return [*thick, (words.say("all others"), together)]


def _course(strand: Strand, labels: Sequence[str], words: Words) -> str:
    """A strand in one sentence: how it begins and ends, and where it is greatest."""
    known = [
        (label, each) for label, each in zip(labels, strand.numbers, strict=True) if each and each.value is not None
    ]
    if not known:
        return words.say("{name}: nothing.", name=strand.name)
    (first, at_first), (last, at_last) = known[0], known[-1]
    most, at_most = max(known, key=lambda each: float(each[1].value or 0))
    return words.say(
        "{name}: {first} ({first_label}), at most {most} ({most_label}), {last} ({last_label}).",
        name=strand.name,
        first=at_first.text,
        first_label=first,
        most=at_most.text,
        most_label=most,
        last=at_last.text,
        last_label=last,
    )


def month_or_day(day: date, words: Words) -> str:
    """Juli 2018; a day within a month as a day."""
    return in_words.month(day, words) if _ends_month(day) else words.date(day)


def _ends_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def _ticks(days: Sequence[date], words: Words) -> list[str]:
    """At most ``MOST_TICKS`` names: the year in January, else the month; at least one names the year."""
    step = next((step for step in STEPS if len(days) / step <= MOST_TICKS), STEPS[-1])
    at = [(day.month - 1) % step == 0 for day in days]
    ticks = [
        format_date(day, "yyyy" if day.month == 1 else "LLL", locale=words.locale) if shown else ""
        for day, shown in zip(days, at, strict=True)
    ]
    if not any(shown and day.month == 1 for day, shown in zip(days, at, strict=True)) and any(at):
        first = at.index(True)
        ticks[first] = format_date(days[first], "LLL yyyy", locale=words.locale)
    return ticks


# --- side by side -------------------------------------------------------------------------------


def side_by_side(answer: Answer, words: Words) -> Chart:
    """The numbers of a figure on its day beside each other: the greatest first, or team by team."""
    shape = SHAPES[answer["figure"]]
    told = [each for key, each in in_words.numbers(answer, words).items() if shape.shows(key)]
    rows: dict[str, dict[str, Number]] = {}
    for each in told:
        rows.setdefault(each.team or each.label, {})[each.own_label if each.team else ""] = each
    labels = sorted(rows, key=sorted_as if shape.kind == "pairs" else lambda label: -_first_of(rows[label]))
    names = {each.own_label if each.team else "": _short(answer["figure"], each.key, words) for each in told}
    chart_title, unit = in_words.title(answer, words), told[0].unit if told else "count"
    strands = [
        Strand(name or chart_title, [rows[label].get(name) for label in labels], short) for name, short in names.items()
    ]
    return Chart(
        figure=answer["figure"],
        title=chart_title,
        kind=shape.kind,
        unit=words.say(shape.unit) if shape.unit else _unit(answer, strands, words),
        across=words.say(shape.across),
        labels=labels,
        ticks=labels,
        strands=strands,
        drawn=_as_they_are(strands),
        places=PLACES.get(unit, 2),
        is_share=unit == "share",
        sentence=" ".join(_ranks(strand, labels) for strand in strands),
    )


def _first_of(row: Mapping[str, Number]) -> float:
    """What a row is ranked by; what is hidden comes last."""
    return next((as_float(each.value) or 0 for each in row.values()), 0)


def _ranks(strand: Strand, labels: Sequence[str]) -> str:
    said = (f"{label} {each.text}" for label, each in zip(labels, strand.numbers, strict=True) if each is not None)
    return f"{strand.name}: {', '.join(said)}."


# --- contracts that end -------------------------------------------------------------------------


def contracts(answer: Answer, employees: Mapping[str, str] | None, words: Words) -> Chart:
    """How many contracts end in each month ahead; one by one where there are ``employees``: names by ids."""
    ends = {month["month"]: month for month in answer["months"]}
    days = list(_months_ahead(date.fromisoformat(answer["valid_at"]), date.fromisoformat(answer["until"])))
    names = {"contracts": words.say("Contracts that end"), "fte": words.say("FTE")}

    def numbers(key: str, unit: str) -> list[Number | None]:
        values = [ends.get(f"{day:%Y-%m}", {}).get(key, 0) for day in days]
        return [
            Number(key=key, label=names[key], unit=unit, value=value, text=in_words.written(value, unit, words))
            for value in values
        ]

    strands = [Strand(names["contracts"], numbers("contracts", "count")), Strand(names["fte"], numbers("fte", "fte"))]
    labels = [in_words.month(day, words) for day in days]
    return Chart(
        figure="contracts-ending",
        title=words.say("Contracts that end in the next {n} months", n=len(days) - 1),
        kind="bars",
        unit=words.say("contracts"),
        across=words.say("Month"),
        labels=labels,
        ticks=_ticks(days, words),
        strands=strands,
        drawn=[(strands[0].name, strands[0].values)],
        sentence=words.say_many("{n} contract.", "{n} contracts.", answer["contracts"])
        + " "
        + ", ".join(
            f"{label}: {each.text}"
            for label, each in zip(labels, strands[0].numbers, strict=True)
            if each and each.value
        ),
        endings=[] if employees is None else _endings(answer, employees, words),
    )


def _endings(answer: Answer, employees: Mapping[str, str], words: Words) -> list[Ending]:
    return [
        Ending(
            day=words.date(end["ends_on"]),
            name=employees.get(end["employee_id"]) or words.say("name not known"),
            fte=in_words.written(end["fte"], "fte", words),
        )
        for month in answer["months"]
        for end in month.get("ends", ())
    ]


def _months_ahead(first: date, last: date) -> Iterator[date]:
    """The first days of all months from one day to another."""
    day = first.replace(day=1)
    while day <= last:
        yield day
        day = (day + timedelta(days=32)).replace(day=1)
