"""Platforms over real files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.contracts.model import PersonalClass
from shared.privacy.secrets import create_secrets
from shared.runtime.config import Settings
from shared.service.platform import Platform


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    create_secrets(tmp_path / "secrets")
    return Settings.from_environment({"WEGMARKEN_DATA": str(tmp_path), "WEGMARKEN_CLOCK": "manual"})


@pytest.fixture
def opened(settings: Settings) -> Iterator[Callable[..., Platform]]:
    """Opens platforms for services; closes them at the end."""
    platforms: list[Platform] = []

    def open_one(*classes: PersonalClass) -> Platform:
        platforms.append(Platform.open(settings, "sample", frozenset(classes)))
        return platforms[-1]

    yield open_one
    for platform in platforms:
        platform.close()
