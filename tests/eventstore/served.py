"""The stand-in as a process of its own, for other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.eventstore.stand_in import Secured
from tests.processes import ROOT


@contextmanager
def served(data: Path | None = None, *, nodes: int = 1, secured: Secured | None = None) -> Iterator[str]:
    """Its URL. ``data``: the file of its log."""
    command = [sys.executable, "-m", "tests.eventstore.stand_in", "--nodes", str(nodes)]
    command += ["--data", str(data)] if data else []
    command += ["--secured", *map(str, (secured.certificate, secured.key, secured.authority))] if secured else []
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=20)
