"""The report as a table for paper; sealing it; and sealed reports, which come out the same bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Final

from services.portal import doors
from services.portal.answers import Answer, Unavailable
from services.portal.backend import segment, together
from services.portal.figures import in_words
from services.portal.figures.in_words import Number
from services.portal.figures.looking import canonical, looking
from services.portal.language.words import Words, mark
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

REPORTS: Final = "/reporting/v1/reports"
CHECKS: Final[Mapping[str, str]] = {
    "figures": mark("Counted anew from the history, the figures are the same, bit for bit."),
    "digest": mark("What was sealed is unchanged."),
    "chain": mark("The history up to there is unchanged."),
    "definition": mark("The definitions of the figures are the same."),
}
FAILS: Final[Mapping[str, str]] = {
    "figures": mark("Counted anew from the history, the figures differ."),
    "digest": mark("What was sealed has been changed."),
    "chain": mark("The history up to there has been changed."),
    "definition": mark("The figures are defined differently today."),
}


@dataclass(frozen=True, slots=True)
class OnDay:
    """A figure on one day, with all its numbers."""

    day: str
    iso: str
    numbers: Sequence[Number]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the report with the days on which it is reported."""

    name: str
    title: str
    lines: Sequence[OnDay]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed report in the list."""

    report_id: str
    name: str
    sealed_on: str
    position: str
    digest: str


@dataclass(frozen=True, slots=True)
class Check:
    """One part of a seal, and whether it holds."""

    holds: bool
    says: str


def show(visit: Visit) -> Reply:
    """The report as it is now, or as it is looked at, and what was sealed so far."""
    if (address := canonical(visit)) is not None:
        return visit.redirect(address)
    at = looking(visit)
    answer, sealed = together(
        partial(visit.backend.get, "/reporting/v1/report", **at.as_of.asked), partial(visit.backend.get, REPORTS)
    )
    if isinstance(answer, Unavailable):
        raise answer
    return visit.page(
        "report.html",
        at=at,
        answer=answer,
        known=in_words.known(answer["known_at"], visit.words),
        figures=told(answer, visit.words),
        sealed=None if isinstance(sealed, Unavailable) else _listed(sealed, visit.words),
        may_seal=visit.has_role(*doors.SEAL) and at.as_of.is_now,
        form=Form.new(),
    )


def seal(visit: Visit) -> Reply:
    """Seal the report with everything that is recorded by now."""
    accepted = visit.command(REPORTS, {})
    visit.tell(visit.words.say("The report is sealed: up to position {position}.", position=accepted.position))
    return visit.redirect(f"/lage/berichte/{accepted.id}")


def sealed(visit: Visit, report_id: str) -> Reply:
    """A sealed report, counted anew from the history and compared."""
    answer = visit.backend.get(f"{REPORTS}/{segment(report_id)}", verify=True)
    anew = visit.backend.get("/reporting/v1/report", known_at=answer["position"])
    verification = answer["verification"]
    return visit.page(
        "sealed_report.html",
        answer=answer,
        name=_name(answer["definition"]),
        holds=verification["holds"],
        checks=[
            Check(verification[part], visit.words.say(said if verification[part] else FAILS[part]))
            for part, said in CHECKS.items()
        ],
        erasures=verification["erasures_since"],
        figures=told(anew, visit.words) if verification["figures"] else (),
    )


def told(answer: Answer, words: Words) -> Sequence[Figure]:
    """The lines of a report, by figure."""
    return [
        Figure(name, lines[0]["title"][words.language], [_line(line, words) for line in lines])
        for name, lines in ((name, list(found)) for name, found in groupby(answer["lines"], key=itemgetter("figure")))
    ]


def _line(line: Answer, words: Words) -> OnDay:
    return OnDay(words.date(line["valid_at"]), line["valid_at"], list(in_words.numbers(line, words).values()))


def _listed(answer: Answer, words: Words) -> Sequence[Sealed]:
    return [
        Sealed(
            each["report_id"],
            _name(each["definition"]),
            words.date(each["sealed_on"]),
            words.number(each["position"]),
            each["digest"],
        )
        for each in answer["reports"]
    ]


def _name(definition: str) -> str:
    """A report's name from its definition, which also tells the versions of all its figures."""
    return definition.partition(" ")[0]
