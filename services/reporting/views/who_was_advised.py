"""Which talks were held or attempted, with whom, and about what? Every version of every consultation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Index, MetaData, String, Subquery, Table, and_, select

from services.reporting.as_of import Knowledge, known, newest, some
from services.reporting.views.columns import event_of, known_by_event, versions_of
from shared.contracts.casework import (
    CaseOpened,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import POSITION, Change, Day, Delete, Erasure, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class AdviceTables:
    talks: Table
    participants: Table
    topics: Table
    visits: Table
    cases: Table


class WhoWasAdvised(View[AdviceTables]):
    name, version = "reporting.who_was_advised", 2
    types = types_of(ConsultationHeld, ConsultationCorrected, ConsultationWithdrawn, VisitAttempted, CaseOpened)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> AdviceTables:
        return AdviceTables(
            talks=self.table(
                metadata,
                suffix,
                "talks",
                *known_by_event(),
                Column("consultation_id", String, nullable=False),
                Column("case_id", String, nullable=False),
                Column("team_id", String),
                Column("since", Day, nullable=False),
                Column("setting", String),
                *versions_of("consultation_id"),
                Index(None, "case_id", "since", "position", "consultation_id", "learnt_on", "withdrawn"),
            ),
            participants=self.table(  # of each version of a talk
                metadata,
                suffix,
                "participants",
                Column("position", POSITION, nullable=False),
                Column("event_id", String, nullable=False),
                Column("learnt_on", Day, nullable=False),
                Column("consultation_id", String, nullable=False),
                Column("case_id", String, nullable=False, index=True),
                Column("since", Day, nullable=False),
                Column("person_id", String, nullable=False),
                Index(None, "person_id", "since", "position", "consultation_id", "learnt_on"),
            ),
            topics=self.table(
                metadata,
                suffix,
                "topics",
                Column("position", POSITION, nullable=False),
                Column("topic", String, nullable=False),
                Column("case_id", String, nullable=False, index=True),
            ),
            visits=self.table(  # that met nobody
                metadata,
                suffix,
                "visits",
                *known_by_event(),
                Column("consultation_id", String, nullable=False),
                Column("team_id", String, nullable=False),
                Column("since", Day, nullable=False),
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
        data, row = fact.data, event_of(fact)
        if fact.type == "casework.CaseOpened":
            yield Insert(tables.cases, row | {"case_id": data["case_id"], "household_id": data["household_id"]})
            return
        row |= {"consultation_id": data["consultation_id"], "since": fact.occurred_on}
        if fact.type == "casework.VisitAttempted":
            yield Insert(tables.visits, row | {"team_id": data["team_id"]})
            return
        row |= {"case_id": data["case_id"]}
        talk = {"team_id": None, "setting": None, "revises": fact.type != "casework.ConsultationHeld"}
        if fact.type == "casework.ConsultationWithdrawn":
            yield Insert(tables.talks, row | talk | {"withdrawn": True})
        elif not erased(data["setting"]):
            talk |= {"team_id": data["team_id"], "setting": data["setting"], "withdrawn": False}
            yield Insert(tables.talks, row | talk)
            for person_id in dict.fromkeys(data["took_part"]):
                yield Insert(tables.participants, row | {"person_id": person_id})
            for topic in dict.fromkeys(data["topics"]):
                yield Insert(tables.topics, {"position": fact.position, "topic": topic, "case_id": data["case_id"]})

    def erase(self, tables: AdviceTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:  # the subject may be a case
            yield Delete(tables.talks, {"case_id": erasure.subject, "withdrawn": False})
            yield Delete(tables.participants, {"case_id": erasure.subject})
            yield Delete(tables.topics, {"case_id": erasure.subject})


def talks(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """The valid consultations; ``since`` is the day on which each was held."""
    return newest(tables.talks, knowledge, of="consultation_id")


def contacts(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """Who took part in which valid consultation; ``since`` is the day on which it was held."""
    contact, newer = tables.participants.alias(), tables.talks.alias()
    replaces = and_(
        newer.c.revises,
        newer.c.consultation_id == contact.c.consultation_id,
        newer.c.position > contact.c.position,
        knowledge.covers(newer),
    )
    return select(contact).where(knowledge.covers(contact), ~some(newer, where=replaces)).subquery()


def visits(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """The visits that met nobody; ``since`` is their day."""
    return known(tables.visits, knowledge)


def cases(tables: AdviceTables, knowledge: Knowledge) -> Subquery:
    """Each case known, once; one that was opened again has the same household."""
    return newest(tables.cases, knowledge, of="case_id")
