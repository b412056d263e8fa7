"""A regional team and the municipalities it serves. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias, assert_never

from services.casework.commands import FormTeam, SetTeamArea
from services.casework.municipality import Areas
from services.casework.timeline import Timeline
from shared.contracts.casework import MunicipalServiceKind, TeamAreaSet, TeamFormed
from shared.contracts.model import Ags
from shared.contracts.municipalities import municipalities
from shared.execute import Decider, Refused

TeamEvent: TypeAlias = TeamFormed | TeamAreaSet
TeamCommand: TypeAlias = FormTeam | SetTeamArea


@dataclass(frozen=True, slots=True)
class Team:
    formed: bool = False
    area: Timeline[frozenset[Ags]] = field(default_factory=Timeline)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a team's area has to respect: the areas of the other teams, and the towns' own services."""

    areas: Areas
    services: Mapping[Ags, Timeline[MunicipalServiceKind]]


def evolve(team: Team, event: TeamEvent) -> Team:
    match event:
        case TeamFormed():
            return replace(team, formed=True)
        case TeamAreaSet():
            return replace(team, area=team.area.starting(event.occurred_on, frozenset(event.municipalities)))
        case _:
            assert_never(event)


def decide(team: Team, command: TeamCommand, neighbours: Neighbours) -> Sequence[TeamEvent]:
    match command:
        case FormTeam():
            return [TeamFormed(occurred_on=command.formed_on, team_id=command.team_id, name=command.name)]
        case SetTeamArea():
            return _set_area(team, command, neighbours)
        case _:
            assert_never(command)


def decider(neighbours: Neighbours) -> Decider[Team, TeamCommand, TeamEvent]:
    return Decider(Team(), evolve, lambda state, command: decide(state, command, neighbours))


def _set_area(team: Team, command: SetTeamArea, neighbours: Neighbours) -> list[TeamEvent]:
    area = frozenset(command.municipalities)
    if not team.formed:
        raise Refused("unknown-team", team=command.team_id)
    if unknown := sorted(area - municipalities().keys()):
        raise Refused("unknown-municipality", ags=unknown[0])
    until = team.area.next_change(command.since)
    _refuse_own_services(area, command.since, until, neighbours.services)
    _refuse_overlaps(area, command.since, until, neighbours.areas)
    if team.area.on(command.since) == area:
        return []
    return [TeamAreaSet(occurred_on=command.since, team_id=command.team_id, municipalities=tuple(sorted(area)))]


def _refuse_own_services(
    area: frozenset[Ags], since: date, until: date, services: Mapping[Ags, Timeline[MunicipalServiceKind]]
) -> None:
    for ags in sorted(area):
        service = services.get(ags, Timeline[MunicipalServiceKind]())
        if any(service.on(day) == "own" for day in service.days_within(since, until)):
            raise Refused("municipality-has-own-service", ags=ags)


def _refuse_overlaps(area: frozenset[Ags], since: date, until: date, areas: Areas) -> None:
    """A municipality belongs to one team on every day."""
    for team_id, other in areas.items():
        for day in other.days_within(since, until):
            if shared := sorted(area & (other.on(day) or frozenset())):
                raise Refused("municipality-served-by-another-team", ags=shared[0], team=team_id)
