"""An office on real files, for the tests of intake's views."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.intake.service import IntakeHttp
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.keyring import open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import create_secrets, load_masters
from tests.intake.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    create_secrets(tmp_path / "secrets")
    keyring = open_keyring(f"sqlite:///{tmp_path}/keys.db", load_masters(tmp_path / "secrets", IntakeHttp.classes))
    store = SqliteEventStore(tmp_path / "events.db")
    try:
        yield Office(store, keyring, KeyRingSealer(keyring), tmp_path)
    finally:
        store.close()
        keyring.close()
