"""What the database must do for us, whatever it is."""

from __future__ import annotations

import random
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import Column, Engine, MetaData, String, Table, delete, insert, select
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.exc import DBAPIError

from shared.database.postgres import MOST
from shared.projections.engine import forget_deleted, is_away, open_engine, reading
from tests.postgres import Cluster
from tests.waiting import until

METADATA = MetaData()
PEOPLE = Table("people", METADATA, Column("id", String, primary_key=True), Column("name", String, index=True))


def traces(folder: Path, names: list[str]) -> int:
    files = [path.read_bytes() for path in folder.iterdir()]
    return sum(name.encode() in file for name in names for file in files)


def test_secure_delete_is_not_enough_but_forgetting_is(tmp_path: Path) -> None:
    dice = random.Random(1)
    people = [
        {"id": str(UUID(int=dice.getrandbits(128))), "name": f"Probe {dice.getrandbits(64)}"} for _ in range(3000)
    ]
    engine = open_engine(f"sqlite:///{tmp_path}/views.db", writing=True)
    METADATA.create_all(engine)
    for n in range(0, len(people), 50):
        with engine.begin() as connection:
            connection.execute(insert(PEOPLE), people[n : n + 50])
    gone = dice.sample([person["name"] for person in people], 1500)
    with engine.begin() as connection:
        connection.execute(delete(PEOPLE).where(PEOPLE.c.name.in_(gone)))
    raw = engine.raw_connection()
    raw.cursor().execute("pragma wal_checkpoint(truncate)")
    raw.close()
    assert traces(tmp_path, gone) > 0, "SQLite leaves copies of rows that moved to another page"
    assert forget_deleted(engine, [PEOPLE])
    assert traces(tmp_path, gone) == 0
    with reading(engine) as reader:
        assert len(reader.execute(select(PEOPLE)).all()) == 1500
    engine.dispose()


def test_a_burst_of_readers_is_served_in_order(postgres: str) -> None:
    """More than there are connections. Whoever asks again comes after those who wait."""
    engine, served = open_engine(postgres), list[int]()

    def ask(number: int) -> None:
        with reading(engine):
            served.append(number)

    with ThreadPoolExecutor(32) as many:
        with ExitStack() as held:
            for _ in range(MOST):
                held.enter_context(reading(engine))
            asking = list[Future[None]]()
            for number in range(32):
                asking.append(many.submit(ask, number))
                until(lambda: in_line(engine) == len(asking), "it waits")
        ask(32)
    assert sorted(served) == list(range(33)) and served.index(32) >= 32 - MOST
    engine.dispose()


def in_line(engine: Engine) -> int:
    """How many wait for a connection."""
    pool: Any = engine.pool
    found: int = pool._turns.waiting
    return found


def test_reading_waits_for_no_writer_and_sees_one_state(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/deep/down/views.db", writing=True)
    METADATA.create_all(engine)
    with engine.begin() as writer:
        writer.execute(insert(PEOPLE), {"id": "1", "name": "Probe"})
        with reading(engine) as reader:
            assert reader.execute(select(PEOPLE)).all() == []
    engine.dispose()


SQLITE = sqlite_dialect(dbapi=sqlite3)


def refused(connection: sqlite3.Connection, statement: str, *values: object) -> sqlite3.Error:
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute(statement, values)
    return caught.value


def test_what_sqlite_will_never_write_is_told_from_what_may_pass(tmp_path: Path) -> None:
    path = tmp_path / "views.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("create table shelf(id integer primary key, a text not null)")
        for statement, *values in (
            ("insert into cupboard values(1)",),
            ("insert into shelf(id, b) values(1, 2)",),
            ("insert into shelf values(1, null)",),
            ("insert into shelf values(?, 'x')", "no number"),
            ("insert into shelf values(1, ?)", object()),
        ):
            assert not is_away(refused(connection, statement, *values), SQLITE), statement
        connection.execute("pragma max_page_count=2")
        assert is_away(refused(connection, "insert into shelf values(1, ?)", "long" * 10_000), SQLITE), "disk full"
        connection.execute("pragma query_only=on")
        assert is_away(refused(connection, "insert into shelf values(1, 'x')"), SQLITE), "read only"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as other:
            other.execute("begin immediate")
            connection.execute("pragma query_only=off")
            connection.execute("pragma busy_timeout=0")
            assert is_away(refused(connection, "insert into shelf values(1, 'x')"), SQLITE), "locked"


@pytest.mark.parametrize(
    ("state", "away"),
    [("57P01", True), ("40P01", True), ("53100", True), ("25006", True), ("42703", False), ("54000", False)],
    ids=["shut down", "deadlock", "disk full", "standby", "no such column", "too large for its index"],
)
def test_postgresql_is_judged_by_its_sqlstate(state: str, away: bool) -> None:
    """As its drivers raise it: most of these are the same class, and SQLAlchemy may have wrapped it."""

    class Raised(sqlite3.OperationalError):
        sqlstate = state

    assert is_away(Raised(), SQLITE) == away
    assert is_away(DBAPIError("insert", None, Raised()), SQLITE) == away


def test_a_connection_lost_while_traces_are_removed_is_told_as_lost(postgres: str, cluster: Cluster) -> None:
    engine = open_engine(f"{postgres}?schema=probe", writing=True)
    METADATA.create_all(engine)
    with closing(psycopg.connect(postgres)) as holder, ThreadPoolExecutor(1) as aside:
        holder.execute("lock table probe.people")
        forgetting = aside.submit(forget_deleted, engine, [PEOPLE])
        until(lambda: bool(waiting(postgres)), "the lock is waited for")
        cluster.cut_off(postgres)
        with pytest.raises(ConnectionError):
            forgetting.result(10)
    assert forget_deleted(engine, [PEOPLE])
    engine.dispose()


def waiting(url: str) -> list[object]:
    """Who waits for a table."""
    with psycopg.connect(url) as connection:
        return connection.execute("select 1 from pg_locks where not granted and locktype = 'relation'").fetchall()


def test_a_database_that_gives_no_answer_is_away() -> None:
    assert is_away(sqlite3.InterfaceError("connection already closed"), SQLITE)
    assert is_away(sqlite3.OperationalError("server closed the connection unexpectedly"), SQLITE)
