"""A municipality: whose integration management serves it, from which day. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from services.casework.commands import SetMunicipalService
from services.casework.timeline import Timeline
from shared.contracts.casework import MunicipalServiceKind, MunicipalServiceSet
from shared.contracts.model import Ags, TeamId
from shared.contracts.municipalities import municipalities
from shared.execute import Decider, Refused

MunicipalityEvent: TypeAlias = MunicipalServiceSet
MunicipalityCommand: TypeAlias = SetMunicipalService
Areas: TypeAlias = Mapping[TeamId, Timeline[frozenset[Ags]]]
"""Which municipalities each team serves, from which day."""


@dataclass(frozen=True, slots=True)
class Municipality:
    service: Timeline[MunicipalServiceKind] = field(default_factory=Timeline)


def evolve(municipality: Municipality, event: MunicipalityEvent) -> Municipality:
    return Municipality(municipality.service.starting(event.occurred_on, event.service))


def decide(municipality: Municipality, command: MunicipalityCommand, areas: Areas) -> Sequence[MunicipalityEvent]:
    if command.ags not in municipalities():
        raise Refused("unknown-municipality", ags=command.ags)
    if command.service == "own":
        _refuse_while_a_team_serves(municipality, command, areas)
    if municipality.service.on(command.since) == command.service:
        return []
    return [MunicipalServiceSet(occurred_on=command.since, ags=command.ags, service=command.service)]


def decider(areas: Areas) -> Decider[Municipality, MunicipalityCommand, MunicipalityEvent]:
    """``areas``: those of all teams."""
    return Decider(Municipality(), evolve, lambda state, command: decide(state, command, areas))


def _refuse_while_a_team_serves(municipality: Municipality, command: SetMunicipalService, areas: Areas) -> None:
    """A town with its own service needs no team: the team's area has to be drawn anew first."""
    until = municipality.service.next_change(command.since)
    for team_id, area in areas.items():
        for day in area.days_within(command.since, until):
            if command.ags in (area.on(day) or ()):
                raise Refused("municipality-in-team-area", ags=command.ags, team=team_id)
