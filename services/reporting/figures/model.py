"""What a figure is: a versioned definition whose number is the sum of its contributions.

The same query gives the number (summed by the database) and its explanation (row by row), so the two
cannot differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from sqlalchemy import ColumnElement, Connection, Select, func, literal, literal_column

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts, Look
from services.reporting.hundredths import amount

Subject: TypeAlias = Literal["person", "employee", "consultation", "case", "grant", "municipality", "team"]
Number: TypeAlias = int | Decimal | Fraction | None
"""Exact; None where it has no meaning (a ratio to nothing)."""
ONE: ColumnElement[int] = literal_column("100")
"""Amounts are counted in hundredths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """German first."""

    de: str
    en: str

    def __getitem__(self, language: str) -> str:
        return self.en if language == "en" else self.de


class Unit(Enum):
    """How a number is shown."""

    COUNT = "count"
    FTE = "fte"
    EURO = "euro"
    SHARE = "share"
    TIMES = "times"
    PER_FTE = "per_fte"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One of the numbers a figure consists of."""

    unit: Unit
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where contributions to a figure come from: one row, one contribution.

    ``line`` names the sum a row adds to, ``amount`` how much, in hundredths. ``events`` are columns with
    an event id, or several separated by spaces.
    """

    rows: Select[Any]
    line: str | ColumnElement[str]
    subject: Subject
    who: ColumnElement[str]
    events: Sequence[ColumnElement[str]]
    rule: str | ColumnElement[str]
    amount: ColumnElement[int] = ONE


class Sums:
    """What a figure's contributions amount to, line by line."""

    def __init__(self) -> None:
        self._amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._contributions: Counter[str] = Counter()

    def add(self, line: str, amount: Decimal, contributions: int = 1) -> None:
        self._amounts[line] += amount
        self._contributions[line] += contributions

    def __getitem__(self, line: str) -> Decimal:
        """The sum of a line; 0 without contributions."""
        return self._amounts.get(line, Decimal(0))

    def contributions(self, line: str) -> int:
        """How many contributions a line has."""
        return self._contributions[line]

    def by_size(self) -> list[tuple[str, Decimal]]:
        """Every line with its sum, the greatest first, equal ones by name."""
        return sorted(self._amounts.items(), key=lambda line: (-line[1], line[0]))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Contribution:
    """Who or what counts, in which line, how much, by which events and rule. ``subject_id`` is not a pseudonym."""

    line: str
    subject: Subject
    subject_id: str
    amount: Decimal
    events: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A published number and its definition. A change of the definition is a new ``version``."""

    name: str
    version: int
    title: Text
    definition: Text
    views: tuple[str, ...]
    quantities: Mapping[str, Quantity]
    """What each number is, by its key."""
    parts: Callable[[Facts], Sequence[Part]]
    value: Callable[[Sums, AsOf], Mapping[str, Number]]


def measure(connection: Connection, figure: Figure, look: Look) -> Mapping[str, Number]:
    """The figure's numbers; the database adds up."""
    sums = Sums()
    for query in _sums(figure, look.facts):
        for line, hundredths, contributions in connection.execute(query, look.as_of.parameters):
            sums.add(line, amount(int(hundredths)), contributions)
    return figure.value(sums, look.as_of)


def explain(connection: Connection, figure: Figure, look: Look) -> list[Contribution]:
    """The contributions behind the figure's numbers, in the order of line and subject."""
    return sorted(
        Contribution(
            line=line,
            subject=subject,
            subject_id=who,
            amount=amount(hundredths),
            events=tuple(sorted(event_id for ids in events if ids for event_id in ids.split())),
            rule=rule,
        )
        for subject, query in _rows(figure, look.facts)
        for line, who, hundredths, rule, *events in connection.execute(query, look.as_of.parameters)
    )


def value_of(figure: Figure, contributions: Iterable[Contribution], as_of: AsOf) -> Mapping[str, Number]:
    """The figure's numbers from its contributions: the same as ``measure`` finds."""
    sums = Sums()
    for contribution in contributions:
        sums.add(contribution.line, contribution.amount)
    return figure.value(sums, as_of)


def difference(
    before: Iterable[Contribution], after: Iterable[Contribution]
) -> tuple[list[Contribution], list[Contribution]]:
    """The contributions gained and lost from one pair of dates to another.

    One that counts the same on other grounds (another event, another rule) is neither.
    """
    old = {_identity(contribution): contribution for contribution in before}
    new = {_identity(contribution): contribution for contribution in after}
    gained = [new[identity] for identity in new if identity not in old]
    lost = [old[identity] for identity in old if identity not in new]
    return sorted(gained), sorted(lost)


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> Fraction | None:
    """Exact, or None where the denominator is 0."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


@lru_cache(maxsize=256)
def _sums(figure: Figure, facts: Facts) -> tuple[Select[Any], ...]:
    """For each part: line, sum in hundredths, number of contributions. Building it costs more than running it."""

    def summed(part: Part) -> Select[Any]:
        line = _expression(part.line).label("line")
        return _only(part, line, func.sum(part.amount), func.count()).group_by(line)

    return tuple(map(summed, figure.parts(facts)))


@lru_cache(maxsize=256)
def _rows(figure: Figure, facts: Facts) -> tuple[tuple[Subject, Select[Any]], ...]:
    """For each part its subject, and the contributions: line, who, amount, rule, events."""

    def listed(part: Part) -> Select[Any]:
        return _only(part, _expression(part.line), part.who, part.amount, _expression(part.rule), *part.events)

    return tuple((part.subject, listed(part)) for part in figure.parts(facts))


def _only(part: Part, *columns: ColumnElement[Any]) -> Select[Any]:
    return part.rows.with_only_columns(*columns)


def _identity(contribution: Contribution) -> tuple[str, str, str, Decimal]:
    return contribution.line, contribution.subject, contribution.subject_id, contribution.amount


def _expression(text: str | ColumnElement[str]) -> ColumnElement[str]:
    return literal(text) if isinstance(text, str) else text
