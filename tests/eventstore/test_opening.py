"""Opening the store that a URL names."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.eventstore.opening import open_store
from shared.runtime.config import ConfigurationError


def test_a_file_is_opened_and_made_where_it_is_missing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/events.db")
    assert store.head() == 0
    store.close()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("esdb://host:2113", "the event store esdb://… has no adapter; supported: sqlite:///path"),
        ("events.db", "the event store events.db://… has no adapter; supported: sqlite:///path"),
        ("sqlite://events.db", "the event store sqlite://events.db names no file; expected sqlite:///path"),
        ("sqlite:///", "the event store sqlite:/// names no file; expected sqlite:///path"),
    ],
)
def test_a_store_nobody_serves_is_one_clear_line(url: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert str(caught.value) == line
