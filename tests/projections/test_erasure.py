"""What an erasure deletes from a view leaves no trace in its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import text

from shared.contracts.model import PersonalClass
from shared.database.postgres import connect, is_postgres
from shared.projections.engine import reading
from shared.projections.read import ViewReader
from shared.projections.rebuild import rebuild
from shared.projections.registry import generations
from shared.projections.runner import Runner
from shared.projections.view import Change, Erasure, Fact
from tests.folding import content, fresh_fold
from tests.postgres import files_of
from tests.projections.office import HOMES, PEOPLE, Office, People, PeopleTables, id_of, running, told
from tests.waiting import until


def traces(office: Office, name: str) -> list[str]:
    """The files of the views that hold the name anywhere; SQLite's write-ahead log included, PostgreSQL's not."""
    paths = files_of(office.url) if is_postgres(office.url) else office.folder.glob("database.db*")
    return [path.name for path in paths if name.encode() in path.read_bytes()]


def sample(office: Office) -> None:
    """What autovacuum does now and then: PostgreSQL's statistics take samples of the tables' values."""
    if is_postgres(office.url):
        with closing(connect(office.url, autocommit=True)) as connection:
            connection.execute("analyze")
            found = connection.execute("select count(*) from pg_stats where schemaname = current_schema()").fetchone()
            assert found is not None and found[0] > 0


def erase(office: Office, name: str) -> None:
    office.ring.destroy(id_of(name), [PersonalClass.IDENTITY], "asked for")


def followed(runner: Runner, office: Office) -> bool:
    newest = office.ring.erasures()[-1].number
    with reading(runner.engine) as connection:
        return all(generation.erasures == newest for generation in generations(connection))


def test_a_running_view_deletes_plain_rows_and_every_trace_of_them(office: Office) -> None:
    runner = office.runner(PEOPLE, HOMES, batch=100)
    gone = [f"Zuviel {letter * 8}" for letter in "abcdefgh"]
    with running(runner):
        for name in gone:  # in between, so that pages split and leave copies behind
            office.register(name)
            office.history(50, family=f"after {name[-1]}")
        until(lambda: set(runner.positions().values()) == {office.store.head()}, "all is followed")
        assert all(traces(office, name) for name in gone)
        sample(office)
        for name in gone:
            erase(office, name)
        until(lambda: followed(runner, office), "the erasure is followed")
        assert not any(traces(office, name) for name in gone)
    names = {row[1] for row in content(runner.engine, PEOPLE)["people"]}
    assert len(names) == 400
    assert names.isdisjoint(gone)
    assert {PEOPLE.name: content(runner.engine, PEOPLE)} == fresh_fold(
        (PEOPLE,), office.source, erasures=office.ring.erasures
    )


def test_an_erasure_while_nothing_ran_is_followed_at_the_next_start(office: Office) -> None:
    office.register("Zuviel", told("Zuviel"))
    office.runner(PEOPLE).catch_up()
    erase(office, "Zuviel")
    assert traces(office, "Zuviel")
    office.runner(PEOPLE).catch_up()
    assert traces(office, "Zuviel") == []
    assert content(office.engine(), PEOPLE)["people"] == []


def test_a_stopped_view_is_still_read_and_so_follows_erasures(office: Office) -> None:
    class Stubborn(People):
        def fold(self, tables: PeopleTables, fact: Fact) -> Iterator[Change]:
            if fact.type == "intake.NoticeGiven":
                raise ValueError
            return super().fold(tables, fact)

    office.register("Zuviel", told("Zuviel"))
    runner = office.runner(Stubborn())
    runner.catch_up()
    assert runner.positions() == {"probe.people": 1}
    with running(runner):
        erase(office, "Zuviel")
        until(lambda: followed(runner, office), "the erasure is followed")
    assert traces(office, "Zuviel") == []


def test_a_rebuild_meanwhile_does_not_stop_the_view(office: Office) -> None:
    """The tables from which the runner would delete are gone: it looks again which are the view's."""
    office.register("Zuviel")
    runner = office.runner(PEOPLE)
    with running(runner):
        until(lambda: runner.status().state == "ready", "the runner is ready")
        rebuild(office.runner(PEOPLE), PEOPLE.name)
        erase(office, "Zuviel")
        until(lambda: followed(runner, office), "the erasure is followed")
        until(lambda: runner.status().state == "ready", "the runner is ready again")
    assert traces(office, "Zuviel") == []


def test_a_view_that_cannot_follow_an_erasure_stops_and_holds_up_no_other(office: Office) -> None:
    class PeopleToo(People):
        name = "probe.people_too"

    office.register("Zuviel")
    runner = office.runner(PEOPLE, PeopleToo())
    runner.catch_up()
    with runner.engine.begin() as connection:
        connection.execute(text("drop table probe_people_people__v1g1"))
    with running(runner):
        erase(office, "Zuviel")
        until(lambda: "probe.people" in runner.status().stopped, "the view has stopped")
        head = office.register("Later")
        until(lambda: runner.positions()["probe.people_too"] == head, "the other view goes on")
        until(lambda: traces(office, "Zuviel") == [], "no trace is left")
    with reading(runner.engine) as connection:
        numbers = {generation.view: generation.erasures for generation in generations(connection)}
    assert numbers == {"probe.people": 0, "probe.people_too": 1}, "the first has it to do yet"


def test_a_view_that_fails_at_an_erasure_stops_and_holds_up_no_other(office: Office) -> None:
    class Stubborn(People):
        name = "probe.stubborn"

        def erase(self, tables: PeopleTables, erasure: Erasure) -> Iterator[Change]:
            raise ValueError("Zuviel, Probe: quotes the row")

    office.register("Zuviel")
    runner = office.runner(Stubborn(), HOMES)
    with running(runner):
        until(lambda: runner.status().state == "ready", "the runner is ready")
        erase(office, "Zuviel")
        until(lambda: "probe.stubborn" in runner.status().stopped, "the view has stopped")
        head = office.register("Later")
        until(lambda: runner.positions()["probe.homes"] == head, "the other view goes on")
    with reading(runner.engine) as connection:
        numbers = {generation.view: generation.erasures for generation in generations(connection)}
    assert numbers == {"probe.stubborn": 0, "probe.homes": 1}, "the first has it to do yet"


def test_a_reader_that_holds_on_delays_an_erasure_but_does_not_lose_it(office: Office) -> None:
    office.register("Zuviel")
    runner = office.runner(PEOPLE)
    runner.catch_up()
    reader = ViewReader(office.url, (PEOPLE,))
    with running(runner):
        with reader.snapshot() as now:
            now.tables(PEOPLE)
            erase(office, "Zuviel")
            until(lambda: content(runner.engine, PEOPLE)["people"] == [], "the person is gone")
            assert not followed(runner, office)
        until(lambda: followed(runner, office), "the erasure is followed")
    assert traces(office, "Zuviel") == []
    reader.close()
