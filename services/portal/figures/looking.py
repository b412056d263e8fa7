"""How the pages of figures look: at which day, as known when, for whom, over which months; and what they ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from services.portal.answers import Answer
from services.portal.figures import charts
from services.portal.figures.charts import Chart
from services.portal.web.as_of import KNOWN_AT, VALID_AT, AsOf
from services.portal.web.visit import Visit

AUDIENCE: Final = "fuer"
COUNCIL: Final = "rat"
"""``fuer=rat`` shows what may be published: without small cells."""
MONTHS: Final = 36
"""Of a course, the month that is looked at included."""
SLIDER_MONTHS: Final = 48
"""How far back the sliders reach."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Which day, as known when, and for whom. Every link between pages of figures keeps it."""

    as_of: AsOf
    today: date
    for_council: bool = False

    @property
    def asked(self) -> dict[str, object]:
        """What reporting is asked with."""
        return self.as_of.asked | {"audience": "council" if self.for_council else None}

    @property
    def day(self) -> date:
        """The day that is looked at."""
        return self.as_of.valid_at or self.today

    @property
    def query(self) -> str:
        """What a link to another page takes along, or nothing."""
        return self.link()

    def link(self, **more: object) -> str:
        """The same with further parameters: ``?stichtag=2018-07-31&fuer=rat&ab=100``. None is left out."""
        said = {VALID_AT: self.as_of.valid_at, KNOWN_AT: self.as_of.known_at}
        given = {**said, AUDIENCE: COUNCIL if self.for_council else None, **more}
        query = urlencode({name: str(value) for name, value in given.items() if value is not None})
        return f"?{query}" if query else ""

    @property
    def for_others(self) -> Looking:
        """The same for the council, if it was for the office; and the other way round."""
        return replace(self, for_council=not self.for_council)

    @property
    def stops(self) -> Sequence[date]:
        """Where a slider stops: on the last days of the months that are over, and today."""
        ends = (months_before(self.today, n) - timedelta(days=1) for n in range(SLIDER_MONTHS - 1, -1, -1))
        return [*ends, self.today]


def looking(visit: Visit) -> Looking:
    """As the page's address says. Raises Unavailable."""
    return Looking(visit.as_of, visit.today, visit.parameters.get(AUDIENCE) == COUNCIL)


def canonical(visit: Visit, **days: date | int | None) -> str | None:
    """Where to go when days in the address were typed by hand: the same page, whose address anybody may be sent.

    ``days``: what further parameters mean that name one, or a position. None if the address is fine, or if it
    says what is no day.
    """
    if visit.as_of.wrong:
        return None
    meant: Mapping[str, object] = {VALID_AT: visit.as_of.valid_at, KNOWN_AT: visit.as_of.known_at, **days}
    said = {name: meant.get(name, value) for name, value in visit.parameters.items()}
    query = urlencode({name: str(value) for name, value in said.items() if value is not None})
    if query == visit.request.query:
        return None
    return visit.request.path + (f"?{query}" if query else "")


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before the one in which a day lies."""
    at = day.year * 12 + day.month - 1 - months
    return date(at // 12, at % 12 + 1, 1)


def figure(visit: Visit, at: Looking, name: str, **more: object) -> Answer:
    """A figure as it is looked at. Raises Unavailable, Refused."""
    return visit.backend.get(f"/reporting/v1/figures/{name}", **at.asked, **more)


def course(visit: Visit, at: Looking, name: str) -> Answer:
    """A figure over the months up to the day that is looked at. Raises Unavailable, Refused."""
    asked = {key: value for key, value in at.asked.items() if key != "valid_at"}
    since = months_before(at.day, MONTHS - 1)
    return visit.backend.get(f"/reporting/v1/series/{name}", since=since, until=at.day, **asked)


def drawn(visit: Visit, at: Looking, name: str) -> Chart:
    """A figure as it is drawn: over time, or its numbers of the day side by side. Raises Unavailable, Refused."""
    if charts.SHAPES[name].is_of_the_day:
        return charts.side_by_side(figure(visit, at, name), visit.words)
    return charts.over_time(course(visit, at, name), visit.words)
