"""Assessments and responsibilities as JSON's values, in words where somebody reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from typing import Any, Final

from services.eligibility.assessment import Assessment
from services.eligibility.commands import Asked
from services.eligibility.determination import DeterminationEvent, Determined, evolve, management
from services.eligibility.problems import REASONS
from services.eligibility.rules.model import RuleSet
from services.eligibility.service_in_charge import (
    MunicipalService,
    Place,
    integration_management,
    social_advice,
)
from shared.api.said import Language, Said
from shared.contracts.eligibility import DISTRICT, NOBODY, Phase
from shared.contracts.envelope import Envelope, KnownAt, Recorded, known_commands
from shared.contracts.model import Ags, EventId, shown_fields
from shared.contracts.municipalities import municipalities

_PLACES: Final[Mapping[Asked, tuple[Phase, bool]]] = {
    "provisional": ("provisional", True),
    "follow_up": ("follow_up", False),
    "overdue_occupant": ("follow_up", True),
}


def person(
    assessment: Assessment, management: str, sources: Mapping[EventId, Envelope], language: Language
) -> dict[str, Any]:
    """What is determined about a person, who has integration management, and the events it rests on."""
    return {
        "person_id": assessment.person_id,
        "household_id": assessment.household_id,
        "phase": assessment.phase,
        "since": assessment.since,
        "rule": assessment.rule,
        "legal_basis": assessment.legal_basis,
        "rule_set": assessment.rule_set,
        "reasons": _reasons(assessment.reasons, language),
        "overdue_since": assessment.overdue_since,
        "next_look_on": assessment.next_look_on,
        "service_in_charge": {
            "integration_management": management,
            "social_advice": assessment.social_advice,
            "ags": assessment.ags,
        },
        "rests_on": [_source(sources[event_id]) for event_id in assessment.rests_on],
    }


def due(determined: Determined, then: Assessment, on: date) -> dict[str, Any]:
    """What time alone brings somebody on a day, by what is known now: another phase, another service, or a look."""
    held = None if determined.phase is None else determined.phase.phase
    service = management(determined, then)
    if then.phase != held:
        kind = "phase_changes"
    elif service != determined.integration_management:
        kind = "service_changes"
    else:
        kind = "look_again"
    return {
        "person_id": then.person_id,
        "kind": kind,
        "on": on,
        "phase": then.phase,
        "rule": then.rule,
        "legal_basis": then.legal_basis,
        "integration_management": service,
    }


def entries(
    history: Iterable[Recorded[DeterminationEvent]], known: KnownAt, language: Language
) -> list[dict[str, Any]]:
    """What was determined about a person: one entry per look that found something new, oldest first."""
    found: list[dict[str, Any]] = []
    before = Determined()
    for together in known_commands(history, known):
        after = reduce(evolve, (recorded.event for recorded in together), before)
        found.append(_entry(together[0].envelope, before, after, language))
        before = after
    return found


def _entry(envelope: Envelope, before: Determined, after: Determined, language: Language) -> dict[str, Any]:
    old, new = _determined(before), _determined(after)
    changed = [name for name, value in new.items() if old.get(name) != value]
    if reasons := new["reasons"]:
        new["reasons"] = _reasons(reasons, language)
    return {
        "command_id": envelope.command_id,
        "caused_by": envelope.causation_id,
        "recorded_at": envelope.recorded_at,
        "learnt_on": envelope.learnt_on,
        "as_of": envelope.occurred_on,
        "position": envelope.position,
        "determined": new,
        "changed": changed,
    }


def _reasons(reasons: Iterable[str], language: Language) -> list[dict[str, str]]:
    """Why a human should look, by name and in words."""
    return [{"reason": reason, "text": REASONS[reason].in_language(language)} for reason in reasons]


def _determined(determined: Determined) -> dict[str, Any]:
    """Phase and service as they were determined; what was erased is null."""
    return {
        name: value
        for event in (determined.service, determined.phase)
        if event is not None
        for name, value in shown_fields(event).items()
        if name not in ("person_id", "rests_on")
    }


def phase(assessment: Assessment) -> dict[str, Any]:
    """A person's phase in short."""
    names = ("person_id", "phase", "since", "overdue_since")
    return {name: getattr(assessment, name) for name in names}


def responsibility(
    ags: Ags, phase: Asked, day: date, service: MunicipalService, rules: RuleSet, language: Language
) -> dict[str, Any]:
    """Who serves people in this phase in a municipality, with one sentence that says so."""
    housing, shared_accommodation = _PLACES[phase]
    management = integration_management(housing, Place(ags, shared_accommodation), service, day, rules) or NOBODY
    return {
        "ags": ags,
        "municipality": municipalities()[ags],
        "phase": phase,
        "on": day,
        "integration_management": management,
        "social_advice": social_advice(housing, True),
        "rule_set": rules.name,
        "sentence": _sentence(management, ags).in_language(language),
    }


def _sentence(management: str, ags: Ags) -> Said:
    if management == DISTRICT:
        return Said(
            "Zuständig ist das Integrationsmanagement des Landkreises.",
            "The district's integration management is in charge.",
        )
    if management == NOBODY:
        return Said(
            "Zuständig ist der Flüchtlingssozialdienst des Landkreises.",
            "The district's refugee social service is in charge.",
        )
    return Said("Zuständig ist das Integrationsmanagement von {town}.", "{town}'s own service is in charge.").format(
        town=municipalities()[ags]
    )


def _source(envelope: Envelope) -> dict[str, Any]:
    return {
        "event_id": envelope.event_id,
        "type": envelope.type,
        "occurred_on": envelope.occurred_on,
        "learnt_on": envelope.learnt_on,
    }
