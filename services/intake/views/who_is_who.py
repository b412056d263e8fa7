"""Who is who? Persons by the beginnings of their names' words and of their file numbers, or by names like theirs.

Where names stand in plain text, in intake's own database; an erasure deletes them there.
A person is found by any of their words, so by either name, in any order, with or without accents.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Select,
    String,
    Table,
    exists,
    func,
    select,
)

from services.intake.likeness import plain, resembles, sound, words
from shared.contracts.intake import BirthRecorded, MasterDataCorrected, PersonRegistered
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import PLAIN, Change, Day, Delete, Erasure, Fact, Insert, Update, Upsert, View

MOST_WORDS: Final = 5
"""Words of a question that are looked at; more make nothing clearer."""
MOST_ALIKE: Final = 500
"""Persons who are compared with a name; of more alike ones nobody knows who was meant."""
STATISTICS: Final = ("born_on", "sex", "language", "interpreter_needed")
_LAST: Final = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class PersonTables:
    """``people``: one row each. ``words``: one row per word, in the order in which people are shown."""

    people: Table
    words: Table


class WhoIsWho(View[PersonTables]):
    name, version = "intake.persons", 2
    types = types_of(PersonRegistered, BirthRecorded, MasterDataCorrected)

    def tables(self, metadata: MetaData, suffix: str) -> PersonTables:
        return PersonTables(
            people=self.table(
                metadata,
                suffix,
                "people",
                Column("person_id", String, primary_key=True),
                Column("family_name", String, nullable=False, info=PLAIN),
                Column("given_name", String, nullable=False, info=PLAIN),
                Column("file_number", String, info=PLAIN),
                Column("phone", String, info=PLAIN),
                Column("born_on", Day, index=True, info=PLAIN),
                *(Column(name, String) for name in ("sex", "language")),
                Column("interpreter_needed", Boolean),
            ),
            words=self.table(
                metadata,
                suffix,
                "words",
                Column("word", String, primary_key=True, info=PLAIN),
                Column("shown_as", String, primary_key=True, info=PLAIN),
                Column("person_id", String, primary_key=True),
                Column("sound", String, nullable=False, info=PLAIN),
                Index(None, "person_id", "word"),  # for a question's second word, and for erasing
                Index(None, "sound", "word"),
            ),
        )

    def fold(self, tables: PersonTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        if erased(data["family_name"]):
            return  # as if they had never been here
        row = {
            "person_id": data["person_id"],
            "family_name": data["family_name"],
            "given_name": data["given_name"],
            "file_number": data.get("file_number"),
            "phone": data.get("phone"),
            **_statistics(fact),
        }
        yield Upsert(tables.people, ("person_id",), row)
        if fact.revision > 0:
            yield Delete(tables.words, {"person_id": row["person_id"]})
        for word in _words_of(row):
            entry = {"word": word, "sound": sound(word), "shown_as": _shown_as(row)}
            yield Insert(tables.words, {**entry, "person_id": row["person_id"]})

    def erase(self, tables: PersonTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.IDENTITY:
            yield Delete(tables.people, {"person_id": erasure.subject})
            yield Delete(tables.words, {"person_id": erasure.subject})
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.people, {"person_id": erasure.subject}, dict.fromkeys(STATISTICS))


def find(
    connection: Connection, tables: PersonTables, q: str, limit: int, born_on: date | None = None
) -> list[dict[str, Any]]:
    """The first ``limit`` persons, by family and given name, of whom every word of ``q`` begins a word.

    ``born_on``: only those who were born on that day.
    """
    if not (asked := _asked(q)):
        return []
    rarest, *others = asked
    entry, people = tables.words.c, tables.people.c
    that_day = () if born_on is None else (entry.person_id.in_(_born(tables, born_on)),)
    found = (
        select(entry.shown_as, entry.person_id)
        .distinct()
        .where(_begins(entry.word, rarest), *(_also(tables.words, word) for word in others), *that_day)
        .order_by(entry.shown_as, entry.person_id)
        .limit(limit)
        .subquery()
    )
    shown = (
        select(*_shown(tables))
        .join(found, people.person_id == found.c.person_id)
        .order_by(found.c.shown_as, found.c.person_id)
    )
    return rows(connection, shown)


def alike(
    connection: Connection, tables: PersonTables, q: str, limit: int, born_on: date | None = None
) -> list[dict[str, Any]]:
    """The first ``limit`` persons whom ``q`` may mean, the likeliest first; with ``same_name`` and ``same_birthday``.

    Every word of ``q`` sounds like one of theirs, or is one but for a slip; or they were born on that day, and one
    word does. Slips in the first letter are found only by the day of birth.
    """
    if not (asked := _asked(q)):
        return []
    likely = {word: _like(connection, tables, word) for word in asked}
    ids: set[str] = set(connection.scalars(_with_each(tables, likely.values()).limit(MOST_ALIKE)))
    if born_on is not None:
        ids |= _born_with_a_word_like(connection, tables, born_on, asked)
    found = rows(connection, select(*_shown(tables)).where(tables.people.c.person_id.in_(ids)))

    def likelihood(person: Mapping[str, Any]) -> tuple[int, int, str, str]:
        """Fewer is likelier: words and a birthday that differ, then the order of names."""
        theirs = _words_of(person)
        strange = sum(word not in theirs for word in asked)
        unlike = sum(likely[word].isdisjoint(theirs) for word in asked)
        another_day = born_on is not None and person["born_on"] != born_on
        return unlike + another_day, strange, _shown_as(person), person["person_id"]

    def told(person: Mapping[str, Any]) -> dict[str, Any]:
        theirs = _words_of(person)
        return {
            **person,
            "same_name": all(any(each.startswith(word) for each in theirs) for word in asked),
            "same_birthday": born_on is not None and person["born_on"] == born_on,
        }

    return [told(person) for person in sorted(found, key=likelihood)[:limit]]


def named(connection: Connection, tables: PersonTables, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The persons with these ids, by id; of those erased all is None."""
    people = tables.people.c
    found = rows(connection, select(tables.people).where(people.person_id.in_(person_ids)))
    nobody = dict.fromkeys((str(column.name) for column in people), None)
    return {person_id: {**nobody, "person_id": person_id} for person_id in person_ids} | {
        row["person_id"]: row for row in found
    }


def _statistics(fact: Fact) -> dict[str, Any]:
    """A birth's day is that of its event, which nobody can seal; it is hidden with the other statistics."""
    if erased(fact.data["sex"]):
        return dict.fromkeys(STATISTICS)
    return {name: fact.data.get(name) for name in STATISTICS} | {"born_on": fact.data.get("born_on", fact.occurred_on)}


def _words_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """By which a person is found."""
    return words(row["family_name"], row["given_name"], row["file_number"] or "")


def _shown_as(row: Mapping[str, Any]) -> str:
    """Where the person stands in a list: by family name, then given name (DIN 5007-1: ü like u)."""
    return plain(f"{row['family_name']} {row['given_name']}")


def _shown(tables: PersonTables) -> list[Column[Any]]:
    """What a list of persons says of each."""
    return [
        tables.people.c[name] for name in ("person_id", "family_name", "given_name", "file_number", "phone", "born_on")
    ]


def _asked(q: str) -> list[str]:
    """The words of a question, the rarest first, as far as anybody can tell."""
    return sorted(words(q), key=len, reverse=True)[:MOST_WORDS]


def _begins(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return column.between(word, word + _LAST)


def _also(table: Table, word: str) -> ColumnElement[bool]:
    other = table.alias()
    return exists().where(other.c.person_id == table.c.person_id, _begins(other.c.word, word))


def _with_each(tables: PersonTables, likely: Collection[Collection[str]]) -> Select[tuple[str]]:
    """Who has a word of each of these; who has one of the fewest is looked up, and asked for the others."""
    fewest, *others = sorted(likely, key=len)
    entry, other = tables.words.c, tables.words.alias().c
    also = (exists().where(other.person_id == entry.person_id, other.word.in_(each)) for each in others)
    return select(entry.person_id).where(entry.word.in_(fewest), *also).distinct()


def _born(tables: PersonTables, day: date) -> Select[tuple[str]]:
    return select(tables.people.c.person_id).where(tables.people.c.born_on == day)


def _like(connection: Connection, tables: PersonTables, word: str) -> set[str]:
    """The words in the register that may be this one."""
    entry = tables.words.c
    sounding = _different(entry.word, "", entry.sound == sound(word))
    beginning = _different(entry.word, word[0], entry.word <= word[0] + _LAST)
    others = connection.scalars(beginning)
    return {
        *connection.scalars(sounding),
        *(other for other in others if resembles(word, other) or other.startswith(word)),
    }


def _different(column: ColumnElement[str], start: str, among: ColumnElement[bool]) -> Select[Any]:
    """The different values from ``start`` on, each found by the index behind the one before: it does not matter in how
    many rows a value stands."""
    value = select(func.min(column).label("value")).where(among, column >= start).cte("different", recursive=True)
    following = select(func.min(column)).where(among, column > value.c.value).scalar_subquery()
    value = value.union_all(select(following).where(value.c.value.is_not(None)))
    return select(value.c.value).where(value.c.value.is_not(None))


def _born_with_a_word_like(connection: Connection, tables: PersonTables, day: date, asked: Collection[str]) -> set[str]:
    """Who was born on the day and has a word that may be one of these."""
    entry = tables.words.c
    theirs = select(entry.person_id, entry.word, entry.sound).where(entry.person_id.in_(_born(tables, day)))
    sounds = {sound(word) for word in asked}
    return {
        person_id
        for person_id, word, heard in connection.execute(theirs)
        if heard in sounds or any(resembles(one, word) or word.startswith(one) for one in asked)
    }
