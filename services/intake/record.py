"""A person's record as somebody may read it: what held on a day, as known then. Pure.

Corrections and withdrawals reach back: they change how the record reads on every day. What is not
known on ``known_at`` was already left out of the fold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from functools import reduce
from typing import Any, get_args

from services.intake import households, residences
from services.intake.permits import Permit
from services.intake.person import IntakeEvent, Person, evolve
from services.intake.procedures import Procedure, Ruling
from services.intake.registration import MasterData
from services.intake.residences import Absence, Stay
from shared.contracts.envelope import Recorded
from shared.contracts.intake import ConsentScope
from shared.contracts.model import Hidden


def known(history: Iterable[Recorded[IntakeEvent]], at: date | int | None) -> Person | None:
    """The record as it was known: by the office on a date, or exactly up to a position of the log."""
    return reduce(evolve, (recorded.event for recorded in history if _was_known(recorded, at)), None)


def as_of(person: Person, day: date) -> dict[str, Any]:
    """What held on that day, in JSON's values. A field whose key was destroyed is null, and ``erased`` true."""
    membership = households.on(person.memberships, day)
    lived = [entry for entry in person.whereabouts if entry.since <= day]
    granted = [permit for permit in person.permits if permit.since <= day]
    return {
        "person_id": person.person_id,
        "household_id": membership.household_id,
        "anchor_id": membership.anchor_id,
        "relation": _shown(membership.relation),
        "registered_on": person.registered_on,
        **{field.name: _shown(getattr(person.master_data, field.name)) for field in fields(MasterData)},
        "erased": person.master_data.erased,
        "residence": _residence(residences.on(person.whereabouts, day)),
        "residences": [_residence(entry) for entry in lived],
        "procedures": [_procedure(p, day) for p in person.procedures if p.opened_on <= day],
        "titles": [_permit(p, "title_id", "granted_on") for p in granted if p.kind == "title"],
        "tolerations": [_permit(p, "toleration_id", "issued_on") for p in granted if p.kind == "toleration"],
        "notices": [
            {"language": notice.language, "given_on": notice.on}
            for notice in person.consents.notices
            if notice.on <= day
        ],
        "consents": {scope: _standing(person, scope, day) for scope in get_args(ConsentScope)},
    }


def _was_known(recorded: Recorded[IntakeEvent], at: date | int | None) -> bool:
    if at is None:
        return True
    if isinstance(at, date):
        return recorded.envelope.learnt_on <= at
    return recorded.envelope.position <= at


def _shown(value: Any) -> Any:
    return None if isinstance(value, Hidden) else value


def _residence(entry: Stay | Absence | None) -> dict[str, Any] | None:
    match entry:
        case None:
            return None
        case Absence():
            return {
                "residence_id": entry.entry_id,
                "moved_out_on": entry.since,
                "destination": _shown(entry.destination),
            }
        case Stay():
            return {
                "residence_id": entry.entry_id,
                "moved_in_on": entry.since,
                "kind": _shown(entry.home.kind),
                "ags": _shown(entry.home.ags),
                "accommodation": _shown(entry.home.accommodation),
                "address": _shown(entry.home.address),
            }


def _procedure(procedure: Procedure, day: date) -> dict[str, Any]:
    final = procedure.final
    return {
        "procedure_id": procedure.entry_id,
        "kind": _shown(procedure.kind),
        "opened_on": procedure.opened_on,
        "decisions": [_ruling(r, "decided_on") for r in procedure.decisions if r.on <= day],
        "final": None if final is None or final.on > day else _ruling(final, "final_on"),
    }


def _ruling(ruling: Ruling, when: str) -> dict[str, Any]:
    return {"outcome": _shown(ruling.outcome), when: ruling.on}


def _permit(permit: Permit, id_name: str, when: str) -> dict[str, Any]:
    return {
        id_name: permit.entry_id,
        "section": _shown(permit.section),
        when: permit.since,
        "valid_until": _shown(permit.valid_until),
    }


def _standing(person: Person, scope: ConsentScope, day: date) -> dict[str, Any] | None:
    statement = person.consents.standing(scope, day)
    return None if statement is None else {"answer": statement.answer, "since": statement.on}
