"""Which grants were awarded, for which time, at which rates?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import VALID_AT, Knowledge, known
from services.reporting.hundredths import hundredths
from services.reporting.views.columns import event_of, known_by_event
from shared.contracts.casework import GrantAwarded
from shared.contracts.registry import types_of
from shared.projections.view import Change, Day, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class GrantTables:
    grants: Table


class WhatIsGranted(View[GrantTables]):
    name, version = "reporting.what_is_granted", 1
    types = types_of(GrantAwarded)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> GrantTables:
        return GrantTables(
            grants=self.table(
                metadata,
                suffix,
                "grants",
                *known_by_event(),
                Column("grant_id", String, nullable=False),
                Column("since", Day, nullable=False),
                Column("until", Day, nullable=False),
                Column("amount_cents", BigInteger, nullable=False),
                Column("rate_graduate_cents", BigInteger, nullable=False),
                Column("rate_intermediate_cents", BigInteger, nullable=False),
            )
        )

    def fold(self, tables: GrantTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        yield Insert(
            tables.grants,
            {
                **event_of(fact),
                "grant_id": data["grant_id"],
                "since": fact.occurred_on,
                "until": data["until"],
                "amount_cents": hundredths(data["amount"]),
                "rate_graduate_cents": hundredths(data["rate_graduate"]),
                "rate_intermediate_cents": hundredths(data["rate_intermediate"]),
            },
        )


def grants(tables: GrantTables, knowledge: Knowledge) -> Subquery:
    """The grants that run on the day, first and last day included."""
    grant = known(tables.grants, knowledge)
    return select(grant).where(grant.c.since <= VALID_AT, grant.c.until >= VALID_AT).subquery()
