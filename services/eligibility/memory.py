"""Streams folded once and remembered: they only ever grow, so of a known one only what came since is read.

What the key ring has destroyed meanwhile is not used again: an erased person's facts are hidden, remembered or not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import reduce
from typing import Any, Final, TypeVar

from services.eligibility import determination, service_in_charge
from services.eligibility import facts as person_facts
from services.eligibility.determination import Determined
from services.eligibility.dossier import READ
from services.eligibility.facts import Facts, Folded
from services.eligibility.service_in_charge import MunicipalService
from shared.contracts.codec import Sealer, decode
from shared.contracts.envelope import Recorded
from shared.contracts.model import Ags, Event, Hidden, PersonalClass, PersonId
from shared.eventstore.port import NO_STREAM, EventStore
from shared.privacy.keyring import KeyRing

S = TypeVar("S")

REMEMBERED: Final = 20_000
"""Streams; one takes about 3 kB."""
_READ: Final = READ | determination.TYPES


class Memory:
    """The present state of streams; shared by all workers of a process. Raises StoreUnavailable."""

    def __init__(self, store: EventStore, sealer: Sealer, keyring: KeyRing) -> None:
        self._store, self._sealer, self._keyring = store, sealer, keyring
        self._known: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def person(self, person_id: PersonId) -> Folded:
        nothing: Folded = None
        facts = self._state(f"person-{person_id}", nothing, person_facts.learn)
        if isinstance(facts, Facts) and (erased := self._erased(person_id)):
            return erased
        return facts

    def municipality(self, ags: Ags) -> MunicipalService:
        return self._state(f"municipality-{ags}", MunicipalService(), service_in_charge.learn)

    def determined(self, person_id: PersonId) -> Determined:
        """The last determinations about a person."""
        return self._state(f"eligibility-{person_id}", determination.decider.nothing, _determined)

    def _erased(self, person_id: PersonId) -> Hidden | None:
        key = self._keyring.key(person_id, PersonalClass.STATISTICS)
        return key if isinstance(key, Hidden) else None

    def _state(self, stream: str, nothing: S, learn: Callable[[S, Recorded[Event]], S]) -> S:
        revision, known = self._known.pop(stream, (NO_STREAM, nothing))
        news = self._store.read(stream, after=revision)
        state: S = reduce(learn, (decode(each, self._sealer) for each in news if each.type in _READ), known)
        if news or revision != NO_STREAM:
            self._known[stream] = (news[-1].revision if news else revision), state
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return state


def _determined(known: Determined, recorded: Recorded[Event]) -> Determined:
    return determination.evolve(known, recorded.event)  # type: ignore[arg-type]  # nobody else writes there
