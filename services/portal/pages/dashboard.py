"""The dashboard: eight figures at a glance, their course below, and both dates in one's hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from services.portal import doors
from services.portal.answers import Answer, Unavailable
from services.portal.backend import together
from services.portal.figures import charts, in_words, sparks
from services.portal.figures.charts import Chart
from services.portal.figures.in_words import Number, Stand
from services.portal.figures.looking import Looking, canonical, course, drawn, figure, looking
from services.portal.figures.sparks import Meter, Spark
from services.portal.language.words import Words, mark
from services.portal.web.failures import NotHere
from services.portal.web.visit import Visit
from shared.api.reply import Reply

CONTRACTS: Final = "contracts-ending"
CONTRACT_MONTHS: Final = 24
"""How far ahead the ends of contracts are shown."""


# --- the tiles ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at a glance: one number large, those ``beside`` it small; below its course, or ``bars``.

    ``unit``: what stands behind the number where its own label would not do.
    """

    figure: str
    label: str
    key: str
    beside: Sequence[str] = ()
    bars: Sequence[str] = ()
    unit: str = ""


TILES: Final = (
    Tile("persons-in-care", mark("Persons to be looked after"), "persons"),
    Tile("persons-contacted", mark("Persons contacted"), "total", beside=("single", "family")),
    Tile("outreach-share", mark("Share of outreach"), "share", beside=("outreach", "consultations")),
    Tile(
        "consultations-per-case",
        mark("Consultations per contacted case"),
        "ratio",
        bars=("family", "single"),
        unit=mark("times as many"),
    ),
    Tile("staff", mark("Staff"), "fte", beside=("persons",), unit=mark("FTE")),
    Tile("caseload-per-fte", mark("Caseload ratio"), "housed", beside=("with_overdue_occupants",)),
    Tile("grant", mark("Grant for twelve months"), "committed", beside=("free",), bars=("total", "committed")),
    Tile("overdue-occupants", mark("Overdue occupants"), "total", beside=("district_municipalities",)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTile:
    """A tile with what reporting answered; ``number`` is None while it does not answer."""

    figure: str
    label: str
    unit: str = ""
    number: Number | None = None
    beside: Sequence[Number] = ()
    meters: Sequence[Meter] = ()
    stand: Stand | None = None

    @property
    def has_course(self) -> bool:
        """Whether a course is drawn in it, when it has come."""
        return not self.meters and self.number is not None


def show(visit: Visit) -> Reply:
    """The page with its figures; their courses and the parts below come after it."""
    if (address := canonical(visit)) is not None:
        return visit.redirect(address)
    at = looking(visit)
    answers = together(*(partial(figure, visit, at, tile.figure) for tile in TILES))
    tiles = [_shown(tile, answer, visit.words) for tile, answer in zip(TILES, answers, strict=True)]
    is_away = all(tile.number is None for tile in tiles)
    return visit.page("dashboard.html", at=at, tiles=tiles, is_away=is_away, parts=PARTS)


def courses(visit: Visit) -> Reply:
    """The small courses of the tiles, each for its place."""
    at = looking(visit)
    if not visit.wants_fragment:
        return visit.redirect(f"/lage{at.query}")
    drawn_in = [tile for tile in TILES if not tile.bars]
    answers = together(*(partial(course, visit, at, tile.figure) for tile in drawn_in))
    told: dict[str, Spark | None] = {
        tile.figure: None if isinstance(answer, Unavailable) else sparks.spark(answer, tile.key, visit.words)
        for tile, answer in zip(drawn_in, answers, strict=True)
    }
    return visit.fragment("dashboard_courses.html", "courses", sparks=told)


def _shown(tile: Tile, answer: Answer | Unavailable, words: Words) -> ShownTile:
    label = words.say(tile.label)
    if isinstance(answer, Unavailable):
        return ShownTile(figure=tile.figure, label=label)
    told = in_words.numbers(answer, words)
    number = told[tile.key]
    own_unit = "" if number.unit in ("euro", "share") else number.label
    return ShownTile(
        figure=tile.figure,
        label=label,
        unit=words.say(tile.unit) if tile.unit else own_unit,
        number=number,
        beside=[told[key] for key in tile.beside if key in told],
        meters=sparks.meters([told[key] for key in tile.bars]),
        stand=in_words.stand(answer, words),
    )


# --- what comes after the page: courses and comparisons ------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the page below the tiles: its title, and what it draws of which figures."""

    title: str
    figures: Mapping[str, str]


PARTS: Final[Mapping[str, Part]] = {
    "menschen": Part(
        mark("People"),
        {"population": mark("Population by phase and housing"), "persons-contacted": mark("Persons contacted")},
    ),
    "beratung": Part(
        mark("Advice"),
        {
            "consultations": mark("Consultations"),
            "topics": mark("Topics"),
            "consultations-by-team": mark("Consultations by team"),
        },
    ),
    "personal": Part(
        mark("Staff and caseload"),
        {
            "staff": mark("Staff"),
            "caseload-per-fte": mark("Caseload ratio"),
            "caseload-by-team": mark("Caseload ratio by team"),
        },
    ),
    "mittel": Part(
        mark("Grant and contracts"),
        {"grant": mark("Grant for twelve months"), CONTRACTS: mark("Contracts that end")},
    ),
}


def part(visit: Visit, name: str) -> Reply:
    """One part, or a figure's chart, for the script that asks for it; who follows the address by hand gets the page."""
    if name not in PARTS and name not in charts.SHAPES:
        raise NotHere
    at = looking(visit)
    if not visit.wants_fragment:
        return visit.redirect(f"/lage{at.query}" if name in PARTS else f"/lage/{name}{at.query}")
    if name not in PARTS:
        (chart,) = together(partial(drawn, visit, at, name))
        return visit.fragment("dashboard_part.html", "chart", name=name, chart=chart, at=at)
    of = PARTS[name]
    shown = together(*(partial(_chart, visit, at, each) for each in of.figures))
    return visit.fragment(
        "dashboard_part.html",
        "part",
        part=of,
        charts=list(zip(of.figures, of.figures.values(), shown, strict=True)),
        at=at,
    )


def _chart(visit: Visit, at: Looking, figure: str) -> Chart:
    return _contracts(visit, at) if figure == CONTRACTS else drawn(visit, at, figure)


def _contracts(visit: Visit, at: Looking) -> Chart:
    """The contracts that end, one by one for who runs the office; without names if nobody tells them."""
    one_by_one = visit.has_role(*doors.STAFF) and not at.for_council
    answer, employees = together(
        partial(visit.backend.get, "/reporting/v1/contracts/ending", months=CONTRACT_MONTHS, **at.as_of.asked),
        partial(visit.backend.get, "/casework/v1/employees") if one_by_one else _nobody,
    )
    if isinstance(answer, Unavailable):
        raise answer
    told = [] if isinstance(employees, Unavailable) else employees["employees"]
    names = {each["employee_id"]: each["name"] for each in told}
    return charts.contracts(answer, names if one_by_one else None, visit.words)


def _nobody() -> Answer:
    return {"employees": []}
