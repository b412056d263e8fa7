"""The stand-in as a process of its own, for other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import ROOT


@contextmanager
def served(data: Path | None = None) -> Iterator[str]:
    """Its URL. ``data``: the file of its log."""
    command = [sys.executable, "-m", "tests.eventstore.stand_in", *(("--data", str(data)) if data else ())]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=20)
