"""Sealed fields open for whom they were meant, where they were written, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.casework import ConsultationHeld
from shared.contracts.codec import decode, encode
from shared.contracts.intake import PersonRegistered
from shared.contracts.model import EventId, Hidden, PersonalClass
from shared.privacy.keyring import KeyMissing, SqliteKeyRing, SubjectErased
from shared.privacy.sealer import ClosedSealer, KeyRingSealer
from tests.contracts.golden_files import ORIGIN, example
from tests.contracts.stored import EVENT_ID, as_stored

OpenRing = Callable[..., SqliteKeyRing]
IDENTITY, STATISTICS, HEALTH, EMPLOYEE = PersonalClass
NAMES = ("family_name", "given_name")


@pytest.fixture
def sealer(ring: SqliteKeyRing) -> KeyRingSealer:
    return KeyRingSealer(ring)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plain=st.binary(max_size=300), names=st.lists(st.text(min_size=1), max_size=4).map(tuple))
def test_what_was_sealed_opens(sealer: KeyRingSealer, plain: bytes, names: tuple[str, ...]) -> None:
    cipher = sealer.seal(IDENTITY, "p1", EVENT_ID, names, plain)
    assert sealer.open(IDENTITY, "p1", EVENT_ID, names, cipher) == plain
    assert len(cipher) == len(plain) + 28


def test_the_same_text_never_seals_to_the_same_bytes(sealer: KeyRingSealer) -> None:
    ciphers = {sealer.seal(IDENTITY, "p1", EVENT_ID, NAMES, b"Muster") for _ in range(1000)}
    assert len({cipher[:12] for cipher in ciphers}) == 1000
    assert len({cipher[12:] for cipher in ciphers}) == 1000


@pytest.mark.parametrize(
    ("personal_class", "subject", "event_id", "names"),
    [
        (IDENTITY, "p1", "2f1c9b0e-5a41-4c7e-8a7d-6a0f3c1d9e02", NAMES),
        (IDENTITY, "p1", EVENT_ID, ("given_name", "family_name")),
        (IDENTITY, "p1", EVENT_ID, ("family_name",)),
        (IDENTITY, "p1", EVENT_ID, (*NAMES, "phone")),
        (IDENTITY, "p1", EVENT_ID, ("family_name,given_name",)),
        (IDENTITY, "p2", EVENT_ID, NAMES),
        (STATISTICS, "p1", EVENT_ID, NAMES),
    ],
    ids=["event", "order", "fewer", "more", "joined", "subject", "class"],
)
def test_a_cipher_moved_elsewhere_does_not_open(
    sealer: KeyRingSealer, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...]
) -> None:
    sealer.prepare([(IDENTITY, "p1"), (IDENTITY, "p2"), (STATISTICS, "p1")])
    cipher = sealer.seal(IDENTITY, "p1", EVENT_ID, NAMES, b"Muster")
    with pytest.raises(ValueError, match="altered or moved"):
        sealer.open(personal_class, subject, event_id, names, cipher)


def test_an_altered_or_truncated_cipher_does_not_open(sealer: KeyRingSealer) -> None:
    cipher = sealer.seal(IDENTITY, "p1", EVENT_ID, NAMES, b"Muster")
    for n in range(len(cipher)):
        altered = cipher[:n] + bytes([cipher[n] ^ 1]) + cipher[n + 1 :]
        for forged in (altered, cipher[:n]):
            with pytest.raises(ValueError, match=re.escape(EVENT_ID)):
                sealer.open(IDENTITY, "p1", EVENT_ID, NAMES, forged)


def test_an_erased_subject_is_hidden_and_cannot_be_sealed_again(sealer: KeyRingSealer, ring: SqliteKeyRing) -> None:
    cipher = sealer.seal(IDENTITY, "p1", EVENT_ID, NAMES, b"Muster")
    ring.destroy("p1", [IDENTITY], "request")
    assert sealer.open(IDENTITY, "p1", EVENT_ID, NAMES, cipher) is Hidden.ERASED
    with pytest.raises(SubjectErased):
        sealer.seal(IDENTITY, "p1", EVENT_ID, NAMES, b"Muster")


def test_a_lost_key_ring_is_not_mistaken_for_an_erasure(sealer: KeyRingSealer) -> None:
    with pytest.raises(KeyMissing):
        sealer.open(IDENTITY, "p1", EVENT_ID, NAMES, bytes(40))


def test_each_process_reads_the_classes_it_holds(open_ring: OpenRing) -> None:
    stored = as_stored(encode(example(PersonRegistered), EventId(EVENT_ID), ORIGIN, KeyRingSealer(open_ring())))
    seen = decode(stored, KeyRingSealer(open_ring([STATISTICS]))).event
    assert isinstance(seen, PersonRegistered)
    assert seen.family_name is seen.given_name is seen.file_number is seen.phone is Hidden.SEALED
    assert (seen.born_on, seen.nationality) == (date(2018, 8, 1), "SY")


def test_a_consultation_keeps_its_classes_apart(open_ring: OpenRing) -> None:
    ring = open_ring()
    event = example(ConsultationHeld)
    assert isinstance(event, ConsultationHeld)
    stored = as_stored(encode(event, EventId(EVENT_ID), ORIGIN, KeyRingSealer(ring)))
    ring.destroy(event.case_id, [IDENTITY, HEALTH], "request")
    seen = decode(stored, KeyRingSealer(ring)).event
    assert isinstance(seen, ConsultationHeld)
    assert seen.note is seen.health is Hidden.ERASED
    assert (seen.topics, seen.minutes, seen.took_part) == (event.topics, event.minutes, event.took_part)


def test_a_reader_without_keys_sees_ids_and_dates(sealer: KeyRingSealer) -> None:
    event = example(PersonRegistered)
    assert isinstance(event, PersonRegistered)
    seen = decode(as_stored(encode(event, EventId(EVENT_ID), ORIGIN, sealer)), ClosedSealer()).event
    assert isinstance(seen, PersonRegistered)
    assert (seen.person_id, seen.occurred_on) == (event.person_id, event.occurred_on)
    assert seen.family_name is seen.born_on is Hidden.SEALED
    with pytest.raises(TypeError):
        encode(event, EventId(EVENT_ID), ORIGIN, ClosedSealer())
