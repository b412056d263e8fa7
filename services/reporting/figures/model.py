"""What a figure is: a versioned definition whose number is the sum of its contributions.

The same query gives the number (summed by the database) and its explanation (row by row), so the two
cannot differ. What contributes does so for a spell, so the same query also gives the figure over time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    bindparam,
    case,
    func,
    literal,
    literal_column,
)

from services.reporting.as_of import VALID_AT, AsOf
from services.reporting.facts import Facts, Look
from services.reporting.hundredths import amount
from shared.api.said import Said

Subject: TypeAlias = Literal["person", "employee", "consultation", "case", "grant", "municipality", "team"]
Number: TypeAlias = int | Decimal | Fraction | None
"""Exact; None where it has no meaning (a ratio to nothing)."""
Value: TypeAlias = Mapping[str, Number]
"""A figure's numbers by key."""
ONE: ColumnElement[int] = literal_column("100")
"""Amounts are counted in hundredths."""
LINE: BindParameter[str] = bindparam("line", type_=String())


class Unit(Enum):
    """How a number is shown."""

    COUNT = "count"
    FTE = "fte"
    EURO = "euro"
    SHARE = "share"
    TIMES = "times"
    PER_FTE = "per_fte"


class DateType(Enum):
    """What a figure's reference date is compared with."""

    IN_FORCE_ON = "in_force_on"
    HELD_ON = "held_on"
    ENDS_ON = "ends_on"

    @property
    def text(self) -> Said:
        return _DATE_TYPES[self]


_DATE_TYPES = {
    DateType.IN_FORCE_ON: Said(de="Stand am Stichtag", en="as it was on the reference date"),
    DateType.HELD_ON: Said(de="bis zum Stichtag geführt", en="held by the reference date"),
    DateType.ENDS_ON: Said(de="endet bis zum Stichtag", en="ends by the reference date"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One of the numbers a figure consists of. ``rests_on``: the lines from which a ratio is computed."""

    unit: Unit
    label: Said
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spell:
    """From which day on a contribution counts, and from which day on no longer (None: for ever)."""

    since: ColumnElement[date]
    until: ColumnElement[date] | None = None

    @classmethod
    def of(cls, rows: FromClause) -> Spell:
        return cls(rows.c.since, rows.c.until)

    @property
    def holds(self) -> ColumnElement[bool]:
        """Whether it includes the day."""
        begun = self.since <= VALID_AT
        return begun if self.until is None else begun & (self.until > VALID_AT)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days on which a subject counts in another line than usual; ``until`` is not included. Days as ISO text."""

    since: str
    until: str
    line: str


@dataclass(frozen=True, slots=True)
class Changing:
    """A line that changes by the day: ``on_the_day`` for the database; for a sweep the ``usual`` one, and where not."""

    on_the_day: ColumnElement[str]
    usual: str
    unusual: Callable[[Connection, Mapping[str, Any]], Mapping[str, Sequence[Stretch]]]


@dataclass(frozen=True, slots=True)
class Turning:
    """A line that is another one before a certain day; None is no such day."""

    before: ColumnElement[str]
    day: ColumnElement[date]
    then: ColumnElement[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Where contributions to a figure come from: one row, one contribution.

    ``line`` names the sum a row adds to, ``amount`` how much, in hundredths. ``events`` are columns with
    an event id, or several separated by spaces. A row counts on the days that lie in all ``spells``; None where
    ``rows`` are of the day already, and can be had day by day only: for small tables.
    """

    rows: Select[Any]
    line: str | ColumnElement[str] | Changing | Turning
    subject: Subject
    who: ColumnElement[str]
    events: Sequence[ColumnElement[str]]
    rule: str | ColumnElement[str]
    amount: ColumnElement[int] = ONE
    spells: Sequence[Spell] | None = None

    @property
    def on_the_day(self) -> Select[Any]:
        return self.rows if self.spells is None else self.rows.where(*(spell.holds for spell in self.spells))

    @property
    def line_on_the_day(self) -> ColumnElement[str]:
        match self.line:
            case str():
                return literal(self.line)
            case Changing():
                return self.line.on_the_day
            case Turning():
                return case((self.line.day > VALID_AT, self.line.before), else_=self.line.then)
            case _:
                return self.line


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

    def __sub__(self, earlier: Sums) -> Sums:
        """What has come since, of sums that only grow."""
        since = Sums()
        for line in self._amounts.keys() | earlier._amounts.keys():
            came = self.contributions(line) - earlier.contributions(line)
            if came or self[line] != earlier[line]:
                since.add(line, self[line] - earlier[line], came)
        return since

    def contributions(self, line: str) -> int:
        """How many contributions a line has."""
        return self._contributions[line]

    @property
    def lines(self) -> list[str]:
        """The lines with contributions, by name."""
        return sorted(self._amounts)

    def by_size(self) -> list[tuple[str, Decimal]]:
        """Every line with its sum, the greatest first, equal ones by name."""
        return sorted(self._amounts.items(), key=lambda line: (-line[1], line[0]))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Contribution:
    """Who or what counts, in which line, how much, by which events and rule. ``subject_id`` is not a pseudonym.

    ``since``: from when on it has counted by these events; None where that is not known.
    """

    line: str
    subject: Subject
    subject_id: str
    amount: Decimal
    events: tuple[str, ...]
    rule: str
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A published number and its definition. A change of the definition is a new ``version``."""

    name: str
    version: int
    title: Said
    definition: Said
    views: tuple[str, ...]
    quantities: Mapping[str, Quantity]
    """What each number is, by its key; in a figure ``by_team`` by what follows the team's id and a dot."""
    parts: Callable[[Facts], Sequence[Part]]
    value: Callable[[Sums, AsOf], Value]
    date_type: DateType = DateType.IN_FORCE_ON
    by_team: bool = False
    over_time: bool = True
    """Whether there is a series of it."""
    of_people: bool = True
    """Whether it counts people or what they do: then small counts are not for everybody."""
    totals: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Which counts are the sums of which others; what these leave is a count, too."""

    @property
    def cumulative(self) -> bool:
        """Whether it counts everything up to the reference date."""
        return self.date_type is not DateType.IN_FORCE_ON

    def quantity(self, key: str) -> Quantity:
        """What the number under a key is."""
        return self.quantities[key.partition(".")[2] if self.by_team else key]


def summed(connection: Connection, figure: Figure, look: Look) -> Sums:
    """What the figure's contributions amount to on the day; the database adds up."""
    sums = Sums()
    for query in sums_of(figure, look.facts):
        add_up(connection, query, look.as_of, sums)
    return sums


def add_up(connection: Connection, query: Select[Any], as_of: AsOf, sums: Sums) -> None:
    """Add what one part (a query of ``sums_of``) amounts to."""
    for line, hundredths, contributions in connection.execute(query, as_of.parameters):
        sums.add(line, amount(int(hundredths)), contributions)


def measure(connection: Connection, figure: Figure, look: Look) -> Value:
    """The figure's numbers."""
    return figure.value(summed(connection, figure, look), look.as_of)


def explain(
    connection: Connection,
    figure: Figure,
    look: Look,
    *,
    line: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[Contribution]:
    """The contributions behind the figure's numbers, or behind one line: part by part, by line and subject.

    ``after`` so many of them at most ``limit``.
    """
    end = None if limit is None else after + limit
    return list(islice(_contributions(connection, figure, look, line), after, end))


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> Fraction | None:
    """Exact, or None where the denominator is 0."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


@lru_cache(maxsize=256)
def parts_of(figure: Figure, facts: Facts) -> tuple[Part, ...]:
    """The parts of a figure, always the same ones."""
    return tuple(figure.parts(facts))


@lru_cache(maxsize=256)
def sums_of(figure: Figure, facts: Facts) -> tuple[Select[Any], ...]:
    """For each part: line, sum in hundredths, number of contributions. Building it costs more than running it."""

    def sums(part: Part) -> Select[Any]:
        line = part.line_on_the_day.label("line")
        columns: list[ColumnElement[Any]] = [line, func.sum(part.amount), func.count()]
        query: Select[Any] = part.on_the_day.with_only_columns(*columns).group_by("line")  # by name: worked out once
        return query

    return tuple(map(sums, parts_of(figure, facts)))


@lru_cache(maxsize=256)
def _rows(figure: Figure, facts: Facts, of_line: bool) -> tuple[tuple[Part, Select[Any]], ...]:
    """For each part the contributions: line, who, amount, rule, events, and since when each of its spells holds."""

    def rows(part: Part) -> Select[Any]:
        line = part.line_on_the_day.label("line")
        rule = literal(part.rule) if isinstance(part.rule, str) else part.rule
        begun = [spell.since for spell in part.spells or ()]
        if isinstance(part.line, Turning):
            begun.append(part.line.day)
        columns: list[ColumnElement[Any]] = [line, part.who, part.amount, rule, *part.events, *begun]
        query: Select[Any] = part.on_the_day.with_only_columns(*columns).order_by(line, part.who)
        return query.where(line.element == LINE) if of_line else query

    return tuple((part, rows(part)) for part in parts_of(figure, facts))


def _contributions(connection: Connection, figure: Figure, look: Look, line: str | None) -> Iterator[Contribution]:
    parameters = look.as_of.parameters | ({} if line is None else {"line": line})
    for part, query in _rows(figure, look.facts, line is not None):
        events = slice(4, 4 + len(part.events))
        with closing(connection.execute(query, parameters)) as rows:
            for row in rows:
                begun = [day for day in row[events.stop :] if day is not None and day <= look.as_of.valid_at]
                yield Contribution(
                    line=row[0],
                    subject=part.subject,
                    subject_id=row[1],
                    amount=amount(row[2]),
                    rule=row[3],
                    events=tuple(sorted(event_id for ids in row[events] if ids for event_id in ids.split())),
                    since=max(begun, default=None),
                )
