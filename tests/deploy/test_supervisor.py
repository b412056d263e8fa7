"""No child outlives who started it, at whatever moment that ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bus.conftest import wait_until

FORKED = """
import os, sys, time
from pathlib import Path
from deploy.supervisor import dying_with_us

prepare, parent, deadline = dying_with_us(), os.getpid(), time.monotonic() + 30
if os.fork() == 0:
    Path(sys.argv[1], "forked").write_text(str(os.getpid()))
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.001)
    prepare()
    Path(sys.argv[1], "lives on").touch()
"""


def test_a_child_whose_parent_died_before_it_asked_to_hear_of_it_ends(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKED, str(tmp_path)], check=True)
    forked, lives_on = tmp_path / "forked", tmp_path / "lives on"
    wait_until(lambda: forked.exists() and forked.read_text())
    wait_until(lambda: lives_on.exists() or has_ended(int(forked.read_text())))
    assert not lives_on.exists()


def has_ended(pid: int) -> bool:
    """Also while nobody has taken notice of it yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
