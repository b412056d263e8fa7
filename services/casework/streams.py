"""What the streams of casework amount to just now, for whoever decides about another stream.

Nothing here opens a personal field: what is looked for are ids, days and who belongs where.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, Final, TypeVar

from services.casework import case, consultation, employee, municipality, team
from services.casework.case import Case
from services.casework.consultation import Consultation
from services.casework.employee import Employee
from services.casework.municipality import Municipality
from services.casework.team import Team
from shared.contracts.codec import decode
from shared.contracts.model import Ags, CaseId, ConsultationId, EmployeeId, TeamId
from shared.eventstore.port import NO_STREAM, EventStore
from shared.privacy.sealer import ClosedSealer

S = TypeVar("S")

REMEMBERED: Final = 4096
"""Cases whose state is kept between two commands."""

_CLOSED: Final = ClosedSealer()


class Streams:
    """Reads and folds; shared by all workers of a process."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._cases: OrderedDict[CaseId, tuple[int, Case]] = OrderedDict()

    def case(self, case_id: CaseId) -> Case:
        """The case as it is now: of one that is remembered only what came since is read."""
        revision, state = self._cases.pop(case_id, (NO_STREAM, Case()))
        for stored in self._store.read(case_stream(case_id), after=revision):
            revision, state = stored.revision, case.evolve(state, decode(stored, _CLOSED).event)  # type: ignore[arg-type]
        if revision != NO_STREAM:
            self._cases[case_id] = revision, state
            if len(self._cases) > REMEMBERED:
                self._cases.popitem(last=False)
        return state

    def consultation(self, consultation_id: ConsultationId) -> Consultation:
        return self._fold(consultation_stream(consultation_id), consultation.evolve, Consultation())

    def employees(self, ids: Iterable[EmployeeId]) -> dict[EmployeeId, Employee]:
        """Those of them who exist."""
        found = {each: self._fold(employee_stream(each), employee.evolve, Employee()) for each in dict.fromkeys(ids)}
        return {employee_id: state for employee_id, state in found.items() if state.joined}

    def teams(self, ids: Iterable[TeamId]) -> dict[TeamId, Team]:
        """Those of them that exist."""
        found = {each: self._fold(team_stream(each), team.evolve, Team()) for each in dict.fromkeys(ids)}
        return {team_id: state for team_id, state in found.items() if state.formed}

    def municipalities(self, keys: Iterable[Ags]) -> dict[Ags, Municipality]:
        return {ags: self._fold(municipality_stream(ags), municipality.evolve, Municipality()) for ags in keys}

    def _fold(self, stream: str, evolve: Callable[[S, Any], S], nothing: S) -> S:
        return reduce(evolve, (decode(stored, _CLOSED).event for stored in self._store.read(stream)), nothing)


def municipality_stream(ags: Ags) -> str:
    return f"municipality-{ags}"


def team_stream(team_id: TeamId) -> str:
    return f"team-{team_id}"


def employee_stream(employee_id: EmployeeId) -> str:
    return f"employee-{employee_id}"


def cover_stream(cover_id: str) -> str:
    return f"cover-{cover_id}"


def grant_stream(grant_id: str) -> str:
    return f"grant-{grant_id}"


def case_stream(case_id: CaseId) -> str:
    return f"case-{case_id}"


def consultation_stream(consultation_id: ConsultationId) -> str:
    return f"consultation-{consultation_id}"
