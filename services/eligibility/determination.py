"""The determinations of one person: what was last published, and what is to be published next. Pure.

A determination is made as of the day looked at, and only when it differs from the last one: time and
unrelated facts may pass without an event. See docs/adr/0006.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Final, TypeAlias

from services.eligibility.assessment import Assessment
from shared.contracts.eligibility import NOBODY, HousingPhaseDetermined, ServiceInChargeDetermined
from shared.contracts.model import Hidden
from shared.execute import Decider, Refused

DeterminationEvent: TypeAlias = HousingPhaseDetermined | ServiceInChargeDetermined
"""The stored types of a person's determinations."""


@dataclass(frozen=True, slots=True)
class Determined:
    """The last determinations; None before the first."""

    phase: HousingPhaseDetermined | None = None
    service: ServiceInChargeDetermined | None = None

    @property
    def integration_management(self) -> str:
        """Who has it; nobody before the first determination, or where that cannot be read any more."""
        held = NOBODY if self.service is None else self.service.integration_management
        return NOBODY if isinstance(held, Hidden) else held


@dataclass(frozen=True, slots=True)
class Determine:
    """Publish this assessment, made as of a day; None if there is nothing to be said about the person."""

    assessment: Assessment | None
    as_of: date


def evolve(determined: Determined, event: DeterminationEvent) -> Determined:
    match event:
        case HousingPhaseDetermined():
            return replace(determined, phase=event)
        case ServiceInChargeDetermined():
            return replace(determined, service=event)


def decide(determined: Determined, command: Determine) -> Sequence[DeterminationEvent]:
    """What differs from the last determinations.

    Refuses to look back ("determined-later"): who decides as of a day that has passed meanwhile must
    look again as of today.
    """
    if determined.phase is not None and determined.phase.occurred_on > command.as_of:
        raise Refused("determined-later", as_of=command.as_of)
    if command.assessment is None:
        return []
    phase, service = _phase(command.assessment, command.as_of), _service(determined, command.assessment, command.as_of)
    events: list[DeterminationEvent] = []
    if determined.phase is None or replace(determined.phase, occurred_on=command.as_of) != phase:
        events.append(phase)
    if determined.service is None or replace(determined.service, occurred_on=command.as_of) != service:
        events.append(service)
    return events


decider: Final = Decider(Determined(), evolve, decide)


def determined_by(day: date, made: Iterable[DeterminationEvent]) -> Determined:
    """What had been determined by a day."""
    return reduce(evolve, (event for event in made if event.occurred_on <= day), Determined())


def management(determined: Determined, assessment: Assessment) -> str:
    """Who has integration management; while a human looks (R13), who had it before: nobody is dropped meanwhile."""
    assessed = assessment.integration_management
    return determined.integration_management if assessed is None else assessed


def _phase(assessment: Assessment, as_of: date) -> HousingPhaseDetermined:
    return HousingPhaseDetermined(
        occurred_on=as_of,
        person_id=assessment.person_id,
        household_id=assessment.household_id,
        rule_set=assessment.rule_set,
        rests_on=assessment.rests_on,
        phase=assessment.phase,
        since=assessment.since,
        rule=assessment.rule,
        legal_basis=assessment.legal_basis,
        reasons=assessment.reasons,
        overdue_since=assessment.overdue_since,
        next_look_on=assessment.next_look_on,
    )


def _service(determined: Determined, assessment: Assessment, as_of: date) -> ServiceInChargeDetermined:
    return ServiceInChargeDetermined(
        occurred_on=as_of,
        person_id=assessment.person_id,
        household_id=assessment.household_id,
        rule_set=assessment.rule_set,
        integration_management=management(determined, assessment),
        social_advice=assessment.social_advice,
        ags=assessment.ags,
    )
