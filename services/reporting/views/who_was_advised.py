"""Which talks were held, with whom, and about what? Every version of every consultation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import VALID_AT, Knowledge, newest
from services.reporting.views.columns import POSITION, event_of, known_by_event, versions_of
from services.reporting.views.unreadable import erased, erases
from shared.contracts.casework import CaseOpened, ConsultationCorrected, ConsultationHeld, ConsultationWithdrawn
from shared.contracts.model import PersonalClass
from shared.projections.view import Change, Day, Delete, Erasure, Fact, Insert, View, reads


@dataclass(frozen=True, slots=True)
class AdviceTables:
    talks: Table
    participants: Table
    topics: Table
    cases: Table


class WhoWasAdvised(View[AdviceTables]):
    name, version = "reporting.who_was_advised", 1
    types = reads(ConsultationHeld, ConsultationCorrected, ConsultationWithdrawn, CaseOpened)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> AdviceTables:
        return AdviceTables(
            talks=self.table(
                metadata,
                suffix,
                "talks",
                *known_by_event(),
                Column("consultation_id", String, nullable=False),
                Column("case_id", String, nullable=False, index=True),
                Column("held_on", Day, nullable=False),
                Column("setting", String),
                *versions_of("consultation_id"),
            ),
            participants=self.table(  # of one version of a talk, the one at ``position``
                metadata,
                suffix,
                "participants",
                Column("position", POSITION, nullable=False),
                Column("person_id", String, nullable=False, index=True),
            ),
            topics=self.table(
                metadata,
                suffix,
                "topics",
                Column("position", POSITION, nullable=False),
                Column("topic", String, nullable=False),
                Column("case_id", String, nullable=False),
            ),
            cases=self.table(
                metadata,
                suffix,
                "cases",
                *known_by_event(),
                Column("case_id", String, nullable=False, index=True),
                Column("household_id", String, nullable=False),
            ),
        )

    def fold(self, tables: AdviceTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {**event_of(fact), "case_id": data["case_id"]}
        if fact.type == "casework.CaseOpened":
            yield Insert(tables.cases, row | {"household_id": data["household_id"]})
            return
        talk = {
            **row,
            "consultation_id": data["consultation_id"],
            "held_on": fact.occurred_on,
            "setting": None,
            "revises": fact.type != "casework.ConsultationHeld",
            "withdrawn": fact.type == "casework.ConsultationWithdrawn",
        }
        if talk["withdrawn"]:
            yield Insert(tables.talks, talk)
            return
        for person_id in dict.fromkeys(data["took_part"]):
            yield Insert(tables.participants, {"position": fact.position, "person_id": person_id})
        if erased(data["setting"]):
            return
        yield Insert(tables.talks, talk | {"setting": data["setting"]})
        for topic in dict.fromkeys(data["topics"]):
            yield Insert(tables.topics, {"position": fact.position, "topic": topic, "case_id": data["case_id"]})

    def erase(self, tables: AdviceTables, erasure: Erasure) -> Iterator[Change]:
        if erases(erasure, PersonalClass.STATISTICS):  # the subject may be a case
            yield Delete(tables.talks, {"case_id": erasure.subject, "withdrawn": False})
            yield Delete(tables.topics, {"case_id": erasure.subject})


def talks(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """The valid consultations held by the day."""
    talk = newest(tables.talks, knowledge, of="consultation_id")
    return select(talk).where(talk.c.held_on <= VALID_AT).subquery()


def cases(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """Each case known, once; one that was opened again has the same household."""
    return newest(tables.cases, knowledge, of="case_id")
