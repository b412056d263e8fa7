"""The invented log is one that the platform could have written itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from scenarios.invented_log import invented_log
from shared.contracts.codec import decode
from shared.contracts.model import PersonalClass
from shared.eventstore.port import StoredEvent
from shared.privacy.keyring import SqliteKeyRing
from shared.privacy.sealer import KeyRingSealer

EVENTS = 30_000
SHARES = {
    "eligibility.HousingPhaseDetermined": 0.30,
    "eligibility.ServiceInChargeDetermined": 0.20,
    "intake.MovedIn": 0.15,
    "intake.PersonRegistered": 0.10,
    "casework.ConsultationHeld": 0.10,
}


@pytest.fixture(scope="module")
def sealer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyRingSealer]:
    path: Path = tmp_path_factory.mktemp("invented") / "keys.db"
    ring = SqliteKeyRing(path, {personal_class: bytes(32) for personal_class in PersonalClass})
    yield KeyRingSealer(ring)
    ring.close()


@pytest.fixture(scope="module")
def log(sealer: KeyRingSealer) -> list[StoredEvent]:
    return list(islice(invented_log(sealer), EVENTS))


def test_every_event_can_be_read_and_positions_and_days_go_up(sealer: KeyRingSealer, log: list[StoredEvent]) -> None:
    recorded = [decode(event, sealer) for event in log]
    assert [event.position for event in log] == list(range(1, EVENTS + 1))
    assert len({event.event_id for event in log}) == EVENTS
    days = [one.event.occurred_on for one in recorded]
    assert days == sorted(days)


def test_revisions_count_within_each_stream(log: list[StoredEvent]) -> None:
    streams = defaultdict(list)
    for event in log:
        streams[event.stream].append(event.revision)
    assert all(revisions == list(range(len(revisions))) for revisions in streams.values())


def test_the_proportions_are_about_those_of_the_county(log: list[StoredEvent]) -> None:
    later = Counter(event.type for event in log[EVENTS // 2 :])  # at first everybody is registered
    total = later.total()
    assert {name: later[name] / total for name in SHARES} == pytest.approx(SHARES, abs=0.03)


def test_the_same_seed_gives_the_same_log_but_for_what_is_sealed(sealer: KeyRingSealer, log: list[StoredEvent]) -> None:
    again = islice(invented_log(sealer), 100)
    assert [decode(event, sealer) for event in again] == [decode(event, sealer) for event in log[:100]]
    (other,) = islice(invented_log(sealer, seed=2), 1)
    assert other.event_id != log[0].event_id
