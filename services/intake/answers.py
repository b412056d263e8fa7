"""A person's record as somebody may read it: what held on a day, as known then. Pure.

Corrections and withdrawals reach back: they change how the record reads on every day. What was not
known was already left out of the fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, Final, get_args

from services.intake import households, residences
from services.intake.permits import Permit
from services.intake.person import Person
from services.intake.procedures import Procedure, Ruling
from services.intake.registration import MasterData
from services.intake.residences import Absence, Stay
from services.intake.reviews import Review
from shared.contracts.intake import ConsentScope
from shared.contracts.model import shown

MEMBER: Final = (
    "person_id",
    "anchor_id",
    "relation",
    "family_name",
    "given_name",
    "file_number",
    "phone",
    "born_on",
    "sex",
    "language",
    "interpreter_needed",
)
"""What a household says of each of its members."""


def person(record: Person, day: date) -> dict[str, Any]:
    """What held on that day, in JSON's values. A field whose key was destroyed is null, and ``erased`` true."""
    membership = households.on(record.memberships, day)
    lived = [entry for entry in record.whereabouts if entry.since <= day]
    granted = [permit for permit in record.permits if permit.since <= day]
    return {
        "person_id": record.person_id,
        "household_id": membership.household_id,
        "anchor_id": membership.anchor_id,
        "relation": shown(membership.relation),
        "registered_on": record.registered_on,
        **{field.name: shown(getattr(record.master_data, field.name)) for field in fields(MasterData)},
        "erased": record.master_data.erased,
        "residence": _residence(residences.on(record.whereabouts, day)),
        "residences": [_residence(entry) for entry in lived],
        "procedures": [_procedure(p, day) for p in record.procedures if p.opened_on <= day],
        "titles": [_permit(p, "title_id", "granted_on") for p in granted if p.kind == "title"],
        "tolerations": [_permit(p, "toleration_id", "issued_on") for p in granted if p.kind == "toleration"],
        "reviews": [_review(review) for review in record.reviews if review.on <= day],
        "notices": [
            {"language": notice.language, "given_on": notice.on}
            for notice in record.consents.notices
            if notice.on <= day
        ],
        "consents": {scope: _standing(record, scope, day) for scope in get_args(ConsentScope)},
    }


def members(records: Iterable[Person], household_id: str, day: date) -> list[dict[str, Any]]:
    """Who of these persons belonged to a household on that day; the anchor first, then as they came."""
    told = (person(record, day) for record in records)
    found = [{name: one[name] for name in MEMBER} for one in told if one["household_id"] == household_id]
    return sorted(found, key=lambda one: one["anchor_id"] is not None)


def household(
    household_id: str,
    members: Sequence[Mapping[str, Any]],
    people: Mapping[str, Mapping[str, Any]],
    homes: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """A household as one visits it. It lives where its anchor does, who is the first of its members."""
    anchor = next((one["person_id"] for one in members if one["anchor_id"] is None), None)
    return {
        "household_id": household_id,
        "anchor_id": anchor,
        "residence": homes.get(members[0]["person_id"]) if members else None,
        "members": [{**people[one["person_id"]], "relation": one["relation"]} for one in members],
    }


def due(permit: Mapping[str, Any]) -> dict[str, Any]:
    """A permit that expires, as something to see to."""
    return {
        "person_id": permit["person_id"],
        "kind": f"{permit['kind']}_expires",
        "on": permit["valid_until"],
        "section": permit["section"],
        "entry_id": permit["permit_id"],
    }


def _residence(entry: Stay | Absence | None) -> dict[str, Any] | None:
    match entry:
        case None:
            return None
        case Absence():
            return {
                "residence_id": entry.entry_id,
                "moved_out_on": entry.since,
                "destination": shown(entry.destination),
            }
        case Stay():
            return {
                "residence_id": entry.entry_id,
                "moved_in_on": entry.since,
                "kind": shown(entry.home.kind),
                "ags": shown(entry.home.ags),
                "accommodation": shown(entry.home.accommodation),
                "address": shown(entry.home.address),
            }


def _procedure(procedure: Procedure, day: date) -> dict[str, Any]:
    final = procedure.final
    return {
        "procedure_id": procedure.entry_id,
        "kind": shown(procedure.kind),
        "opened_on": procedure.opened_on,
        "decisions": [_ruling(r, "decided_on") for r in procedure.decisions if r.on <= day],
        "final": None if final is None or final.on > day else _ruling(final, "final_on"),
    }


def _ruling(ruling: Ruling, when: str) -> dict[str, Any]:
    return {"outcome": shown(ruling.outcome), when: ruling.on}


def _permit(permit: Permit, id_name: str, when: str) -> dict[str, Any]:
    return {
        id_name: permit.entry_id,
        "section": shown(permit.section),
        when: permit.since,
        "valid_until": shown(permit.valid_until),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "review_id": review.entry_id,
        "settled_on": review.on,
        "phase": shown(review.phase),
        "since": shown(review.since),
        "legal_basis": shown(review.legal_basis),
        "reason": shown(review.reason),
        "settles": review.settles,
    }


def _standing(person: Person, scope: ConsentScope, day: date) -> dict[str, Any] | None:
    statement = person.consents.standing(scope, day)
    return None if statement is None else {"answer": statement.answer, "since": statement.on}
