"""The whole report: which figures at which reference dates, measured at once, as JSON.

A report is data; another year's is another row. It evaluates the views and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import orjson

from services.reporting.facts import look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Number, measure
from services.reporting.presentation import both, quantities_as_json, value_as_json
from shared.contracts.envelope import KnownAt
from shared.projections.read import Snapshot


@dataclass(frozen=True, slots=True)
class Line:
    """A figure on a reference date."""

    figure: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What a report consists of. A change is a new ``version``."""

    name: str
    version: int
    lines: tuple[Line, ...]

    @property
    def says(self) -> str:
        """The definition down to the versions of its figures: what a sealed report names."""
        figures = dict.fromkeys(f"{line.figure}/{FIGURES[line.figure].version}" for line in self.lines)
        return " ".join((f"{self.name}/{self.version}", *figures))


GOEPPINGEN_2018: Final = Definition(
    name="goeppingen-2018",
    version=1,
    lines=(
        Line("persons-in-care", date(2017, 9, 15)),  # the state's reference date
        Line("persons-in-care", date(2018, 5, 31)),
        Line("persons-in-care", date(2018, 7, 31)),
        Line("persons-contacted", date(2018, 7, 31)),
        Line("outreach-share", date(2018, 7, 31)),
        Line("consultations-per-case", date(2018, 7, 31)),
        Line("topics", date(2018, 7, 31)),
        Line("staff", date(2018, 8, 1)),
        Line("staff", date(2018, 11, 1)),
        Line("grant", date(2018, 11, 1)),
        Line("caseload-per-fte", date(2018, 8, 1)),
        Line("caseload-per-fte", date(2018, 11, 1)),
        Line("overdue-occupants", date(2018, 11, 1)),
        Line("teams", date(2018, 11, 1)),
        Line("municipalities", date(2018, 11, 1)),
    ),
)
REPORTS: Final = {definition.name: definition for definition in (GOEPPINGEN_2018,)}


@dataclass(frozen=True, slots=True)
class Measured:
    """A line and its exact numbers."""

    line: Line
    value: Mapping[str, Number]

    @property
    def as_json(self) -> dict[str, Any]:
        return value_as_json(FIGURES[self.line.figure], self.value)

    @property
    def document(self) -> dict[str, Any]:
        """The line with all that is needed to read it."""
        figure = FIGURES[self.line.figure]
        return {
            "figure": figure.name,
            "title": both(figure.title),
            "valid_at": self.line.on.isoformat(),
            "value": self.as_json,
            "quantities": quantities_as_json(figure),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A measured report. ``position``: everything up to it is in the numbers."""

    definition: Definition
    position: int
    known_at: KnownAt
    lines: tuple[Measured, ...]

    @property
    def figures(self) -> dict[str, Any]:
        """The numbers in the shape of the demonstration: by figure, and by date where there may be several."""
        shown: dict[str, Any] = {}
        for measured in self.lines:
            shape = SHAPES[measured.line.figure]
            key, value = measured.line.figure.replace("-", "_"), shape.of(measured.as_json)
            if shape.by_date:
                shown.setdefault(key, {})[measured.line.on.isoformat()] = value
            else:
                shown[key] = value
        return shown

    @property
    def canonical(self) -> str:
        """The figures as JSON, the same text for the same numbers: what is sealed."""
        return orjson.dumps(self.figures, option=orjson.OPT_SORT_KEYS).decode()

    @property
    def document(self) -> dict[str, Any]:
        """The answer of the API: the figures, and line by line with every number they consist of."""
        return {
            "report": self.definition.name,
            "version": self.definition.version,
            "known_at": self.known_at,
            "position": self.position,
            "figures": self.figures,
            "lines": [measured.document for measured in self.lines],
        }


def on_one_day(definition: Definition, day: date) -> Definition:
    """The same figures, each once, on another day."""
    figures = dict.fromkeys(line.figure for line in definition.lines)
    return replace(definition, lines=tuple(Line(figure, day) for figure in figures))


def evaluate(now: Snapshot, definition: Definition, known_at: KnownAt = None) -> Report:
    """Measure every line at the position that all views have reached. Raises ViewNotReady."""
    views = [view for line in definition.lines for view in FIGURES[line.figure].views]
    lines = []
    for line in definition.lines:
        at = look(now, views, valid_at=line.on, known_at=known_at)
        lines.append(Measured(line, measure(now.connection, FIGURES[line.figure], at)))
    return Report(definition=definition, position=at.as_of.position, known_at=known_at, lines=tuple(lines))


# --- the shape of each figure in ``Report.figures`` ----------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    of: Callable[[dict[str, Any]], Any]
    by_date: bool


def _only(key: str) -> Callable[[dict[str, Any]], Any]:
    return lambda value: value[key]


def _some(*keys: str) -> Callable[[dict[str, Any]], Any]:
    return lambda value: {key: value[key] for key in keys}


def _ranked(value: dict[str, Any]) -> list[list[Any]]:
    """The most frequent first; the report's own word for the labour market is work."""
    named = {"work" if topic == "labour_market" else topic: count for topic, count in value.items()}
    return sorted(([topic, count] for topic, count in named.items()), key=lambda entry: (-entry[1], entry[0]))


def _caseload(value: dict[str, Any]) -> Any:
    """A number, until there are overdue occupants to count: then one without and one with them."""
    return _some("housed", "with_overdue_occupants")(value) if "with_overdue_occupants" in value else value["housed"]


SHAPES: Final[Mapping[str, _Shape]] = {
    "persons-in-care": _Shape(_only("persons"), by_date=True),
    "persons-contacted": _Shape(_some("total", "single", "family"), by_date=True),
    "outreach-share": _Shape(_only("share"), by_date=False),
    "consultations-per-case": _Shape(_some("family", "single", "ratio"), by_date=False),
    "topics": _Shape(_ranked, by_date=False),
    "staff": _Shape(_some("persons", "fte"), by_date=True),
    "grant": _Shape(_some("total", "fte_graduate", "fte_intermediate", "committed"), by_date=False),
    "caseload-per-fte": _Shape(_caseload, by_date=True),
    "overdue-occupants": _Shape(_only("total"), by_date=True),
    "teams": _Shape(_only("teams"), by_date=False),
    "municipalities": _Shape(_some("district", "own"), by_date=False),
}
