"""react and relay as real processes against a real broker: ready, at work, stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from deploy.broker import PrivateBroker
from deploy.supervisor import inherited
from shared.api.roles import AUDITOR, OPERATOR, REPORTING
from shared.bus import attempts
from shared.bus.connection import Outgoing, Publisher, connected
from shared.bus.nudge import message, message_of
from shared.bus.parked import discard
from shared.contracts.casework import MunicipalServiceSet
from shared.contracts.model import Ags
from shared.eventstore.port import StoredEvent
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.platform import Platform
from shared.service.tokens import issue
from tests.recording import record
from tests.waiting import until

PROGRAM = Path(__file__).parent / "sample_processes.py"
ROOT = Path(__file__).parents[2]


class Process:
    """A process with its log and its health."""

    def __init__(self, kind: str, data: Path, settings: Mapping[str, str]) -> None:
        self._log, self._key = data / f"{kind}.log", (data / "secrets" / ISSUER_PRIVATE).read_bytes()
        environment = inherited(WEGMARKEN_DATA=str(data), PYTHONPATH=str(ROOT), **settings)
        with self._log.open("ab") as log:
            self.popen = subprocess.Popen([sys.executable, str(PROGRAM), kind], env=environment, stderr=log)

    def said(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def text(self) -> str:
        return self._log.read_text()

    def get(self, path: str, *roles: str) -> requests.Response:
        """What its health server answers, to somebody with these roles or to nobody in particular."""
        started = self.said("started") or self.said("health")
        headers = {"Authorization": f"Bearer {issue(self._key, 'examiner', roles)}"} if roles else {}
        return requests.get(f"http://{started[0]['host']}:{started[0]['port']}{path}", headers=headers, timeout=5)

    def health(self) -> tuple[int, dict[str, Any]]:
        try:
            answer = self.get("/health/ready")
        except (IndexError, requests.RequestException):
            return 0, {}
        return answer.status_code, answer.json()

    def stop(self) -> int:
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout=20)


@contextmanager
def started(kind: str, data: Path, **settings: str) -> Iterator[Process]:
    process = Process(kind, data, settings)
    try:
        yield process
    finally:
        if process.popen.poll() is None:
            process.popen.kill()
        process.popen.wait()


def set_service(platform: Platform) -> str:
    """Append an event that eligibility reacts to; its correlation id."""
    day, act = date(2018, 2, 1), str(uuid4())
    event = MunicipalServiceSet(occurred_on=day, ags=Ags("08117014"), service="district")
    record(platform.store, platform.sealer, f"municipality-{act}", event, learnt_on=day, correlation_id=act)
    return act


@pytest.mark.platform
def test_an_event_reaches_the_reaction_with_its_ids(
    broker: PrivateBroker, opened: Callable[..., Platform], tmp_path: Path
) -> None:
    platform = opened()
    settings = {"WEGMARKEN_BROKER": broker.url}
    with started("relay", tmp_path, **settings) as relay, started("react", tmp_path, **settings) as react:
        until(lambda: react.health()[0] == 200, "react is subscribed")
        until(lambda: relay.health()[0] == 200, "the relay publishes")
        correlation_id = set_service(platform)
        until(lambda: any(line["correlation_id"] == correlation_id for line in react.said("nudged")), "a nudge")
        (line,) = [line for line in react.said("nudged") if line["correlation_id"] == correlation_id]
        assert line["process"] == "react"
        assert line["type"] == "casework.MunicipalServiceSet"
        assert line["causation_id"] == platform.store.read(f"municipality-{correlation_id}")[0].event_id

        def settled() -> bool:
            nothing = {"in_hand": 0, "waiting": 0, "lag": {"events": 0, "seconds": None}}
            return react.health() == (200, {"status": "ready", **nothing, "due": 3})

        until(settled, "everything is handled")
        until(lambda: len(react.said("timer-failed")) > 2, "a timer that fails is tried again")
        line = react.said("timer-failed")[0]
        assert (line["service"], line["timer"], line["exception"]) == ("eligibility", "look", "RuntimeError")
        assert "Erika" not in react.text()
        head = platform.store.head()
        done = {"position": head, "head": head, "lag": {"events": 0, "seconds": 0.0}}
        assert relay.health() == (200, {"status": "ready", **done, "leader": True})
        assert (react.stop(), relay.stop()) == (0, 0)
        assert react.said("stopped") and relay.said("stopped")


def park(broker: PrivateBroker, event: StoredEvent) -> None:
    """Put the nudge of an event aside, as after five failures, and beside it a message that is none."""
    place = attempts.parked("eligibility", {attempts.ATTEMPT: 5}, "ValueError", "2018-11-05T10:00:00+00:00")
    nudge = message_of(event, "store")
    aside = message(nudge.body, event.event_id, nudge.properties["application_headers"] | place.headers)
    with connected(broker.url) as connection:
        publisher = Publisher(connection)
        publisher.publish([Outgoing("", place.queue, aside), Outgoing("", place.queue, message(b"no nudge", "x", {}))])


@pytest.mark.platform
def test_auditors_and_operators_see_what_is_parked_without_bodies(
    broker: PrivateBroker, opened: Callable[..., Platform], tmp_path: Path
) -> None:
    platform = opened()
    correlation_id = set_service(platform)
    (event,) = platform.store.read(f"municipality-{correlation_id}")
    with started("react", tmp_path, WEGMARKEN_BROKER=broker.url) as react:
        until(lambda: react.health()[0] == 200, "react is subscribed")
        park(broker, event)
        for role in (AUDITOR, OPERATOR):
            answer = react.get("/parked", role)
            assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
            found = {one["event_id"]: one for one in answer.json()["parked"]}
            assert found[event.event_id] == {
                "service": "eligibility",
                "event_id": event.event_id,
                "type": "casework.MunicipalServiceSet",
                "stream": f"municipality-{correlation_id}",
                "position": event.position,
                "attempts": 5,
                "since": "2018-11-05T10:00:00+00:00",
                "exception": "ValueError",
            }
            assert (found["x"]["type"], found["x"]["stream"]) == (None, None)
        assert (react.get("/parked").status_code, react.get("/parked", REPORTING).status_code) == (401, 403)
        assert react.stop() == 0
    discard(broker.url, "eligibility")


@pytest.mark.platform
def test_health_answers_and_stop_works_while_the_broker_is_away(settings: object, tmp_path: Path) -> None:
    away = {"WEGMARKEN_BROKER": "amqp://probe:probe@127.0.0.1:9/"}
    with started("react", tmp_path, **away) as react, started("relay", tmp_path, **away) as relay:
        until(lambda: react.health()[0] == 503, "react says that it waits")
        assert (react.health()[1]["waiting"], react.health()[1]["lag"]) == (None, None)
        answer = react.get("/parked", AUDITOR)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:wegmarken:problem:broker-unavailable")
        until(lambda: relay.health()[0] == 503, "the relay says that it waits")
        assert (react.stop(), relay.stop()) == (0, 0)


@pytest.mark.parametrize("kind", ["react", "relay"])
def test_without_a_broker_there_is_one_clear_line(settings: object, tmp_path: Path, kind: str) -> None:
    with started(kind, tmp_path) as process:
        assert process.popen.wait(timeout=60) == 2
        assert process.text() == "wegmarken: WEGMARKEN_BROKER is not set: it names the RabbitMQ to use (amqp://…)\n"


def test_work_that_dies_ends_its_process_and_its_text_is_not_logged(settings: object, tmp_path: Path) -> None:
    with started("failing", tmp_path) as process:
        assert process.popen.wait(timeout=60) == 1
        (line,) = process.said("work-failed")
        assert (line["exception"], line["place"][:9]) == ("RuntimeError", "__main__:")
        assert process.said("stopped")
        assert "Erika" not in process.text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "usage: python -m idle http|react|projector"),
        (["relay"], "usage: python -m idle http|react|projector"),
        (["react"], "wegmarken: nothing reacts in idle"),
    ],
)
def test_a_service_is_started_with_the_kind_of_process(tmp_path: Path, arguments: list[str], line: str) -> None:
    package = tmp_path / "idle"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "service.py").write_text("HTTP = REACT = None")
    (package / "__main__.py").write_text("from shared.process.run import main\nmain('idle')")
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    ended = subprocess.run(
        [sys.executable, "-m", "idle", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (2, f"{line}\n")
