"""Which household does each registered person belong to?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Index, MetaData, String, Subquery, Table

from services.reporting.as_of import Knowledge, in_force
from services.reporting.views.columns import event_of, known_by_event, only
from shared.contracts.intake import BirthRecorded, HouseholdJoined, PersonRegistered
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class HouseholdTables:
    members: Table


class WhoBelongsTogether(View[HouseholdTables]):
    name, version = "reporting.who_belongs_together", 2
    types = types_of(PersonRegistered, BirthRecorded, HouseholdJoined)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> HouseholdTables:
        return HouseholdTables(
            members=self.table(
                metadata,
                suffix,
                "members",
                *known_by_event(),
                Column("person_id", String, nullable=False),
                Column("household_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("follows", Boolean, nullable=False),  # after the first household, of a registration or birth
                Index(None, "person_id", "position", "since", "learnt_on", "follows"),
                Index(None, "household_id", "person_id", "position", "since", "learnt_on", "follows"),
                Index(None, "person_id", "since", "position", "learnt_on", **only("follows = 1", "follows")),
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
                "follows": fact.type == "intake.HouseholdJoined",
            },
        )

    def erase(self, tables: HouseholdTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.members, {"person_id": erasure.subject})


def members(tables: HouseholdTables, knowledge: Knowledge) -> Subquery:
    """In which household each person is for which spell; the first begins with registration or birth."""
    return in_force(tables.members, knowledge, of="person_id")
