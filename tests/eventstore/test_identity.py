"""Which store is which, without a mark in any of them."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

from shared.eventstore.identity import identity
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append, event


def test_a_store_is_itself_for_ever_and_no_other(tmp_path: Path) -> None:
    with closing(SqliteEventStore(tmp_path / "events.db")) as store:
        assert identity(store) is None, "there is nothing to speak of"
        append(store, "first")
        first = identity(store)
        append(store, "second", event(), event())
        assert identity(store) == first is not None
    shutil.copytree(tmp_path, tmp_path / "restored")
    with closing(SqliteEventStore(tmp_path / "restored" / "events.db")) as restored:
        assert identity(restored) == first
    with closing(SqliteEventStore(tmp_path / "another" / "events.db")) as other:
        append(other, "first")
        assert identity(other) not in (None, first)
