"""In which housing phase is each person, and since when? Every determination; the newest stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Index, MetaData, String, Subquery, Table, select

from services.reporting.as_of import FOREVER, Knowledge, newest
from services.reporting.views.columns import event_of, known_by_event
from shared.contracts.eligibility import HousingPhaseDetermined
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class PhaseTables:
    phases: Table


class WhoIsEntitled(View[PhaseTables]):
    name, version = "reporting.who_is_entitled", 2
    types = types_of(HousingPhaseDetermined)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> PhaseTables:
        return PhaseTables(
            phases=self.table(
                metadata,
                suffix,
                "phases",
                *known_by_event(),
                Column("person_id", String, nullable=False),
                Column("phase", String, nullable=False),
                Column("since", Day),
                Column("rule", String, nullable=False),
                Index(None, "person_id", "position", "learnt_on", "phase", "since"),
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
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Delete(tables.phases, {"person_id": erasure.subject})


def determined(tables: PhaseTables, knowledge: Knowledge) -> Subquery:
    """The newest determination known of each person."""
    return newest(tables.phases, knowledge, of="person_id")


def entitled(tables: PhaseTables, knowledge: Knowledge) -> Subquery:
    """Since when each person is in the phase of follow-up housing, by the newest determination known."""
    phase = determined(tables, knowledge)
    return select(phase, FOREVER.label("until")).where(phase.c.phase == "follow_up").subquery()
