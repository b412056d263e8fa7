"""The stand-in as a process of its own, for other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.eventstore.stand_in import Secured
from tests.processes import ROOT


@dataclass(frozen=True)
class Served:
    """A stand-in in another process."""

    url: str
    process: subprocess.Popen[str]

    def tell(self, what: str, *numbers: int) -> None:
        """Let something befall it: a method of ``StandIn``, and back when it has happened."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(" ".join([what, *map(str, numbers)]) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"


@contextmanager
def served(data: Path | None = None, *, nodes: int = 1, secured: Secured | None = None) -> Iterator[str]:
    """Its URL. ``data``: the file of its log."""
    with served_to(data, nodes=nodes, secured=secured) as stand_in:
        yield stand_in.url


@contextmanager
def served_to(data: Path | None = None, *, nodes: int = 1, secured: Secured | None = None) -> Iterator[Served]:
    """The same for who tells it what is to befall it."""
    command = [sys.executable, "-m", "tests.eventstore.stand_in", "--nodes", str(nodes)]
    command += ["--data", str(data)] if data else []
    command += ["--secured", *map(str, (secured.certificate, secured.key, secured.authority))] if secured else []
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield Served(process.stdout.readline().strip(), process)
    finally:
        process.terminate()
        process.wait(timeout=20)
