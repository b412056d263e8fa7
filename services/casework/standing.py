"""Who may act in whose cases. Pure.

Need to know inside the authority, too: a manager acts in own cases, and in a colleague's while a
recorded cover runs; a team's lead in the cases of the team. A data import acts everywhere. Whoever walks in
is advised by anybody in the team, who records that one talk and reads none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from shared.contracts.model import EmployeeId, TeamId


@dataclass(frozen=True, slots=True)
class Colleague:
    """Who asks, as casework knows them today.

    ``covers``: in whose cases they may act today as deputy. ``leads``: the team whose lead they are.
    ``imports``: they bring in what others recorded elsewhere, in the name of those who did it.
    """

    employee_id: EmployeeId | None = None
    team_id: TeamId | None = None
    covers: frozenset[EmployeeId] = frozenset()
    leads: TeamId | None = None
    imports: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """In what capacity somebody acts: as ``employee_id``, perhaps for the colleague she covers."""

    employee_id: EmployeeId
    on_behalf_of: EmployeeId | None = None


def standing(colleague: Colleague, *, team_id: TeamId | None, employee_id: EmployeeId | None) -> Standing | None:
    """How the colleague may act in what this employee of this team is responsible for; None: not at all."""
    if employee_id is None:
        return None
    if colleague.imports:
        return Standing(employee_id)
    if colleague.employee_id is None:
        return None
    if colleague.employee_id == employee_id:
        return Standing(employee_id)
    if employee_id in colleague.covers:
        return Standing(colleague.employee_id, on_behalf_of=employee_id)
    if colleague.leads is not None and colleague.leads == team_id:
        return Standing(colleague.employee_id)
    return None


def receives(colleague: Colleague, team_id: TeamId | None) -> Standing | None:
    """How the colleague may record the talk with somebody who walked in: for a case of their own team."""
    if colleague.employee_id is None or team_id is None or colleague.team_id != team_id:
        return None
    return Standing(colleague.employee_id)


Capacity: TypeAlias = Literal["manager", "deputy", "lead", "walk_in"]
"""As what somebody would record a talk with a case."""
MEETS: Final[Collection[Capacity | None]] = ("manager", "deputy", "lead")
"""Who meets the people of a case as a matter of course, and so knows when that was last."""


def capacity(colleague: Colleague, *, team_id: TeamId | None, manager_id: EmployeeId | None) -> Capacity | None:
    """In what capacity the colleague would record a talk with this manager's case; None: not at all."""
    who = standing(colleague, team_id=team_id, employee_id=manager_id)
    if who is None:
        return None if manager_id is None or receives(colleague, team_id) is None else "walk_in"
    if who.on_behalf_of is not None:
        return "deputy"
    return "manager" if who.employee_id == manager_id else "lead"


@dataclass(frozen=True, slots=True)
class Scope:
    """Of which cases somebody may know that they are there and who looks after them.

    A walk-in is received by anybody in the team, so the team's cases are no secret inside it; what
    was said in them is (see ``standing``). ``unassigned``: those that nobody looks after yet, too.
    """

    everything: bool = False
    unassigned: bool = False
    team_id: TeamId | None = None
    managers: frozenset[EmployeeId] = frozenset()

    def includes(self, team_id: TeamId | None, manager_id: EmployeeId | None) -> bool:
        """Whether a case of this team and manager (None: unassigned) is in it."""
        if self.everything:
            return True
        if manager_id is None:
            return self.unassigned
        return manager_id in self.managers or (team_id is not None and team_id == self.team_id)


def own_cases(colleague: Colleague) -> frozenset[EmployeeId]:
    """Whose cases are the colleague's today: the own ones and those in cover."""
    return colleague.covers | ({colleague.employee_id} if colleague.employee_id is not None else frozenset())


def scope(colleague: Colleague, *, oversees: bool) -> Scope:
    """The cases the colleague may know of. ``oversees``: the office as a whole is theirs to look after."""
    if oversees or colleague.imports:
        return Scope(everything=True)
    return Scope(unassigned=colleague.leads is not None, team_id=colleague.team_id, managers=own_cases(colleague))
