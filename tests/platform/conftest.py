"""The whole platform, with real processes and a private broker. The clean run is loaded once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from deploy.one_machine import OneMachine
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from scenarios.steps import Scenario
from tests.platform.office import RunningOffice

SETTINGS = {"WEGMARKEN_RETRY_DELAYS": "0.2,1,2,5,10"}


@dataclass(frozen=True)
class Platform:
    """A running platform on which a scenario was loaded."""

    machine: OneMachine
    scenario: Scenario
    ids: Mapping[str, str]

    def get(self, path: str, *roles: str, account: str = "reader", status: int = 200, **headers: str) -> Any:
        """What a service answers; the test fails at another status."""
        headers |= {"Authorization": f"Bearer {self.machine.token(account, roles or ('reporting',))}"}
        response = requests.get(self.machine.addresses[path.split("/")[1]] + path, headers=headers, timeout=30)
        assert response.status_code == status, response.text
        return response.json()

    def post(self, path: str, body: Any, *roles: str, account: str = "writer", **headers: str) -> requests.Response:
        """Send a command and return whatever came back."""
        headers |= {"Authorization": f"Bearer {self.machine.token(account, roles)}"}
        address = self.machine.addresses[path.split("/")[1]] + path
        if isinstance(body, bytes):
            headers.setdefault("Content-Type", "application/json")
            return requests.post(address, data=body, headers=headers, timeout=30)
        return requests.post(address, json=body, headers=headers, timeout=30)

    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.get("/reporting/v1/report")["figures"]
        return figures


def machine(data: Path, say: Any = print, **how: Any) -> OneMachine:
    """A platform with short retry delays and a clock set by hand; ``how`` else, see ``OneMachine``."""
    return OneMachine(data, clock="manual", settings=SETTINGS, say=say, **how)


def beginning(of: Scenario, commands: int) -> Scenario:
    """A scenario's first commands; it ends on the day of the last."""
    posts = of.posts[:commands]
    return replace(of, posts=posts, ends_on=posts[-1].day)


ONE_IN = 20
"""Households that are in the sample."""
SAMPLED = orjson.loads(Path(__file__).with_name("sample.json").read_bytes())
"""What is reported of the sample, see ``test_scenario.py``."""


def sample(of: Scenario) -> Scenario:
    """A scenario's office and one in ``ONE_IN`` of its households: all its time, with fewer people."""
    lanes = dict.fromkeys(post.lane for post in of.posts if post.lane != "office")
    chosen = {"office", *list(lanes)[::ONE_IN]}
    return replace(of, posts=[post for post in of.posts if post.lane in chosen])


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """The clean run of the demonstration county, at rest."""
    of = scenario(1)
    with machine(tmp_path_factory.mktemp("platform")) as running:
        loader = Loader(of, Api(running.addresses, running.token, of.roles))
        loader.run()
        running.wait_quiet(timeout=180)
        yield Platform(running, of, loader.ids)


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffice]:
    """A small platform of its own for tests that record, refuse, fill the disk and erase."""
    with machine(tmp_path_factory.mktemp("office")) as running:
        yield RunningOffice.open(running)
