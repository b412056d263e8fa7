"""How a determination comes about: load, assess as of today, append what differs. Any number of times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Final

from services.eligibility import determination
from services.eligibility.determination import DeterminationEvent, Determine, Determined
from services.eligibility.dossier import gather
from services.eligibility.streams import Streams
from shared.contracts.codec import Sealer
from shared.contracts.eligibility import eligibility_stream
from shared.contracts.envelope import Origin
from shared.contracts.model import PersonId
from shared.eventstore.port import EventStore
from shared.execute import Decider, Refused, derived_id, execute
from shared.service.clock import BusinessClock
from shared.service.platform import Platform

ACTOR: Final = "service:eligibility"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why somebody is looked at. The same cause has the same command id, and so its effect once."""

    command_id: str
    correlation_id: str
    causation_id: str

    def origin(self, today: date, attempt: int) -> Origin:
        """Of the first attempt (0) at what it leads to, or of another."""
        command_id = derived_id(self.command_id, f"again {attempt}") if attempt else self.command_id
        return Origin.by(ACTOR, command_id, today, correlation_id=self.correlation_id, causation_id=self.causation_id)


@dataclass(frozen=True, slots=True)
class Assessor:
    """Assesses persons; shared by all workers of a process."""

    store: EventStore
    sealer: Sealer
    clock: BusinessClock
    streams: Streams

    @classmethod
    def of(cls, platform: Platform) -> Assessor:
        streams = Streams(platform.store, platform.sealer, platform.keyring)
        return cls(platform.store, platform.sealer, platform.clock, streams)

    def assess(self, person_id: PersonId, cause: Cause) -> None:
        """Publish what differs from the last determination, as of today.

        Several may look at one person at once; so it looks until there is nothing new to say, and whoever
        publishes last has seen everything. Raises what ``execute`` raises.
        """
        for attempt in count():
            today = self.clock.today()
            try:
                determined = self.streams.determined(person_id)
                news = self._news(determined, person_id, today)
                if not news:
                    return
                decider, origin = self._decider(person_id, determined, news), cause.origin(today, attempt)
                execute(self.store, self.sealer, eligibility_stream(person_id), decider, today, origin)
            except Refused:
                if self.clock.today() == today:
                    raise  # the clock stands before a determination that was made already
                # a day began while we looked: look again, as of that day

    def _decider(
        self, person_id: PersonId, known: Determined, news: Sequence[DeterminationEvent]
    ) -> Decider[Determined, date, DeterminationEvent]:
        """Publishes the ``news`` after what is ``known``; after anything else decides from what is recorded then."""

        def decide(determined: Determined, as_of: date) -> Sequence[DeterminationEvent]:
            return news if determined == known else self._news(determined, person_id, as_of)

        return Decider(determination.decider.nothing, determination.evolve, decide)

    def _news(self, determined: Determined, person_id: PersonId, as_of: date) -> Sequence[DeterminationEvent]:
        """What is to be published after these determinations.

        What is recorded about the person is always loaded after their determinations: so a result that
        rests on less cannot follow one that rests on more without meeting a newer revision.
        """
        assessment = gather(self.streams, person_id, as_of).assess(as_of)
        return determination.decide(determined, Determine(assessment, as_of))
