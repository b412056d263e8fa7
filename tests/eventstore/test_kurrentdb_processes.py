"""The KurrentDB adapter in processes that eventlet has patched, as http and react are. A hang fails by its deadline."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import orjson
import pytest
import requests

from deploy.broker import PrivateBroker
from deploy.children import end
from deploy.supervisor import Child, listens
from shared.api.roles import HEAD_OF_OFFICE, OPERATOR
from shared.eventstore.opening import open_store
from shared.privacy.secrets import ISSUER_PRIVATE, create_secrets
from shared.service.tokens import issue
from tests.bus.conftest import empty
from tests.eligibility.office import open_office
from tests.eligibility.sentences import ME, lives, registered
from tests.eventstore.served import served
from tests.eventstore.stand_in import Secured
from tests.processes import ROOT, child_of, running
from tests.waiting import until

PATIENCE = 60
"""Seconds after which a process counts as hanging."""

DAY, TEAMS = "2018-07-31", "/casework/v1/teams"

GREEN = """
import eventlet
eventlet.monkey_patch()
import sys
from shared.eventstore.opening import open_store
from shared.eventstore.port import CaughtUp, Conflict
from tests.eventstore.contract import append

store, ticks = open_store(sys.argv[1]), 0
import grpc, threading
from shared.runtime import native
assert grpc._channel.threading is native.threading is not threading

def tick():
    global ticks
    while True:
        eventlet.sleep(0.001)
        ticks += 1

def one(n):
    try:
        append(store, f"s-{n % 150}")
    except Conflict:
        return 0
    return len(store.read(f"s-{n % 150}"))

eventlet.spawn(tick)
assert sum(eventlet.GreenPool(50).imap(one, range(200))) == 150
seen = 0
for delivery in store.subscribe_all():
    if isinstance(delivery, CaughtUp):
        break
    seen += len(delivery)
assert seen == 150, seen
assert ticks > 50, ticks
store.close()
print("done")
"""
IMPORTED_BEFORE = """
import eventlet
eventlet.monkey_patch()
import grpc._channel
from shared.eventstore.opening import open_store
open_store("kurrentdb://127.0.0.1:1?Tls=false")
"""
NOT_IMPORTED = """
import sys
from shared.eventstore.opening import open_store
open_store(f"sqlite:///{sys.argv[1]}").close()
assert "grpc" not in sys.modules
print("done")
"""


STARTS_OTHERS = """
import subprocess, sys, time
from shared.eventstore.opening import open_store
from tests.eventstore.contract import append

store = open_store(sys.argv[1])
append(store, "s-1")
for _ in range(100):  # with gRPC's own handling of forks each takes a second, if it does not crash
    subprocess.run(["true"], preexec_fn=lambda: time.sleep(0.01), check=True)
append(store, "s-2")
store.close()
print("done")
"""


def run(program: str, argument: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", program, argument]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, cwd=ROOT)


@pytest.fixture(params=["plain", "tls"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server in the clear; and as shipped, behind TLS and with a password: a cluster."""
    secured = request.getfixturevalue("secured") if request.param == "tls" else None
    with served(nodes=3 if secured else 1, secured=secured) as url:
        yield url


def test_green_threads_append_read_and_follow_while_the_hub_goes_on(url: str) -> None:
    finished = run(GREEN, url)
    assert finished.stdout == "done\n", finished.stderr


def test_who_talks_to_a_server_can_start_other_processes() -> None:
    with served() as url:
        finished = run(STARTS_OTHERS, url)
    assert finished.stdout == "done\n", finished.stderr


def test_a_process_in_which_grpc_got_patched_threads_does_not_start() -> None:
    finished = run(IMPORTED_BEFORE, "")
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].startswith("shared.runtime.pristine.PatchedThreads: grpc._channel")


def test_who_works_with_a_file_does_not_wait_for_grpc(tmp_path: Path) -> None:
    finished = run(NOT_IMPORTED, f"{tmp_path}/events.db")
    assert finished.stdout == "done\n", finished.stderr


@pytest.mark.platform
@pytest.mark.parametrize("url", ["tls"], indirect=True)
def test_a_service_answers_commands_over_a_server(tmp_path: Path, url: str) -> None:
    with (
        running("casework", tmp_path, "http", "projector", WEGMARKEN_EVENTSTORE=url) as (http, projector),
        closing(open_store(url)) as store,
    ):
        key = (tmp_path / "secrets" / ISSUER_PRIVATE).read_bytes()

        def post(path: str, body: object, role: str, idempotency_key: str) -> requests.Response:
            headers = {"Authorization": f"Bearer {issue(key, 'probe', [role])}", "Idempotency-Key": idempotency_key}
            return requests.post(f"{http.url}{path}", json=body, headers=headers, timeout=PATIENCE)

        assert post("/clock", {"today": DAY}, OPERATOR, "day").status_code == 201
        first, again, other = (
            post(TEAMS, {"name": name, "formed_on": DAY}, HEAD_OF_OFFICE, "team")
            for name in ("Probe", "Probe", "Muster")
        )
        assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422), first.text
        assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"

        def form(n: int) -> int:
            return post(TEAMS, {"name": f"Muster {n}", "formed_on": DAY}, HEAD_OF_OFFICE, f"team-{n}").status_code

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(form, range(100))) == [201] * 100
        types = [event.type for event in store.read_all()]
        assert types == ["runtime.DayBegan", *["casework.TeamFormed"] * 101]
        headers = {
            "Authorization": f"Bearer {issue(key, 'probe', [HEAD_OF_OFFICE])}",
            "Min-Position": str(store.head()),
        }
        shown = requests.get(f"{http.url}{TEAMS}", headers=headers, timeout=PATIENCE)
        assert len(shown.json()["teams"]) == 101
        ready = requests.get(f"{projector.url}/health/ready", timeout=PATIENCE).json()
        assert {lag["events"] for lag in ready["lags"].values()} == {0}


@pytest.mark.platform
def test_reactions_and_timers_do_their_work_over_a_cluster(
    tmp_path: Path, secured: Secured, broker: PrivateBroker
) -> None:
    empty(broker)
    kinds = ("projector", "relay", "react")
    with (
        served(nodes=3, secured=secured) as url,
        running("eligibility", tmp_path, *kinds, WEGMARKEN_EVENTSTORE=url, WEGMARKEN_BROKER=broker.url),
        open_office(tmp_path, url) as office,
    ):
        office.today_is("2017-06-01")
        office.record(registered(intake="2015-09-15"), lives("2015-09-15"), who=ME)
        until(
            lambda: office.determinations(ME) and office.phase(ME)[0] == "provisional",
            "the phase is determined",
            PATIENCE,
        )
        office.today_is("2017-09-15")  # a timer runs out
        until(lambda: office.phase(ME)[0] == "follow_up", "the phase has changed", PATIENCE)
    logs = "".join((tmp_path / f"{kind}.log").read_text() for kind in kinds)
    assert not re.search(f"{secured.password}|{secured.authorization}", logs)


@pytest.mark.platform
def test_a_service_that_the_server_does_not_let_in_is_not_ready_and_shows_no_password(
    tmp_path: Path, secured: Secured, stranger: Path
) -> None:
    create_secrets(tmp_path / "secrets")
    with served(nodes=3, secured=secured) as url:
        wrong = [url.replace(secured.password, "guessed"), url.replace(str(secured.authority), str(stranger))]
        children = [child_of("casework", tmp_path, "http", WEGMARKEN_EVENTSTORE=each) for each in wrong]
        for child in children:
            child.start()
        try:
            ready = [answer(child) for child in children]
        finally:
            end(*(child.process for child in children), within=PATIENCE)
        waiting = {"status": "waiting", "exception": "StoreUnavailable"}
        assert [(one.status_code, one.json()) for one in ready] == [(503, waiting)] * 2
        assert [child.process.returncode for child in children if child.process] == [0, 0]
    log = (tmp_path / "http.log").read_text()
    assert '"exception":"UnauthenticatedError"' in log and '"exception":"SSLError"' in log
    said = [line for line in map(orjson.loads, log.splitlines()) if line["event"] in ("not-ready", "page-failed")]
    assert {(line["event"], line["level"]) for line in said} == {("not-ready", "warning")}, "nothing of it is broken"
    assert not re.search(f"guessed|{secured.password}|{secured.authorization}", log)


def answer(child: Child) -> requests.Response:
    """Whether it is ready, as it says itself as soon as it listens."""
    process = child.process
    assert process is not None
    until(lambda: listens(process.pid, child.port), "the process listens", PATIENCE)
    return requests.get(f"{child.url}/health/ready", timeout=PATIENCE)
