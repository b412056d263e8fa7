"""Who is who: persons by the beginnings of their names' words and of their file numbers.

The one place where names stand in plain text, in intake's own database; an erasure deletes them there.
A person is found by any of their words, so by either name, in any order, with or without accents.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Index, MetaData, String, Table, exists, select

from services.intake.views.rows import rows
from shared.contracts.intake import BirthRecorded, MasterDataCorrected, PersonRegistered
from shared.contracts.model import Hidden, PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, Update, Upsert, View, reads, visible

MOST_WORDS: Final = 5
"""Words of a question that are looked at; more make nothing clearer."""
_WORD: Final = re.compile(r"[^\W_]+")
_LAST: Final = chr(0x10FFFF)
_SORTED_BY_CODE = String().with_variant(String(collation="C"), "postgresql")


@dataclass(frozen=True)
class Tables:
    """``people``: one row each. ``words``: one row per word, in the order in which people are shown."""

    people: Table
    words: Table


class Persons(View[Tables]):
    name = "intake.persons"
    version = 1
    types = reads(PersonRegistered, BirthRecorded, MasterDataCorrected)

    def tables(self, metadata: MetaData, suffix: str) -> Tables:
        return Tables(
            people=self.table(
                metadata,
                suffix,
                "people",
                Column("person_id", String, primary_key=True),
                Column("family_name", String, nullable=False),
                Column("given_name", String, nullable=False),
                Column("file_number", String),
                Column("born_on", Day),
            ),
            words=self.table(
                metadata,
                suffix,
                "words",
                Column("word", _SORTED_BY_CODE, primary_key=True),
                Column("shown_as", _SORTED_BY_CODE, primary_key=True),
                Column("person_id", String, primary_key=True),
                Index(None, "person_id", "word"),  # for a question's second word, and for erasing
            ),
        )

    def fold(self, tables: Tables, fact: Fact) -> Iterable[Change]:
        data = fact.data
        if isinstance(data["family_name"], Hidden):
            return  # erased: as if they had never been here
        row = {
            "person_id": data["person_id"],
            "family_name": data["family_name"],
            "given_name": data["given_name"],
            "file_number": data.get("file_number"),
            "born_on": _born_on(fact),
        }
        yield Upsert(tables.people, ("person_id",), row)
        if fact.revision > 0:
            yield Delete(tables.words, {"person_id": row["person_id"]})
        for word in words(row["family_name"], row["given_name"], row["file_number"] or ""):
            yield Insert(tables.words, {"word": word, "shown_as": _shown_as(row), "person_id": row["person_id"]})

    def erase(self, tables: Tables, erasure: Erasure) -> Iterable[Change]:
        if erasure.personal_class == PersonalClass.IDENTITY:
            yield Delete(tables.people, {"person_id": erasure.subject})
            yield Delete(tables.words, {"person_id": erasure.subject})
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.people, {"person_id": erasure.subject}, {"born_on": None})


PERSONS: Final = Persons()


def find(connection: Connection, tables: Tables, q: str, limit: int) -> list[dict[str, Any]]:
    """The first ``limit`` persons, by family and given name, of whom every word of ``q`` begins a word."""
    asked = sorted(words(q), key=len, reverse=True)[:MOST_WORDS]
    if not asked:
        return []
    rarest, *others = asked
    entry, people = tables.words.c, tables.people.c
    found = (
        select(entry.shown_as, entry.person_id)
        .distinct()
        .where(_begins(entry.word, rarest), *(_also(tables.words, word) for word in others))
        .order_by(entry.shown_as, entry.person_id)
        .limit(limit)
        .subquery()
    )
    shown = (
        select(tables.people)
        .join(found, people.person_id == found.c.person_id)
        .order_by(found.c.shown_as, found.c.person_id)
    )
    return rows(connection, shown)


def named(connection: Connection, tables: Tables, person_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The persons with these ids, by id; of those erased all is None."""
    people = tables.people.c
    found = rows(connection, select(tables.people).where(people.person_id.in_(person_ids)))
    nobody = dict.fromkeys((str(column.name) for column in people), None)
    return {person_id: {**nobody, "person_id": person_id} for person_id in person_ids} | {
        row["person_id"]: row for row in found
    }


def words(*texts: str) -> tuple[str, ...]:
    """The different words of some texts, without case and accents: "Müller-Álvarez" gives muller, alvarez."""
    return tuple(dict.fromkeys(_WORD.findall(_plain(" ".join(texts)))))


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def _born_on(fact: Fact) -> str | None:
    """A birth's day is that of its event, which nobody can seal; it is hidden with the other statistics."""
    born_on: str | None = visible(fact.data.get("born_on", fact.occurred_on))
    return None if isinstance(fact.data["sex"], Hidden) else born_on


def _shown_as(row: Mapping[str, Any]) -> str:
    """Where the person stands in a list: by family name, then given name (DIN 5007-1: ü like u)."""
    return _plain(f"{row['family_name']} {row['given_name']}")


def _begins(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    return column.between(word, word + _LAST)


def _also(table: Table, word: str) -> ColumnElement[bool]:
    other = table.alias()
    return exists().where(other.c.person_id == table.c.person_id, _begins(other.c.word, word))
