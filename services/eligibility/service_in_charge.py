"""Who serves a person: integration management and social advice. Pure.

Follow-up housing in a town with a service of its own is the town's, elsewhere the district's; overdue
occupants stayed with the refugee social service until a date (VwV Integrationsmanagement, and the
district's report of 2018). Advice is always the district's: its refugee social service in provisional
housing, § 18 FlüAG in follow-up housing. All dates are data of the rule set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce

from services.eligibility.rules.model import RuleSet
from shared.contracts.casework import MunicipalServiceKind, MunicipalServiceSet
from shared.contracts.eligibility import DISTRICT, NOBODY, Phase
from shared.contracts.envelope import Recorded
from shared.contracts.model import Ags, Event


@dataclass(frozen=True, slots=True)
class MunicipalService:
    """Whose service a municipality has, by the day from which it holds; the district's before the first."""

    since: tuple[tuple[date, MunicipalServiceKind], ...] = ()

    def on(self, day: date) -> MunicipalServiceKind:
        return next((service for since, service in reversed(self.since) if since <= day), "district")

    @property
    def changes(self) -> frozenset[date]:
        return frozenset(since for since, _ in self.since)


def learn(known: MunicipalService, recorded: Recorded[Event]) -> MunicipalService:
    """What one more event makes of what is known; what is recorded later wins on the same day."""
    event = recorded.event
    if not isinstance(event, MunicipalServiceSet):
        return known
    return MunicipalService(tuple(sorted({**dict(known.since), event.occurred_on: event.service}.items())))


def fold(history: Iterable[Recorded[Event]]) -> MunicipalService:
    """A municipality's stream."""
    return reduce(learn, history, MunicipalService())


@dataclass(frozen=True, slots=True)
class Place:
    """A municipality, and whether the person lives in a shared accommodation there."""

    ags: Ags
    shared_accommodation: bool


def integration_management(
    phase: Phase, place: Place | None, service: MunicipalService, day: date, rules: RuleSet
) -> str | None:
    """ "district", the AGS of a town with its own service, or "none"; None while nobody can say (R13)."""
    if phase == "manual_review":
        return None
    if phase != "follow_up" or place is None or day < rules.integration_management_from.value:
        return NOBODY
    own = service.on(day) == "own"
    if not place.shared_accommodation:
        return place.ags if own else DISTRICT
    if day < rules.overdue_occupants_from.value:
        return NOBODY
    if not own:
        return DISTRICT
    return place.ags if rules.overdue_in_own_town.value == "own" else rules.overdue_in_own_town.value


def social_advice(phase: Phase, present: bool) -> str:
    """ "district" for everybody whom the district houses or has housed, while they live in it."""
    return DISTRICT if present and phase in ("provisional", "follow_up", "manual_review") else NOBODY


def borders(service: MunicipalService, rules: RuleSet) -> Iterator[date]:
    """The days on which another service may come in charge by time alone."""
    yield rules.integration_management_from.value
    yield rules.overdue_occupants_from.value
    yield from service.changes
