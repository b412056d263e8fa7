"""A process that is a relay, for tests: ``python -m tests.bus.relaying DIRECTORY BROKER_URL``."""

import sys
import threading
from pathlib import Path

from shared.bus.checkpoint import Checkpoint
from shared.bus.relay import Relay
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime import logs

if __name__ == "__main__":
    logs.configure("probe.relay")
    directory, url = Path(sys.argv[1]), sys.argv[2]
    Relay(SqliteEventStore(directory / "events.db"), url, directory / Checkpoint.FILE).run(threading.Event())
