"""Where does each person live? Every version of every residence entry, departures among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Index, MetaData, String, Subquery, Table, literal_column, select

from services.reporting.as_of import Knowledge, in_force
from services.reporting.views.columns import event_of, known_by_event, only, versions_of
from shared.contracts.intake import EntryWithdrawn, MovedIn, MovedOut, ResidenceCorrected
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View

REVISIONS = types_of(ResidenceCorrected, EntryWithdrawn)
VERSION = ("learnt_on", "entry_id", "revises", "withdrawn")
"""What tells whether a row stands."""
LEFT = "left"
"""The kind of an entry from which on the person no longer lives in the district."""


@dataclass(frozen=True, slots=True)
class HomeTables:
    homes: Table


class WhoLivesWhere(View[HomeTables]):
    name, version = "reporting.who_lives_where", 2
    types = types_of(MovedIn, ResidenceCorrected, MovedOut, EntryWithdrawn)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> HomeTables:
        return HomeTables(
            homes=self.table(
                metadata,
                suffix,
                "homes",
                *known_by_event(),
                Column("person_id", String, nullable=False),
                Column("entry_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("kind", String),
                Column("ags", String),
                *versions_of("entry_id"),
                Index(None, "person_id", "position", "since", *VERSION, "kind", "ags"),
                Index(None, "person_id", "since", "position", *VERSION, **only(f"kind = '{LEFT}'")),
            )
        )

    def fold(self, tables: HomeTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {
            **event_of(fact),
            "person_id": data["person_id"],
            "since": fact.occurred_on,
            "kind": None,
            "ags": None,
            "revises": fact.type in REVISIONS,
            "withdrawn": False,
        }
        match fact.type:
            case "intake.EntryWithdrawn":  # of a residence, or of another entry, which nobody will look up
                yield Insert(tables.homes, row | {"entry_id": data["entry_id"], "withdrawn": True})
            case "intake.MovedOut" if not erased(data["destination"]):
                yield Insert(tables.homes, row | {"entry_id": data["residence_id"], "kind": LEFT})
            case "intake.MovedIn" | "intake.ResidenceCorrected" if not erased(data["kind"]):
                home = {"entry_id": data["residence_id"], "kind": data["kind"], "ags": data["ags"]}
                yield Insert(tables.homes, row | home)

    def erase(self, tables: HomeTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.homes, {"person_id": erasure.subject, "withdrawn": False})


def homes(tables: HomeTables, knowledge: Knowledge) -> Subquery:
    """Where each person lives for which spell; ``kind`` is ``LEFT`` for one who has left the district."""
    return in_force(tables.homes, knowledge, of="person_id", entry="entry_id")


def departures(tables: HomeTables, knowledge: Knowledge) -> Subquery:
    """The spells for which persons are gone."""
    home = homes(tables, knowledge)
    return select(home).where(home.c.kind == literal_column(f"'{LEFT}'")).subquery()
