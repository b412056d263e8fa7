"""A small office for tests: a real store and key ring, two views, and a way to wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Column, Engine, MetaData, String, Table

from shared.contracts.intake import MovedIn, NoticeGiven, PersonRegistered
from shared.contracts.model import Ags, Event, HouseholdId, PersonalClass, PersonId, erased
from shared.contracts.registry import types_of
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from shared.projections.source import StoreSource
from shared.projections.view import (
    PLAIN,
    POSITION,
    Change,
    Day,
    Delete,
    Erasure,
    Fact,
    Insert,
    Update,
    Upsert,
    View,
)
from tests.recording import record
from tests.waiting import DEADLINE

DAY = date(2018, 5, 2)
MASTERS = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}
NAMES = UUID("00000000-0000-4000-8000-000000000000")


def id_of(name: str) -> str:
    """A UUID for a telling name, always the same."""
    return str(uuid5(NAMES, name))


# --- views ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PeopleTables:
    people: Table


class People(View[PeopleTables]):
    """Who is registered, by name; and whether they were told about their data."""

    name, version = "probe.people", 1
    types = types_of(PersonRegistered, NoticeGiven)

    def tables(self, metadata: MetaData, suffix: str) -> PeopleTables:
        return PeopleTables(
            self.table(
                metadata,
                suffix,
                "people",
                Column("person_id", String, primary_key=True),
                Column("name", String, index=True, info=PLAIN),
                Column("told_on", Day),
            )
        )

    def fold(self, tables: PeopleTables, fact: Fact) -> Iterator[Change]:
        person_id = fact.data["person_id"]
        if fact.type == "intake.NoticeGiven":
            yield Update(tables.people, {"person_id": person_id}, {"told_on": fact.occurred_on})
        elif not erased(name := fact.data["family_name"]):
            yield Insert(tables.people, {"person_id": person_id, "name": name, "told_on": None})

    def erase(self, tables: PeopleTables, erasure: Erasure) -> Iterator[Change]:
        if erasure.personal_class is PersonalClass.IDENTITY:
            yield Delete(tables.people, {"person_id": erasure.subject})


@dataclass(frozen=True, slots=True)
class HomesTables:
    moves: Table
    homes: Table


class Homes(View[HomesTables]):
    """All moves, and where each person lives now."""

    name, version = "probe.homes", 1
    types = types_of(MovedIn)

    def tables(self, metadata: MetaData, suffix: str) -> HomesTables:
        return HomesTables(
            moves=self.table(
                metadata,
                suffix,
                "moves",
                Column("position", POSITION, primary_key=True),
                Column("residence_id", String, nullable=False, unique=True),
                Column("since", Day, nullable=False),
            ),
            homes=self.table(
                metadata,
                suffix,
                "homes",
                Column("person_id", String, primary_key=True),
                Column("ags", String),
                Column("position", POSITION, nullable=False),
            ),
        )

    def fold(self, tables: HomesTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        yield Insert(
            tables.moves,
            {"position": fact.position, "residence_id": data["residence_id"], "since": fact.occurred_on},
        )
        home = {"person_id": data["person_id"], "ags": data["ags"], "position": fact.position}
        yield Upsert(tables.homes, ("person_id",), home)


class PickyHomes(Homes):
    """Cannot bear one residence."""

    def __init__(self, residence: str) -> None:
        self._poison = id_of(residence)

    def fold(self, tables: HomesTables, fact: Fact) -> Iterator[Change]:
        yield from super().fold(tables, fact)
        if fact.data["residence_id"] == self._poison:
            raise ValueError("Muster, Probe: quotes the event's data")


PEOPLE, HOMES = People(), Homes()


# --- the office ---------------------------------------------------------------------------------------


class Office:
    """What is recorded goes through the real codec, sealer and store."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.store = SqliteEventStore(folder / "events.db")
        self.ring = SqliteKeyRing(folder / "keys.db", MASTERS)
        self.sealer = KeyRingSealer(self.ring)
        self.source = StoreSource(self.store, self.sealer)
        self.url = url
        self._engines: list[Engine] = []

    def engine(self) -> Engine:
        self._engines.append(open_engine(self.url, writing=True))
        return self._engines[-1]

    def runner(self, *views: View[Any], **how: Any) -> Runner:
        return Runner(self.engine(), views, self.source, erasures=self.ring.erasures, **how)

    def record(self, stream: str, *events: Event) -> int:
        """Append to a stream as one command; the position of the last event."""
        return record(self.store, self.sealer, stream, *events, learnt_on=DAY).position

    def register(self, name: str, *more: Event) -> int:
        return self.record(f"person-{id_of(name)}", registered(name), *more)

    def history(self, people: int, family: str = "Muster") -> int:
        """Some people who register, move twice and are told about their data: four events each."""
        for n in range(people):
            name = f"{family} {n}"
            self.register(name, moved(name, f"first {name}"), told(name), moved(name, f"second {name}", "08117002"))
        return self.store.head()

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()
        self.store.close()
        self.ring.close()


@contextmanager
def running(runner: Runner) -> Iterator[threading.Event]:
    """The runner at work on a thread of its own; whatever ends it early fails the test."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            runner.run(stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(DEADLINE)
    assert not thread.is_alive()
    assert failures == []


def registered(name: str) -> PersonRegistered:
    return PersonRegistered(
        occurred_on=DAY,
        person_id=PersonId(id_of(name)),
        household_id=HouseholdId(id_of(f"household {name}")),
        anchor_id=None,
        family_name=name,
        given_name="Probe",
        file_number=None,
        phone=None,
        relation=None,
        category="asylum",
        born_on=date(1990, 1, 1),
        sex="unknown",
        nationality="XX",
        language=None,
        interpreter_needed=None,
        state_entry_on=None,
        district_intake_on=None,
    )


def moved(name: str, residence: str, ags: str = "08117001") -> MovedIn:
    return MovedIn(
        occurred_on=DAY + timedelta(days=1),
        person_id=PersonId(id_of(name)),
        residence_id=id_of(residence),
        address="Beispielweg 1",
        kind="follow_up_housing",
        ags=Ags(ags),
        accommodation=None,
    )


def told(name: str) -> NoticeGiven:
    return NoticeGiven(occurred_on=DAY, person_id=PersonId(id_of(name)), language="de")
