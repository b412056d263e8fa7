"""What the streams of casework amount to just now, for whoever decides about another stream.

What is looked for are ids, days and who belongs where. So no personal field is opened, but an employee's: that
tells who was erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Final, TypeVar

from services.casework import case, consultation, employee, municipality, team
from services.casework.case import Case
from services.casework.consultation import Consultation
from services.casework.employee import Employee
from services.casework.municipality import Municipality
from services.casework.team import Team
from shared.contracts.casework import (
    case_stream,
    consultation_stream,
    employee_stream,
    municipality_stream,
    team_stream,
)
from shared.contracts.codec import Sealer
from shared.contracts.model import Ags, CaseId, ConsultationId, EmployeeId, Event, TeamId
from shared.eventstore.port import EventStore
from shared.eventstore.remembered import Remembered
from shared.execute import folding
from shared.privacy.sealer import ClosedSealer

S = TypeVar("S")
E = TypeVar("E", bound=Event)

REMEMBERED: Final = 4096
"""Cases whose state is kept between two commands."""

_CLOSED: Final = ClosedSealer()


class Streams:
    """Reads and folds; shared by all workers of a process."""

    def __init__(self, store: EventStore, sealer: Sealer) -> None:
        self._store, self._sealer = store, sealer
        self._cases = Remembered(store, Case(), folding(case.evolve, _CLOSED), most=REMEMBERED)

    def case(self, case_id: CaseId) -> Case:
        """The case as it is now."""
        return self._cases.state(case_stream(case_id))

    def consultation(self, consultation_id: ConsultationId) -> Consultation:
        return self._fold(consultation_stream(consultation_id), consultation.evolve, Consultation())

    def employees(self, ids: Iterable[EmployeeId]) -> dict[EmployeeId, Employee]:
        """Those of them who exist and were not erased: nobody else gets a case, a cover or a post."""
        found = {
            each: self._fold(employee_stream(each), employee.evolve, Employee(), self._sealer)
            for each in dict.fromkeys(ids)
        }
        return {employee_id: state for employee_id, state in found.items() if state.joined and not state.erased}

    def teams(self, ids: Iterable[TeamId]) -> dict[TeamId, Team]:
        """Those of them that exist."""
        found = {each: self._fold(team_stream(each), team.evolve, Team()) for each in dict.fromkeys(ids)}
        return {team_id: state for team_id, state in found.items() if state.formed}

    def municipalities(self, keys: Iterable[Ags]) -> dict[Ags, Municipality]:
        return {ags: self._fold(municipality_stream(ags), municipality.evolve, Municipality()) for ags in keys}

    def _fold(self, stream: str, evolve: Callable[[S, E], S], nothing: S, sealer: Sealer = _CLOSED) -> S:
        return reduce(folding(evolve, sealer), self._store.read(stream), nothing)
