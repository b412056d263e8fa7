"""As valid on a day, as known then: how every figure looks at the tables of facts.

A table of facts is append-only. A row says: from ``since`` this holds, of this person (or case, or
contract), by this event; a correction or a withdrawal is one more row, a *version* of the same entry.
So nothing is ever overwritten, and the past can be asked as it was known in the past. Where entries have
versions, the column ``revises`` tells the later ones: they are few, so whether an entry has any is a look
into a small index. Where a row may come after another of its kind, a column ``follows`` tells those in
the same way.

Given a state of knowledge, a row holds for a *spell*: from the day ``since`` to the day ``until``, which is
not included. A figure on one day is what holds then; a series sweeps over the spells. One query serves both.

The queries are built once; the dates of a question are their parameters.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Subquery,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from shared.projections.view import Day

VALID_AT: Final = bindparam("valid_at", type_=Day())
POSITION: Final = bindparam("position", type_=BigInteger())
LEARNT_BY: Final = bindparam("learnt_by", type_=Day())
FOREVER: Final = literal(date.max, Day)
"""The end of a spell that has none."""
FOR_EVER: Final = date.max.isoformat()
"""The same, as it comes out of the database as text."""


class Knowledge(Enum):
    """What limits knowledge: a position in the log, or also the day by which the office had learnt it."""

    POSITION = "position"
    DAY = "day"

    def covers(self, rows: FromClause) -> ColumnElement[bool]:
        """Whether a row was known.

        The 0 is for SQLite: it would otherwise read by row number, across all indexes; by person, as they lie,
        a figure takes a third of the time.
        """
        known = rows.c.position + 0 <= POSITION
        return known if self is Knowledge.POSITION else and_(known, rows.c.learnt_on <= LEARNT_BY)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The two dates of a question: the day looked at, and the state of knowledge.

    Known is what stands at ``position`` or before it, and, if ``learnt_by`` is given, what the
    office had learnt by that day.
    """

    valid_at: date
    position: int
    learnt_by: date | None = None

    @property
    def knowledge(self) -> Knowledge:
        return Knowledge.POSITION if self.learnt_by is None else Knowledge.DAY

    @property
    def parameters(self) -> dict[str, Any]:
        """For the queries of this module."""
        return asdict(self)


def some(*rows: FromClause, where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such rows exist. Whatever else the condition names belongs to the query around, however far out."""
    return select(literal_column("1")).select_from(*rows).where(where).correlate_except(*rows).exists()


def in_order_of(column: ColumnElement[str]) -> ColumnElement[bool]:
    """True of every row, and a reason to read in the order of the column's index: what is looked up then lies near."""
    return column > ""


def known(table: Table, knowledge: Knowledge) -> Subquery:
    """All rows known then."""
    rows = table.alias()
    return select(rows).where(knowledge.covers(rows)).subquery()


def newest(table: Table, knowledge: Knowledge, *, of: str) -> Subquery:
    """For each value of the column ``of`` the last row known then: the version that stands.

    What was withdrawn (a column ``withdrawn``, if the table has one) does not stand.
    """
    rows = table.alias()
    return select(rows).where(_stands(table, rows, knowledge, of)).subquery()


def in_force(table: Table, knowledge: Knowledge, *, of: str, entry: str | None = None) -> Subquery:
    """The rows that stand, each with the spell in which it is the one that holds for its value of the column ``of``.

    It ends with the next ``since``. Where entries have versions, ``entry`` names the column with their id. Of
    several entries with the same ``since`` the one recorded last holds.
    """
    rows = table.alias()

    def stands(row: FromClause) -> ColumnElement[bool]:
        return knowledge.covers(row) if entry is None else _stands(table, row, knowledge, entry)

    def recorded(row: FromClause) -> ColumnElement[int]:
        """Where the row's entry was first recorded."""
        position: ColumnElement[int] = row.c.position
        if entry is None:
            return position
        versions = table.alias()
        same = and_(versions.c[of] == row.c[of], versions.c[entry] == row.c[entry])
        first = select(func.min(versions.c.position)).where(same).correlate_except(versions).scalar_subquery()
        return case((row.c.revises, first), else_=position)

    def next_since(*among: str) -> ColumnElement[date]:
        """Of the rows in which the columns ``among`` are true."""
        later = table.alias()
        comes_later = or_(later.c.since > rows.c.since, recorded(later) > recorded(rows))
        same = and_(later.c[of] == rows.c[of], *(later.c[name] for name in among), later.c.since >= rows.c.since)
        later_since = select(func.min(later.c.since)).where(same, comes_later, stands(later))
        return later_since.correlate_except(later).scalar_subquery()

    following = next_since()
    if "follows" in table.c:  # after a first row comes, if anything, one that follows: a look into a small index
        following = case((rows.c.follows, following), else_=next_since("follows"))
    until = func.coalesce(following, FOREVER, type_=Day()).label("until")
    return select(rows, until).where(stands(rows)).subquery()


def holds(rows: FromClause) -> ColumnElement[bool]:
    """Whether a row's spell includes the day."""
    return and_(rows.c.since <= VALID_AT, rows.c.until > VALID_AT)


def _stands(table: Table, rows: FromClause, knowledge: Knowledge, entry: str) -> ColumnElement[bool]:
    newer = table.alias()
    replaces = and_(newer.c[entry] == rows.c[entry], newer.c.position > rows.c.position, knowledge.covers(newer))
    if "revises" in table.c:
        replaces = and_(newer.c.revises, replaces)
    stands = and_(knowledge.covers(rows), ~some(newer, where=replaces))
    return and_(stands, ~rows.c.withdrawn) if "withdrawn" in table.c else stands
