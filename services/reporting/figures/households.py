"""Alone, or a family? Who is in company on a reference date.

Somebody who is here counts with those of the household who are here, and somebody who has left the district with
those who were there to the end or are still here: with whoever had not left before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Select, String, and_, case, select, type_coerce

from services.reporting.as_of import FOR_EVER, holds, some
from services.reporting.facts import Facts
from services.reporting.figures.model import Changing, Stretch

SINGLE: Final = "single"
FAMILY: Final = "family"


def single_or_family(facts: Facts, person: FromClause) -> Changing:
    """The line of a person (of ``facts.members``), whose household changes by the day."""
    members = _spells(facts.members(), "person_id", "household_id")
    departures = _spells(facts.departures(), "person_id")

    def unusual(connection: Connection, parameters: Mapping[str, Any]) -> Mapping[str, Sequence[Stretch]]:
        rows, gone = (connection.execute(query, parameters) for query in (members, departures))
        return in_families((Member(*row) for row in rows), (Departure(*row) for row in gone))

    return Changing(case((in_company(facts, person), FAMILY), else_=SINGLE), SINGLE, unusual)


def in_company(facts: Facts, person: FromClause) -> ColumnElement[bool]:
    """Whether on the day somebody else of the household had not left before the person."""
    other, gone, own = facts.members(), facts.departures(), facts.departures()
    no_sooner = some(own, where=and_(own.c.person_id == person.c.person_id, holds(own), own.c.since <= gone.c.since))
    left_before = some(gone, where=and_(gone.c.person_id == other.c.person_id, holds(gone), ~no_sooner))
    return some(other, where=and_(_others(other, person), ~left_before))


def was_family(facts: Facts, household_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether on the day those of the household who stayed longest are, or were at the end, more than one."""
    last, other, own, gone = facts.members(), facts.members(), facts.departures(), facts.departures()
    as_early = some(gone, where=and_(gone.c.person_id == other.c.person_id, holds(gone), gone.c.since <= own.c.since))
    outlasted = some(other, where=and_(_others(other, last), ~as_early))
    left_first = some(own, where=and_(own.c.person_id == last.c.person_id, holds(own), outlasted))
    member = and_(last.c.household_id == household_id, holds(last))
    return some(last, where=and_(member, ~left_first, in_company(facts, last)))


def _others(other: FromClause, person: FromClause) -> ColumnElement[bool]:
    same_household = other.c.household_id == person.c.household_id
    return and_(same_household, other.c.person_id != person.c.person_id, holds(other))


# --- over time ------------------------------------------------------------------------------------


class Member(NamedTuple):
    """A spell in a household; days as ISO text."""

    person_id: str
    household_id: str
    since: str
    until: str


class Departure(NamedTuple):
    """A spell away from the district; days as ISO text."""

    person_id: str
    since: str
    until: str


def in_families(members: Iterable[Member], departures: Iterable[Departure]) -> dict[str, list[Stretch]]:
    """The stretches in which each person is in company."""
    gone, households = defaultdict[str, list[Departure]](list), defaultdict[str, list[Member]](list)
    for departure in departures:
        gone[departure.person_id].append(departure)
    for member in members:
        households[member.household_id].append(member)
    found = defaultdict[str, list[Stretch]](list)
    for household in households.values():
        if len(household) > 1:
            for person_id, stretch in _together(household, gone):
                found[person_id].append(stretch)
    return found


def _together(household: Sequence[Member], gone: Mapping[str, Sequence[Departure]]) -> Iterator[tuple[str, Stretch]]:
    """A household changes on few days; between two of them it is the same."""
    spells: list[Member | Departure] = [*household]
    for member in household:
        spells += gone.get(member.person_id, ())
    for day, until in pairwise(sorted({day for spell in spells for day in (spell.since, spell.until)})):
        stays = {
            member.person_id: next((d.since for d in gone.get(member.person_id, ()) if _holds(d, day)), FOR_EVER)
            for member in household
            if _holds(member, day)
        }
        for person_id, stay in stays.items():
            if sum(other >= stay for other in stays.values()) > 1:
                yield person_id, Stretch(day, until, FAMILY)


def _holds(spell: Member | Departure, day: str) -> bool:
    return spell.since <= day < spell.until


def _spells(rows: FromClause, *columns: str) -> Select[Any]:
    days = (type_coerce(rows.c[name], String) for name in ("since", "until"))
    return select(*(rows.c[name] for name in columns), *days)
