"""Whose integration management serves each municipality, and which regional teams are there?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Column, MetaData, String, Subquery, Table, select

from services.reporting.as_of import FOREVER, Knowledge, in_force, known
from services.reporting.views.columns import event_of, known_by_event
from shared.contracts.casework import MunicipalServiceSet, TeamAreaSet, TeamFormed
from shared.contracts.registry import types_of
from shared.projections.view import POSITION, Change, Day, Fact, Insert, View


@dataclass(frozen=True, slots=True)
class ServiceTables:
    services: Table
    teams: Table
    areas: Table
    municipalities: Table


class WhoServesWhere(View[ServiceTables]):
    name, version = "reporting.who_serves_where", 2
    types = types_of(MunicipalServiceSet, TeamFormed, TeamAreaSet)
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
                Column("name", String, nullable=False),
                Column("since", Day, nullable=False),
            ),
            areas=self.table(
                metadata,
                suffix,
                "areas",
                *known_by_event(),
                Column("team_id", String, nullable=False, index=True),
                Column("since", Day, nullable=False),
            ),
            municipalities=self.table(  # of one area, the one set at ``position``
                metadata,
                suffix,
                "municipalities",
                Column("position", POSITION, nullable=False),
                Column("ags", String, nullable=False, index=True),
            ),
        )

    def fold(self, tables: ServiceTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        row = {**event_of(fact), "since": fact.occurred_on}
        match fact.type:
            case "casework.TeamFormed":
                yield Insert(tables.teams, row | {"team_id": data["team_id"], "name": data["name"]})
            case "casework.TeamAreaSet":
                yield Insert(tables.areas, row | {"team_id": data["team_id"]})
                for ags in dict.fromkeys(data["municipalities"]):
                    yield Insert(tables.municipalities, {"position": fact.position, "ags": ags})
            case _:
                yield Insert(tables.services, row | {"ags": data["ags"], "service": data["service"]})


def services(tables: ServiceTables, knowledge: Knowledge) -> Subquery:
    """The service of each municipality for which spell: "district", or its "own"."""
    return in_force(tables.services, knowledge, of="ags")


def teams(tables: ServiceTables, knowledge: Knowledge) -> Subquery:
    """The regional teams, since they were formed."""
    team = known(tables.teams, knowledge)
    return select(team, FOREVER.label("until")).subquery()


def areas(tables: ServiceTables, knowledge: Knowledge) -> Subquery:
    """Which team serves each municipality for which spell."""
    area, within = in_force(tables.areas, knowledge, of="team_id"), tables.municipalities.alias()
    return select(area, within.c.ags).join_from(within, area, area.c.position == within.c.position).subquery()
