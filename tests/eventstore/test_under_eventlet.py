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


IN_ONE_ROUND = """
import eventlet
eventlet.monkey_patch()
import sys, time
from pathlib import Path
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append

def work_and_append(n):
    end = time.perf_counter() + 0.15  # long enough for a writer that waits to get its turn
    while time.perf_counter() < end:
        pass
    append(store, f"s-{n}")

sys.setswitchinterval(0.05)
store, pool = SqliteEventStore(Path(sys.argv[1])), eventlet.GreenPool()
append(store, "first")  # the writer is there
for n in range(4):
    pool.spawn(work_and_append, n)
pool.waitall()
groups = {event.recorded_at for event in store.read_all(after=1)}
assert store.head() == 5 and len(groups) == 1, groups
store.close()
print("done")
"""


ASIDE = """
import eventlet
eventlet.monkey_patch()
import sys
from pathlib import Path
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.native import aside
from tests.eventstore.contract import append

store = SqliteEventStore(Path(sys.argv[1]))
with eventlet.Timeout(20):
    aside(lambda: append(store, "s-1"))
assert store.head() == 1
store.close()
print("done")
"""


def run(program: str, store: Path) -> None:
    finished = subprocess.run([sys.executable, "-c", program, str(store)], capture_output=True, text=True, timeout=60)
    assert finished.stdout.strip() == "done", finished.stderr


def test_what_comes_in_one_round_of_the_hub_is_written_in_one_go(tmp_path: Path) -> None:
    run(IN_ONE_ROUND, tmp_path / "events.db")


def test_green_threads_append_while_the_hub_goes_on(tmp_path: Path) -> None:
    run(PROGRAM, tmp_path / "events.db")


def test_a_native_thread_of_such_a_process_appends_too(tmp_path: Path) -> None:
    run(ASIDE, tmp_path / "events.db")
