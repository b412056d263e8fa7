"""Where does each person live? Every version of every residence entry, departures among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import Knowledge, in_force
from services.reporting.views.columns import event_of, known_by_event, versions_of
from services.reporting.views.unreadable import erased, erases
from shared.contracts.intake import EntryWithdrawn, MovedIn, MovedOut, ResidenceCorrected
from shared.contracts.model import PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View, reads

REVISIONS = reads(ResidenceCorrected, EntryWithdrawn)
LEFT = "left"
"""The kind of an entry from which on the person no longer lives in the district."""


@dataclass(frozen=True, slots=True)
class HomeTables:
    homes: Table


class WhoLivesWhere(View[HomeTables]):
    name, version = "reporting.who_lives_where", 1
    types = reads(MovedIn, ResidenceCorrected, MovedOut, EntryWithdrawn)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> HomeTables:
        return HomeTables(
            homes=self.table(
                metadata,
                suffix,
                "homes",
                *known_by_event(),
                Column("person_id", String, nullable=False, index=True),
                Column("entry_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("kind", String),
                Column("ags", String),
                *versions_of("entry_id"),
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
        if erases(erasure, PersonalClass.STATISTICS):
            yield Delete(tables.homes, {"person_id": erasure.subject, "withdrawn": False})


def homes(tables: HomeTables, knowledge: Knowledge) -> Subquery:
    """Where each person lives on the day; ``kind`` is ``LEFT`` for one who has left the district."""
    return in_force(tables.homes, knowledge, of="person_id", entry="entry_id")


def departures(tables: HomeTables, knowledge: Knowledge) -> Subquery:
    """Since when each person who is gone on the day has been gone."""
    home = homes(tables, knowledge)
    return select(home).where(home.c.kind == LEFT).subquery()
