"""The composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from shared.contracts.model import Hidden, PersonalClass
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.config import ConfigurationError, Settings
from shared.service.clock import ManualClock, SystemClock
from shared.service.platform import Platform

ALL = tuple(PersonalClass)


def test_it_opens_what_the_settings_name(opened: Callable[..., Platform], settings: Settings) -> None:
    platform = opened(*ALL)
    assert isinstance(platform.store, SqliteEventStore)
    assert isinstance(platform.clock, ManualClock)
    assert (settings.data / "events.db").exists()
    assert len(platform.digest_key) == 32
    assert platform.secret("pseudonym.key") != platform.digest_key


def test_the_clock_is_the_machines_unless_it_is_set_by_hand(settings: Settings) -> None:
    platform = Platform.open(replace(settings, clock="system"), "sample")
    assert isinstance(platform.clock, SystemClock)
    platform.close()


def test_a_service_reads_only_the_classes_it_holds(opened: Callable[..., Platform]) -> None:
    writer, reader = opened(*ALL), opened(PersonalClass.STATISTICS)
    names = ("field",)
    identity = writer.sealer.seal(PersonalClass.IDENTITY, "p", "e", names, b"{}")
    statistics = writer.sealer.seal(PersonalClass.STATISTICS, "p", "e", names, b"{}")
    assert reader.sealer.open(PersonalClass.STATISTICS, "p", "e", names, statistics) == b"{}"
    assert reader.sealer.open(PersonalClass.IDENTITY, "p", "e", names, identity) is Hidden.SEALED


def test_services_in_one_process_share_one_store(opened: Callable[..., Platform], settings: Settings) -> None:
    mine = opened()
    other = Platform.open(settings, "other", store=mine.store)
    other.close()
    assert mine.store.head() == 0  # still open


@pytest.mark.parametrize("name", ["master-identity.key", "digest.key", "issuer-public.pem"])
def test_a_missing_secret_is_one_clear_line(settings: Settings, name: str) -> None:
    (settings.secrets / name).unlink()
    with pytest.raises(ConfigurationError, match=name):
        Platform.open(settings, "sample", frozenset(ALL))


def test_what_was_opened_is_closed_when_the_rest_fails(settings: Settings, tmp_path: Path) -> None:
    broken = replace(settings, keyring="nothing:///here")
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(ConfigurationError):
        Platform.open(broken, "sample")
    assert len(set(Path("/proc/self/fd").iterdir())) <= len(before) + 1
