"""The whole of eligibility but its processes: real store, key ring, views and a clock set by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from uuid import uuid4

from services.eligibility import determination
from services.eligibility.assessing import Assessor
from services.eligibility.determination import DeterminationEvent, Determined
from services.eligibility.looking_again import LookingAgain
from services.eligibility.reacting import Reactions
from services.eligibility.streams import Streams
from services.eligibility.views import DUE, VIEWS
from services.eligibility.views.when_to_look_again import Look, due_by
from shared.bus.nudge import Nudge
from shared.contracts.casework import MunicipalServiceSet
from shared.contracts.codec import Sealer
from shared.contracts.eligibility import eligibility_stream
from shared.contracts.envelope import Recorded
from shared.contracts.model import Ags, Event, Hidden, PersonalClass, PersonId
from shared.contracts.registry import contract_of
from shared.eventstore.opening import open_store
from shared.eventstore.port import EventStore, StoredEvent
from shared.execute import load
from shared.privacy.keyring import KeyRing, open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import create_secrets, load_masters
from shared.projections.engine import open_engine
from shared.projections.read import ViewReader
from shared.projections.runner import Runner
from shared.projections.source import StoreSource
from shared.service.clock import ManualClock, advance
from tests.eligibility.sentences import day
from tests.recording import record


@dataclass
class Office:
    """Records what intake would record, and lets eligibility react when told to."""

    directory: Path
    store: EventStore
    keyring: KeyRing
    sealer: Sealer
    runner: Runner
    reader: ViewReader
    clock: ManualClock
    reacted_to: int = 0

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin with an empty memory, as a new process does."""
        self.assessor = Assessor(self.store, self.sealer, self.clock, Streams(self.store, self.sealer, self.keyring))
        self.reactions = Reactions(self.assessor, self.reader)
        self.looking_again = LookingAgain(self.assessor, self.reader, (1.0, 5.0))

    # --- what happens -----------------------------------------------------------------------------

    def today_is(self, today: str) -> None:
        advance(self.store, self.sealer, day(today), "probe")

    def record(self, *events: Event, who: PersonId | None = None) -> None:
        """Append to the person's stream, in one append; learnt today."""
        subject = who or events[0].person_id  # type: ignore[attr-defined]
        told = [replace(_named(event), person_id=subject) for event in events]  # type: ignore[call-arg]
        self._append(f"person-{subject}", told)

    def set_service(self, ags: Ags, service: str, since: str) -> None:
        event = MunicipalServiceSet(occurred_on=day(since), ags=ags, service=service)  # type: ignore[arg-type]
        self._append(f"municipality-{ags}", [event])

    def _append(self, stream: str, events: Sequence[Event]) -> None:
        record(self.store, self.sealer, stream, *events, learnt_on=self.clock.today())

    @staticmethod
    def someone() -> PersonId:
        """An id nobody has."""
        return PersonId(str(uuid4()))

    # --- what eligibility does --------------------------------------------------------------------

    def project(self) -> None:
        """The views read everything."""
        self.runner.catch_up()

    def nudges(self) -> list[Nudge]:
        """What the relay would announce to eligibility since it was asked last."""
        found = self.store.read_all(after=self.reacted_to, limit=100_000)
        self.reacted_to = found[-1].position if found else self.reacted_to
        return [nudge(stored) for stored in found if _is_for_eligibility(stored.type)]

    def react(self) -> None:
        """Everything that was recorded is announced, and reacted to."""
        self.project()
        for each in self.nudges():
            self.reactions.react(each)
        self.project()

    def due(self) -> list[Look]:
        with self.reader.snapshot() as now:
            return due_by(now.connection, now.tables(DUE), self.clock.today(), 1000)

    # --- what can be seen -------------------------------------------------------------------------

    def determinations(self, who: PersonId) -> list[Recorded[DeterminationEvent]]:
        return load(self.store, self.sealer, eligibility_stream(who), determination.evolve)

    def determined(self, who: PersonId) -> Determined:
        """The last determinations."""
        state = determination.decider.nothing
        for recorded in self.determinations(who):
            state = determination.evolve(state, recorded.event)
        return state

    def served_by(self, who: PersonId) -> object:
        """Whose integration management."""
        last = self.determined(who).service
        return None if last is None else last.integration_management

    def phase(self, who: PersonId) -> tuple[str, str | None, date]:
        """Phase, since when, and as of which day."""
        last = self.determined(who).phase
        assert last is not None and not isinstance(last.phase, Hidden) and not isinstance(last.since, Hidden)
        return last.phase, last.since.isoformat() if last.since else None, last.occurred_on


@contextmanager
def open_office(directory: Path, eventstore: str | None = None) -> Iterator[Office]:
    """``eventstore``: its URL, unless it is a file there."""
    secrets = directory / "secrets"
    create_secrets(secrets)
    classes = (PersonalClass.IDENTITY, PersonalClass.STATISTICS)
    keyring = open_keyring(f"sqlite:///{directory}/keys.db", load_masters(secrets, classes))
    store = open_store(eventstore or f"sqlite:///{directory}/events.db")
    sealer = KeyRingSealer(keyring)
    url = f"sqlite:///{directory}/eligibility.db"
    engine = open_engine(url, writing=True)
    runner = Runner(engine, VIEWS, StoreSource(store, sealer), erasures=keyring.erasures)
    reader = ViewReader(url, VIEWS)
    try:
        yield Office(directory, store, keyring, sealer, runner, reader, ManualClock(store))
    finally:
        reader.close()
        engine.dispose()
        store.close()
        keyring.close()


def nudge(stored: StoredEvent) -> Nudge:
    return Nudge(
        event_id=stored.event_id,
        type=stored.type,
        stream=stored.stream,
        revision=stored.revision,
        position=stored.position,
        correlation_id=str(uuid4()),
        causation_id=str(uuid4()),
        store_id=None,
    )


def _is_for_eligibility(event_type: str) -> bool:
    return event_type.startswith("intake.") or event_type == contract_of(MunicipalServiceSet).type


def _named(event: Event) -> Event:
    """With an obviously invented name where the sentences have none."""
    nothing = dict.fromkeys(("file_number", "phone", "address"))
    names = {"family_name": "Probe", "given_name": "Muster", "reason": "Probe", **nothing}
    hidden = {name: value for name, value in names.items() if getattr(event, name, None) is Hidden.SEALED}
    return replace(event, **hidden)  # type: ignore[arg-type]
