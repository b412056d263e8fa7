from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.contracts.model import PersonalClass
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import create_secrets, load_masters


@pytest.fixture(scope="session")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyRingSealer]:
    """The real sealer on a key ring of its own."""
    directory = tmp_path_factory.mktemp("keys")
    create_secrets(directory / "secrets")
    keyring = SqliteKeyRing(directory / "keys.db", load_masters(directory / "secrets", list(PersonalClass)))
    yield KeyRingSealer(keyring)
    keyring.close()
