"""Whatever a contract can hold survives being stored, and nothing personal is stored readable."""

from __future__ import annotations

import types
from dataclasses import is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shared.contracts  # noqa: F401  registers every contract
from shared.contracts.codec import SEALED, decode, encode, envelope_of
from shared.contracts.intake import PersonRegistered
from shared.contracts.model import EventId, Hidden
from shared.contracts.municipalities import municipalities
from shared.contracts.registry import Contract, contracts
from shared.privacy.sealer import KeyRingSealer
from tests.contracts.golden_files import ORIGIN, example
from tests.contracts.stored import EVENT_ID, as_stored

PUBLISHED = list(contracts().values())
IDS = [f"00000000-0000-4000-8000-00000000000{n}" for n in range(4)]


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a contract type; ids come from a few, so that subjects coincide as well as differ."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*(values(part) for part in get_args(hint) if part is not Hidden))
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if origin is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=4).map(tuple)
    if isinstance(hint, NewType):
        return st.sampled_from(sorted(municipalities()) if hint.__name__ == "Ags" else IDS)
    if isinstance(hint, type) and is_dataclass(hint):
        return st.builds(hint, **{name: values(part) for name, part in get_type_hints(hint).items()})
    by_type: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=40),
        int: st.integers(-(2**63), 2**63 - 1),
        bool: st.booleans(),
        date: st.dates(),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False),
        type(None): st.none(),
    }
    return by_type[hint]


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.type)
def test_every_event_is_read_as_it_was_written(contract: Contract, sealer: KeyRingSealer) -> None:
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(values(contract.event_class))
    def reads_back(event: Any) -> None:
        stored = as_stored(encode(event, EventId(EVENT_ID), ORIGIN, sealer))
        recorded = decode(stored, sealer)
        assert recorded.event == event
        assert recorded.envelope == envelope_of(stored)
        assert recorded.envelope.version == contract.version

    reads_back()


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.type)
def test_no_personal_field_is_stored_readable(contract: Contract, sealer: KeyRingSealer) -> None:
    stored = encode(example(contract.event_class), EventId(EVENT_ID), ORIGIN, sealer)
    data = orjson.loads(stored.data)
    personal = set(contract.protections)
    assert {name for entry in data.pop(SEALED, []) for name in entry["fields"]} == personal
    assert not personal & set(data)


def test_every_protection_names_a_plain_field_of_its_event() -> None:
    for contract in PUBLISHED:
        plain = set(contract.names) - set(contract.protections)
        assert {protection.subject for protection in contract.protections.values()} <= plain, contract.type


def test_the_envelope_holds_the_facts_of_the_command(sealer: KeyRingSealer) -> None:
    event = example(PersonRegistered)
    envelope = envelope_of(as_stored(encode(event, EventId(EVENT_ID), ORIGIN, sealer)))
    assert envelope.occurred_on == event.occurred_on
    for fact in ("learnt_on", "actor", "on_behalf_of", "command_id", "body_digest", "correlation_id", "causation_id"):
        assert getattr(envelope, fact) == getattr(ORIGIN, fact)


def test_a_hidden_field_cannot_be_recorded_again(sealer: KeyRingSealer) -> None:
    event = example(PersonRegistered)
    assert isinstance(event, PersonRegistered)
    with pytest.raises(ValueError, match="hidden"):
        encode(replace(event, family_name=Hidden.SEALED), EventId(EVENT_ID), ORIGIN, sealer)
