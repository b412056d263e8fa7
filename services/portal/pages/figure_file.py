"""A figure as files for a spreadsheet: its numbers, its course, what it is the sum of, and why it differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from services.portal.answers import Answer
from services.portal.figures import charts, explained, in_words
from services.portal.figures.explained import Counted
from services.portal.figures.in_words import Number
from services.portal.figures.looking import Looking, course, looking
from services.portal.figures.looking import figure as ask
from services.portal.language.terms.figures import UNITS
from services.portal.language.words import NOTHING
from services.portal.pages.figure import FIGURES, compared, known_by, line_of, other
from services.portal.web.failures import NotHere
from services.portal.web.visit import Visit
from shared.api.reply import Reply

Row = Sequence[object]
Table = tuple[Sequence[str], Iterable[Row]]
"""Head and rows."""
MOST: Final = 1000
"""Rows that reporting gives at once."""


def show(visit: Visit, name: str, what: str) -> Reply:
    """One file, in the form of the visitor's language."""
    if name not in FIGURES or what not in FILES or (what == COURSE and name not in charts.SHAPES):
        raise NotHere
    at = looking(visit)
    if at.for_council and what not in PUBLIC:
        raise NotHere
    head, rows = FILES[what](visit, at, name)
    return visit.csv(f"{name}-{what}-{at.day}", head, rows)


def _numbers(visit: Visit, at: Looking, name: str) -> Table:
    say, words, answer = visit.words.say, visit.words, ask(visit, at, name)
    head = (
        say("Figure"),
        say("Number"),
        say("Value"),
        say("Unit"),
        say("As of"),
        say("Date type"),
        say("Known"),
        say("Position"),
        say("Definition"),
    )
    about = (
        words.date(answer["valid_at"]),
        in_words.date_type(answer, words),
        in_words.known(answer["known_at"], words),
        answer["position"],
        f"{answer['definition']['version']}: {in_words.definition(answer, words)}",
    )
    title, told = in_words.title(answer, words), in_words.numbers(answer, words).values()
    return head, [(title, each.label, _cell(each), say(UNITS[each.unit]), *about) for each in told]


def _course(visit: Visit, at: Looking, name: str) -> Table:
    """Each month with the figure at its end and, where the figure only grows, what came in it."""
    words, series = visit.words, course(visit, at, name)
    keys = list(dict.fromkeys(key for point in series["points"] for key in point["value"]))
    labels = [in_words.quantity_of(series, key)[words.language] for key in keys]
    came = [words.say("{label}, in this period", label=label) for label in labels] if series["cumulative"] else []

    def cells(point: Answer) -> Iterator[object]:
        for values in ("value", "in_period")[: 1 + series["cumulative"]]:
            for key in keys:
                value, is_hidden = point[values].get(key), point.get("suppressed", False)
                yield _cell(in_words.number(series, key, value, words, hidden=is_hidden))

    rows = [(words.date(point["from"]), words.date(point["valid_at"]), *cells(point)) for point in series["points"]]
    return (words.say("From"), words.say("Until"), *labels, *came), rows


def _explanation(visit: Visit, at: Looking, name: str) -> Table:
    """All that the figure is the sum of."""
    say, words, line = visit.words.say, visit.words, line_of(visit)
    head = (
        say("Line"),
        say("Amount"),
        say("What counts"),
        say("Pseudonym or number"),
        say("Erased"),
        say("Since"),
        say("Rule"),
        say("Events"),
    )

    def page(at: Looking, after: int) -> Answer:
        return ask(visit, at, name, explain=True, limit=MOST, after=after, line=line)

    def row(told: Answer, answer: Answer) -> Row:
        entry = explained.entry(told, answer, words)
        amount, since = in_words.cell(told["amount"]), words.date(told["since"]) if told["since"] else ""
        erased, events = say("yes") if entry.is_erased else "", " ".join(entry.counted.events)
        return (entry.counted.line, amount, entry.kind, entry.who, erased, since, entry.counted.rule, events)

    pages = _pages(at, page, lambda answer: answer["explanation"]["next"])
    return head, (row(told, answer) for answer in pages for told in answer["explanation"]["entries"])


def _difference(visit: Visit, at: Looking, name: str) -> Table:
    """All changes since the other pair of dates."""
    say, words, against = visit.words.say, visit.words, other(visit)
    head = (
        say("Kind of change"),
        say("What counts"),
        say("Pseudonym or number"),
        say("Line before"),
        say("Amount before"),
        say("Rule before"),
        say("Line now"),
        say("Amount now"),
        say("Rule now"),
        say("New events"),
    )

    def page(at: Looking, after: int) -> Answer:
        return compared(visit, at, name, against, after=after, limit=MOST)

    def side(told: Answer | None, counted: Counted | None) -> Row:
        if told is None or counted is None:
            return ("", "", "")
        return (counted.line, in_words.cell(told["amount"]), counted.rule)

    def row(told: Answer, answer: Answer) -> Row:
        change = explained.change(told, answer, words)
        before, after = side(told["before"], change.before), side(told["after"], change.after)
        return (change.what, change.kind, change.who, *before, *after, " ".join(change.by))

    pages = _pages(at, page, lambda answer: answer["next"])
    return head, (row(told, answer) for answer in pages for told in answer["entries"])


def _pages(
    at: Looking, ask_page: Callable[[Looking, int], Answer], next_of: Callable[[Answer], int | None]
) -> Iterator[Answer]:
    """Page after page, all from the state of knowledge of the first."""
    after: int | None = 0
    while after is not None:
        answer = ask_page(at, after)
        at, after = known_by(at, answer["position"]), next_of(answer)
        yield answer


def _cell(number: Number) -> object:
    if number.value is None:
        return "" if number.text == NOTHING else number.text
    return in_words.cell(number.value)


COURSE: Final = "verlauf"
FILES: Final[Mapping[str, Callable[[Visit, Looking, str], Table]]] = {
    "kennzahl": _numbers,
    COURSE: _course,
    "zusammensetzung": _explanation,
    "unterschied": _difference,
}
PUBLIC: Final = frozenset({"kennzahl", COURSE})
"""What the council may be given; the others show people one by one."""
