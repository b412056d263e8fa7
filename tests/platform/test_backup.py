"""The drill: a backup beside the working platform, an erasure, the loss of it all, and the platform on what comes back.

Whatever ``wegmarken backup`` does here is done as an operator does it: by the command line, beside or without a running
platform. What needs no processes is in tests/backup.
"""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.broker import PrivateBroker
from deploy.one_machine import OneMachine
from deploy.processes import PROCESSES, REACTING_SERVICES, RELAY
from deploy.supervisor import inherited
from scenarios.small_office import CLERK
from services.reporting.figures import FIGURES
from shared.bus.checkpoint import Checkpoint
from shared.bus.connection import connected
from shared.bus.depth import messages_in
from shared.contracts.eligibility import eligibility_stream
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.tokens import issue
from tests.platform import invariants
from tests.platform.county import SETTINGS, RunningCounty, machine
from tests.platform.figures import assert_reported
from tests.platform.office import DAY, HOME, PERSON, PERSONS, WHO, RunningOffice, person
from tests.platform.test_erasure import IN_PLAIN, IN_THE_NOTE, NAMES, NOTE, erase, found_by, plain_in
from tests.waiting import until
from wegmarken.backup.manifest import Manifest

pytestmark = [pytest.mark.platform, pytest.mark.timeout(600)]

KEY = "before-the-backup"
AT_MOST = 100
"""People that are registered while the backup is made."""


@dataclass(frozen=True)
class Lost:
    """An office that is gone: what it was, and what is left of it."""

    data: Path
    backup: Path
    safe: Path
    ids: dict[str, str]
    her: Mapping[str, Any]
    """Somebody who was erased after the backup."""
    unanswered: Mapping[str, Any]
    """Somebody whose registration had been announced at the backup, and whom reactions looked at only afterwards."""
    unsaved: Mapping[str, Any]
    """Somebody who was registered after it, and whom no reaction has looked at."""
    first: Mapping[str, Any]
    """The answer to a command with the key ``KEY``."""
    figures: Mapping[str, Any]
    """As they were known at the backup's position."""
    report_id: str

    @property
    def manifest(self) -> Manifest:
        return Manifest.read(self.backup)


# --- as an operator does it -------------------------------------------------------------------------


def wegmarken(data: Path, *arguments: str | Path) -> str:
    """What ``wegmarken`` prints; it must work."""
    command = [sys.executable, "-m", "wegmarken", *map(str, arguments)]
    environment = inherited(WEGMARKEN_DATA=str(data))
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def figures(office: RunningOffice, position: int) -> dict[str, Any]:
    asked = f"valid_at={DAY}&known_at={position}"
    return {name: office.shown(f"/reporting/v1/figures/{name}?{asked}")["value"] for name in FIGURES}


@contextmanager
def recording(office: RunningOffice) -> Iterator[None]:
    """Within it somebody registers one person after the other, but not for ever."""
    over, failures = threading.Event(), []

    def register() -> None:
        for number in range(AT_MOST):
            answer = office.post(PERSONS, person(residence=HOME, file_number=f"P-{number}"), CLERK)
            if answer.status_code != 201:
                failures.append(answer.text)
            if over.is_set():
                return

    clerk = threading.Thread(target=register)
    clerk.start()
    try:
        yield
    finally:
        over.set()
        clerk.join()
    assert not failures, failures[0]


def rows(data: Path, until_position: int) -> list[Any]:
    with closing(sqlite3.connect(f"file:{data / 'events.db'}?mode=ro", uri=True)) as db:
        return db.execute("select * from events where position <= ? order by position", (until_position,)).fetchall()


def logs(running: OneMachine) -> str:
    return "".join(child.log.read_text() for child in running.supervisor.children.values())


@pytest.fixture(scope="module")
def survivor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The broker that is still there when all else is lost; its URL."""
    with PrivateBroker(tmp_path_factory.mktemp("survivor")) as broker:
        yield broker.url


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory, survivor: str) -> Lost:
    folder = tmp_path_factory.mktemp("lost")
    data, backup, safe = folder / "var", folder / "backup", folder / "safe"
    with OneMachine(data, clock="manual", settings=SETTINGS, broker=survivor) as running:
        office = RunningOffice.open(running)
        her = office.done(PERSONS, person(**NAMES, residence=HOME), CLERK)
        office.advise(her, note=NOTE)
        first = office.done(PERSONS, person(residence=HOME), CLERK, Idempotency_Key=KEY)
        office.rest()
        report_id = office.done("/reporting/v1/reports", {})["id"]
        wegmarken(data, "backup", "secrets", safe)
        running.supervisor.kill("react", hold=True)
        unanswered = office.done(PERSONS, person(residence=HOME), CLERK)
        announced(office)
        with recording(office):
            wegmarken(data, "backup", "create", backup)
        running.supervisor.release("react")
        assert erase(office, her["id"], "--reason", "request of 01.06.2018", "--yes").returncode == 0
        office.rest()
        known = figures(office, Manifest.read(backup).store.position)
        running.supervisor.kill("react", hold=True)
        unsaved = office.done(PERSONS, person(residence=HOME), CLERK)
        announced(office)
    return Lost(data, backup, safe, office.ids, her, unanswered, unsaved, first, known, report_id)


def announced(office: RunningOffice) -> None:
    """Wait until the broker has a message about every event."""
    relay = office.machine.supervisor.children[RELAY.name]
    until(lambda: (relay.said() or {}).get("position") == office.head(), "all is announced")


@pytest.fixture(scope="module")
def again(lost: Lost) -> Iterator[RunningOffice]:
    """The office on what came back, at rest, with a new broker."""
    data = lost.data.with_name("again")
    kept = ("--secrets", lost.safe, "--erasures", lost.data / "erasures.jsonl")
    said = wegmarken(lost.data, "backup", "restore", lost.backup, "--into", data, *kept)
    assert "Erased again: 4." in said  # identity and health, of her and of her case
    with machine(data) as running:
        office = RunningOffice(running, lost.ids)
        office.rest()
        yield office


# --- what came back ---------------------------------------------------------------------------------


def test_figures_are_what_they_were(lost: Lost, again: RunningOffice) -> None:
    assert figures(again, lost.manifest.store.position) == lost.figures
    assert lost.figures["persons-in-care"]["persons"] > 9


def test_the_log_is_the_same_and_only_reactions_that_were_under_way_are_made_up(
    lost: Lost, again: RunningOffice
) -> None:
    position = lost.manifest.store.position
    assert rows(again.data, position) == rows(lost.data, position)
    made_up = again.stored("select distinct metadata ->> 'actor' from events where position > ?", position)
    assert {actor for (actor,) in made_up} == {"service:eligibility", "service:casework"}
    assert looked_at(again, lost.unanswered)
    invariants.assert_positions_have_no_gap(again.data)
    invariants.assert_every_reaction_had_its_effect_once(again.data)


def looked_at(office: RunningOffice, registered: Mapping[str, Any]) -> list[Any]:
    """The determinations about a person."""
    return office.stored("select type from events where stream = ?", eligibility_stream(registered["id"]))


def test_views_and_ledger_are_built_anew(lost: Lost, again: RunningOffice) -> None:
    invariants.assert_the_ledger_is_the_log(again.data)
    invariants.assert_every_view_equals_a_fresh_fold(again.data)
    store = lost.manifest.store
    with closing(sqlite3.connect(again.data / "ledger.db")) as ledger:
        ((chain,),) = ledger.execute("select chain from ledger where position = ?", (store.position,)).fetchall()
    assert chain.hex() == store.chain


def test_a_sealed_report_still_verifies(lost: Lost, again: RunningOffice) -> None:
    sealed = again.shown(f"/reporting/v1/reports/{lost.report_id}?verify=true")
    assert sealed["verification"]["holds"] is True


def test_who_was_erased_after_the_backup_stays_erased(lost: Lost, again: RunningOffice) -> None:
    record = again.shown(f"{PERSONS}/{lost.her['id']}", CLERK)
    assert record["erased"] is True and {name: record[name] for name in NAMES} == dict.fromkeys(NAMES)
    assert lost.her["id"] not in found_by(again, NAMES["given_name"])
    assert plain_in(again.data, IN_PLAIN + IN_THE_NOTE) == {}
    assert again.shown(again.filled(f"{PERSONS}/{{person}}"), CLERK)["family_name"] == "Messlatte", "others stay"


def test_nothing_went_wrong_on_the_way(again: RunningOffice) -> None:
    told = logs(again.machine)
    assert '"level":"error"' not in told and "reaction.parked" not in told and "reaction.foreign" not in told


def test_work_goes_on(lost: Lost, again: RunningOffice) -> None:
    repeated = again.done(PERSONS, person(residence=HOME), CLERK, Idempotency_Key=KEY)
    assert repeated == lost.first, "what was answered before the backup is known"
    assert again.get(f"{PERSONS}/{lost.unsaved['id']}", CLERK).status_code == 404, "what came after it is not"
    entered = again.register(given_name="Quendolin")
    again.rest()
    assert entered["id"] in found_by(again, "quendolin")
    assert again.shown(f"/eligibility/v1/persons/{entered['id']}", CLERK)["person_id"] == entered["id"]


# --- a broker that kept its queues ------------------------------------------------------------------


def test_messages_about_events_that_are_lost_have_no_effect(lost: Lost, survivor: str) -> None:
    data = lost.data.with_name("kept")
    kept = ("--secrets", lost.safe, "--erasures", lost.data / "erasures.jsonl")
    wegmarken(lost.data, "backup", "restore", lost.backup, "--into", data, *kept)
    with connected(survivor) as connection:
        assert messages_in(connection, REACTING_SERVICES) > 0
    with OneMachine(data, clock="manual", settings=SETTINGS, broker=survivor) as running:
        office = RunningOffice(running, lost.ids)
        office.machine.wait_quiet(timeout=120)
        assert office.stored("select * from events where stream like ?", f"%{lost.unsaved['id']}%") == []
        assert looked_at(office, lost.unanswered), "though the message about that registration is gone"
        entered = office.register(given_name="Quendolin")
        office.rest()
        assert office.shown(f"/eligibility/v1/persons/{entered['id']}", CLERK)["person_id"] == entered["id"]
        invariants.assert_every_reaction_happened(running)
        invariants.assert_every_reaction_had_its_effect_once(data)
        assert '"level":"error"' not in logs(running)


# --- the directory that it was ----------------------------------------------------------------------

UP = """
from deploy import one_machine
from wegmarken.cli import main

class OnFreePorts(one_machine.OneMachine):
    def __init__(self, data, **how):
        super().__init__(data, **(how | {"ports": "free"}))  # its own may be taken, by a platform of one's own

one_machine.OneMachine = OnFreePorts
main()
"""


def test_a_second_start_finds_its_data_and_an_interrupt_stops_everything(lost: Lost, tmp_path: Path) -> None:
    """As ``./dev up`` and Ctrl-C."""
    said = tmp_path / "said"
    command = [sys.executable, "-c", UP, "up", "--data", str(lost.data)]
    with said.open("wb") as log:
        up = subprocess.Popen(command, env=inherited(WEGMARKEN_CLOCK="manual", **SETTINGS), stderr=log)
    try:
        until(lambda: "Ctrl-C stops everything" in said.read_text() or up.poll() is not None, "it is up", 120)
        (intake,) = re.findall(r"intake +(http://\S+)/openapi.json", said.read_text())
        assert len(working_in(lost.data)) > len(PROCESSES), "with the broker's"
        token = issue((lost.data / "secrets" / ISSUER_PRIVATE).read_bytes(), CLERK, WHO[CLERK])
        headers = {"Authorization": f"Bearer {token}", "Min-Position": str(lost.unsaved["position"])}
        found = requests.get(f"{intake}{PERSONS}/{lost.unsaved['id']}", headers=headers, timeout=30)
        assert found.status_code == 200 and found.json()["family_name"] == PERSON["family_name"]
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0, said.read_text()
    finally:
        up.kill()
        up.wait()
    until(lambda: not working_in(lost.data), "nothing of it runs any more")
    for path in (lost.data / "logs").iterdir():
        assert json.loads(path.read_text().splitlines()[-1])["event"] == "stopped", path.name


def working_in(data: Path) -> set[int]:
    """The processes that were told of a directory, as the kernel knows them."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it ended meanwhile
            if str(data) in path.read_text(errors="replace"):
                found.add(int(path.parent.name))
    return found


# --- the county -------------------------------------------------------------------------------------


@pytest.mark.soak
def test_the_restored_county_reports_what_the_district_reported(platform: RunningCounty, tmp_path: Path) -> None:
    data = platform.machine.data
    wegmarken(data, "backup", "create", tmp_path / "backup")
    assert "whole" in wegmarken(data, "backup", "verify", tmp_path / "backup")
    wegmarken(data, "backup", "secrets", tmp_path / "safe")
    kept = ("--secrets", tmp_path / "safe", "--no-later-erasures")
    wegmarken(data, "backup", "restore", tmp_path / "backup", "--into", tmp_path / "var", *kept)
    store = Manifest.read(tmp_path / "backup").store
    with closing(Checkpoint(tmp_path / "var" / Checkpoint.FILE)) as checkpoint:
        checkpoint.advance(0, store.position)  # that announcing it all again has no effect is shown above, in less time
    with machine(tmp_path / "var") as running:
        assert running.wait_quiet(timeout=180) == store.position, "nothing is done again"
        restored = RunningCounty(running, platform.scenario)
        assert_reported(restored.figures())
        answer = restored.get("/reporting/v1/ledger?verify=true", "auditor")
        assert answer["verified"] == {"first": 1, "last": store.events, "broken": None}
        assert answer["chain"] == store.chain
