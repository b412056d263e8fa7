"""In which housing phase is each person, and since when? Every determination; the newest stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import VALID_AT, Knowledge, newest
from services.reporting.views.columns import event_of, known_by_event
from services.reporting.views.unreadable import erased, erases
from shared.contracts.eligibility import HousingPhaseDetermined
from shared.contracts.model import PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View, reads


@dataclass(frozen=True, slots=True)
class PhaseTables:
    phases: Table


class WhoIsEntitled(View[PhaseTables]):
    name, version = "reporting.who_is_entitled", 1
    types = reads(HousingPhaseDetermined)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> PhaseTables:
        return PhaseTables(
            phases=self.table(
                metadata,
                suffix,
                "phases",
                *known_by_event(),
                Column("person_id", String, nullable=False, index=True),
                Column("phase", String, nullable=False),
                Column("since", Day),
                Column("rule", String, nullable=False),
            )
        )

    def fold(self, tables: PhaseTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        if erased(data["phase"]):
            return
        yield Insert(
            tables.phases,
            {
                **event_of(fact),
                "person_id": data["person_id"],
                "phase": data["phase"],
                "since": data["since"],
                "rule": data["rule"],
            },
        )

    def erase(self, tables: PhaseTables, erasure: Erasure) -> Iterator[Change]:
        if erases(erasure, PersonalClass.STATISTICS):
            yield Delete(tables.phases, {"person_id": erasure.subject})


def entitled(tables: PhaseTables, knowledge: Knowledge) -> Subquery:
    """Whoever is in the phase of follow-up housing on the day, by the newest determination known."""
    phase = newest(tables.phases, knowledge, of="person_id")
    return select(phase).where(phase.c.phase == "follow_up", phase.c.since <= VALID_AT).subquery()
