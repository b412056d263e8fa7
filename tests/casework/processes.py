"""Casework's processes as they are started in earnest, in a directory of their own."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from deploy.supervisor import Child, Supervisor, inherited
from shared.contracts.model import PersonalClass
from shared.privacy.masters import create_secrets, load_masters
from tests.casework.world import World

COMMANDS = {
    "http": ("services.casework", "http"),
    "projector": ("services.casework", "projector"),
    "react": ("services.casework", "react"),
    "relay": ("deploy.run", "relay"),
}


def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for a condition, with a deadline."""
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"not within {seconds} s"
        sleep(0.01)


@contextmanager
def running(data: Path, *kinds: str, **settings: str) -> Iterator[list[Child]]:
    """These processes, ready; stopped at the end, where each must have ended cleanly."""
    create_secrets(data / "secrets")
    children = [_child(data, kind, settings) for kind in kinds]
    supervisor = Supervisor(children)
    supervisor.start()
    try:
        yield children
    finally:
        supervisor.stop()
    assert [child.process.returncode for child in children if child.process] == [0] * len(children)


def world_of(data: Path) -> World:
    """The same store, keys and views, as seen from the test."""
    return World(data, load_masters(data / "secrets", tuple(PersonalClass)))


def _child(data: Path, kind: str, settings: dict[str, str]) -> Child:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    surroundings = {"WEGMARKEN_DATA": str(data), "WEGMARKEN_CLOCK": "manual", "WEGMARKEN_PORT": str(port)}
    return Child(
        name=kind,
        command=COMMANDS[kind],
        port=port,
        environment=inherited(**surroundings, **settings),
        log=data / f"{kind}.log",
    )
