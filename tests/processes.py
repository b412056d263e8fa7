"""A service's processes as they are started in earnest, in a directory of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.ports import free_ports
from deploy.supervisor import Child, Supervisor, inherited
from shared.privacy.secrets import create_secrets

ROOT = Path(__file__).parents[1]


@contextmanager
def running(service: str, data: Path, *kinds: str, **settings: str) -> Iterator[list[Child]]:
    """These processes (http, projector, react, relay), ready; stopped at the end, each having ended cleanly."""
    create_secrets(data / "secrets")
    children = [child_of(service, data, kind, **settings) for kind in kinds]
    supervisor = Supervisor(children)
    supervisor.start()
    try:
        yield children
    finally:
        supervisor.stop()
    assert [child.process.returncode for child in children if child.process] == [0] * len(children)


def child_of(service: str, data: Path, kind: str, **settings: str) -> Child:
    """One of a service's processes, to be started. Its secrets must be there."""
    (port,) = free_ports(1)
    surroundings = {"WEGMARKEN_DATA": str(data), "WEGMARKEN_CLOCK": "manual", "WEGMARKEN_PORT": str(port)}
    return Child(
        name=kind,
        command=("deploy.run", "relay") if kind == "relay" else (f"services.{service}", kind),
        port=port,
        environment=inherited(**surroundings, **settings),
        log=data / f"{kind}.log",
    )
