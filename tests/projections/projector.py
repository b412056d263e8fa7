"""A projector as a process of its own, for tests that kill it: ``… projector FOLDER URL``."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from tests.projections.office import HOMES, PEOPLE, Office

if __name__ == "__main__":
    office = Office(Path(sys.argv[1]), sys.argv[2])
    runner = office.runner(PEOPLE, HOMES, batch=5)
    print("running", flush=True)
    runner.run(threading.Event())
