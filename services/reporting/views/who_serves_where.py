"""Whose integration management serves each municipality, and which regional teams are there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import VALID_AT, Knowledge, in_force, known
from services.reporting.views.columns import event_of, known_by_event
from shared.contracts.casework import MunicipalServiceSet, TeamFormed
from shared.projections.view import Change, Day, Fact, Insert, View, reads


@dataclass(frozen=True, slots=True)
class ServiceTables:
    services: Table
    teams: Table


class WhoServesWhere(View[ServiceTables]):
    name, version = "reporting.who_serves_where", 1
    types = reads(MunicipalServiceSet, TeamFormed)
    only_inserts = True

    def tables(self, metadata: MetaData, suffix: str) -> ServiceTables:
        return ServiceTables(
            services=self.table(
                metadata,
                suffix,
                "services",
                *known_by_event(),
                Column("ags", String, nullable=False, index=True),
                Column("since", Day, nullable=False),
                Column("service", String, nullable=False),
            ),
            teams=self.table(
                metadata,
                suffix,
                "teams",
                *known_by_event(),
                Column("team_id", String, nullable=False),
                Column("since", Day, nullable=False),
            ),
        )

    def fold(self, tables: ServiceTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {**event_of(fact), "since": fact.occurred_on}
        if fact.type == "casework.TeamFormed":
            yield Insert(tables.teams, row | {"team_id": data["team_id"]})
        else:
            yield Insert(tables.services, row | {"ags": data["ags"], "service": data["service"]})


def services(tables: ServiceTables, knowledge: Knowledge) -> Subquery:
    """The service of each municipality on the day: "district", or its "own"."""
    return in_force(tables.services, knowledge, of="ags")


def teams(tables: ServiceTables, knowledge: Knowledge) -> Subquery:
    """The regional teams formed by the day."""
    team = known(tables.teams, knowledge)
    return select(team).where(team.c.since <= VALID_AT).subquery()
