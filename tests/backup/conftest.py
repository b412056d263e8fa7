"""An installation in which people are recorded, and the safe place of its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.backup.installation import Installation, person


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Three people are recorded."""
    begun = Installation(tmp_path / "var").begin()
    begun.register(*map(person, range(3)))
    return begun


@pytest.fixture
def safe(installation: Installation, tmp_path: Path) -> Path:
    """The safe place: the secrets, apart from all backups."""
    installation.done("backup", "secrets", tmp_path / "safe")
    return tmp_path / "safe"
