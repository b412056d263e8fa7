"""Recording a consultation over HTTP, durable, with everything switched on, beside the peer."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from benchmarks.tools.http_load import Address, Measured, load, post
from benchmarks.tools.small_office import long_token, set_up
from deploy.one_machine import OneMachine
from deploy.ports import free_ports
from scenarios.small_office import MANAGER
from shared.privacy.secrets import ISSUER_PUBLIC

CONNECTIONS = (1, 8, 32)
ROUNDS = 3
SECONDS = 6.0
WARM_UP = 2.0


def run() -> dict[str, Any]:
    """Alternating rounds, ours and the peer's; of each number of connections the median round counts."""
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory:
        data = Path(directory)
        with OneMachine(data / "ours", clock="manual") as machine:
            office = set_up(machine)
        with OneMachine(data / "ours", clock="system") as machine:  # as in operation
            machine.wait_quiet(timeout=300)
            token, body = long_token(machine, MANAGER), orjson.dumps(office.consultation)
            address = Address.of(machine.addresses["casework"])
            with peer(data, machine.data / "secrets" / ISSUER_PUBLIC) as peer_address:
                ours = _side(address, "/casework/v1/consultations", token, body)
                theirs = _side(peer_address, "/consultations", token, body)
                rounds = [(_round(ours, machine), _round(theirs, machine)) for _ in range(ROUNDS)]
    mine, other = (_medians([pair[n] for pair in rounds]) for n in (0, 1))
    return {
        "bench": "commands",
        "ours": {str(c): mine[c].as_json() for c in CONNECTIONS},
        "peer": {str(c): other[c].as_json() for c in CONNECTIONS},
        "ratio": {str(c): round(mine[c].rps / other[c].rps, 2) for c in CONNECTIONS},
    }


Side = Callable[[int, float], Measured]


def _side(address: Address, path: str, token: str, body: bytes) -> Side:
    sent = 0

    def measure(connections: int, seconds: float) -> Measured:
        nonlocal sent
        request_of = post(address, path, token, body)
        measured = load(address, request_of, connections=connections, seconds=seconds, first=sent)
        sent += 1_000_000
        return measured

    return measure


def _round(side: Side, machine: OneMachine) -> dict[int, Measured]:
    found = {}
    for connections in CONNECTIONS:
        machine.wait_quiet(timeout=300)  # what one measurement left behind is no load of the next
        side(connections, WARM_UP)
        machine.wait_quiet(timeout=300)
        found[connections] = side(connections, SECONDS)
        print(f"  {connections:>2} connections: {found[connections].rps:.0f}/s", file=sys.stderr, flush=True)
    return found


def _medians(rounds: list[dict[int, Measured]]) -> dict[int, Measured]:
    return {c: sorted((r[c] for r in rounds), key=lambda m: m.rps)[len(rounds) // 2] for c in CONNECTIONS}


@contextmanager
def peer(directory: Path, public_key: Path) -> Iterator[Address]:
    """The peer's server in a process of its own."""
    (port,) = free_ports(1)
    address = Address("127.0.0.1", port)
    command = [sys.executable, "-m", "benchmarks.peer", str(directory), str(public_key), str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(address, timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("the peer did not start") from None
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()
