"""Older versions become today's step by step; the types here belong to this test alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from shared.contracts import registry
from shared.contracts.codec import SEALED, decode
from shared.contracts.model import Event, Hidden, Personal, PersonalClass, PersonId, personal
from shared.contracts.registry import NewerThanThisCode, contract_of, published, upcaster
from shared.privacy.sealer import ClosedSealer, KeyRingSealer
from shared.projections.facts import Fact
from tests.contracts.stored import stored_by_hand

DAY = date(2018, 11, 5)
PERSON = "00000000-0000-4000-8000-000000000001"
NAMED = "test_upcasting.Named"
V1 = {"person": {"type": "PersonId"}, "name": {"type": "str", "class": "identity", "subject": "person"}}
V2 = {"person_id": {"type": "PersonId"}, "name": {"type": "str", "class": "identity", "subject": "person_id"}}


@pytest.fixture(autouse=True)
def _register_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for register in ("_by_type", "_by_class", "_upcasts"):
        monkeypatch.setattr(registry, register, dict(getattr(registry, register)))


@pytest.fixture
def named() -> Iterator[type[Event]]:
    """v1 has ``person`` and ``name``, v2 renames to ``person_id``, v3 splits the name."""

    @published(version=3)
    @dataclass(frozen=True, kw_only=True)
    class Named(Event):
        person_id: PersonId
        family_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")  # noqa: RUF009
        given_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")  # noqa: RUF009

    yield Named


def rename(data: dict[str, Any]) -> dict[str, Any]:
    return {"person_id": data["person"], "name": data["name"]}


def split(data: dict[str, Any]) -> dict[str, Any]:
    name = data.pop("name")
    given_name, family_name = (name, name) if isinstance(name, Hidden) else name.split(" ")
    return data | {"given_name": given_name, "family_name": family_name}


def test_two_versions_are_climbed(named: Any, sealer: KeyRingSealer) -> None:
    upcaster(NAMED, from_version=1)(rename)
    upcaster(NAMED, from_version=2)(split)
    expected = named(occurred_on=DAY, person_id=PERSON, given_name="Probe", family_name="Muster")

    first = stored_by_hand(NAMED, 1, V1, DAY, {"person": PERSON, "name": "Probe Muster"}, sealer)
    assert decode(first, sealer).event == expected
    assert decode(first, sealer).envelope.version == 1

    second = stored_by_hand(NAMED, 2, V2, DAY, {"person_id": PERSON, "name": "Probe Muster"}, sealer)
    assert decode(second, sealer).event == expected


def test_a_field_that_cannot_be_read_passes_through(named: Any, sealer: KeyRingSealer) -> None:
    upcaster(NAMED, from_version=1)(rename)
    upcaster(NAMED, from_version=2)(split)
    stored = stored_by_hand(NAMED, 1, V1, DAY, {"person": PERSON, "name": "Probe Muster"}, sealer)
    assert decode(stored, ClosedSealer()).event == named(
        occurred_on=DAY, person_id=PERSON, given_name=Hidden.SEALED, family_name=Hidden.SEALED
    )


@pytest.mark.usefixtures("named")
def test_a_missing_step_is_an_error(sealer: KeyRingSealer) -> None:
    upcaster(NAMED, from_version=1)(rename)
    stored = stored_by_hand(NAMED, 1, V1, DAY, {"person": PERSON, "name": "Probe Muster"}, sealer)
    with pytest.raises(LookupError) as missing:
        decode(stored, sealer)
    assert missing.type is not NewerThanThisCode, "no other release reads it"


@pytest.mark.usefixtures("named")
@pytest.mark.parametrize(("event_type", "version"), [(NAMED, 4), ("probe.Unheard", 1)])
def test_a_version_or_type_newer_than_the_code_is_said_to_be_that(event_type: str, version: int) -> None:
    """Before anything of it is opened: what is sealed may be of a class that is new, too."""
    of_a_new_class = {"class": "biometrics", "subject": PERSON, "fields": ["face"], "cipher": "AAAA"}
    stored = stored_by_hand(event_type, version, {SEALED: {}}, DAY, {SEALED: [of_a_new_class]}, ClosedSealer())
    with pytest.raises(NewerThanThisCode, match=f"{event_type} v{version} is newer than this code"):
        decode(stored, ClosedSealer())
    with pytest.raises(NewerThanThisCode):
        _ = Fact.of(stored, ClosedSealer()).data


def test_a_type_and_a_step_are_registered_once(named: type[Event]) -> None:
    assert contract_of(named).service == "test_upcasting"
    with pytest.raises(ValueError, match="already published"):
        published(version=3)(named)
    upcaster(NAMED, from_version=1)(rename)
    with pytest.raises(ValueError, match="already has an upcaster"):
        upcaster(NAMED, from_version=1)(rename)
