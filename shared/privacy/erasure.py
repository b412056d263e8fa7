"""Erasing a person: destroy the keys, leave the log.

Events, hash chain and sealed totals stay as they are; what was sealed for the subject can never be
read again. Views that hold plain copies follow ``KeyRing.erasures``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from shared.contracts.casework import CaseMemberJoined, CaseOpened, case_of, case_stream, employee_stream
from shared.contracts.codec import decode
from shared.contracts.intake import BirthRecorded, HouseholdJoined, PersonRegistered, person_stream
from shared.contracts.model import CaseId, EmployeeId, Event, HouseholdId, PersonalClass, PersonId
from shared.eventstore.port import EventStore
from shared.privacy.keyring import Erasure, KeyRing, Record, nowhere
from shared.privacy.sealer import ClosedSealer

OF_A_PERSON: Final = frozenset({PersonalClass.IDENTITY, PersonalClass.HEALTH})
"""What is erased unless classes are named: statistics stay while their retention lasts."""
OF_AN_EMPLOYEE: Final = frozenset({PersonalClass.EMPLOYEE})


class SubjectUnknown(LookupError):
    """There is neither a person nor an employee with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did: the subjects whose keys are gone, and the cases kept as they concern others, too."""

    subjects: tuple[str, ...]
    kept_cases: tuple[CaseId, ...]
    erasures: tuple[Erasure, ...]
    """The new tombstones; empty when everything had been erased before."""


def erase(
    keyring: KeyRing,
    store: EventStore,
    subject: str,
    reason: str,
    classes: Collection[PersonalClass] | None = None,
    *,
    record: Record = nowhere,
) -> Erased:
    """Erase a person or an employee. Repeat it after a failure: it takes up where it stopped.

    A person's cases (notes, health) are erased with the person when nobody else's data are in them:
    every other member there ever was has been erased before. ``classes`` defaults to ``OF_A_PERSON``
    or ``OF_AN_EMPLOYEE``. ``record`` hears of each erasure before it happens. Raises what that raises,
    SubjectUnknown, KeysNotScrubbed, StoreUnavailable.
    """
    if store.read_last(person_stream(PersonId(subject))) is None:
        if store.read_last(employee_stream(EmployeeId(subject))) is None:
            raise SubjectUnknown(subject)
        new = keyring.destroy(subject, classes or OF_AN_EMPLOYEE, reason, record=record)
        return Erased(subjects=(subject,), kept_cases=(), erasures=tuple(new))
    chosen = frozenset(classes or OF_A_PERSON)
    cases = [case_of(household_id) for household_id in _households(store, subject)]
    alone = [case_id for case_id in cases if _only_member(keyring, store, case_id, subject, chosen)]
    subjects = (subject, *alone)
    new = [erasure for each in subjects for erasure in keyring.destroy(each, chosen, reason, record=record)]
    return Erased(
        subjects=subjects,
        kept_cases=tuple(case_id for case_id in cases if case_id not in alone),
        erasures=tuple(new),
    )


def replay(keyring: KeyRing, erasures: Iterable[Erasure]) -> None:
    """Erase again what had been erased, after a key ring was restored from a backup; what it knows of is left alone."""
    known = {(each.subject, each.personal_class) for each in keyring.erasures()}
    for erasure in erasures:
        if (erasure.subject, erasure.personal_class) not in known:
            keyring.destroy(erasure.subject, {erasure.personal_class}, erasure.reason, erased_at=erasure.erased_at)


def _households(store: EventStore, person_id: str) -> list[HouseholdId]:
    """All households the person ever belonged to, the first one first."""
    found: dict[HouseholdId, None] = {}
    for event in _events(store, person_stream(PersonId(person_id))):
        if isinstance(event, PersonRegistered | BirthRecorded | HouseholdJoined):
            found[event.household_id] = None
    return list(found)


def _only_member(
    keyring: KeyRing, store: EventStore, case_id: CaseId, person_id: str, classes: frozenset[PersonalClass]
) -> bool:
    members = {
        event.member_id
        for event in _events(store, case_stream(case_id))
        if isinstance(event, CaseOpened | CaseMemberJoined)
    }
    if person_id not in members:
        return False
    erased = {(erasure.subject, erasure.personal_class) for erasure in keyring.erasures()}
    others = members - {person_id}
    return all((other, personal_class) in erased for other in others for personal_class in classes)


def _events(store: EventStore, stream: str) -> Iterable[Event]:
    closed = ClosedSealer()
    return (decode(stored, closed).event for stored in store.read(stream))
