"""Assessments and responsibilities as JSON's values, in words where somebody reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.eligibility.assessment import Assessment
from services.eligibility.commands import Asked
from services.eligibility.problems import REASONS
from services.eligibility.rules.model import RuleSet
from services.eligibility.service_in_charge import (
    DISTRICT,
    NONE,
    MunicipalService,
    Place,
    integration_management,
    social_advice,
)
from shared.api.said import Language, Said
from shared.contracts.eligibility import Phase
from shared.contracts.envelope import Envelope
from shared.contracts.model import Ags, EventId
from shared.contracts.municipalities import municipalities

_PLACES: Final[Mapping[Asked, tuple[Phase, bool]]] = {
    "provisional": ("provisional", True),
    "follow_up": ("follow_up", False),
    "overdue_occupant": ("follow_up", True),
}


def person(
    assessment: Assessment, management: str, sources: Mapping[EventId, Envelope], language: Language
) -> dict[str, Any]:
    """What is determined about a person, and the events it rests on.

    ``management`` stands where the assessment leaves integration management as it was.
    """
    return {
        "person_id": assessment.person_id,
        "household_id": assessment.household_id,
        "phase": assessment.phase,
        "since": assessment.since,
        "rule": assessment.rule,
        "legal_basis": assessment.legal_basis,
        "rule_set": assessment.rule_set,
        "reasons": [{"reason": reason, "text": REASONS[reason].in_language(language)} for reason in assessment.reasons],
        "overdue_since": assessment.overdue_since,
        "next_look_on": assessment.next_look_on,
        "service_in_charge": {
            "integration_management": assessment.integration_management or management,
            "social_advice": assessment.social_advice,
            "ags": assessment.ags,
        },
        "rests_on": [_source(sources[event_id]) for event_id in assessment.rests_on],
    }


def responsibility(
    ags: Ags, phase: Asked, day: date, service: MunicipalService, rules: RuleSet, language: Language
) -> dict[str, Any]:
    """Who serves people in this phase in a municipality, with one sentence that says so."""
    housing, shared_accommodation = _PLACES[phase]
    management = integration_management(housing, Place(ags, shared_accommodation), service, day, rules) or NONE
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
    if management == NONE:
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
