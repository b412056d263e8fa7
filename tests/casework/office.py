"""A casework of its own for tests: a real event store and key ring, and its views when somebody catches up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

from services.casework import reacting
from services.casework.case import Case
from services.casework.colleagues import Colleagues
from services.casework.desk import Desk
from services.casework.employee import Employee
from services.casework.employee import evolve as evolve_employee
from services.casework.reactions import when_contract_expires_soon_then_announce as expiry
from services.casework.streams import Streams
from services.casework.views import CONTRACT_ENDS, VIEWS, which_contracts_end
from shared.contracts.casework import ContractExpiryAnnounced, employee_stream
from shared.contracts.codec import decode
from shared.contracts.eligibility import ServiceInChargeDetermined
from shared.contracts.envelope import Recorded
from shared.contracts.model import CaseId, EmployeeId, Event, HouseholdId, PersonalClass, PersonId
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from shared.projections.engine import open_engine
from shared.projections.read import ViewReader
from shared.projections.runner import Runner
from shared.projections.source import StoreSource
from tests.recording import record

MASTERS = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}


class Office:
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
        self.desk = Desk(self.streams, Colleagues(self.reader, self.store), bytes(32))

    def close(self) -> None:
        self.reader.close()
        self.engine.dispose()
        self.keyring.close()
        self.store.close()

    # --- what others do -------------------------------------------------------------------------

    def record(self, stream: str, *events: Event, learnt_on: date | None = None) -> None:
        """Append to a stream whatever its rules."""
        record(self.store, self.sealer, stream, *events, learnt_on=learnt_on or events[-1].occurred_on)

    def determine(self, person_id: PersonId, household_id: HouseholdId, service: str, since: date) -> None:
        """Eligibility says who serves the person from a day on."""
        determined = ServiceInChargeDetermined(
            occurred_on=since,
            person_id=person_id,
            household_id=household_id,
            rule_set="test",
            integration_management=service,
            social_advice="district",
            ags=None,
        )
        self.record(f"eligibility-{person_id}", determined)

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
        return self.streams.case(case_id)

    def history(self, stream: str) -> list[Recorded[Event]]:
        return [decode(stored, self.sealer) for stored in self.store.read(stream)]

    def employee(self, employee_id: EmployeeId) -> Employee:
        events: Iterable[Any] = (recorded.event for recorded in self.history(employee_stream(employee_id)))
        return reduce(evolve_employee, events, Employee())

    def announced(self, employee_id: EmployeeId) -> list[tuple[date, int]]:
        """Day and threshold of each announcement, in the order in which they were made."""
        events = (recorded.event for recorded in self.history(employee_stream(employee_id)))
        return [(e.occurred_on, e.days_ahead) for e in events if isinstance(e, ContractExpiryAnnounced)]
