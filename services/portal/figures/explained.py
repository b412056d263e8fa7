"""What stands behind a figure: who or what counts and why, and what counts otherwise than before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.portal.answers import Answer
from services.portal.figures import in_words
from services.portal.figures.in_words import but, ends_with, only
from services.portal.language import terms
from services.portal.language.terms.figures import CHANGES, OTHER_LINES, RULES, SUBJECTS
from services.portal.language.words import Words

PAGE: Final = 25
"""Rows of a page."""

LINES: Final[Mapping[str, Callable[[str], bool]]] = {
    "population": but("total"),
    "persons-contacted": but("total"),
    "outreach-share": only("outreach"),
    "consultations": but("total"),
    "consultations-by-team": but(),
    "consultations-per-case": only("family", "single"),
    "topics": but(),
    "staff": only("persons", "fte"),
    "grant": only("fte_graduate", "fte_intermediate"),
    "caseload-by-team": ends_with(".persons", ".fte"),
    "overdue-occupants": but("total"),
    "municipalities": but(),
}
"""Which numbers of a figure are sums of contributions of their own."""
SIGNS: Final[Mapping[str, str]] = {"came": "+", "went": "−", "changed": "≠"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How something counts: in which line, how much, since when, why, and by which events."""

    line: str
    amount: str
    since: str
    rule: str
    events: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who or what counts. ``who`` is a pseudonym, an id, or a municipality's name."""

    kind: str
    who: str
    is_erased: bool
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who or what counts otherwise than before; ``by`` are the events behind it that are new."""

    what: str
    sign: str
    kind: str
    who: str
    is_erased: bool
    before: Counted | None
    after: Counted | None
    by: Sequence[str]

    @property
    def counts_the_same(self) -> bool:
        """Whether only the events behind it are others."""
        sides = [(side.line, side.amount, side.rule) for side in (self.before, self.after) if side is not None]
        return len(sides) == 2 and sides[0] == sides[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of many rows: the ``first`` to the ``last`` of ``total``, and after how many the pages beside begin."""

    rows: Sequence[Any]
    first: int
    last: int
    total: int
    before: int | None
    next: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """A number of a figure at two pairs of dates, and by how much it differs."""

    label: str
    then: str
    now: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure at two pairs of dates, and the changes that make the difference."""

    then: str
    numbers: Sequence[Differs]
    came: int
    went: int
    changed: int
    page: Page


def entries(answer: Answer, after: int, words: Words) -> Page:
    """A page of what a figure is the sum of."""
    explanation = answer["explanation"]
    rows = [entry(each, answer, words) for each in explanation["entries"]]
    return _page(rows, after, explanation["total"], explanation["next"])


def entry(told: Answer, answer: Answer, words: Words) -> Entry:
    kind, who = _who(told)
    return Entry(
        kind=words.say(SUBJECTS[kind]), who=who, is_erased=told["erased"], counted=_counted(told, answer, words)
    )


def difference(answer: Answer, after: int, words: Words) -> Difference:
    """Why a figure differs: the numbers at both pairs of dates, and a page of the changes."""
    then, totals = answer["other"], answer["totals"]
    rows = [change(each, answer, words) for each in answer["entries"]]
    return Difference(
        then=", ".join(filter(None, (words.date(then["valid_at"]), in_words.known(then["known_at"], words)))),
        numbers=[_differs(answer, key, words) for key in dict.fromkeys((*then["value"], *answer["value"]))],
        came=totals["came"],
        went=totals["went"],
        changed=totals["changed"],
        page=_page(rows, after, sum(totals.values()), answer["next"]),
    )


def change(told: Answer, answer: Answer, words: Words) -> Change:
    kind, who = _who(told)
    before, after = (
        None if told[side] is None else _counted(told[side], answer, words) for side in ("before", "after")
    )
    what = told["what"]
    return Change(
        what=words.say(CHANGES[what]),
        sign=SIGNS[what],
        kind=words.say(SUBJECTS[kind]),
        who=who,
        is_erased=told["erased"],
        before=before,
        after=after,
        by=told["by"],
    )


def because(rule: str, line: str, words: Words) -> str:
    """Why something counts in a line: a rule of housing, the setting of a talk, or what figures count by."""
    if rule in RULES:
        return words.say(RULES[rule])
    if rule in terms.TERMS["setting"]:
        return terms.term(words, "setting", rule)
    phase = line.partition(".")[0]  # if the line is that of a phase
    return terms.because(words, rule, "", phase) if rule in terms.TERMS["rule"] else rule


def _who(told: Answer) -> tuple[str, str]:
    """What kind of subject an entry is about, and which: the one key that names a subject."""
    kind = next(kind for kind in SUBJECTS if kind in told)
    return kind, terms.municipality(told[kind]) if kind == "municipality" else str(told[kind])


def _counted(told: Answer, answer: Answer, words: Words) -> Counted:
    return Counted(
        line=_line(told["line"], answer, words),
        amount=words.number(told["amount"]),
        since=words.date(told["since"]),
        rule=because(told["rule"], told["line"], words),
        events=told["events"],
    )


def _line(line: str, answer: Answer, words: Words) -> str:
    """What a line is called: as the number that it is, else in words of our own; with its team."""
    if line in answer["quantities"]:
        return str(answer["quantities"][line][words.language])
    team_id, _, of_team = line.rpartition(".")
    label = words.say(OTHER_LINES[of_team]) if of_team in OTHER_LINES else line
    beside = (each["team"] for key, each in answer["quantities"].items() if team_id and key.startswith(team_id))
    team = next(beside, "")
    return f"{team}: {label}" if team else label


def _differs(answer: Answer, key: str, words: Words) -> Differs:
    then, now = (in_words.number(answer, key, side["value"].get(key), words) for side in (answer["other"], answer))
    by = in_words.signed(answer["difference"].get(key), now.unit, words)
    return Differs(label=now.label, then=then.text, now=now.text, by=by)


def _page(rows: Sequence[Any], after: int, total: int, following: int | None) -> Page:
    before = max(0, after - PAGE) if after else None
    first, last = (after + 1, after + len(rows)) if rows else (0, 0)
    return Page(rows=rows, first=first, last=last, total=total, before=before, next=following)
