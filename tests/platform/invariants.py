"""What must hold of the stored data after any fault."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from deploy.processes import SERVICES
from scenarios.steps import Scenario
from shared.contracts.casework import CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.codec import decode, envelope_of
from shared.eventstore.port import StoredEvent
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.sealer import ClosedSealer
from shared.projections.runner import Runner
from shared.runtime.config import Settings
from shared.service.platform import Platform
from tests.folding import content, fresh_fold


@contextmanager
def runners(data: Path) -> Iterator[dict[str, Runner]]:
    """The runners of all services over a data directory."""
    settings = Settings.from_environment({"WEGMARKEN_DATA": str(data), "WEGMARKEN_CLOCK": "manual"})
    opened: list[Platform] = []
    try:
        found = {}
        for name in SERVICES:
            service = import_module(f"services.{name}.service").HTTP
            platform = Platform.open(settings, name, service.classes)
            opened.append(platform)
            found[name] = service.projection(platform).runner
        yield found
    finally:
        for platform in opened:
            platform.close()


def assert_every_view_equals_a_fresh_fold(data: Path) -> None:
    with runners(data) as found:
        for name, runner in found.items():
            fresh = fresh_fold(runner.views, runner.source, erasures=runner.erasures)
            for view in runner.views:
                assert content(runner.engine, view) == fresh[view.name], f"{name}: {view.name}"


def history(data: Path) -> list[StoredEvent]:
    store = SqliteEventStore(data / "events.db")
    try:
        return list(store.read_all(limit=10_000_000))
    finally:
        store.close()


def assert_every_command_had_its_effect_once(data: Path, scenario: Scenario) -> None:
    """Each command of the scenario has exactly one answer, and positions have no gap."""
    events = history(data)
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    by_people = {
        envelope.command_id
        for envelope in map(envelope_of, events)
        if not envelope.actor.startswith("service:") and envelope.type != "runtime.DayBegan"
    }
    assert len(by_people) == len(scenario.posts)


def assert_every_reaction_had_its_effect_once(data: Path) -> None:
    """No determination says what the one before said; nobody joins a case twice or leaves one without joining."""
    sealer = ClosedSealer()
    members: Counter[tuple[str, str]] = Counter()
    for stored in history(data):
        if not stored.type.startswith("casework.Case"):
            continue
        match decode(stored, sealer).event:
            case CaseOpened(case_id=case_id, member_id=member) | CaseMemberJoined(case_id=case_id, member_id=member):
                members[case_id, member] += 1
                assert members[case_id, member] == 1, f"{member} joined twice"
            case CaseMemberLeft(case_id=case_id, member_id=member):
                members[case_id, member] -= 1
                assert members[case_id, member] == 0, f"{member} left without having joined"


def assert_the_ledger_is_the_log(data: Path) -> None:
    """Reporting's ledger holds the log byte for byte."""
    columns = "position, event_id, stream, revision, type, data, metadata"
    with sqlite3.connect(data / "events.db") as store, sqlite3.connect(data / "ledger.db") as ledger:
        logged = store.execute(f"select {columns} from events order by position").fetchall()
        kept = ledger.execute(f"select {columns} from ledger order by seq").fetchall()
    assert kept == logged


def assert_recorded_at_never_goes_back(data: Path) -> None:
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(history(data)))


def assert_all(data: Path, scenario: Scenario) -> None:
    assert_every_command_had_its_effect_once(data, scenario)
    assert_every_reaction_had_its_effect_once(data)
    assert_recorded_at_never_goes_back(data)
    assert_the_ledger_is_the_log(data)
    assert_every_view_equals_a_fresh_fold(data)
