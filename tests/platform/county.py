"""The demonstration county at work: the whole platform, with a scenario loaded on it, and a sample of that scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import requests

from deploy.one_machine import OneMachine
from scenarios.steps import Scenario
from shared.api.roles import REPORTING

SETTINGS = {"WEGMARKEN_RETRY_DELAYS": "0.2,1,2,5,10"}


@dataclass(frozen=True)
class RunningCounty:
    """A running platform on which a scenario is loaded."""

    machine: OneMachine
    scenario: Scenario

    def ask(self, path: str, *roles: str) -> requests.Response:
        """Whatever a service answers; ``roles`` are reporting's unless others are named."""
        return requests.get(self._url(path), headers=self._as("reader", roles or (REPORTING,)), timeout=30)

    def get(self, path: str, *roles: str) -> Any:
        """What a service answers; the test fails if it refuses."""
        answer = self.ask(path, *roles)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, *roles: str, key: str | None = None) -> requests.Response:
        """Send a command, under an idempotency key if there is one, and return whatever came back."""
        headers = self._as("writer", roles) | ({"Idempotency-Key": key} if key else {})
        return requests.post(self._url(path), json=body, headers=headers, timeout=30)

    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.get("/reporting/v1/report")["figures"]
        return figures

    def _url(self, path: str) -> str:
        return self.machine.addresses[path.split("/")[1]] + path

    def _as(self, account: str, roles: Sequence[str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.machine.token(account, roles)}"}


def machine(data: Path, say: Any = print, **how: Any) -> OneMachine:
    """A platform with short retry delays and a clock set by hand; ``how`` else, see ``OneMachine``."""
    return OneMachine(data, clock="manual", settings=SETTINGS, say=say, **how)


ONE_IN = 20
"""Households that are in the sample."""
SAMPLED = orjson.loads(Path(__file__).with_name("sample.json").read_bytes())
"""What is reported of the sample, as ``test_demo.py`` sees it on files."""


def sample(of: Scenario) -> Scenario:
    """A scenario's office and one in ``ONE_IN`` of its households: all its time, with fewer people."""
    lanes = dict.fromkeys(post.lane for post in of.posts if post.lane != "office")
    chosen = {"office", *list(lanes)[::ONE_IN]}
    return replace(of, posts=[post for post in of.posts if post.lane in chosen])
