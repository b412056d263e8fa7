"""The sample service as a real process, asked over real HTTP."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.supervisor import inherited
from shared.api.roles import OPERATOR
from shared.privacy.secrets import ISSUER_PRIVATE, create_secrets
from shared.service.tokens import issue
from tests.waiting import until

SAMPLE = Path(__file__).parent / "sample_service.py"
ROOT = Path(__file__).parents[2]
CASE = "6f1b5b0e-1e0a-4c7b-9c65-1f6d8f6d2f3a"
PERSON = "1c9d2f70-53a4-4d0e-9c5b-0f2f6d1f0001"
TALK = {
    "case_id": CASE,
    "held_on": "2018-11-05",
    "setting": "outreach",
    "minutes": 45,
    "topics": ["housing", "language"],
    "took_part": [PERSON],
    "steps": [{"action_field": "housing", "step": "need"}],
    "note": "Familie Muster sucht eine Wohnung.",
}


@dataclass
class Running:
    """A process of the sample service, and how to ask it. ``url`` is known once it says that it started."""

    kind: str
    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def start(self) -> Running:
        self.log = self.data / f"{self.kind}.log"
        settings = {"WEGMARKEN_DATA": str(self.data), "WEGMARKEN_CLOCK": "manual", **self.settings}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(SAMPLE), self.kind],
                env=inherited(**settings, PYTHONPATH=str(ROOT)),
                stdout=log,
                stderr=log,
            )
        until(lambda: self._started() or self.process.poll() is not None, "the process starts", 90)
        assert self.process.poll() is None, self.log.read_text()
        (started,) = self._started()
        self.url = f"http://{started['host']}:{started['port']}"
        return self

    def _started(self) -> list[dict[str, Any]]:
        return [line for line in self.said("started") if line["pid"] == self.process.pid]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log's lines about an event."""
        return [line for line in self.lines() if line["event"] == event]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=20)

    def token(
        self,
        *roles: str,
        account: str = "probe.clerk",
        minutes: float = 10,
        ags: str | None = None,
        issuer: str = "wegmarken",
    ) -> str:
        key = (self.data / "secrets" / ISSUER_PRIVATE).read_bytes()
        return issue(key, account, roles or ("clerk",), minutes, ags, issuer=issuer)

    def ask(self, method: str, path: str, *roles: str, **options: Any) -> requests.Response:
        """One request with a token of these roles (of a clerk, if none are named), in English."""
        headers = {"Authorization": f"Bearer {self.token(*roles)}", "Accept-Language": "en"}
        headers |= options.pop("headers", {})
        sent = {name: value for name, value in headers.items() if value is not None}
        return requests.request(method, self.url + path, headers=sent, timeout=30, **options)

    def post(self, path: str, body: Any = None, *roles: str, **options: Any) -> requests.Response:
        return self.ask("POST", path, *roles, json=body, **options)

    def get(self, path: str, *roles: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, *roles, **options)

    def raw(self, request: bytes, *, more: Sequence[bytes] = ()) -> bytes:
        """What comes back for these bytes, until the connection closes."""
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            for part in (request, *more):
                connection.sendall(part)
            found = b""
            while part := connection.recv(65536):
                found += part
            return found

    def head(self) -> int:
        """How many events are stored."""
        import sqlite3

        with sqlite3.connect(self.data / "events.db") as db:
            return int(db.execute("select count(*) from events").fetchone()[0])


@contextmanager
def running(kind: str, data: Path, **settings: str) -> Iterator[Running]:
    create_secrets(data / "secrets")
    process = Running(kind, data, settings).start()
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The sample service; its manual clock stands at 2018-11-05."""
    with running("troubled", tmp_path_factory.mktemp("sample")) as process:
        assert process.post("/clock", {"today": "2018-11-05"}, OPERATOR).status_code == 201
        yield process
