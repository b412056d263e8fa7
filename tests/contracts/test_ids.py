"""Ids that follow from other ids."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.ids import named_id
from shared.execute import COMMANDS


@given(st.uuids(), st.text(max_size=80).filter(lambda text: text.isprintable()))
def test_a_named_id_is_the_standard_s(namespace: UUID, name: str) -> None:
    assert named_id(str(namespace), name) == str(uuid5(namespace, name))


def test_the_namespace_of_commands_is_for_ever() -> None:
    assert str(uuid5(NAMESPACE_URL, "urn:wegmarken:command")) == COMMANDS
