"""A casework of its own for tests: a real event store and key ring, and its views when somebody catches up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.casework import reacting
from services.casework.case import Case
from services.casework.colleagues import Colleagues
from services.casework.desk import Desk
from services.casework.employee import Employee
from services.casework.employee import evolve as evolve_employee
from services.casework.reactions import when_contract_expires_soon_then_announce as expiry
from services.casework.streams import Streams
from services.casework.views import CONTRACT_ENDS, VIEWS, which_contracts_end
from shared.contracts.casework import (
    ContractExpiryAnnounced,
    employee_stream,
)
from shared.contracts.codec import Origin, encode
from shared.contracts.eligibility import ServiceInChargeDetermined
from shared.contracts.envelope import Recorded
from shared.contracts.model import CaseId, EmployeeId, Event, EventId, HouseholdId, PersonalClass, PersonId
from shared.eventstore.port import NO_STREAM
from shared.eventstore.sqlite import SqliteEventStore
from shared.execute import load
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from shared.projections.engine import open_engine
from shared.projections.read import ViewReader
from shared.projections.runner import Runner
from shared.projections.source import StoreSource

MASTERS = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}


class World:
    """``masters``: those of the processes that work in the same directory, if there are any."""

    def __init__(self, directory: Path, masters: Mapping[PersonalClass, bytes] = MASTERS) -> None:
        self.store = SqliteEventStore(directory / "events.db")
        self.keyring = SqliteKeyRing(directory / "keys.db", masters)
        self.sealer = KeyRingSealer(self.keyring)
        url = f"sqlite:///{directory / 'casework.db'}"
        self.engine = open_engine(url, writing=True)
        self.runner = Runner(self.engine, VIEWS, StoreSource(self.store, self.sealer), erasures=self.keyring.erasures)
        self.reader = ViewReader(url, VIEWS)
        self.streams = Streams(self.store, self.sealer)
        streams = Streams(self.store, self.sealer)
        self.desk = Desk(streams, Colleagues(self.reader, self.store), bytes(32))

    def close(self) -> None:
        self.reader.close()
        self.engine.dispose()
        self.keyring.close()
        self.store.close()

    # --- what others do -------------------------------------------------------------------------

    def record(self, stream: str, *events: Event, learnt_on: date | None = None) -> str:
        """Append to a stream whatever its rules; the last event's id."""
        command_id = str(uuid4())
        origin = Origin(
            learnt_on=learnt_on or events[-1].occurred_on,
            actor="probe",
            on_behalf_of=None,
            command_id=command_id,
            body_digest="",
            correlation_id=str(uuid4()),
            causation_id=command_id,
        )
        last = self.store.read_last(stream)
        new = [encode(event, EventId(str(uuid4())), origin, self.sealer) for event in events]
        expected = NO_STREAM if last is None else last.revision
        self.store.append(stream, new, expected=expected, command_id=command_id, digest="")
        return new[-1].event_id

    def determine(self, person_id: PersonId, household_id: HouseholdId, service: str, since: date) -> str:
        """Eligibility says who serves the person from a day on; the event's id."""
        return self.record(
            f"eligibility-{person_id}",
            ServiceInChargeDetermined(
                occurred_on=since,
                person_id=person_id,
                household_id=household_id,
                rule_set="test",
                integration_management=service,
                social_advice="district",
                ags=None,
            ),
        )

    # --- what casework does ---------------------------------------------------------------------

    def nudge(self, person_id: PersonId, today: date) -> None:
        reacting.look_at(person_id, self.store, self.sealer, today)

    def beat(self, today: date) -> None:
        """One look of the timer, at views as they are."""
        with self.reader.snapshot() as now:
            due = which_contracts_end.due(now.connection, now.tables(CONTRACT_ENDS), today)
        reacting.announce(expiry.react(due, today), self.store, self.sealer)

    def catch_up(self) -> None:
        self.runner.catch_up()

    # --- what is there --------------------------------------------------------------------------

    def case(self, case_id: CaseId) -> Case:
        return Streams(self.store, self.sealer).case(case_id)

    def history(self, stream: str) -> list[Recorded[Event]]:
        return load(self.store, self.sealer, stream)

    def employee(self, employee_id: EmployeeId) -> Employee:
        events: Iterable[Any] = (recorded.event for recorded in self.history(employee_stream(employee_id)))
        return reduce(evolve_employee, events, Employee())

    def announced(self, employee_id: EmployeeId) -> list[tuple[date, int]]:
        """Day and threshold of each announcement, in the order in which they were made."""
        events = (recorded.event for recorded in self.history(employee_stream(employee_id)))
        return [(e.occurred_on, e.days_ahead) for e in events if isinstance(e, ContractExpiryAnnounced)]
