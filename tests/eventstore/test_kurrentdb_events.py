"""What the KurrentDB adapter adds to an event on the wire, and takes away again."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import registry
from shared.eventstore.kurrentdb.connection import OURS
from shared.eventstore.kurrentdb.events import Mark, marked, unmarked
from shared.eventstore.kurrentdb.milestones import APART, Milestone, Milestones, Place

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
objects = st.dictionaries(st.text(), values)
ids, positions, instants = st.uuids().map(str), st.integers(0, 2**63 - 1), st.integers(0, 2**53)
marks = ids.map(Mark) | st.tuples(ids, positions, instants).map(lambda facts: Mark(*facts))


def test_every_published_type_is_asked_for() -> None:
    (ours,) = OURS
    assert registry.contracts() and all(re.fullmatch(ours, type) for type in registry.contracts())


@given(objects, marks, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " :\n")]))
def test_metadata_come_back_byte_for_byte(metadata: object, mark: Mark, separators: tuple[str, str]) -> None:
    given_bytes = json.dumps(metadata, separators=separators).encode()
    on_the_wire = marked(given_bytes, mark)
    assert unmarked(on_the_wire) == (given_bytes, mark)
    assert json.loads(on_the_wire)["_event"] == [fact for fact in mark if fact is not None]


@given(objects, marks)
def test_a_mark_in_what_somebody_wrote_is_not_taken_for_ours(metadata: dict[str, object], mark: Mark) -> None:
    given_bytes = json.dumps(metadata | {"_event": ["theirs"]}, separators=(",", ":")).encode()
    assert unmarked(marked(given_bytes, mark)) == (given_bytes, mark)


@pytest.mark.parametrize(
    "metadata", [b"", b"{}", b'{"a":[1]}', b"\x00\xff", b'{"_event":[1]}', b'{"_event":[]}', b'"_event":[x]}']
)
def test_what_another_program_wrote_stays_as_it_is(metadata: bytes) -> None:
    assert unmarked(metadata) == (metadata, None)


@pytest.mark.parametrize("metadata", [b"", b"[]", b"null", b"\x00"])
def test_metadata_that_are_no_object_are_refused(metadata: bytes) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        marked(metadata, Mark("id"))


def test_milestones_lead_to_a_little_before_what_is_asked_for() -> None:
    milestones = Milestones([Milestone(1000, 50_000), Milestone(2000, 90_000)])
    assert milestones.place_of(7) == Place(None, APART)
    assert milestones.place_of(1000) == milestones.place_of(1999) == Place(50_000, APART + 1)
    assert milestones.place_of(2000) == Place(90_000, APART + 1)
    assert milestones.place_of(95_000) == Place(95_000, 1)
    assert Milestones().place_of(300) == Place(300, 1)
