"""An installation in which people are recorded, and the safe place of its secrets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.backup.installation import Installation, person


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of an installation in which three people are recorded; begun once, as a password is hashed for long."""
    installation = Installation(tmp_path_factory.mktemp("begun") / "var").begin()
    installation.register(*map(person, range(3)))
    return installation.data


@pytest.fixture
def installation(begun: Path, tmp_path: Path) -> Installation:
    """Three people are recorded, for this test alone."""
    return Installation(shutil.copytree(begun, tmp_path / "var"))


@pytest.fixture
def safe(installation: Installation, tmp_path: Path) -> Path:
    """The safe place: the secrets, apart from all backups."""
    installation.done("backup", "secrets", tmp_path / "safe")
    return tmp_path / "safe"
