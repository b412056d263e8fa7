"""Everything recorded that an assessment looks at: a person, their anchors, the municipality's service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from services.eligibility import facts as person_facts
from services.eligibility import service_in_charge
from services.eligibility.assessment import Anchors, Assessment, assess
from services.eligibility.facts import Facts, Folded, Stay
from services.eligibility.rules import rule_set_on
from services.eligibility.service_in_charge import MunicipalService
from shared.contracts import intake
from shared.contracts.casework import MunicipalServiceSet, municipality_stream
from shared.contracts.codec import Sealer, decode, envelope_of
from shared.contracts.envelope import Envelope, KnownAt, Recorded
from shared.contracts.model import Ags, Event, EventId, PersonId
from shared.contracts.registry import contract_named, types_of
from shared.eventstore.port import EventStore, StoredEvent

READ: Final = types_of(
    intake.PersonRegistered,
    intake.BirthRecorded,
    intake.HouseholdJoined,
    intake.MasterDataCorrected,
    intake.ProcedureOpened,
    intake.ProcedureDecided,
    intake.ProcedureBecameFinal,
    intake.TitleGranted,
    intake.MovedIn,
    intake.MovedOut,
    intake.ResidenceCorrected,
    intake.EntryWithdrawn,
    intake.ReviewSettled,
    MunicipalServiceSet,
)
"""The stored types in which there are facts for an assessment."""


def holds_facts(stored: StoredEvent) -> bool:
    """Whether an event holds facts for an assessment. Raises NewerThanThisCode where nobody here can tell: a later
    version of one that holds none may hold some."""
    if stored.type in READ:
        return True  # who decodes it sees its version
    contract_named(stored.type, envelope_of(stored).version)
    return False


class Records(Protocol):
    """Where facts are looked up. Both raise StoreUnavailable."""

    def person(self, person_id: PersonId) -> Folded: ...

    def municipality(self, ags: Ags) -> MunicipalService: ...


@dataclass(frozen=True, slots=True)
class Dossier:
    facts: Folded
    anchors: Anchors
    municipal_service: MunicipalService

    def assess(self, as_of: date) -> Assessment | None:
        return assess(self.facts, self.anchors, self.municipal_service, as_of, rule_set_on(as_of))


def gather(records: Records, person_id: PersonId, as_of: date) -> Dossier:
    """What an assessment as of a day needs."""
    facts = records.person(person_id)
    anchors: dict[PersonId, Folded] = {}
    ahead = set(facts.anchors) if isinstance(facts, Facts) else set()
    while ahead:
        anchor_id = ahead.pop()
        anchors[anchor_id] = anchor = facts if anchor_id == person_id else records.person(anchor_id)
        if isinstance(anchor, Facts):
            ahead |= anchor.anchors - anchors.keys()
    where = facts.whereabouts_on(as_of) if isinstance(facts, Facts) else None
    service = records.municipality(where.ags) if isinstance(where, Stay) else MunicipalService()
    return Dossier(facts, anchors, service)


class Recollection:
    """Records as they were known at some time; notes the envelopes of what it read, for who wants to see them."""

    def __init__(self, store: EventStore, sealer: Sealer, known: KnownAt = None) -> None:
        self._store, self._sealer, self._known_at = store, sealer, known
        self.sources: dict[EventId, Envelope] = {}

    def person(self, person_id: PersonId) -> Folded:
        return person_facts.fold(self._known(intake.person_stream(person_id)))

    def municipality(self, ags: Ags) -> MunicipalService:
        return service_in_charge.fold(self._known(municipality_stream(ags)))

    def _known(self, stream: str) -> list[Recorded[Event]]:
        found = [
            decode(stored, self._sealer)
            for stored in self._store.read(stream)
            if envelope_of(stored).known_by(self._known_at) and holds_facts(stored)
        ]
        self.sources.update((recorded.envelope.event_id, recorded.envelope) for recorded in found)
        return found
