"""A container's process becomes ready with the command, environment and secrets that compose gives it.

It runs from what the image has, with nothing else in its environment. Only places are others: hosts are ports of this
machine, a stand-in for KurrentDB behind TLS among them, and files lie in directories of the test's own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.broker import PrivateBroker
from deploy.children import dying_with_us
from deploy.generate.places import CA_FILE, SECRETS
from deploy.health import is_ready
from deploy.ports import free_ports
from deploy.processes import CONTAINERS, HTTP, PORTAL, PROJECTOR_EACH, REACT_EACH, RELAY
from tests.deploy.composed import MAIN, composed
from tests.deploy.database import FILLED_IN, Container
from tests.deploy.image import ENVIRONMENT, Image
from tests.eventstore.served import served
from tests.eventstore.stand_in import Secured
from tests.postgres import program
from tests.waiting import until

pytestmark = pytest.mark.platform

TOLD = FILLED_IN | {"KURRENTDB_PASSWORD": "changeit"}  # the stand-in's
STACK = composed(MAIN, environment=TOLD)["services"]
ONE_OF_EACH_KIND = (PORTAL, HTTP[-1], PROJECTOR_EACH[-1], RELAY, REACT_EACH[-1])
"""All of them with ``--soak``."""
START_SECONDS, STOP_SECONDS = 150.0, 20.0


@dataclass(frozen=True)
class Machine:
    """Where on this machine that is which containers are told of: ``places`` by what they call them."""

    image: Image
    installation: Path
    folder: Path
    ports: Mapping[str, int]
    places: Mapping[str, str]

    def told(self, name: str) -> dict[str, str]:
        """The environment of a container, with its secrets in place."""
        own = {SECRETS: str(self._secrets(name)), **self.places}
        environment = {
            variable: reduce(lambda text, place: text.replace(place, own[place]), own, value)
            for variable, value in STACK[name]["environment"].items()
        }
        return environment | ({"WEGMARKEN_PORT": str(self.ports[name])} if name in self.ports else {})

    @contextmanager
    def running(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        """A container's process; it ends in order when it is told to."""
        python, *arguments = STACK[name]["command"]
        assert python == "python"
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [self.image.python, *arguments],
                cwd=self.image.code,
                env=ENVIRONMENT | self.told(name),
                stdout=log,
                stderr=log,
                preexec_fn=dying_with_us(),
            )
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(STOP_SECONDS) == 0, self.said(name)

    def is_ready(self, name: str, process: subprocess.Popen[bytes]) -> bool:
        """As its container's health check finds it."""
        assert process.poll() is None, self.said(name)
        return is_ready(self.ports[name])

    def said(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def tools(self, *arguments: str | Path) -> str:
        """What the command line prints; PostgreSQL's own tools are in its image."""
        python, *entrypoint = STACK["tools"]["entrypoint"]
        assert python == "python"
        path = str(Path(program("pg_dump")).parent)
        done = self.image.run(*entrypoint, *arguments, **self.told("tools"), PATH=path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _secrets(self, name: str) -> Path:
        own = self.folder / name / "secrets"
        own.mkdir(parents=True, exist_ok=True)
        for secret in STACK[name].get("secrets", ()):
            shutil.copy(self.installation / "secrets" / secret, own)
        return own


@pytest.fixture
def machine(
    image: Image, certificates: Path, primary: Container, broker: PrivateBroker, tmp_path: Path
) -> Iterator[Machine]:
    ports = dict(zip((process.name for process in CONTAINERS), free_ports(len(CONTAINERS)), strict=True))
    node = certificates / "kurrentdb"
    secured = Secured(node / "node.crt", node / "node.key", certificates / "ca.crt")
    with served(secured=secured) as store:
        places = {
            f"amqp://wegmarken:{TOLD['RABBITMQ_PASSWORD']}@rabbitmq:5672/": broker.url,
            "@kurrentdb:2113": f"@{urlsplit(store).hostname}:{urlsplit(store).port}",
            "@postgres:5432": f"@localhost:{primary.port}",
            CA_FILE: str(certificates / "ca.crt"),
            **{f"//{each.name}:{each.default_port}": f"//127.0.0.1:{ports[each.name]}" for each in CONTAINERS},
            "/data": str(tmp_path / "data"),
            "/erasures/": f"{tmp_path}/",
        }
        (tmp_path / "data").mkdir()
        yield Machine(image, certificates.parent, tmp_path, ports, places)


def test_every_process_becomes_ready_and_the_tools_reach_everything(
    machine: Machine, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    before = set(machine.image.code.rglob("*"))
    with ExitStack() as containers:
        chosen = CONTAINERS if pytestconfig.getoption("soak") else ONE_OF_EACH_KIND
        started = {each.name: containers.enter_context(machine.running(each.name)) for each in chosen}
        for name, process in started.items():
            until(partial(machine.is_ready, name, process), f"{name} is ready", START_SECONDS)
        assert " live" in machine.tools("views", "list")
        machine.tools("relay", "status")
        machine.tools("backup", "create", tmp_path / "backup")
    assert "whole" in machine.tools("backup", "verify", tmp_path / "backup")
    assert set(machine.image.code.rglob("*")) == before, "a container's file system cannot be written"
