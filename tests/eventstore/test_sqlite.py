"""The SQLite adapter: the contract, and what only a file can go through."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.eventstore.port import NO_STREAM, AlreadyAnswered, Answer, Conflict, NewEvent, StoreUnavailable
from shared.eventstore.sqlite import SqliteEventStore
from shared.eventstore.sqlite.file import Turn
from shared.eventstore.sqlite.writing import Append, Outcome, Writer
from shared.runtime.native import completion
from tests.eventstore.contract import EventStoreContract, append, event
from tests.full_disk import full_disk
from tests.waiting import until

WRITER = """
import sys
from pathlib import Path
from shared.eventstore.sqlite import SqliteEventStore
from tests.eventstore.contract import append
store = SqliteEventStore(Path(sys.argv[1]))
for n in range(int(sys.argv[3])):
    print(append(store, f"{sys.argv[2]}-{n}").position, flush=True)
store.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.db"


class TestSqliteEventStore(EventStoreContract):
    @pytest.fixture
    def store(self, path: Path) -> Iterator[SqliteEventStore]:
        store = SqliteEventStore(path)
        yield store
        store.close()

    def test_an_event_is_never_written_twice(self, store: SqliteEventStore) -> None:
        new = event()
        append(store, "s", new)
        with pytest.raises(Conflict):
            append(store, "t", new)
        assert store.read("t") == []
        assert len(store.read_all()) == 1

    def test_a_command_is_known_in_all_streams(self, store: SqliteEventStore) -> None:
        command = str(uuid4())
        first = append(store, "s", command_id=command)
        with pytest.raises(AlreadyAnswered) as again:
            append(store, "t", command_id=command, digest="other")
        assert again.value.answer == store.answer_to(command, stream="t") == first


def writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_several_processes_leave_no_gap(path: Path) -> None:
    writers = [writer(path, f"w{n}", 100) for n in range(3)]
    answered = [int(line) for process in writers for line in process.communicate()[0].split()]
    store = SqliteEventStore(path)
    assert sorted(answered) == list(range(1, 301))
    assert [e.position for e in store.read_all()] == list(range(1, 301))
    store.close()


def test_what_was_answered_survives_kill_9(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    answered: list[int] = []
    for round_ in range(5):
        process = writer(path, f"round{round_}", 10_000)
        assert process.stdout is not None
        for _ in range(chance.randint(1, 60)):
            answered.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        answered += [int(line) for line in process.communicate()[0].split() if line]
    store = SqliteEventStore(path)
    positions = [e.position for e in store.read_all(limit=100_000)]
    assert set(answered) <= set(positions)
    assert positions == list(range(1, len(positions) + 1))
    append(store, "afterwards")
    store.close()


def test_one_conflict_in_a_group_is_its_own(path: Path) -> None:
    store = SqliteEventStore(path)
    append(store, "taken")

    def attempt(n: int) -> bool:
        try:
            append(store, "taken" if n % 4 == 0 else f"free-{n}")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        outcomes = list(pool.map(attempt, range(64)))
    assert outcomes == [n % 4 != 0 for n in range(64)]
    assert [e.position for e in store.read_all()] == list(range(1, 50))
    store.close()


def written(path: Path, *group: tuple[str, Sequence[NewEvent], int, str]) -> list[Answer | AlreadyAnswered | Conflict]:
    """What becomes of appends (stream, events, expected, command id) that the writer finds waiting together."""
    writer = Writer(path)
    try:
        return writer.write([Append(*each, "digest", completion()) for each in group])
    finally:
        writer.close()


def test_appends_of_one_group_see_each_other(path: Path) -> None:
    store = SqliteEventStore(path)
    first, repeated, too_late, following, large = written(
        path,
        ("s", [event(), event()], NO_STREAM, "same"),
        ("s", [event()], NO_STREAM, "same"),
        ("s", [event()], NO_STREAM, "late"),
        ("s", [event()], 1, "following"),
        ("t", [event() for _ in range(250)], NO_STREAM, "large"),
    )
    assert isinstance(first, Answer) and (first.revision, first.position) == (1, 2)
    assert isinstance(repeated, AlreadyAnswered) and repeated.answer == first
    assert isinstance(too_late, Conflict) and (too_late.expected, too_late.actual) == (NO_STREAM, 1)
    assert isinstance(following, Answer) and (following.revision, following.position) == (2, 3)
    assert isinstance(large, Answer) and (large.revision, large.position) == (249, 253)
    assert [e.position for e in store.read_all()] == list(range(1, 254))
    assert store.answer_to("large", stream="t") == large
    store.close()


def test_an_event_id_that_is_taken_harms_nobody_else_in_the_group(path: Path) -> None:
    store = SqliteEventStore(path)
    taken = event()
    append(store, "theirs", taken)
    outcomes = written(
        path,
        ("before", [event()], NO_STREAM, "before"),
        ("mine", [event(), taken], NO_STREAM, "mine"),
        ("after", [event()], NO_STREAM, "after"),
    )
    assert [type(outcome) for outcome in outcomes] == [Answer, Conflict, Answer]
    assert [e.stream for e in store.read_all()] == ["theirs", "before", "after"]
    assert append(store, "mine").revision == 0
    store.close()


def test_a_full_disk_refuses_the_append_and_the_writer_lives_on(path: Path) -> None:
    store = SqliteEventStore(path)
    append(store, "before")
    room = path.with_name("events.db-wal").stat().st_size + 50_000
    with full_disk(room=room), pytest.raises(StoreUnavailable):
        append(store, "too-much", event(data=b"x" * 1_000_000), event())
    assert store.read("too-much") == []
    assert append(store, "too-much").position == 2
    store.close()


def test_a_fault_of_the_writer_is_told_and_the_writer_lives_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Writer, group: Sequence[Append]) -> list[Outcome]:
        raise KeyError("Muster, Probe")

    store = SqliteEventStore(path)
    with capture_logs() as told, monkeypatch.context() as faulty:
        faulty.setattr(Writer, "write", broken)
        with pytest.raises(StoreUnavailable, match="KeyError"):
            append(store, "s")
    (line,) = (line for line in told if line["event"] == "eventstore.write-failed")
    assert (line["log_level"], line["exception"]) == ("error", "KeyError")
    assert line["place"].startswith(f"{__name__}:") and "Muster" not in str(line)
    assert append(store, "s").position == 1
    store.close()


def waiting_for_a_turn() -> int:
    """How many threads of this process wait for a file lock, as the system says."""
    locks = Path("/proc/locks").read_text().splitlines()
    return sum("-> FLOCK" in line and f" {os.getpid()} " in line for line in locks)


def test_whoever_waits_longest_writes_next(path: Path) -> None:
    """Each store is as another process has it: a writer and a turn of its own."""
    stores = [SqliteEventStore(path) for _ in range(5)]
    names = [f"number-{n}" for n in range(5)]
    with ThreadPoolExecutor(5) as pool:
        with closing(Turn(path)) as turn, turn:
            answers = []
            for number, (store, name) in enumerate(zip(stores, names, strict=True), start=1):
                answers.append(pool.submit(append, store, name))
                until(lambda number=number: waiting_for_a_turn() == number, f"{name} waits")
            assert not any(answer.done() for answer in answers)
        positions = [answer.result(timeout=20).position for answer in answers]
    assert positions == [1, 2, 3, 4, 5]
    assert [e.stream for e in stores[0].read_all()] == names
    for store in stores:
        store.close()


def frames_to_copy(path: Path) -> int:
    """How much of the write-ahead log is not in the file yet, as its index says (https://sqlite.org/walformat.html)."""
    index = path.with_name("events.db-shm").read_bytes()
    (written,), (copied,) = struct.unpack_from("=I", index, 16), struct.unpack_from("=I", index, 96)
    return int(written - copied)


def test_the_write_ahead_log_stays_small_however_much_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins anew when all of it is in the file, to where nobody but the thread for it copies it."""
    monkeypatch.setattr("shared.eventstore.sqlite.store.CHECKPOINT", 0.01)
    store = SqliteEventStore(path)
    for n in range(10):
        append(store, f"s-{n}", event(data=bytes(1_000_000)))
        until(lambda: frames_to_copy(path) == 0, "a checkpoint")
    assert path.with_name("events.db-wal").stat().st_size < 2_500_000
    store.close()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database at all, but long enough to be read as a header of one" * 20)
    with pytest.raises(StoreUnavailable):
        SqliteEventStore(broken)


def test_recorded_at_never_goes_back(path: Path) -> None:
    store = SqliteEventStore(path)
    append(store, "first")
    store.close()
    ahead = 4_000_000_000_000_000
    with sqlite3.connect(path) as connection:
        connection.execute("update events set recorded_at = ?", (ahead,))
    store = SqliteEventStore(path)
    append(store, "second")
    first, second = store.read_all()
    assert second.recorded_at == first.recorded_at
    store.close()
