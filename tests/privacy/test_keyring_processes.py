"""The key ring among processes: agreement, erasures at once, and no wrapped key left in any file."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from shared.contracts.model import Hidden, PersonalClass
from shared.privacy import keyring
from shared.privacy.keyring import KeysNotScrubbed, SqliteKeyRing

OpenRing = Callable[..., SqliteKeyRing]
IDENTITY, STATISTICS = PersonalClass.IDENTITY, PersonalClass.STATISTICS
ROOT = Path(__file__).parents[2]

PREAMBLE = """
import sys
from pathlib import Path
{patch}
from shared.contracts.model import Hidden, PersonalClass
from shared.privacy.keyring import KeyRingUnavailable, SqliteKeyRing
from shared.privacy.secrets import load_masters
IDENTITY, STATISTICS = PersonalClass.IDENTITY, PersonalClass.STATISTICS
def open_ring():
    return SqliteKeyRing(Path(sys.argv[1]), load_masters(Path(sys.argv[2]), list(PersonalClass)))
def say(text):
    print(text, flush=True)
def fingerprint(key):
    return key.encrypt(bytes(12), b"probe", None).hex() if not isinstance(key, Hidden) else key.name
"""
GREEN = "import eventlet\neventlet.monkey_patch()"


@contextmanager
def process(program: str, ring_file: Path, secrets: Path, patch: str = "") -> Iterator[subprocess.Popen[str]]:
    """Another process with ``program``; it is killed at the end if it still runs."""
    running = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PREAMBLE.format(patch=patch) + program, str(ring_file), str(secrets)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()
        assert running.stdin and running.stdout
        running.stdin.close()
        running.stdout.close()


def tell(running: subprocess.Popen[str], text: str) -> None:
    assert running.stdin
    running.stdin.write(f"{text}\n")
    running.stdin.flush()


def hear(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline().strip()


def raw_bytes(ring_file: Path) -> bytes:
    """Every byte of every file of the key ring.

    Read by another process: closing a database file in one's own drops SQLite's locks on it.
    """
    return subprocess.run(["cat", *sorted(ring_file.parent.iterdir())], capture_output=True, check=True).stdout


def wrapped_keys(ring_file: Path) -> dict[tuple[str, str], bytes]:
    with closing(sqlite3.connect(ring_file)) as db:
        return {(subject, name): key for subject, name, key in db.execute("SELECT subject, class, wrapped FROM keys")}


RACE = """
sys.stdin.readline()  # both begin together, and find no file yet
ring = open_ring()
say("open")
for subject in sys.stdin:
    say(fingerprint(ring.key(subject.strip(), IDENTITY, create=True)))
"""


@pytest.mark.parametrize("patch", ["", GREEN], ids=["plain", "eventlet"])
def test_processes_that_make_the_same_key_at_once_agree(ring_file: Path, secrets: Path, patch: str) -> None:
    with process(RACE, ring_file, secrets, patch) as one, process(RACE, ring_file, secrets) as two:
        for running in (one, two):
            tell(running, "go")
        assert (hear(one), hear(two)) == ("open", "open")
        found: list[str] = []
        for n in range(50):
            for running in (one, two) if n % 2 else (two, one):
                tell(running, f"p{n}")
            keys = {hear(one), hear(two)}
            assert len(keys) == 1, f"p{n}"
            found += keys
        assert len(set(found)) == 50
    assert len(wrapped_keys(ring_file)) == 50


READER = """
ring = open_ring()
for subject in sys.stdin:
    say(fingerprint(ring.key(subject.strip(), IDENTITY)))
"""


def test_a_destroyed_key_is_refused_at_once_in_another_process(
    ring: SqliteKeyRing, ring_file: Path, secrets: Path
) -> None:
    subjects = [f"p{n}" for n in range(30)]
    ring.ensure([(IDENTITY, subject) for subject in subjects])
    with process(READER, ring_file, secrets) as reader:
        for subject in subjects:
            tell(reader, subject)
            assert hear(reader) not in {"ERASED", "SEALED", ""}
            ring.destroy(subject, [IDENTITY], "request")
            tell(reader, subject)
            assert hear(reader) == "ERASED"


def test_no_file_holds_a_wrapped_key_after_its_erasure(
    ring: SqliteKeyRing, open_ring: OpenRing, ring_file: Path
) -> None:
    other = open_ring()
    for n in range(1500):  # many pages, filled by two writers in turn, in no order of subjects
        (ring, other)[n % 2].ensure([(IDENTITY, f"{n * 7919 % 1500:04}"), (STATISTICS, f"{n:04}")])
    keys = wrapped_keys(ring_file)
    assert all(key in raw_bytes(ring_file) for key in list(keys.values())[:10])

    gone = [f"{n:04}" for n in range(0, 1500, 5)]
    for n, subject in enumerate(gone):
        (other, ring)[n % 2].destroy(subject, [IDENTITY], "request")

    raw = raw_bytes(ring_file)
    assert not [subject for subject in gone if keys[subject, "identity"] in raw]
    erased = {(subject, "identity") for subject in gone}
    assert all(key in raw for name, key in keys.items() if name not in erased)


def test_an_erasure_says_when_a_reader_keeps_old_pages_alive(
    ring: SqliteKeyRing, ring_file: Path, open_ring: OpenRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring.ensure([(IDENTITY, "p1")])
    key = wrapped_keys(ring_file)["p1", "identity"]
    monkeypatch.setattr(keyring, "BUSY_SECONDS", 0.05)
    eraser = open_ring()
    with closing(sqlite3.connect(ring_file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM keys").fetchone()
        with pytest.raises(KeysNotScrubbed):
            eraser.destroy("p1", [IDENTITY], "request")
        assert ring.key("p1", IDENTITY) is Hidden.ERASED
    assert eraser.destroy("p1", [IDENTITY], "request") == []
    assert key not in raw_bytes(ring_file)


ERASER = """
ring = open_ring()
for n in range(2000):
    ring.destroy(f"p{n}", [IDENTITY], "request")
    say(f"p{n}")
"""


def test_an_erasing_process_may_die_at_any_moment(
    ring: SqliteKeyRing, ring_file: Path, secrets: Path, open_ring: OpenRing, seed: int
) -> None:
    subjects = [f"p{n}" for n in range(2000)]
    ring.ensure([(IDENTITY, subject) for subject in subjects])
    assert not any(isinstance(ring.key(subject, IDENTITY), Hidden) for subject in subjects), "now they are in memory"
    keys = wrapped_keys(ring_file)
    with process(ERASER, ring_file, secrets) as eraser:
        done = [hear(eraser) for _ in range(random.Random(seed).randrange(1, 150))]
        eraser.send_signal(signal.SIGKILL)
        eraser.wait()
        assert eraser.stdout
        done += eraser.stdout.read().split()

    assert all(ring.key(subject, IDENTITY) is Hidden.ERASED for subject in done)
    erased = {erasure.subject for erasure in ring.erasures()}
    assert len(erased - set(done)) <= 1  # destroyed, but killed before it could say so
    for each in (ring, open_ring()):
        assert {subject for subject in subjects if each.key(subject, IDENTITY) is Hidden.ERASED} == erased
    ring.destroy("another", [IDENTITY], "request")
    raw = raw_bytes(ring_file)
    assert not [subject for subject in erased if keys[subject, "identity"] in raw]


DIES_ERASING = """
import os, signal
ring = open_ring()
transaction = ring._database.transaction
class Dying:
    def __enter__(self):
        self.transaction = transaction()
        return self.transaction.__enter__()
    def __exit__(self, *error):
        say("before the commit")
        sys.stdin.readline()
        self.transaction.__exit__(None, None, None)
        os.kill(os.getpid(), signal.SIGKILL)  # committed, and nobody was told
ring._database.transaction = Dying
ring.destroy("p1", [IDENTITY], "request")
"""


def test_an_erasure_is_followed_even_if_its_process_died_before_telling(
    ring: SqliteKeyRing, ring_file: Path, secrets: Path, open_ring: OpenRing
) -> None:
    subjects = ["p1", "p2", "p3"]
    ring.ensure([(IDENTITY, subject) for subject in subjects])
    assert not any(isinstance(ring.key(subject, IDENTITY), Hidden) for subject in subjects)
    with process(DIES_ERASING, ring_file, secrets) as eraser:
        assert hear(eraser) == "before the commit"
        assert not any(isinstance(ring.key(subject, IDENTITY), Hidden) for subject in subjects)
        tell(eraser, "go on")
        assert eraser.wait() == -signal.SIGKILL
    assert ring.key("p1", IDENTITY) is Hidden.ERASED

    stamp = ring_file.with_name("keys.db-erasing")
    assert stamp.read_bytes()[0] % 2 == 1
    open_ring().destroy("p2", [IDENTITY], "request")
    assert stamp.read_bytes()[0] % 2 == 0  # lookups are fast again
    assert [ring.key(subject, IDENTITY) is Hidden.ERASED for subject in subjects] == [True, True, False]


OPENER = """
import time
start = float(sys.stdin.readline())
try:
    for n in range(20):
        while time.time() < start + n / 50:
            pass
        SqliteKeyRing(Path(sys.argv[1]).parent / str(n) / "keys.db", {})
    say("opened")
except KeyRingUnavailable as error:
    say(error)
"""


def test_processes_that_start_together_on_nothing_all_start(ring_file: Path, secrets: Path) -> None:
    with ExitStack() as all_of_them:
        running = [all_of_them.enter_context(process(OPENER, ring_file, secrets)) for _ in range(4)]
        for each in running:
            tell(each, str(time.time() + 1))
        assert [hear(each) for each in running] == ["opened"] * 4


FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ring = open_ring()
ring.ensure([(IDENTITY, "p1")])
size = Path(sys.argv[1] + "-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
for attempt in range(2):
    try:
        ring.ensure([(IDENTITY, f"q{n}") for n in range(200)])
    except KeyRingUnavailable:
        say("unavailable")
say(fingerprint(ring.key("p1", IDENTITY)))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ring.ensure([(IDENTITY, f"q{n}") for n in range(200)])
say(fingerprint(ring.key("q199", IDENTITY)))
"""


def test_a_full_disk_makes_no_half_keys(ring_file: Path, secrets: Path, open_ring: OpenRing) -> None:
    with process(FULL, ring_file, secrets) as running:
        assert (hear(running), hear(running)) == ("unavailable", "unavailable")
        assert len(hear(running)) > 20
        assert len(hear(running)) > 20
        assert running.wait() == 0
    assert len(wrapped_keys(ring_file)) == 201


MIXED = """
from eventlet import patcher
threading = patcher.original("threading")
ring = open_ring()
found, errors = {}, []
def work(who):
    try:
        for n in range(40):
            found[who, n] = fingerprint(ring.key(f"p{n}", IDENTITY, create=True))
            if who == "green-0":
                ring.destroy(f"old{n}", [IDENTITY], "request")
            if who.startswith("green"):
                eventlet.sleep(0)
    except BaseException as error:
        errors.append(repr(error))
native = [threading.Thread(target=work, args=(f"native-{n}",)) for n in range(3)]
for thread in native:
    thread.start()
pool = eventlet.GreenPool()
for n in range(5):
    pool.spawn(work, f"green-{n}")
pool.waitall()
for thread in native:
    thread.join()
say(errors or len(found))
say(max(len({found[who, n] for who, m in found if m == n}) for n in range(40)))
"""


def test_green_and_native_threads_share_one_key_ring(ring_file: Path, secrets: Path) -> None:
    with process(MIXED, ring_file, secrets, GREEN) as running:
        assert hear(running) == str(8 * 40)
        assert hear(running) == "1"
