"""A figure explained: what it is, what it is the sum of, how it went, and why it differs from another day."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Final

from services.portal.answers import Answer, Unavailable
from services.portal.backend import together
from services.portal.figures import charts, explained, in_words
from services.portal.figures.explained import PAGE
from services.portal.figures.in_words import Number, only
from services.portal.figures.looking import Looking, canonical, looking, months_before
from services.portal.figures.looking import figure as ask
from services.portal.language.days import NoDay, read_day
from services.portal.language.words import mark, sorted_as
from services.portal.pages.dashboard import TILES
from services.portal.web.as_of import AsOf
from services.portal.web.failures import NotHere
from services.portal.web.form import whole_number
from services.portal.web.visit import Visit
from shared.api.reply import Reply

FIGURES: Final = (*charts.SHAPES, "consultations-per-case")
LINE: Final = "zeile"
A_LINE: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
AFTER: Final = "ab"
PINNED: Final = "stand"
OTHER_VALID_AT: Final = "gegen_stichtag"
OTHER_KNOWN_AT: Final = "gegen_wissensstand"
CHANGES_AFTER: Final = "unterschiede_ab"
"""What the address says of the explanation and of the comparison, besides the two dates."""
HEADLINES: Final = {
    **{tile.figure: tile.key for tile in TILES},
    "population": "total",
    "consultations": "total",
    "contracts-ending": "contracts",
    "teams": "teams",
}
"""The one number that stands for a figure, if there is one: on the dashboard the same."""


@dataclass(frozen=True, slots=True)
class Other:
    """The pair of dates that a figure is compared with. ``is_wrong``: what was typed is no day."""

    valid_at: date | None = None
    known_at: date | int | None = None
    is_wrong: bool = False

    @property
    def is_asked(self) -> bool:
        return self.valid_at is not None or self.known_at is not None


def show(visit: Visit, name: str) -> Reply:
    """Everything about one figure; its chart comes after it."""
    if name not in FIGURES:
        raise NotHere
    at, words, against = looking(visit), visit.words, other(visit)
    typed = {OTHER_VALID_AT: against.valid_at, OTHER_KNOWN_AT: against.known_at}
    if not against.is_wrong and (address := canonical(visit, **typed)) is not None:
        return visit.redirect(address)
    answer, difference = together(
        partial(_explained, visit, at, name),
        partial(compared, visit, pinned(visit, at), name, against, after=visit.number(CHANGES_AFTER) or 0)
        if against.is_asked and not at.for_council
        else _nothing,
    )
    if isinstance(answer, Unavailable):
        raise answer
    told = in_words.numbers(answer, words)
    return visit.page(
        "figure.html",
        at=at,
        name=name,
        title=in_words.title(answer, words),
        version=answer["definition"]["version"],
        definition=in_words.definition(answer, words),
        date_type=in_words.date_type(answer, words),
        stand=in_words.stand(answer, words),
        position=answer["position"],
        headline=told.get(HEADLINES.get(name, "")),
        numbers=[each for key, each in told.items() if key != HEADLINES.get(name)],
        teams=by_team(told.values()),
        has_line=explained.LINES.get(name, only()),
        line=line_of(visit),
        entries=None if at.for_council else explained.entries(answer, visit.number(AFTER) or 0, words),
        has_chart=name in charts.SHAPES,
        against=against,
        difference=difference
        if isinstance(difference, Unavailable | None)
        else explained.difference(difference, visit.number(CHANGES_AFTER) or 0, words),
        befores=befores(at),
        pages=(AFTER, PINNED, CHANGES_AFTER),
    )


def _nothing() -> None:
    """What is not asked."""


def _explained(visit: Visit, at: Looking, name: str) -> Answer:
    """The figure with one page of what it is the sum of; for the council, only the figure."""
    if at.for_council:
        return ask(visit, at, name)
    return ask(
        visit, pinned(visit, at), name, explain=True, limit=PAGE, after=visit.number(AFTER) or 0, line=line_of(visit)
    )


def compared(visit: Visit, at: Looking, name: str, against: Other, *, after: int, limit: int = PAGE) -> Answer:
    """What makes the difference to another pair of dates. Raises Unavailable, Refused."""
    return visit.backend.get(
        f"/reporting/v1/figures/{name}/difference",
        **at.as_of.asked,
        other_valid_at=against.valid_at,
        other_known_at=against.known_at,
        after=after,
        limit=limit,
    )


def other(visit: Visit) -> Other:
    """The other pair of dates, as the address or a typing hand says it. Raises Unavailable."""
    valid_at, known_at = (visit.parameters.get(name, "") for name in (OTHER_VALID_AT, OTHER_KNOWN_AT))
    try:
        day = read_day(valid_at, visit.today) if valid_at else None
        position = whole_number(known_at)
        return Other(day, read_day(known_at, visit.today) if known_at and position is None else position)
    except NoDay:
        return Other(is_wrong=True)


def pinned(visit: Visit, at: Looking) -> Looking:
    """Nothing moves while somebody turns the pages: the first one's position goes with them."""
    return known_by(at, position) if (position := visit.number(PINNED)) else at


def known_by(at: Looking, position: int) -> Looking:
    """As known at a position, if not asked as known on a day or at another one."""
    return at if at.as_of.known_at is not None else replace(at, as_of=AsOf(at.as_of.valid_at, position))


def line_of(visit: Visit) -> str | None:
    """The one line that is asked for."""
    given = visit.parameters.get(LINE, "")
    return given if A_LINE.fullmatch(given) else None


def by_team(numbers: Iterable[Number]) -> list[tuple[str, list[Number]]]:
    """The numbers of each team, by its name; nothing for a figure that is not by team."""
    teams: dict[str, list[Number]] = {}
    for number in numbers:
        if number.team:
            teams.setdefault(number.team, []).append(number)
    return sorted(teams.items(), key=lambda team: sorted_as(team[0]))


def befores(at: Looking) -> Sequence[tuple[str, date]]:
    """What one often compares with."""
    return (
        (mark("the end of the month before"), months_before(at.day, 0) - timedelta(days=1)),
        (mark("a year before"), _year_before(at.day)),
    )


def _year_before(day: date) -> date:
    """The same day; the month's last one if there is none."""
    last = months_before(day, 11) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
