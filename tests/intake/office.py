"""Intake's write and read side on real files, without processes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from services.intake.households import Memberships
from services.intake.person import IntakeCommand, as_known, decider, evolve
from services.intake.views import VIEWS
from shared.contracts.codec import Sealer
from shared.contracts.envelope import Origin
from shared.contracts.intake import person_stream
from shared.eventstore.sqlite import SqliteEventStore
from shared.execute import derived_id, execute, load
from shared.privacy.keyring import KeyRing
from shared.projections.engine import open_engine
from shared.projections.read import Snapshot, ViewReader
from shared.projections.runner import Runner
from shared.projections.source import StoreSource

DAY = date(2018, 11, 5)


@dataclass
class Office:
    """Records commands and reads the views, in one process."""

    store: SqliteEventStore
    keyring: KeyRing
    sealer: Sealer
    directory: Path

    def record(self, command: IntakeCommand) -> Any:
        """Carry out a command as the service does; the id of the person it is about."""
        command_id = str(uuid4())
        person_id: Any = getattr(command, "person_id", derived_id(command_id, "person_id"))
        decides = decider(partial(derived_id, command_id), self._memberships(getattr(command, "anchor_id", None)))
        origin = Origin.by("probe", command_id, DAY)
        execute(self.store, self.sealer, person_stream(person_id), decides, command, origin)
        return person_id

    def history(self, person_id: Any) -> Any:
        """What was recorded about a person."""
        return load(self.store, self.sealer, person_stream(person_id), evolve)

    def _memberships(self, person_id: Any) -> Memberships | None:
        known = as_known(self.history(person_id))
        return None if known is None else known.memberships

    @contextmanager
    def views(self, name: str = "views") -> Iterator[Snapshot]:
        """The views brought up to date in a database of this name; a new name is a fresh fold."""
        url = f"sqlite:///{self.directory}/{name}.db"
        engine = open_engine(url, writing=True)
        source = StoreSource(self.store, self.sealer)
        Runner(engine, VIEWS, source, erasures=self.keyring.erasures).catch_up()
        engine.dispose()
        reader = ViewReader(url, VIEWS)
        try:
            with reader.snapshot() as now:
                yield now
        finally:
            reader.close()
