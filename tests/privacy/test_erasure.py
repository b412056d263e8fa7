"""Erasing a person leaves the log as it was and nobody able to read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from shared.contracts.casework import (
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    ConsultationHeld,
    EmployeeJoined,
    case_of,
)
from shared.contracts.codec import decode
from shared.contracts.intake import HouseholdJoined, PersonRegistered
from shared.contracts.model import CaseId, EmployeeId, Event, Hidden, HouseholdId, PersonalClass, PersonId
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.erasure import SubjectUnknown, erase, replay
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from tests.contracts.golden_files import example
from tests.recording import record

IDENTITY, STATISTICS, HEALTH, EMPLOYEE = PersonalClass
DAY = date(2018, 8, 1)
HOUSE, OTHER_HOUSE = (HouseholdId(f"00000000-0000-4000-8000-0000000000b{n}") for n in range(2))
ONE, TWO = (PersonId(f"00000000-0000-4000-8000-0000000000a{n}") for n in range(2))


class Log:
    """The real event store with what the services would have recorded."""

    def __init__(self, directory: Path, sealer: KeyRingSealer) -> None:
        self.store = SqliteEventStore(directory / "events.db")
        self.sealer = sealer

    def record(self, stream: str, event: Event) -> None:
        record(self.store, self.sealer, stream, event, learnt_on=DAY)

    def person(self, person_id: PersonId, household_id: HouseholdId) -> None:
        self.record(f"person-{person_id}", _changed(PersonRegistered, person_id=person_id, household_id=household_id))

    def case(self, household_id: HouseholdId, *members: PersonId) -> CaseId:
        case_id = case_of(household_id)
        opened = CaseOpened(occurred_on=DAY, case_id=case_id, household_id=household_id, member_id=members[0])
        self.record(f"case-{case_id}", opened)
        for member_id in members[1:]:
            self.record(f"case-{case_id}", CaseMemberJoined(occurred_on=DAY, case_id=case_id, member_id=member_id))
        self.record(f"consultation-{case_id}", _changed(ConsultationHeld, case_id=case_id))
        return case_id

    def digest(self) -> str:
        chain = sha256()
        for stored in self.store.read_all(limit=10_000):
            chain.update(repr(stored).encode())
        return chain.hexdigest()

    def seen(self, stream: str) -> Any:
        (stored, *_) = self.store.read(stream)
        return decode(stored, self.sealer).event


def _changed(event_class: type[Event], **changes: object) -> Event:
    return event_class(**{**vars(example(event_class)), **changes})


@pytest.fixture
def log(tmp_path: Path, ring: SqliteKeyRing) -> Iterator[Log]:
    log = Log(tmp_path, KeyRingSealer(ring))
    yield log
    log.store.close()


def test_a_single_person_is_erased_with_the_notes_and_the_log_stays(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    case_id = log.case(HOUSE, ONE)
    before = log.digest()

    erased = erase(ring, log.store, ONE, "request of 05.11.2018")

    assert erased.subjects == (ONE, case_id)
    assert erased.kept_cases == ()
    assert {(each.subject, each.personal_class) for each in erased.erasures} == {
        (subject, personal_class) for subject in (ONE, case_id) for personal_class in (IDENTITY, HEALTH)
    }
    assert log.digest() == before
    person = log.seen(f"person-{ONE}")
    assert person.family_name is person.given_name is person.file_number is person.phone is Hidden.ERASED
    assert person.nationality == "SY"  # statistics stay while their retention lasts
    consultation = log.seen(f"consultation-{case_id}")
    assert consultation.note is consultation.health is Hidden.ERASED
    assert consultation.minutes == 45


def test_statistics_go_when_they_are_named(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    erase(ring, log.store, ONE, "retention", classes=[STATISTICS])
    person = log.seen(f"person-{ONE}")
    assert person.nationality is Hidden.ERASED
    assert person.family_name == "Muster"


def test_notes_about_others_too_are_kept_until_the_last_of_them_is_erased(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    log.person(TWO, HOUSE)
    case_id = log.case(HOUSE, ONE, TWO)
    left = CaseMemberLeft(occurred_on=DAY, case_id=case_id, member_id=TWO)
    log.record(f"case-{case_id}", left)  # who left is still in the notes

    first = erase(ring, log.store, ONE, "request")
    assert (first.subjects, first.kept_cases) == ((ONE,), (case_id,))
    assert log.seen(f"consultation-{case_id}").note == "Gespräch über die Wohnung"

    second = erase(ring, log.store, TWO, "request")
    assert (second.subjects, second.kept_cases) == ((TWO, case_id), ())
    assert log.seen(f"consultation-{case_id}").note is Hidden.ERASED


def test_every_household_the_person_ever_had_counts(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    joined = HouseholdJoined(occurred_on=DAY, person_id=ONE, household_id=OTHER_HOUSE, anchor_id=TWO, relation=None)
    log.record(f"person-{ONE}", joined)
    alone, shared = log.case(HOUSE, ONE), log.case(OTHER_HOUSE, TWO, ONE)
    erased = erase(ring, log.store, ONE, "request")
    assert (erased.subjects, erased.kept_cases) == ((ONE, alone), (shared,))


def test_a_household_without_a_case_keeps_its_future(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    assert erase(ring, log.store, ONE, "request").subjects == (ONE,)
    log.person(TWO, HOUSE)
    assert log.seen(f"consultation-{log.case(HOUSE, TWO)}").note == "Gespräch über die Wohnung"


def test_erasing_again_changes_nothing(log: Log, ring: SqliteKeyRing) -> None:
    log.person(ONE, HOUSE)
    log.case(HOUSE, ONE)
    first = erase(ring, log.store, ONE, "request")
    again = erase(ring, log.store, ONE, "request")
    assert (again.subjects, again.erasures) == (first.subjects, ())


def test_an_employee_is_erased_by_the_class_of_employees(log: Log, ring: SqliteKeyRing) -> None:
    employee_id = EmployeeId(str(uuid4()))
    log.record(f"employee-{employee_id}", _changed(EmployeeJoined, employee_id=employee_id))
    erased = erase(ring, log.store, employee_id, "retention")
    assert [each.personal_class for each in erased.erasures] == [EMPLOYEE]
    assert log.seen(f"employee-{employee_id}").name is Hidden.ERASED


def test_an_unknown_subject_gets_no_tombstone(log: Log, ring: SqliteKeyRing) -> None:
    with pytest.raises(SubjectUnknown):
        erase(ring, log.store, ONE, "request")
    assert ring.erasures() == []


def test_a_restored_key_ring_replays_the_erasures(log: Log, ring: SqliteKeyRing, tmp_path: Path, secrets: Path) -> None:
    log.person(ONE, HOUSE)
    ring.ensure([(IDENTITY, TWO)])
    masters = {IDENTITY: b"m" * 32}
    restored = SqliteKeyRing(tmp_path / "restored.db", masters)
    restored.ensure([(IDENTITY, ONE), (IDENTITY, TWO)])
    erase(ring, log.store, ONE, "request")
    replay(restored, ring.erasures())
    assert restored.key(ONE, IDENTITY) is Hidden.ERASED
    assert not isinstance(restored.key(TWO, IDENTITY), Hidden)
    assert [each.reason for each in restored.erasures()] == ["request", "request"]
    restored.close()
