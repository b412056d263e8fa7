"""Which consultations does a case have, and when was who of it seen last?

Where to look, and how the next talk is likely to begin: what was said is sealed in the log with the case's keys and
is read from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Column, Connection, Index, MetaData, String, Table, func, select

from services.casework.contact import Contact, LastTalk
from shared.contracts.casework import (
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import CaseId, ConsultationId, PersonalClass, erased
from shared.contracts.registry import types_of
from shared.projections.view import POSITION, Change, Day, Erasure, Fact, Update, Upsert, View


@dataclass(frozen=True, slots=True)
class ConsultationTables:
    consultations: Table


class WhichConsultations(View[ConsultationTables]):
    name, version = "casework.consultations", 2
    types = types_of(ConsultationHeld, ConsultationCorrected, ConsultationWithdrawn, VisitAttempted)

    def tables(self, metadata: MetaData, suffix: str) -> ConsultationTables:
        return ConsultationTables(
            consultations=self.table(
                metadata,
                suffix,
                "consultations",
                Column("consultation_id", String, primary_key=True),
                Column("case_id", String, nullable=False),
                Column("held_on", Day, nullable=False),
                Column("position", POSITION, nullable=False),  # of what tells it as it reads now
                Column("status", String, nullable=False),
                Column("setting", String),
                Column("took_part", String, nullable=False),  # the persons' ids, between spaces
                Column("concerns", String, nullable=False),
                Index(None, "case_id", "status", "held_on"),
            )
        )

    def fold(self, tables: ConsultationTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        consultation = {"consultation_id": data["consultation_id"]}
        match fact.name:
            case "ConsultationWithdrawn":
                yield Update(tables.consultations, consultation, {"status": "withdrawn"})
            case kind:
                row = {
                    **consultation,
                    "case_id": data["case_id"],
                    "held_on": fact.occurred_on,
                    "position": fact.position,
                    **(_NOBODY_MET if kind == "VisitAttempted" else _talk(data)),
                }
                yield Upsert(tables.consultations, ("consultation_id",), row)

    def erase(self, tables: ConsultationTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class == PersonalClass.STATISTICS:
            yield Update(tables.consultations, {"case_id": erasure.subject}, {"setting": None})


_NOBODY_MET: Final = {"status": "attempted", "setting": None, "took_part": "", "concerns": ""}


def _talk(data: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "status": "held",
        "setting": None if erased(data["setting"]) else data["setting"],
        "took_part": " ".join(data["took_part"]),
        "concerns": " ".join(data["concerns"]),
    }


def of_case(connection: Connection, tables: ConsultationTables, case_id: CaseId) -> list[ConsultationId]:
    """The case's consultations and visits, withdrawn ones too, in order of their days."""
    rows = tables.consultations
    found = select(rows.c.consultation_id).where(rows.c.case_id == case_id)
    return list(connection.execute(found.order_by(rows.c.held_on, rows.c.consultation_id)).scalars())


def contacts(
    connection: Connection, tables: ConsultationTables, case_ids: Collection[CaseId], today: date
) -> dict[CaseId, Contact]:
    """How each of the cases was met by what stands now; talks are counted in the year of ``today``."""
    entry = tables.consultations.c
    held, attempted = entry.status == "held", entry.status == "attempted"
    days = connection.execute(
        select(
            entry.case_id,
            func.max(entry.held_on).filter(held),
            func.max(entry.held_on).filter(attempted),
            func.count().filter(held, entry.held_on >= today.replace(month=1, day=1)),
        )
        .where(entry.case_id.in_(case_ids))
        .group_by(entry.case_id)
    )
    last = _last_talks(connection, tables, case_ids)
    return {
        case_id: Contact(seen_on, _since(seen_on, attempted_on), this_year, last.get(case_id))
        for case_id, seen_on, attempted_on, this_year in days
    }


def _since(seen_on: date | None, attempted_on: date | None) -> date | None:
    return None if attempted_on is None or (seen_on is not None and attempted_on <= seen_on) else attempted_on


def _last_talks(
    connection: Connection, tables: ConsultationTables, case_ids: Collection[CaseId]
) -> dict[CaseId, LastTalk]:
    """The last valid talk of each case; of several on one day the one that was told last."""
    entry = tables.consultations.c
    newest_first = func.row_number().over(
        partition_by=entry.case_id, order_by=(entry.held_on.desc(), entry.position.desc())
    )
    held = select(tables.consultations, newest_first.label("n")).where(
        entry.case_id.in_(case_ids), entry.status == "held"
    )
    talk = held.subquery().c
    last = select(talk.case_id, talk.consultation_id, talk.setting, talk.took_part, talk.concerns).where(talk.n == 1)
    return {
        case_id: LastTalk(consultation_id, setting, tuple(took_part.split()), tuple(concerns.split()))
        for case_id, consultation_id, setting, took_part, concerns in connection.execute(last)
    }
