"""What the streams that an assessment looks at amount to just now.

What the key ring has destroyed meanwhile is not used again: an erased person's facts are hidden, remembered or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from services.eligibility import determination, service_in_charge
from services.eligibility import facts as person_facts
from services.eligibility.determination import Determined
from services.eligibility.dossier import holds_facts
from services.eligibility.facts import Facts, Folded
from services.eligibility.service_in_charge import MunicipalService
from shared.contracts.casework import municipality_stream
from shared.contracts.codec import Sealer, decode
from shared.contracts.eligibility import eligibility_stream
from shared.contracts.envelope import Recorded
from shared.contracts.intake import person_stream
from shared.contracts.model import Ags, Event, Hidden, PersonalClass, PersonId
from shared.eventstore.port import EventStore, StoredEvent
from shared.eventstore.remembered import Remembered
from shared.execute import folding
from shared.privacy.keyring import KeyRing

S = TypeVar("S")

REMEMBERED: Final = 10_000
"""Persons; one takes about 6 kB."""


class Streams:
    """Reads and folds; shared by all workers of a process. Raises StoreUnavailable."""

    def __init__(self, store: EventStore, sealer: Sealer, keyring: KeyRing) -> None:
        self._keyring = keyring

        def remembered(nothing: S, learn: Callable[[S, Recorded[Event]], S]) -> Remembered[S]:
            def learn_more(state: S, stored: StoredEvent) -> S:
                return learn(state, decode(stored, sealer)) if holds_facts(stored) else state

            return Remembered(store, nothing, learn_more, most=REMEMBERED)

        nobody: Folded = None
        self._persons = remembered(nobody, person_facts.learn)
        self._municipalities = remembered(MunicipalService(), service_in_charge.learn)
        self._determined = Remembered(store, Determined(), folding(determination.evolve, sealer), most=REMEMBERED)

    def person(self, person_id: PersonId) -> Folded:
        facts = self._persons.state(person_stream(person_id))
        if isinstance(facts, Facts) and (erased := self._erased(person_id)):
            return erased
        return facts

    def municipality(self, ags: Ags) -> MunicipalService:
        return self._municipalities.state(municipality_stream(ags))

    def determined(self, person_id: PersonId) -> Determined:
        """The last determinations about a person."""
        return self._determined.state(eligibility_stream(person_id))

    def _erased(self, person_id: PersonId) -> Hidden | None:
        key = self._keyring.key(person_id, PersonalClass.STATISTICS)
        return key if isinstance(key, Hidden) else None
