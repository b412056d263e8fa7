"""Eligibility's processes as they are started in earnest, in a directory of their own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.supervisor import Child, Supervisor, inherited
from shared.privacy.masters import create_secrets

COMMANDS = {
    "http": ("services.eligibility", "http"),
    "projector": ("services.eligibility", "projector"),
    "react": ("services.eligibility", "react"),
    "relay": ("deploy.run", "relay"),
}


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
