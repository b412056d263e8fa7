"""Who read what is recorded first, or the read does not happen."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.database.plain import PostgresDatabase, SqliteDatabase
from shared.database.postgres import is_postgres
from shared.eventstore.port import StoreUnavailable
from shared.privacy.access_log import (
    MARK,
    Access,
    AccessLog,
    AccessNotRecorded,
    FileAccessLog,
    oldest_kept,
    open_access_log,
)
from shared.privacy.cli import access_log
from tests.postgres import Cluster

ROOT = Path(__file__).parents[2]
NOON = datetime(2018, 11, 5, 12, tzinfo=UTC)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "access-log"


@pytest.fixture
def log(directory: Path) -> Iterator[AccessLog]:
    log = FileAccessLog(directory)
    yield log
    log.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, directory: Path) -> Iterator[AccessLog]:
    """A log of each kind in turn."""
    where = str(directory)
    if request.param == "postgresql":
        where = f"{request.getfixturevalue('postgres')}?schema=access_log"
    with closing(open_access_log(where)) as log:
        yield log


def test_reads_go_to_the_file_of_their_month(log: AccessLog, directory: Path) -> None:
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    log.record("p2", actor="lead", purpose="cover review", at=NOON + timedelta(days=30))
    log.record("p2", actor="probe", purpose="own case", at=NOON)
    assert {path.name for path in directory.glob("*.db")} == {"access-2018-11.db", "access-2018-12.db"}
    assert log.months() == ["2018-11", "2018-12"]
    first = Access(at=NOON, actor="probe", subject="p1", purpose="own case")
    assert log.accesses("2018-11") == [first, Access(at=NOON, actor="probe", subject="p2", purpose="own case")]
    assert log.accesses("2018-11", subject="p1") == [first]
    assert log.accesses("2018-12", actor="probe") == []
    assert log.accesses("2019-01") == []
    assert (directory / "access-2018-11.db").stat().st_mode & 0o777 == 0o600


def test_reads_are_looked_through_page_by_page_across_months(either: AccessLog) -> None:
    days = [NOON + timedelta(days=10 * n) for n in range(6)]
    for n, at in enumerate(days):
        either.record("p1", "p2", actor="probe" if n % 2 else "lead", purpose="own case", at=at)

    def searched(limit: int, **of: str) -> list[list[datetime]]:
        pages, after = [], None
        while True:
            found, after = either.search(NOON, days[5], after=after, limit=limit, **of)
            pages.append([access.at for access in found])
            if after is None:
                return pages
            assert re.fullmatch(MARK, after)

    assert searched(100, subject="p1") == [days[:5]]
    assert searched(2, subject="p1") == [days[:2], days[2:4], days[4:5]]
    assert searched(5, subject="p1") == [days[:5]]
    assert searched(1, subject="p2", actor="probe") == [[days[1]], [days[3]]]
    assert searched(3) == [
        [days[0], days[0], days[1]],
        [days[1], days[2], days[2]],
        [days[3]] * 2 + [days[4]],
        [days[4]],
    ]
    assert searched(3, actor="nobody") == [[]]


def test_a_log_that_cannot_be_read_says_so(log: AccessLog, directory: Path) -> None:
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    log.close()
    (directory / "access-2018-11.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailable):
        log.search(NOON, NOON + timedelta(days=1), limit=1)


def test_the_month_is_that_of_the_instant_in_utc(either: AccessLog) -> None:
    either.record(
        "p1", actor="probe", purpose="own case", at=datetime(2018, 12, 1, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    )
    assert [access.at for access in either.accesses("2018-11")] == [datetime(2018, 11, 30, 23, 30, tzinfo=UTC)]


def test_another_process_sees_a_read_at_once(log: AccessLog, directory: Path) -> None:
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    assert len(FileAccessLog(directory).accesses("2018-11")) == 1


def test_what_ended_before_the_retention_limit_is_dropped(log: AccessLog, directory: Path) -> None:
    for month in (9, 10, 11):
        log.record("p1", actor="probe", purpose="own case", at=datetime(2018, month, 5, tzinfo=UTC))
    assert log.drop_before("2018-11") == ["2018-09", "2018-10"]
    assert log.months() == ["2018-11"]
    assert not list(directory.glob("*2018-10*"))
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    assert len(log.accesses("2018-11")) == 2


def test_one_read_may_be_of_several_each_once_and_keeps_its_reason(either: AccessLog) -> None:
    either.record("p1", "p2", "p1", actor="probe", purpose="list", at=NOON, reason="Beschwerde")
    either.record(actor="probe", purpose="nobody", at=NOON)
    assert either.accesses("2018-11") == [
        Access(at=NOON, actor="probe", subject=subject, purpose="list", reason="Beschwerde") for subject in ("p1", "p2")
    ]


@pytest.mark.parametrize(
    ("today", "months", "oldest"),
    [
        ("2018-11-01", 24, "2016-11"),
        ("2018-11-30", 24, "2016-11"),
        ("2018-12-01", 24, "2016-12"),
        ("2018-01-31", 1, "2017-12"),
        ("2018-01-31", 13, "2016-12"),
    ],
)
def test_the_oldest_month_that_must_be_kept(today: str, months: int, oldest: str) -> None:
    assert oldest_kept(date.fromisoformat(today), months) == oldest


def drop(directory: Path, before: str, **settings: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    env = {"WEGMARKEN_ACCESS_LOG": str(directory), **settings}
    result = CliRunner().invoke(access_log, ["drop", "--before", before], env=env)
    return result.exit_code, result.output


def test_months_are_dropped_by_command_once_they_need_not_be_kept(log: AccessLog, directory: Path) -> None:
    today = datetime.now(UTC).date()
    kept = oldest_kept(today, 24)
    for month in (oldest_kept(today, 26), oldest_kept(today, 25), kept, f"{today:%Y-%m}"):
        log.record("p1", actor="probe", purpose="own case", at=datetime.fromisoformat(f"{month}-05T12:00:00+00:00"))
    before = log.months()
    too_young = oldest_kept(today, 23)
    assert drop(directory, too_young) == (
        1,
        f"Error: {kept} must still be kept: the access log is kept for 24 months\n",
    )
    assert log.months() == before
    assert drop(directory, kept) == (0, f"2 months dropped: {before[0]}, {before[1]}\n")
    assert drop(directory, kept) == (0, "0 months dropped\n")
    assert drop(directory, too_young, WEGMARKEN_ACCESS_LOG_MONTHS="23") == (0, f"1 month dropped: {kept}\n")
    assert log.months() == [f"{today:%Y-%m}"]


@pytest.mark.parametrize("before", ["2016", "2016-13", "yesterday", ""])
def test_what_is_no_month_drops_nothing(log: AccessLog, directory: Path, before: str) -> None:
    log.record("p1", actor="probe", purpose="own case", at=datetime(2016, 1, 5, tzinfo=UTC))
    code, output = drop(directory, before)
    assert code == 2 and "--before" in output
    assert log.months() == ["2016-01"]


def test_a_read_that_cannot_be_recorded_is_refused_until_it_can(log: AccessLog, directory: Path) -> None:
    directory.write_text("a file where the directory should be")
    for _ in range(2):
        with pytest.raises(AccessNotRecorded):
            log.record("p1", actor="probe", purpose="own case", at=NOON)
    directory.unlink()
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    assert len(log.accesses("2018-11")) == 1


def test_nothing_is_written_into_a_deleted_file(log: AccessLog, directory: Path) -> None:
    log.record("p1", actor="probe", purpose="own case", at=NOON)
    for path in directory.iterdir():
        path.unlink()
    log.record("p2", actor="probe", purpose="own case", at=NOON)
    assert [access.subject for access in log.accesses("2018-11")] == ["p2"]


def test_a_damaged_month_refuses_reads(directory: Path) -> None:
    directory.mkdir()
    (directory / "access-2018-11.db").write_bytes(b"no database" * 1000)
    with pytest.raises(AccessNotRecorded):
        FileAccessLog(directory).record("p1", actor="probe", purpose="own case", at=NOON)


PROGRAM = """
import sys
from datetime import UTC, datetime
from pathlib import Path
{patch}
from shared.privacy.access_log import AccessNotRecorded, open_access_log
log = open_access_log(sys.argv[1])
def record(n, year=2018, month=11):
    log.record(f"p{{n}}", actor=sys.argv[2], purpose="own case", at=datetime(year, month, 5, tzinfo=UTC))
{body}
"""
MANY = """
import time
start = float(sys.stdin.readline())
for n in range(30):
    while time.time() < start + n / 50:
        pass
    record(n, 2020 + n)  # all reach a month that has no file yet at the same time
    record(n)
"""
FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
record(0)
size = Path(sys.argv[1], "access-2018-11.db-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
try:
    record(1)
except AccessNotRecorded:
    print("refused", flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
record(2)
"""


def run(directory: Path | str, actor: str, body: str, patch: str = "") -> subprocess.Popen[str]:
    program = PROGRAM.format(patch=patch, body=body)
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, str(directory), actor],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_record_into_the_same_files(directory: Path) -> None:
    green = "import eventlet\neventlet.monkey_patch()"
    running = [run(directory, f"probe-{n}", MANY, green if n else "") for n in range(3)]
    for each in running:
        assert each.stdin
        each.stdin.write(f"{time.time() + 1}\n")
        each.stdin.flush()
    assert [each.communicate(timeout=60) and each.returncode for each in running] == [0, 0, 0]
    log = FileAccessLog(directory)
    assert len(log.months()) == 31
    for n in range(3):
        reads = log.accesses("2018-11", actor=f"probe-{n}")
        assert [access.subject for access in reads] == [f"p{m}" for m in range(30)]
    assert all(len(log.accesses(month)) == 3 for month in log.months() if month != "2018-11")


def test_a_full_disk_refuses_reads_and_nothing_else(directory: Path) -> None:
    running = run(directory, "probe", FULL)
    assert running.communicate(timeout=60)[0] == "refused\n"
    assert running.returncode == 0
    assert [access.subject for access in FileAccessLog(directory).accesses("2018-11")] == ["p0", "p2"]


# --- PostgreSQL -------------------------------------------------------------------------------------


def test_months_of_postgresql_are_partitions_that_are_dropped(postgres: str) -> None:
    with closing(open_access_log(f"{postgres}?schema=access_log")) as log:
        for month in (9, 10, 11):
            log.record("p1", actor="probe", purpose="own case", at=datetime(2018, month, 5, tzinfo=UTC))
        assert log.months() == ["2018-09", "2018-10", "2018-11"]
        assert log.drop_before("2018-11") == ["2018-09", "2018-10"]
        assert (log.months(), log.accesses("2018-10")) == (["2018-11"], [])
        log.record("p2", actor="probe", purpose="own case", at=datetime(2018, 10, 6, tzinfo=UTC))
        assert [access.subject for access in log.accesses("2018-10")] == ["p2"]


def test_a_read_that_postgresql_cannot_record_is_refused_until_it_can(postgres: str, cluster: Cluster) -> None:
    with closing(open_access_log(f"{postgres}?schema=access_log")) as log:
        log.record("p1", actor="probe", purpose="own case", at=NOON)
        cluster.cut_off(postgres)
        log.record("p2", actor="probe", purpose="own case", at=NOON)
        cluster.stop()
        try:
            with pytest.raises(AccessNotRecorded):
                log.record("p3", actor="probe", purpose="own case", at=NOON)
            with pytest.raises(StoreUnavailable):
                log.search(NOON, NOON + timedelta(days=1), limit=1)
        finally:
            cluster.start()
        log.record("p4", actor="probe", purpose="own case", at=NOON)
        assert [access.subject for access in log.accesses("2018-11")] == ["p1", "p2", "p4"]


def test_a_log_that_a_newer_program_has_written_is_away(database: str, tmp_path: Path) -> None:
    on_postgres = is_postgres(database)
    where = database if on_postgres else str(tmp_path)
    with closing(open_access_log(where)) as log:
        log.record("p1", actor="probe", purpose="own case", at=NOON)
    file = tmp_path / "access-2018-11.db"
    with closing(PostgresDatabase(database) if on_postgres else SqliteDatabase(file, busy_seconds=5)) as newer:
        newer.write("update wegmarken_schema set version = 99")
    with closing(open_access_log(where)) as log:
        with pytest.raises(StoreUnavailable, match="version 99"):
            log.accesses("2018-11")
        with pytest.raises(AccessNotRecorded):
            log.record("p2", actor="probe", purpose="own case", at=NOON)


def test_green_and_native_threads_record_into_one_month_of_postgresql_in_order(postgres: str) -> None:
    green = "import eventlet\neventlet.monkey_patch()"
    body = """
import eventlet, psycopg
from itertools import pairwise
from shared.database.postgres import TURN
from shared.runtime.native import aside, threading, time
log.months()  # so that its schema is there
begun, ended = threading.Event(), threading.Event()
def hold():
    with psycopg.connect(sys.argv[1].partition("?")[0]) as connection:
        connection.execute("set search_path = access_log")
        connection.execute(TURN)
        begun.set()
        time.sleep(1)
    ended.set()
threading.Thread(target=hold).start()
aside(begun.wait)
ticks = []
def tick():
    while True:
        ticks.append(time.monotonic())
        eventlet.sleep(0.005)
eventlet.spawn(tick)
eventlet.sleep(0)
assert not ended.is_set(), "all of them wait for their turn"
pool = eventlet.GreenPool()
for n in range(20):
    pool.spawn(record, n)
    pool.spawn(aside, lambda n=n: record(n + 100))
pool.waitall()
print(ended.is_set(), max(after - before for before, after in pairwise(ticks)))
"""
    url = f"{postgres}?schema=access_log"
    output, _ = run(url, "probe", body, green).communicate(timeout=60)
    waited, longest = output.split()
    assert waited == "True"
    assert float(longest) < 0.5, "others went on"
    with closing(open_access_log(url)) as log:
        found = {access.subject for access in log.accesses("2018-11")}
    assert found == {f"p{n}" for n in range(20)} | {f"p{n + 100}" for n in range(20)}
