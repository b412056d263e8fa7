"""How PostgreSQL is reached: by URL, in a schema of its own, green where the hub runs."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest

from shared.database import postgres as module
from shared.database.plain import DatabaseUnavailable, PostgresDatabase
from shared.database.postgres import Pool, connect, is_postgres, is_usable, target
from tests.postgres import Cluster
from tests.waiting import until

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://probe@127.0.0.1/db", True),
        ("postgres://probe@127.0.0.1/db", True),
        ("postgresql+psycopg://probe@127.0.0.1/db", True),
        ("sqlite:///var/keys.db", False),
        ("var/access-log", False),
    ],
)
def test_postgresql_is_told_from_files_by_its_url(url: str, expected: bool) -> None:
    assert is_postgres(url) == expected


def test_a_schema_is_made_by_the_first_connection_of_any(postgres: str) -> None:
    with ThreadPoolExecutor(4) as many:
        for connection in many.map(lambda _: connect(f"{postgres}?schema=probe&application_name=test"), range(8)):
            with closing(connection):
                found = connection.execute("select current_schema(), current_setting('application_name')").fetchone()
                assert found == ("probe", "test")


def test_a_schema_bears_the_name_that_the_url_gives(postgres: str) -> None:
    for name in ("Probe", 'pro"be', "pro be", "pro\\be"):
        with closing(connect(f"{postgres}?{urlencode({'schema': name})}")) as connection:
            assert connection.execute("select current_schema()").fetchone() == (name,)


def test_a_network_that_says_nothing_more_is_noticed_at_both_ends(postgres: str) -> None:
    seconds = {"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3"}
    with closing(connect(postgres)) as connection:
        for name, value in {**seconds, "tcp_user_timeout": "10000"}.items():
            assert connection.execute(f"show {name}").fetchone() == (value,)
        ours = connection.info.get_parameters()
    assert {name: ours[name.removeprefix("tcp_")] for name in seconds} == seconds
    assert (ours["tcp_user_timeout"], ours["connect_timeout"]) == ("10000", "5")
    conninfo, _ = target(f"{postgres}?keepalives_idle=60")
    assert "keepalives_idle=60" in conninfo, "an operator knows better"


def test_no_connection_follows_the_databases_own_settings(postgres: str) -> None:
    with closing(connect(postgres, autocommit=True)) as connection:
        for name, value in (("default_transaction_isolation", "serializable"), ("synchronous_commit", "off")):
            connection.execute(f"alter database {postgres.rpartition('/')[2]} set {name} = '{value}'")
    with closing(connect(postgres)) as connection:
        assert connection.execute("show transaction_isolation").fetchone() == ("read committed",)
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)


def test_a_connection_of_a_process_with_many_open_files_is_looked_after(postgres: str, cluster: Cluster) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 2048), before[1]))
    try:
        with ExitStack() as opened:
            for _ in range(1024):
                opened.enter_context(open(os.devnull))
            with closing(connect(postgres)) as connection:
                assert connection.fileno() >= 1024
                assert is_usable(connection)
                cluster.cut_off(postgres)
                assert not is_usable(connection)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_lost_connection_is_replaced(postgres: str, cluster: Cluster) -> None:
    with closing(PostgresDatabase(f"{postgres}?schema=probe")) as database:
        database.write("create table shelf (id integer)")
        cluster.cut_off(postgres)
        database.write("insert into shelf values (:id)", id=1)
        assert database.read("select * from shelf") == [{"id": 1}]


def test_what_a_failing_transaction_did_is_undone(postgres: str) -> None:
    with closing(PostgresDatabase(f"{postgres}?schema=probe")) as database:
        database.write("create table shelf (id integer primary key)")
        with pytest.raises(DatabaseUnavailable), database.transaction() as statements:
            statements.write("insert into shelf values (1)")
            statements.write("insert into shelf values (1)")
        with pytest.raises(LookupError), database.transaction() as statements:
            statements.write("insert into shelf values (2)")
            raise LookupError
        assert database.read("select * from shelf") == []


def test_writers_take_turns(postgres: str) -> None:
    """Else two would count the same rows and take the same number."""
    with closing(PostgresDatabase(f"{postgres}?schema=probe")) as database:
        database.write("create table shelf (id integer primary key)")

        def add(_: int) -> None:
            with database.transaction() as statements:
                (row,) = statements.read("select count(*) as many from shelf")
                statements.write("insert into shelf values (:id)", id=row["many"])

        with ThreadPoolExecutor(8) as many:
            list(many.map(add, range(80)))
        assert database.read("select max(id) as last, count(*) as many from shelf") == [{"last": 79, "many": 80}]


def test_a_connection_in_use_is_lent_to_nobody_else(postgres: str) -> None:
    with closing(Pool(postgres)) as pool, pool.connection() as one, pool.connection() as other:
        assert one is not other
        with pool.connection() as third:
            kept = third
        with pool.connection() as again:
            assert again is kept


def test_a_pool_has_so_many_connections_and_who_finds_none_waits_for_a_turn(
    postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    served: list[int] = []
    with closing(PostgresDatabase(postgres)) as database, ThreadPoolExecutor(6) as many:
        pool = database._pool
        with ExitStack() as lent:
            for _ in range(2):
                lent.enter_context(pool.connection())

            def ask(number: int) -> None:
                (row,) = database.read("select count(*) as n from pg_stat_activity where datname = current_database()")
                assert row["n"] == 2
                served.append(number)

            asking = list[Future[None]]()
            for number in range(6):
                asking.append(many.submit(ask, number))
                until(lambda: pool._turns.waiting == len(asking), "it waits")
            assert served == []
            monkeypatch.setattr(module, "TURN_SECONDS", 0.05)
            with pytest.raises(DatabaseUnavailable, match="AllInUse"):
                database.read("select 1")
        for each in asking:
            each.result(20)
    assert sorted(served) == list(range(6))


GREEN = """
import eventlet
eventlet.monkey_patch()
import sys, time
from contextlib import ExitStack
from itertools import pairwise
from shared.database.postgres import MOST, Pool
from shared.projections.engine import open_engine, reading
from shared.runtime.native import aside
pool = Pool(sys.argv[1])

def slow():
    with pool.connection() as connection:
        return connection.execute("select pg_sleep(1), repeat('x', 1000000)").fetchone()[1]

ticks, begun = [], time.monotonic()
def tick():
    while True:
        ticks.append(time.monotonic())
        eventlet.sleep(0.01)
eventlet.spawn(tick)
waiting = [eventlet.spawn(slow) for _ in range(5)] + [eventlet.spawn(aside, slow)]
assert {len(each.wait()) for each in waiting} == {1000000}
print(max(after - before for before, after in pairwise(ticks)), time.monotonic() - begun)

killed = eventlet.spawn(slow)
eventlet.sleep(0.1)
killed.kill()
assert len(slow()) == 1000000, "the killed one's answer reaches nobody else"

with ExitStack() as lent:
    for _ in range(MOST):
        lent.enter_context(pool.connection())
    killed, *waiting = eventlet.spawn(slow), eventlet.spawn(slow), eventlet.spawn(aside, slow)
    while pool._turns.waiting < 3:
        eventlet.sleep(0.01)
    killed.kill()
assert [len(each.wait()) for each in waiting] == [1000000] * 2, "nor is its turn lost"
with ExitStack() as lent:
    for _ in range(MOST):
        lent.enter_context(pool.connection())
assert pool._turns.waiting == 0

engine = open_engine(sys.argv[1])
def question(number):
    with reading(engine) as connection:
        return connection.exec_driver_sql(f"select {number} from pg_sleep(0.01)").scalar()
burst = [eventlet.spawn(question, number) for number in range(4 * MOST)]
assert [each.wait() for each in burst] == list(range(4 * MOST)), "nobody is refused"

with pool.connection() as connection, connection.cursor() as cursor:
    connection.execute("create table shelf (id integer, label text)")
    cursor.executemany("insert into shelf values (%s, %s)", [(n, "x" * 5000) for n in range(1000)])
    with cursor.copy("copy shelf from stdin") as lines:
        for n in range(5000):
            lines.write_row((n, "x" * 500))
    print(cursor.execute("select count(*) from shelf").fetchone()[0])
"""


def test_while_green_threads_wait_the_hub_goes_on(postgres: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GREEN, postgres], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    (longest, seconds), (rows,) = (line.split() for line in done.stdout.splitlines())
    assert float(longest) < 0.5, "others went on"
    assert float(seconds) < 3, "they waited together"
    assert int(rows) == 6000


def test_a_server_that_cannot_be_reached_is_unavailable() -> None:
    database = PostgresDatabase("postgresql://probe:hush@127.0.0.1:1/nowhere")
    with pytest.raises(DatabaseUnavailable) as caught:
        database.read("select 1")
    assert "hush" not in str(caught.value)


def test_a_native_thread_has_a_connection_of_its_own(postgres: str) -> None:
    found: list[int] = []
    with closing(Pool(postgres)) as pool:

        def work() -> None:
            with pool.connection() as connection:
                found.append(connection.info.backend_pid)

        with pool.connection() as mine:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join(10)
            assert found and found != [mine.info.backend_pid]
    with psycopg.connect(postgres) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
