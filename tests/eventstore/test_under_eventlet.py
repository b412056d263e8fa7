"""The store in a patched process, as http and react are: appends block one green thread, never the hub."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import eventlet
eventlet.monkey_patch()
import sys
from pathlib import Path
from shared.eventstore.port import AlreadyAnswered, Conflict
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append

store, ticks = SqliteEventStore(Path(sys.argv[1])), 0

def tick():
    global ticks
    while True:
        eventlet.sleep(0)
        ticks += 1

def one(n):
    try:
        append(store, f"s-{n % 150}")
        return 1
    except Conflict:
        return 0

eventlet.spawn(tick)
written = sum(eventlet.GreenPool(50).imap(one, range(200)))
assert written == 150 == store.head(), written
assert ticks > 200, ticks
store.close()
print("done")
"""


def test_green_threads_append_while_the_hub_goes_on(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "events.db")], capture_output=True, text=True, timeout=60
    )
    assert finished.stdout.strip() == "done", finished.stderr
