"""Which consultations does a case have?

Only where to look: what was told is sealed in the log with the case's keys and is read from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Connection, MetaData, String, Table, select

from shared.contracts.casework import (
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import CaseId, ConsultationId
from shared.projections.view import Change, Day, Fact, Update, Upsert, View, reads


@dataclass(frozen=True, slots=True)
class ConsultationTables:
    consultations: Table


class WhichConsultations(View[ConsultationTables]):
    name, version = "casework.consultations", 1
    types = reads(ConsultationHeld, ConsultationCorrected, ConsultationWithdrawn, VisitAttempted)

    def tables(self, metadata: MetaData, suffix: str) -> ConsultationTables:
        return ConsultationTables(
            consultations=self.table(
                metadata,
                suffix,
                "consultations",
                Column("consultation_id", String, primary_key=True),
                Column("case_id", String, nullable=False, index=True),
                Column("held_on", Day, nullable=False),
                Column("status", String, nullable=False),
            )
        )

    def fold(self, tables: ConsultationTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        consultation = {"consultation_id": data["consultation_id"]}
        match fact.type.partition(".")[2]:
            case "ConsultationWithdrawn":
                yield Update(tables.consultations, consultation, {"status": "withdrawn"})
            case kind:
                status = "attempted" if kind == "VisitAttempted" else "held"
                row = consultation | {
                    "case_id": data["case_id"],
                    "held_on": fact.occurred_on,
                    "status": status,
                }
                yield Upsert(tables.consultations, ("consultation_id",), row)


def of_case(connection: Connection, tables: ConsultationTables, case_id: CaseId) -> list[ConsultationId]:
    """The case's consultations and visits, withdrawn ones too, in order of their days."""
    rows = tables.consultations
    found = select(rows.c.consultation_id).where(rows.c.case_id == case_id)
    return list(connection.execute(found.order_by(rows.c.held_on, rows.c.consultation_id)).scalars())
