"""Which household does each registered person belong to?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table

from services.reporting.as_of import Knowledge, in_force
from services.reporting.views.columns import event_of, known_by_event
from services.reporting.views.unreadable import erased, erases
from shared.contracts.intake import BirthRecorded, HouseholdJoined, PersonRegistered
from shared.contracts.model import PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View, reads


@dataclass(frozen=True, slots=True)
class HouseholdTables:
    members: Table


class WhoBelongsTogether(View[HouseholdTables]):
    name, version = "reporting.who_belongs_together", 1
    types = reads(PersonRegistered, BirthRecorded, HouseholdJoined)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> HouseholdTables:
        return HouseholdTables(
            members=self.table(
                metadata,
                suffix,
                "members",
                *known_by_event(),
                Column("person_id", String, nullable=False, index=True),
                Column("household_id", String, nullable=False, index=True),
                Column("since", Day, nullable=False),
            )
        )

    def fold(self, tables: HouseholdTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        if erased(data["sex"] if fact.type == "intake.BirthRecorded" else data["relation"]):
            return  # whose statistics are erased is no longer counted, not even as somebody's household
        yield Insert(
            tables.members,
            {
                **event_of(fact),
                "person_id": data["person_id"],
                "household_id": data["household_id"],
                "since": fact.occurred_on,
            },
        )

    def erase(self, tables: HouseholdTables, erasure: Erasure) -> Iterator[Change]:
        if erases(erasure, PersonalClass.STATISTICS):
            yield Delete(tables.members, {"person_id": erasure.subject})


def members(tables: HouseholdTables, knowledge: Knowledge) -> Subquery:
    """The household of each person who is registered (or born) by the day."""
    return in_force(tables.members, knowledge, of="person_id")
