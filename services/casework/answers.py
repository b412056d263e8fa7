"""Cases and consultations as somebody may read them: what held on a day, as it was known. Pure.

What was not yet known at the time asked for is left out before anything is folded; what is known is
then looked at as of the day. A correction changes how a talk reads, a withdrawal that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.casework.case import Case
from services.casework.consultation import ConsultationEvent
from services.casework.contact import NEVER_MET, Contact
from services.casework.standing import MEETS, Colleague, capacity
from shared.contracts.casework import (
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    FieldStep,
    VisitAttempted,
)
from shared.contracts.envelope import KnownAt, Recorded, events_known
from shared.contracts.model import CaseId, EmployeeId, shown


def case(case_id: CaseId, state: Case, day: date) -> dict[str, Any]:
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


def to_visit(
    cases: Iterable[Mapping[str, Any]], colleague: Colleague, contacts: Mapping[CaseId, Contact]
) -> list[dict[str, Any]]:
    """The cases in the order in which the colleague might see them: who was never seen, then who was not seen for
    longest. ``contact`` is None where it is none of theirs; these are the last, by their ids."""

    def told(case: Mapping[str, Any]) -> dict[str, Any]:
        what = capacity(colleague, team_id=case["team_id"], manager_id=case["manager_id"])
        contact = contacts.get(case["case_id"], NEVER_MET) if what in MEETS else None
        return {**case, "capacity": what, "contact": contact}

    def urgency(case: Mapping[str, Any]) -> tuple[bool, date, str]:
        contact = case["contact"]
        seen_on = None if contact is None else contact.last_seen_on
        return contact is None, seen_on or date.min, case["case_id"]

    return sorted(map(told, cases), key=urgency)


def looked_after(
    case: Mapping[str, Any], colleague: Colleague, names: Mapping[str, str], teams: Mapping[str, str]
) -> dict[str, Any]:
    """Who looks after a case, by name, and as what the colleague would record a talk; nothing of its content."""
    team_id, manager_id = case["team_id"], case["manager_id"]
    return {
        "case_id": case["case_id"],
        "status": case["status"],
        "members": case["members"],
        "team": None if team_id is None else {"team_id": team_id, "name": teams.get(team_id)},
        "manager": None if manager_id is None else {"employee_id": manager_id, "name": names.get(manager_id)},
        "assigned_on": case["assigned_on"],
        "capacity": capacity(colleague, team_id=team_id, manager_id=manager_id),
    }


def me(
    colleague: Colleague,
    covers: Iterable[Mapping[str, Any]],
    names: Mapping[str, str],
    teams: Mapping[str, str],
    today: date,
) -> dict[str, Any]:
    """Who somebody is in the office, whom they cover for and who covers for them, now or soon."""
    own, team_id = colleague.employee_id, colleague.team_id

    def told(cover: Mapping[str, Any], other: str) -> dict[str, Any]:
        return {
            "cover_id": cover["cover_id"],
            "employee_id": cover[other],
            "name": names.get(cover[other]),
            "from_on": cover["from_on"],
            "until": cover["until"],
            "running": cover["from_on"] <= today <= cover["until"],
        }

    known = list(covers)
    return {
        "employee_id": own,
        "name": None if own is None else names.get(own),
        "team": None if team_id is None else {"team_id": team_id, "name": teams.get(team_id)},
        "leads": colleague.leads is not None,
        "covers": [told(cover, "employee_id") for cover in known if cover["deputy_id"] == own],
        "covered_by": [told(cover, "deputy_id") for cover in known if cover["employee_id"] == own],
    }


def consultation(
    history: Sequence[Recorded[ConsultationEvent]],
    day: date,
    known: KnownAt,
    accounts: Mapping[str, EmployeeId],
) -> dict[str, Any] | None:
    """How the talk or visit reads, in JSON's values, and how it came to read so; None if it was not known or not yet
    held. ``accounts``: the employee behind each."""
    events = list(events_known(history, known))
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
        "entries": [_entry(recorded, accounts) for recorded in history if recorded.envelope.known_by(known)],
    }


def _entry(recorded: Recorded[ConsultationEvent], accounts: Mapping[str, EmployeeId]) -> dict[str, Any]:
    """One thing recorded about a talk: who did that when, and what they told."""
    envelope, event = recorded.envelope, recorded.event
    entry = {
        "event_id": envelope.event_id,
        "command_id": envelope.command_id,
        "what": envelope.name,
        "recorded_at": envelope.recorded_at,
        "learnt_on": envelope.learnt_on,
        "by": accounts.get(envelope.actor),
        "on_behalf_of": envelope.on_behalf_of,
        "occurred_on": event.occurred_on,
    }
    match event:
        case ConsultationWithdrawn():
            return {**entry, "reason": event.reason}
        case VisitAttempted():
            return entry
        case _:
            return {**entry, **_content(event)}


def _content(told: ConsultationHeld | ConsultationCorrected) -> dict[str, Any]:
    """What the talk was about; what was erased is null."""
    steps = shown(told.steps)
    return {
        "took_part": told.took_part,
        "concerns": told.concerns,
        "setting": shown(told.setting),
        "minutes": shown(told.minutes),
        "interpreter": shown(told.interpreter),
        "topics": shown(told.topics),
        "steps": None if steps is None else [_step(step) for step in steps],
        "health": shown(told.health),
        "note": shown(told.note),
    }


def _step(step: FieldStep) -> dict[str, str]:
    return {"action_field": step.action_field, "step": step.step}
