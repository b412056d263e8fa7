"""Cases and consultations as somebody may read them: what held on a day, as it was known. Pure.

What was not yet known at the time asked for is left out before anything is folded; what is known is
then looked at as of the day. A correction changes how a talk reads, a withdrawal that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce
from typing import Any, TypeAlias

from services.casework import case
from services.casework.case import Case, CaseEvent
from services.casework.consultation import ConsultationEvent
from shared.contracts.casework import (
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    FieldStep,
    VisitAttempted,
)
from shared.contracts.envelope import Recorded
from shared.contracts.model import CaseId, Hidden

Known: TypeAlias = date | int | None
"""By the office on a date, exactly up to a position of the log, or all of it."""


def case_as_known(history: Iterable[Recorded[CaseEvent]], known: Known) -> Case:
    return reduce(case.evolve, (recorded.event for recorded in history if _was_known(recorded, known)), Case())


def tell_case(case_id: CaseId, state: Case, day: date) -> dict[str, Any]:
    """How the case stood on a day, in JSON's values."""
    assignment = state.assigned.on(day)
    return {
        "case_id": case_id,
        "household_id": state.household_id,
        "status": state.status_on(day),
        "members": sorted(state.members_on(day)),
        "team_id": None if assignment is None else assignment.team_id,
        "manager_id": None if assignment is None else assignment.manager_id,
        "spells": [{"opened_on": spell.opened_on, "closed_on": spell.closed_on} for spell in state.spells],
    }


def tell_consultation(history: Sequence[Recorded[ConsultationEvent]], day: date, known: Known) -> dict[str, Any] | None:
    """How the talk or visit reads, in JSON's values; None if it was not known or not yet held."""
    events = [recorded.event for recorded in history if _was_known(recorded, known)]
    told = [event for event in events if not isinstance(event, ConsultationWithdrawn)]
    if not told or told[-1].occurred_on > day:
        return None
    last = told[-1]
    withdrawn = any(isinstance(event, ConsultationWithdrawn) for event in events)
    kind = "attempted" if isinstance(last, VisitAttempted) else "held"
    return {
        "consultation_id": last.consultation_id,
        "case_id": last.case_id,
        "status": "withdrawn" if withdrawn else kind,
        "corrected": len(told) > 1,
        "held_on": last.occurred_on,
        "held_by": last.held_by,
        "team_id": last.team_id,
        **({} if isinstance(last, VisitAttempted) else _content(last)),
    }


def _content(told: ConsultationHeld | ConsultationCorrected) -> dict[str, Any]:
    """What the talk was about; what was erased is null."""
    return {
        "took_part": told.took_part,
        "concerns": told.concerns,
        "setting": _shown(told.setting),
        "minutes": _shown(told.minutes),
        "interpreter": _shown(told.interpreter),
        "topics": _shown(told.topics),
        "steps": None if isinstance(told.steps, Hidden) else [_step(step) for step in told.steps],
        "health": _shown(told.health),
        "note": _shown(told.note),
    }


def _step(step: FieldStep) -> dict[str, str]:
    return {"action_field": step.action_field, "step": step.step}


def _shown(value: Any) -> Any:
    return None if isinstance(value, Hidden) else value


def _was_known(recorded: Recorded[Any], known: Known) -> bool:
    if known is None:
        return True
    if isinstance(known, date):
        return recorded.envelope.learnt_on <= known
    return recorded.envelope.position <= known
