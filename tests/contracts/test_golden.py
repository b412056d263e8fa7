"""Every published event version keeps its shape for ever: the golden files say which."""

from __future__ import annotations

import pytest

import shared.contracts  # noqa: F401  registers every contract
from shared.contracts.codec import decode, encode, open_data
from shared.contracts.model import EventId
from shared.contracts.registry import Contract, contracts
from shared.privacy.sealer import KeyRingSealer
from tests.contracts.golden_files import GOLDEN, ORIGIN, Golden, differences, golden_files, schema, write_missing
from tests.contracts.stored import EVENT_ID, as_stored, stored_by_hand

PUBLISHED = list(contracts().values())
FILES = golden_files()


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.type)
def test_every_published_version_has_its_golden_file_with_the_schema_of_the_code(contract: Contract) -> None:
    golden = {(file.type, file.version): file for file in FILES}.get((contract.type, contract.version))
    assert golden, f"{contract.type} v{contract.version}: run python -m tests.contracts.write_golden"
    changes = differences(golden.schema, schema(contract))
    assert not changes, (
        f"{contract.type} v{contract.version} is published, but {'; '.join(changes)}. "
        f"Publish v{contract.version + 1} with an upcaster from v{contract.version} instead."
    )


@pytest.mark.parametrize("contract", PUBLISHED, ids=lambda contract: contract.type)
def test_every_older_version_still_has_its_golden_file(contract: Contract) -> None:
    versions = {file.version for file in FILES if file.type == contract.type}
    assert versions == set(range(1, contract.version + 1))


@pytest.mark.parametrize("golden", FILES, ids=lambda golden: golden.path.stem)
def test_every_golden_file_belongs_to_a_contract_and_is_named_after_it(golden: Golden) -> None:
    assert golden.type in contracts(), f"{golden.type} was published and can be stored: it must stay readable"
    assert golden.path.is_file()
    assert set(golden.data) == set(golden.schema)


@pytest.mark.parametrize("golden", FILES, ids=lambda golden: golden.path.stem)
def test_every_golden_example_reads_and_writes_back(golden: Golden, sealer: KeyRingSealer) -> None:
    stored = stored_by_hand(golden.type, golden.version, golden.schema, golden.occurred_on, golden.data, sealer)
    recorded = decode(stored, sealer)
    assert type(recorded.event) is contracts()[golden.type].event_class
    assert recorded.event.occurred_on == golden.occurred_on

    again = as_stored(encode(recorded.event, EventId(EVENT_ID), ORIGIN, sealer))
    assert decode(again, sealer).event == recorded.event
    if golden.version == contracts()[golden.type].version:
        assert open_data(again.data, again.event_id, sealer) == golden.data


def test_the_writer_never_touches_what_is_published() -> None:
    before = {path: path.read_bytes() for path in GOLDEN.iterdir()}
    assert [write_missing(contract) for contract in PUBLISHED] == [None] * len(PUBLISHED)
    assert {path: path.read_bytes() for path in GOLDEN.iterdir()} == before


NAME = {"type": "str", "class": "identity", "subject": "person_id"}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({}, "name was removed"),
        ({"name": NAME, "age": {"type": "int"}}, "age was added"),
        ({"name": NAME | {"type": "str | None"}}, "the type of name was str and is str | None"),
        ({"name": NAME | {"class": "statistics"}}, "the class of name was identity and is statistics"),
        ({"name": NAME | {"subject": "case_id"}}, "the subject of name was person_id and is case_id"),
        ({"name": {"type": "str"}}, "the class of name was identity and is None"),
    ],
)
def test_a_change_to_a_published_schema_is_named(now: dict[str, dict[str, str]], said: str) -> None:
    assert said in differences({"name": NAME}, now)


def test_the_same_fields_in_another_order_are_the_same_schema() -> None:
    age = {"type": "int"}
    assert differences({"name": NAME, "age": age}, {"age": age, "name": NAME}) == []
