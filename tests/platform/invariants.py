"""What must hold of the stored data after any fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from deploy.processes import SERVICES
from scenarios.steps import Scenario
from shared.contracts.casework import CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.codec import decode, envelope_of
from shared.eventstore.copying import everything
from shared.eventstore.instants import microseconds
from shared.eventstore.opening import open_store
from shared.eventstore.port import StoredEvent
from shared.privacy.sealer import ClosedSealer
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from shared.runtime.config import Settings
from shared.service.platform import Platform
from tests.folding import content, fresh_fold


def _settings(data: Path, further: Mapping[str, str]) -> Settings:
    return Settings.from_environment({"WEGMARKEN_DATA": str(data), "WEGMARKEN_CLOCK": "manual", **further})


@contextmanager
def runners(data: Path, **further: str) -> Iterator[dict[str, Runner]]:
    """The runners of all services over a data directory, and whatever further settings name."""
    settings = _settings(data, further)
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


def assert_every_view_equals_a_fresh_fold(data: Path, **further: str) -> None:
    with runners(data, **further) as found:
        for name, runner in found.items():
            fresh = fresh_fold(runner.views, runner.source, erasures=runner.erasures)
            for view in runner.views:
                assert content(runner.engine, view) == fresh[view.name], f"{name}: {view.name}"


def history(data: Path, **further: str) -> list[StoredEvent]:
    with closing(open_store(_settings(data, further).eventstore)) as store:
        return list(everything(store))


def assert_positions_have_no_gap(data: Path) -> None:
    """As in a file."""
    events = history(data)
    assert [event.position for event in events] == list(range(1, len(events) + 1))


def assert_every_command_had_its_effect_once(data: Path, scenario: Scenario, **further: str) -> None:
    """Each command of the scenario has exactly one answer, and no event stands there twice."""
    events = history(data, **further)
    assert len({event.event_id for event in events}) == len(events)
    by_people = {
        envelope.command_id
        for envelope in map(envelope_of, events)
        if not envelope.actor.startswith("service:") and envelope.type != "runtime.DayBegan"
    }
    assert len(by_people) == len(scenario.posts)


def assert_every_reaction_had_its_effect_once(data: Path, **further: str) -> None:
    """No determination says what the one before said; nobody joins a case twice or leaves one without joining."""
    sealer = ClosedSealer()
    members: Counter[tuple[str, str]] = Counter()
    for stored in history(data, **further):
        if not stored.type.startswith("casework.Case"):
            continue
        match decode(stored, sealer).event:
            case CaseOpened(case_id=case_id, member_id=member) | CaseMemberJoined(case_id=case_id, member_id=member):
                members[case_id, member] += 1
                assert members[case_id, member] == 1, f"{member} joined twice"
            case CaseMemberLeft(case_id=case_id, member_id=member):
                members[case_id, member] -= 1
                assert members[case_id, member] == 0, f"{member} left without having joined"


def assert_the_ledger_is_the_log(data: Path, **further: str) -> None:
    """Reporting's ledger holds the log byte for byte."""
    columns = "position, event_id, stream, revision, type, data, metadata, recorded_at"
    with open_engine(_settings(data, further).ledger).connect() as ledger:
        kept = ledger.execute(text(f"select {columns} from ledger order by seq")).all()
    assert [tuple(row) for row in kept] == [
        (*event[:-1], microseconds(event.recorded_at)) for event in history(data, **further)
    ]


def assert_recorded_at_never_goes_back(data: Path, **further: str) -> None:
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(history(data, **further)))


def assert_all(data: Path, scenario: Scenario, **further: str) -> None:
    """``further`` settings, where it is not a file that holds the log."""
    if not further:
        assert_positions_have_no_gap(data)
    assert_every_command_had_its_effect_once(data, scenario, **further)
    assert_every_reaction_had_its_effect_once(data, **further)
    assert_recorded_at_never_goes_back(data, **further)
    assert_the_ledger_is_the_log(data, **further)
    assert_every_view_equals_a_fresh_fold(data, **further)
