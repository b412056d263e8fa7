"""What a decision rests on beside its own stream: other streams, and who asks. Loads, never decides."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from typing import Final

from services.casework import consultation, cover
from services.casework.case import Case, Staff
from services.casework.colleagues import Colleagues
from services.casework.commands import (
    AssignCase,
    BeginCover,
    FillPost,
    HireEmployee,
    JoinTeam,
    SetMunicipalService,
    SetTeamArea,
)
from services.casework.consultation import Circumstances, Consultation
from services.casework.employee import Office
from services.casework.municipality import Areas
from services.casework.standing import Colleague, Scope, scope
from services.casework.streams import Streams
from services.casework.team import Neighbours
from shared.api.roles import HEAD_OF_OFFICE, IMPORTER
from shared.contracts.model import CaseId, ConsultationId, EmployeeId
from shared.execute import Refused
from shared.privacy.pseudonyms import keyed_id
from shared.service.tokens import Actor

ANY_COVER: Final = frozenset({HEAD_OF_OFFICE, IMPORTER})
"""Who may record the cover of any two colleagues."""


class Desk:
    """Shared by all workers of a process."""

    def __init__(self, streams: Streams, colleagues: Colleagues, key: bytes) -> None:
        """``key``: the installation's secret that makes ids of names."""
        self._streams, self._colleagues, self._key = streams, colleagues, key

    # --- the office -----------------------------------------------------------------------------

    def areas_beside(self, command: SetMunicipalService) -> Areas:
        """The teams' areas, where they matter: for a town that sets up a service of its own."""
        return self._areas() if command.service == "own" else {}

    def neighbours(self, command: SetTeamArea) -> Neighbours:
        served = self._streams.municipalities(command.municipalities)
        return Neighbours(
            areas={team_id: area for team_id, area in self._areas().items() if team_id != command.team_id},
            services={ags: state.service for ags, state in served.items()},
        )

    def _areas(self) -> Areas:
        """All teams' areas: the local view knows which teams there are, their streams what they serve."""
        teams = self._streams.teams(self._colleagues.all_teams())
        return {team_id: state.area for team_id, state in teams.items()}

    def hiring(self, command: HireEmployee) -> HireEmployee:
        """The command about the employee whom the account makes: two under one account, be it at the same instant,
        are decided one after the other on one stream."""
        return replace(command, employee_id=EmployeeId(keyed_id(self._key, "employee", command.account)))

    def team(self, command: JoinTeam) -> Office:
        return Office(teams=self._streams.teams([command.team_id]))

    def holder(self, command: FillPost) -> Collection[EmployeeId]:
        return self._streams.employees([command.employee_id])

    def pair(self, command: BeginCover, actor: Actor, today: date) -> cover.Circumstances:
        pair = self._streams.employees((command.employee_id, command.deputy_id))
        day = max(command.from_on, today)  # the team of the first day on which the cover opens a case
        return cover.Circumstances(
            teams={employee_id: state.team.on(day) for employee_id, state in pair.items()},
            recorded=self._colleagues.covers(command.employee_id, command.deputy_id),
            by=self._bound_to_own_covers(
                actor, today, lambda known: known.employee_id in pair or known.leads is not None
            ),
        )

    def end_of_cover(self, actor: Actor, today: date) -> cover.Circumstances:
        by = self._bound_to_own_covers(actor, today, lambda known: known.team_id is not None)
        return cover.Circumstances(teams={}, by=by)

    def _bound_to_own_covers(
        self, actor: Actor, today: date, suffices: Callable[[Colleague], bool]
    ) -> Colleague | None:
        """Who asks, if they may record only covers of their own pair or team; None for who may record any."""
        return self._colleagues.who(actor, today, suffices) if actor.roles.isdisjoint(ANY_COVER) else None

    # --- cases and consultations ----------------------------------------------------------------

    def case(self, case_id: CaseId) -> Case:
        """Raises Refused for one that was never opened."""
        if (found := self._streams.case(case_id)).status == "not_opened":
            raise Refused("unknown-case", case=case_id)
        return found

    def staff(self, command: AssignCase, actor: Actor, today: date) -> Staff:
        current = self._streams.case(command.case_id).assigned.on(today)
        responsible = command.team_id if current is None else current.team_id
        return Staff(
            today=today,
            by=self._colleagues.who(actor, today, lambda known: known.imports or known.leads == responsible),
            teams=self._streams.teams([command.team_id]),
            employees=self._streams.employees([command.manager_id]),
        )

    def circumstances(self, case_id: CaseId, actor: Actor, today: date) -> Circumstances:
        """The case, and who asks: known as far as it matters for this case."""
        case = self._streams.case(case_id)
        unassigned = case.assigned.on(today) is None  # then nobody is entitled, whoever it is

        def suffices(known: Colleague) -> bool:
            return unassigned or consultation.standing_in(Circumstances(case, known, today)) is not None

        return Circumstances(case, self._colleagues.who(actor, today, suffices), today)

    def circumstances_of(
        self, consultation_id: ConsultationId, actor: Actor, today: date
    ) -> tuple[Consultation, Circumstances]:
        """The consultation itself, its case, and who asks: known as far as it matters for changing it."""
        told = self._streams.consultation(consultation_id)
        case = Case() if told.case_id is None else self._streams.case(told.case_id)

        def suffices(known: Colleague) -> bool:
            return told.held_by is None or consultation.standing_with(told, known) is not None

        return told, Circumstances(case, self._colleagues.who(actor, today, suffices), today)

    # --- questions ------------------------------------------------------------------------------

    def colleague(self, actor: Actor, today: date) -> tuple[Colleague, Scope]:
        """Who asks, as the access table has them just now, and of which cases they may know."""
        known = self._colleagues.look_up(actor, today)
        return known, scope(known, oversees=HEAD_OF_OFFICE in actor.roles)

    def may_know_of(self, case: Case, actor: Actor, today: date) -> bool:
        """Whether the case is in the scope of whoever asks."""
        current = case.assigned.on(today)
        where = (None, None) if current is None else (current.team_id, current.manager_id)

        def includes(known: Colleague) -> bool:
            return scope(known, oversees=HEAD_OF_OFFICE in actor.roles).includes(*where)

        return includes(self._colleagues.who(actor, today, includes))
