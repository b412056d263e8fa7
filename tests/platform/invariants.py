"""What must hold of the stored data after any fault."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from sqlalchemy import text

from deploy.one_machine import OneMachine
from deploy.processes import REACT, SERVICES
from shared.bus.checkpoint import Checkpoint
from shared.contracts.casework import CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.codec import decode, envelope_of
from shared.contracts.eligibility import HousingPhaseDetermined, ServiceInChargeDetermined
from shared.contracts.model import Event, Hidden, PersonalClass, PersonId
from shared.eventstore.copying import everything
from shared.eventstore.opening import open_store
from shared.eventstore.port import StoredEvent
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from shared.runtime.config import Settings
from shared.service.platform import Platform
from tests.folding import content, fresh_fold
from tests.waiting import until


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


def assert_no_event_is_there_twice(data: Path, **further: str) -> None:
    events = history(data, **further)
    assert len({event.event_id for event in events}) == len(events)


def assert_every_command_had_its_effect_once(data: Path, commands: int, **further: str) -> None:
    """So many commands of people were accepted, and each has exactly one answer."""
    by_people = {
        envelope.command_id
        for envelope in map(envelope_of, history(data, **further))
        if not envelope.actor.startswith("service:") and envelope.type != "runtime.DayBegan"
    }
    assert len(by_people) == commands


def assert_every_reaction_had_its_effect_once(data: Path, **further: str) -> None:
    """No determination says what the one before said; nobody joins a case twice or leaves one without joining."""
    settings, classes = _settings(data, further), frozenset({PersonalClass.STATISTICS})
    with closing(Platform.open(settings, "eligibility", classes)) as platform:
        events = [decode(stored, platform.sealer).event for stored in everything(platform.store) if reacted(stored)]
    said: dict[tuple[PersonId, type[Event]], Event] = {}
    members: Counter[tuple[str, str]] = Counter()
    for event in events:
        match event:
            case HousingPhaseDetermined(person_id=person) | ServiceInChargeDetermined(person_id=person):
                before = said.get((person, type(event)))
                again = before is not None and replace(before, occurred_on=event.occurred_on) == event
                assert not again or Hidden.ERASED in vars(event).values(), f"the same was determined twice of {person}"
                said[person, type(event)] = event
            case CaseOpened(case_id=case_id, member_id=member) | CaseMemberJoined(case_id=case_id, member_id=member):
                members[case_id, member] += 1
                assert members[case_id, member] == 1, f"{member} joined twice"
            case CaseMemberLeft(case_id=case_id, member_id=member):
                members[case_id, member] -= 1
                assert members[case_id, member] == 0, f"{member} left without having joined"


def reacted(stored: StoredEvent) -> bool:
    """Whether reactions record such events."""
    return stored.type.startswith(("eligibility.", "casework.Case"))


def assert_every_reaction_happened(running: OneMachine, *, patience: float = 240) -> None:
    """All events are announced once more, to processes that remember no answer of theirs, and nothing comes of it.

    ``patience``: seconds until all of them have been looked at.
    """
    head = running.wait_quiet()
    for name in running.supervisor.children:
        if name.startswith(REACT.name):
            running.supervisor.restart(name)
    with closing(Checkpoint(running.data / Checkpoint.FILE)) as checkpoint:
        checkpoint.rewind(0)
        until(lambda: checkpoint.position() >= head, "all is announced again", patience)
    assert running.wait_quiet(timeout=patience) == head, "somebody had not reacted, or did it again"


def assert_the_ledger_is_the_log(data: Path, **further: str) -> None:
    """Reporting's ledger holds the log byte for byte."""
    columns = "position, event_id, stream, revision, type, data, metadata, recorded_at"
    with open_engine(_settings(data, further).ledger).connect() as ledger:
        kept = ledger.execute(text(f"select {columns} from ledger order by seq")).all()
    assert [tuple(row) for row in kept] == [event.columns for event in history(data, **further)]


def assert_recorded_at_never_goes_back(data: Path, **further: str) -> None:
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(history(data, **further)))


def assert_all(data: Path, *, commands: int | None = None, **further: str) -> None:
    """``commands`` of people, where they were counted; ``further`` settings, where it is not a file that holds the log.

    That no reaction is missing it takes a running platform to prove: ``assert_every_reaction_happened``.
    """
    if not further:
        assert_positions_have_no_gap(data)
    if commands is not None:
        assert_every_command_had_its_effect_once(data, commands, **further)
    assert_no_event_is_there_twice(data, **further)
    assert_every_reaction_had_its_effect_once(data, **further)
    assert_recorded_at_never_goes_back(data, **further)
    assert_the_ledger_is_the_log(data, **further)
    assert_every_view_equals_a_fresh_fold(data, **further)


if __name__ == "__main__":  # for a release that is not the checkout's
    assert_all(Path(sys.argv[1]))
