"""A process stops when it is told to, after the answers under way; and starts only where it can."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from shared.privacy.secrets import create_secrets
from shared.runtime.config import EVENTSTORES
from tests.api.conftest import ROOT, SAMPLE, TALK, Running, running
from tests.waiting import until


@pytest.fixture
def troubled(tmp_path: Path) -> Running:
    create_secrets(tmp_path / "secrets")
    return Running("troubled", tmp_path, {"WEGMARKEN_CLOCK": "system"}).start()


def in_flight(process: Running) -> float:
    metrics = process.get("/metrics").text
    return next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("wegmarken_http_in_flight "))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_answered_before_the_end(troubled: Running, number: int) -> None:
    answers: list[requests.Response] = []
    body = {"seconds": "3", "note": "slow"}
    asking = threading.Thread(target=lambda: answers.append(troubled.post("/sample/v1/slow", body)))
    asking.start()
    until(lambda: in_flight(troubled) >= 2, "the slow request is under way")  # itself and this one
    idle = socket.create_connection(("127.0.0.1", int(troubled.url.rpartition(":")[2])))
    assert troubled.stop(number) == 0
    asking.join()
    idle.close()
    assert answers[0].status_code == 201
    assert troubled.said("stopped")


def test_a_request_that_does_not_end_is_not_waited_for_for_ever(troubled: Running) -> None:
    body = {"seconds": "30", "note": "endless"}

    def ask() -> None:
        with pytest.raises(requests.ConnectionError):
            troubled.post("/sample/v1/slow", body)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: in_flight(troubled) >= 2, "the slow request is under way")
    began = time.monotonic()
    assert troubled.stop() == 0
    assert 4 < time.monotonic() - began < 9
    asking.join()
    assert troubled.said("stopped-with-requests-under-way")


def test_no_new_connection_is_accepted_while_it_stops(troubled: Running) -> None:
    asking = threading.Thread(target=lambda: troubled.post("/sample/v1/slow", {"seconds": "4", "note": "slow"}))
    asking.start()
    until(lambda: in_flight(troubled) >= 2, "the slow request is under way")
    troubled.process.send_signal(signal.SIGTERM)

    def refused() -> bool:
        try:
            socket.create_connection(("127.0.0.1", int(troubled.url.rpartition(":")[2])), timeout=1).close()
        except OSError:
            return True
        return False

    until(refused, "the port is closed", 3)
    assert troubled.process.poll() is None
    assert troubled.stop() == 0
    asking.join()


def test_who_waits_to_be_accepted_is_answered(troubled: Running) -> None:
    """The kernel has accepted these callers already: closing the port would cut them off."""
    address = ("127.0.0.1", int(troubled.url.rpartition(":")[2]))
    troubled.process.send_signal(signal.SIGSTOP)
    waiting = [socket.create_connection(address, timeout=20) for _ in range(20)]
    for one in waiting:
        one.sendall(b"GET /health/live HTTP/1.1\r\nHost: probe\r\n\r\n")
    troubled.process.send_signal(signal.SIGTERM)
    troubled.process.send_signal(signal.SIGCONT)
    for one in waiting:
        with one:
            assert one.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    assert troubled.stop() == 0


def test_who_asks_again_on_an_open_connection_is_answered_and_told_that_it_closes(troubled: Running) -> None:
    with requests.Session() as session:
        assert session.get(f"{troubled.url}/health/live", timeout=10).headers["Connection"] == "keep-alive"
        troubled.process.send_signal(signal.SIGTERM)

        def told() -> bool:
            return session.get(f"{troubled.url}/health/live", timeout=10).headers["Connection"] == "close"

        until(told, "the next answer says so", 3)
    assert troubled.stop() == 0


def test_who_asks_when_all_else_was_answered_is_sent_elsewhere(troubled: Running) -> None:
    """What an answer would need is being closed by then: to try would be a 500."""
    (troubled.data / "hold").touch()
    with requests.Session() as session:
        assert session.get(f"{troubled.url}/health/live", timeout=10).headers["Connection"] == "keep-alive"
        troubled.process.send_signal(signal.SIGTERM)
        until((troubled.data / "holds").exists, "it closes what it works with")
        late = session.get(f"{troubled.url}/health/live", timeout=10)
    assert (late.status_code, late.headers["Retry-After"], late.headers["Connection"]) == (503, "1", "close")
    (troubled.data / "hold").unlink()
    assert troubled.stop() == 0


def test_commands_survive_a_restart(tmp_path: Path) -> None:
    with running("http", tmp_path, WEGMARKEN_CLOCK="system") as process:
        headers = {"Idempotency-Key": "before"}
        first = process.post("/sample/v1/talks", TALK, headers=headers)
        process.stop(signal.SIGKILL)
        process.start()
        again = process.post("/sample/v1/talks", TALK, headers=headers)
        assert (first.status_code, again.status_code) == (201, 201), process.log.read_text()
        assert again.json() == first.json()
        assert again.headers["Idempotency-Replayed"] == "true"


def attempt(data: Path, kind: str = "http", **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "WEGMARKEN_DATA": str(data), **settings}
    return subprocess.run(
        [sys.executable, str(SAMPLE), kind], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("kind", ["http", "projector"])
def test_a_taken_port_is_one_clear_line(tmp_path: Path, kind: str) -> None:
    create_secrets(tmp_path / "secrets")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = attempt(tmp_path, kind, WEGMARKEN_PORT=str(port))
    assert ended.returncode == 2
    assert ended.stderr == f"wegmarken: the address 127.0.0.1:{port} is taken\n"


SCHEMES = " or ".join(f"{scheme}://" for scheme in EVENTSTORES)


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        ("PORT", "eighty", "WEGMARKEN_PORT=eighty: expected a whole number from 0 to 65535"),
        (
            "EVENTSTORE",
            "esbd://x",
            f"WEGMARKEN_EVENTSTORE: expected an URL that starts with {SCHEMES}",
        ),
        ("HOST", "192.0.2.1", "the address 192.0.2.1:0 cannot be used: Cannot assign requested address"),
        ("COLOUR", "red", "WEGMARKEN_COLOUR is not a setting; docs/configuration.md lists them all"),
    ],
)
def test_a_bad_setting_is_one_clear_line(tmp_path: Path, setting: str, value: str, line: str) -> None:
    create_secrets(tmp_path / "secrets")
    ended = attempt(tmp_path, **{f"WEGMARKEN_{setting}": value})
    assert (ended.returncode, ended.stderr) == (2, f"wegmarken: {line}\n")


def test_missing_secrets_are_one_clear_line(tmp_path: Path) -> None:
    ended = attempt(tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith("wegmarken: a secret cannot be read: ")
    assert ended.stderr.count("\n") == 1


def test_two_processes_may_share_a_port(tmp_path: Path) -> None:
    with running("http", tmp_path, WEGMARKEN_CLOCK="system", WEGMARKEN_SHARE_PORT="yes") as one:
        port = one.url.rpartition(":")[2]
        other = Running("http", tmp_path, {**one.settings, "WEGMARKEN_PORT": port}).start()
        positions = {one.post("/sample/v1/talks", TALK).json()["position"] for _ in range(40)}
        assert other.stop() == 0
        assert one.stop() == 0
        assert positions == set(range(1, 41))
        answered = [line["pid"] for line in one.said("started")]
        assert len(answered) == 2


def test_the_projector_follows_shows_where_it_is_and_stops(tmp_path: Path) -> None:
    with running("http", tmp_path, WEGMARKEN_CLOCK="system") as http, running("projector", tmp_path) as projector:
        position = http.post("/sample/v1/talks", TALK).json()["position"]

        def caught_up() -> bool:
            health = requests.get(f"{projector.url}/health/ready", timeout=10)
            return health.ok and health.json()["views"]["sample.talks"] >= position

        until(caught_up, "the view has seen the talk")
        nothing = {"events": 0, "seconds": 0.0}
        assert requests.get(f"{projector.url}/health/ready", timeout=10).json() == {
            "status": "ready",
            "head": position,
            "views": {"sample.talks": position},
            "lag": nothing,
            "lags": {"sample.talks": nothing},
            "stopped": {},
            "standing_by": [],
        }
        assert requests.get(f"{http.url}/health/ready", timeout=10).json()["lag"] == nothing
        assert requests.post(f"{projector.url}/health/live", timeout=10).status_code == 405
        assert requests.get(f"{projector.url}/health/live", timeout=10).json() == {"status": "live"}
        assert requests.get(f"{projector.url}/nothing", timeout=10).status_code == 404
        assert "process_cpu_seconds_total" in requests.get(f"{projector.url}/metrics", timeout=10).text
        assert projector.stop() == 0
        assert projector.said("stopped")
