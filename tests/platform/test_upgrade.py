"""The next release takes over under load, process by process, as docs/operations.md says; then the way back, and there
again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self

import pytest
import requests

from deploy.processes import HTTP, PORTAL, PROCESSES, PROJECTOR, REACT, REACTING_SERVICES, RELAY, Process
from scenarios.small_office import CLERK, MANAGER
from services.casework.views.which_cases import WhichCases
from services.reporting.views.who_was_advised import WhoWasAdvised
from shared.bus.checkpoint import Checkpoint
from shared.bus.parked import look
from shared.contracts.codec import envelope_of
from shared.projections.engine import open_engine, reading
from shared.projections.registry import generations
from shared.projections.view import View
from shared.runtime.config import Settings
from tests.platform import invariants
from tests.platform.county import machine
from tests.platform.load import Answered, Load, usual
from tests.platform.next_release import THIS, Release, next_release
from tests.platform.office import HOME, PERSONS, TALKS, WHO, RunningOffice, person, problem, talk
from tests.waiting import until

pytestmark = [pytest.mark.platform, pytest.mark.soak, pytest.mark.timeout(900)]

TWICE = {process.name: 2 for process in PROCESSES}
SERVE = {process.known_as: process for process in HTTP}
IN_ORDER = (
    RELAY,
    PROJECTOR,
    *(SERVE[service] for service in ("reporting", "eligibility", "casework", "intake")),
    REACT,
    PORTAL,
)
"""As docs/operations.md says (Upgrading, 4): who reads is replaced before who records."""
CASES, ADVICE = "/casework/v1/cases", "/reporting/v1/figures/consultations"
CHANGED: Mapping[str, View[Any]] = {CASES: WhichCases(), ADVICE: WhoWasAdvised()}
"""Questions to the views of which the next release has the next version; the second of these reads talks."""
SOON = 60.0
"""Seconds for what a busy machine does at once, else."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return next_release(tmp_path_factory.mktemp("next-release"))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffice]:
    """A small platform on which two of each process run."""
    with machine(tmp_path_factory.mktemp("upgrade"), replicas=TWICE) as running:
        yield RunningOffice.open(running)


@dataclass
class Watch:
    """Somebody without patience, on a new connection each time, until the block ends. ``told``: when which status came;
    cut off connections are not told."""

    office: RunningOffice
    path: str
    account: str
    told: list[tuple[float, int]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        url = self.office.url(self.path)
        while not self._over.wait(0.02):
            token = self.office.machine.token(self.account, WHO[self.account])
            headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
            try:
                answer = requests.get(url, headers=headers, timeout=30)
            except requests.RequestException:
                continue
            self.told.append((time.monotonic(), answer.status_code))

    @property
    def refused(self) -> list[float]:
        """When it was put off."""
        return [at for at, status in self.told if status == 503]


@dataclass(frozen=True)
class Introduced:
    """What came of a release under load: ``when`` the replacement of each kind of process began and was done, and which
    events were recorded meanwhile, by type and version."""

    load: Load
    watches: list[Watch]
    when: dict[Process, tuple[float, float]]
    added: Counter[tuple[str, int]]

    def recorded(self, event_type: str) -> int:
        return sum(count for (of, _), count in self.added.items() if of == event_type)


@pytest.fixture(scope="module")
def introduced(office: RunningOffice, release: Release) -> Introduced:
    office.rest()
    before = versions(office)
    watches = [Watch(office, CASES, "head"), Watch(office, ADVICE, "reporting")]
    when: dict[Process, tuple[float, float]] = {}
    with Load(office.machine) as load, watches[0], watches[1]:
        usual(load, office)
        load.repeat("corrected", partial(correct, load, office))
        load.repeat("family", partial(take_up, load))
        until(lambda: len(load.asked) == 10, "everybody has been answered")
        for process in IN_ORDER:
            began = time.monotonic()
            if process == REACT:
                until(lambda: newer_met(office) > 0, "the old ones put back what is newer", SOON)
            for name in names(process):
                release.takes_over(office.machine.supervisor.children[name])
                office.machine.supervisor.restart(name)
                if name == "casework-http":
                    until(
                        lambda: said_by(office, "casework-http-2").count("newer-release") > 5,
                        "the old one steps aside",
                        SOON,
                    )
            when[process] = began, time.monotonic()
            if process == PROJECTOR:
                until(lambda: all(newer_by(office, view) == 1 for view in CHANGED.values()), "views are built", SOON)
    office.machine.wait_quiet(timeout=SOON)
    return Introduced(load, watches, when, versions(office) - before)


def correct(load: Load, office: RunningOffice, number: int) -> Answered:
    """Record a talk and correct it; whoever gets the correction reads what somebody else has recorded, perhaps."""
    status, told = load.send(TALKS, office.filled(talk()), MANAGER, f"told-{number}")
    if status >= 400:
        return status, told
    path = f"{TALKS}/{told['id']}/correction"
    return load.send(path, office.filled(talk(minutes=45)), MANAGER, f"corrected-{number}")


def take_up(load: Load, number: int) -> Answered:
    """Register somebody who is then entitled: reactions determine who is in charge, and open a case."""
    status, registered = load.send(PERSONS, person(residence=HOME), CLERK, f"taken-up-{number}")
    if status >= 400:
        return status, registered
    granted = {"section": "25(2)", "granted_on": "2017-01-05"}
    return load.send(f"{PERSONS}/{registered['id']}/titles", granted, CLERK, f"entitled-{number}")


def names(process: Process) -> list[str]:
    """Of all that run of it."""
    return [process.name, f"{process.name}-2"]


def said_by(office: RunningOffice, name: str) -> str:
    return office.machine.supervisor.children[name].log.read_text()


def newer_met(office: RunningOffice) -> float:
    """How often the processes that react met something newer than their code, since they started."""
    found = [requests.get(f"{office.machine.supervisor.children[name].url}/metrics").text for name in names(REACT)]
    lines = [line for text in found for line in text.splitlines() if line.startswith("wegmarken_newer_events_total ")]
    return sum(float(line.split()[1]) for line in lines)


def newer_by(office: RunningOffice, view: View[Any]) -> int:
    """The version of a view that is live, from this release's on."""
    settings = Settings.from_environment({"WEGMARKEN_DATA": str(office.data)})
    engine = open_engine(settings.views_url(view.name.partition(".")[0]))
    try:
        with reading(engine) as connection:
            live = next(found for found in generations(connection, view.name) if found.live)
            return live.version - view.version
    finally:
        engine.dispose()


def versions(office: RunningOffice) -> Counter[tuple[str, int]]:
    """How many events are stored of each type and version."""
    return Counter((event.type, envelope_of(event).version) for event in invariants.history(office.data))


def stopped(office: RunningOffice) -> dict[str, Any] | None:
    """The views that stand before an event, with where; None while a projector does not say."""
    found: dict[str, Any] = {}
    for name in names(PROJECTOR):
        said = office.machine.supervisor.children[name].said()
        if said is None or "stopped" not in said:
            return None
        found |= said["stopped"]
    return found


def assert_nothing_is_parked(office: RunningOffice) -> None:
    broker = office.machine.broker
    assert broker is not None
    assert [parked for service in REACTING_SERVICES for parked in look(broker.url, service)] == []


def talks_counted(office: RunningOffice) -> int:
    """What reporting says."""
    total: int = office.shown(ADVICE, "reporting")["value"]["total"]
    return total


# --- there, back, and there again -------------------------------------------------------------------


def test_no_command_fails_and_nothing_is_lost_or_done_twice(introduced: Introduced, office: RunningOffice) -> None:
    load = introduced.load
    print(f"{load.asked.total()} requests while {len(office.machine.supervisor.children)} processes were replaced")
    print(f"{load.repeated} sent again; {said_by(office, 'casework-http-2').count('newer-release')} for an old process")
    assert load.failures == []
    assert introduced.recorded("casework.ConsultationHeld") == sum(
        load.asked[each] for each in ("talk-1", "talk-2", "corrected", "form")
    )
    assert introduced.recorded("casework.ConsultationCorrected") == load.asked["corrected"]
    assert introduced.recorded("intake.PersonRegistered") == load.asked["person"] + load.asked["family"]
    assert introduced.recorded("casework.CaseOpened") == load.asked["family"]
    invariants.assert_every_reaction_happened(office.machine)
    assert_nothing_is_parked(office)


def test_only_what_looks_at_a_changed_view_waits_until_its_service_is_replaced(
    introduced: Introduced, office: RunningOffice
) -> None:
    views_built_from, _ = introduced.when[PROJECTOR]
    for watch in introduced.watches:
        began, done = introduced.when[SERVE[watch.path.split("/")[1]]]
        refused = watch.refused
        assert refused, "an old process knows another version of the view"
        print(
            f"{watch.path}: put off {len(refused)} of {len(watch.told)} times, within {refused[-1] - refused[0]:.1f} s"
        )
        print(f"  its processes were replaced {began - refused[0]:.1f} to {done - refused[0]:.1f} s after the first")
        assert views_built_from < refused[0] and refused[-1] < done
        assert {status for _, status in watch.told} == {200, 503}
    assert stopped(office) == {}
    assert all("view.stopped" not in said_by(office, name) for name in names(PROJECTOR))


def test_what_either_release_recorded_is_read(introduced: Introduced, office: RunningOffice, release: Release) -> None:
    for event_type in ("casework.ConsultationHeld", "intake.PersonRegistered"):
        assert introduced.added[event_type, 1] and introduced.added[event_type, 2]
    copied, granted = introduced.recorded("intake.TitleCopied"), introduced.recorded("intake.TitleGranted")
    assert 0 < copied < granted, "a type that only the next release knows"
    held = sum(count for (of, _), count in versions(office).items() if of == "casework.ConsultationHeld")
    assert talks_counted(office) == held
    case = office.filled({"case_id": "{case}"})
    assert len(office.found(f"{TALKS}/search", case, MANAGER)["consultations"]) == held
    release.run("-m", "tests.platform.invariants", str(office.data))


def test_the_way_back_is_open_for_what_the_old_code_knows_and_the_rest_waits(
    introduced: Introduced, office: RunningOffice, release: Release
) -> None:
    newer = office.done(TALKS, office.filled(talk()), MANAGER)
    office.machine.wait_quiet(timeout=SOON)
    all_at_once(office, THIS)
    until(lambda: office.get(CASES).status_code == 200, "the view that it can build anew is there", SOON)
    assert newer_by(office, CHANGED[CASES]) == 0
    older = office.done(TALKS, office.filled(talk()), MANAGER)
    office.register()
    correction = office.filled(talk(minutes=45))
    office.done(f"{TALKS}/{older['id']}/correction", correction, MANAGER)
    corrects_newer = partial(office.post, f"{TALKS}/{newer['id']}/correction", correction, MANAGER, Idempotency_Key="k")
    assert problem(corrects_newer(), 503) == "newer-release"
    until(lambda: (stopped(office) or {}).keys() == {CHANGED[ADVICE].name}, "what it cannot build stands", SOON)
    assert problem(office.get(ADVICE, "reporting"), 503) == "view-behind"
    with closing(Checkpoint(office.data / Checkpoint.FILE)) as checkpoint:
        checkpoint.rewind(0)
    until(lambda: newer_met(office) > 10, "messages about what is newer are put back, and again", SOON)

    all_at_once(office, release)
    office.machine.wait_quiet(timeout=2 * SOON)
    assert stopped(office) == {}
    assert corrects_newer().status_code == 201
    assert talks_counted(office) == sum(
        n for (of, _), n in versions(office).items() if of == "casework.ConsultationHeld"
    )
    invariants.assert_every_reaction_happened(office.machine)
    assert_nothing_is_parked(office)
    release.run("-m", "tests.platform.invariants", str(office.data))


def all_at_once(office: RunningOffice, release: Release) -> None:
    """Everything ends, and starts as this release; a projector is ready only if no view stands."""
    supervisor = office.machine.supervisor
    for name, child in supervisor.children.items():
        supervisor.kill(name, hold=True)
        release.takes_over(child)
    for name in supervisor.children:
        supervisor.release(name)
    supervisor.wait_ready(*(name for name in supervisor.children if name not in names(PROJECTOR)))
