"""Reading views: one state at a time, and waiting for one's own writes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import ProgrammingError

from shared.api.entrypoint import wait_for_views
from shared.projections.read import ViewReader, ViewsUnavailable
from shared.projections.registry import ViewNotReady
from tests.folding import live_tables
from tests.postgres import Cluster
from tests.projections.office import HOMES, PEOPLE, Office, People, running
from tests.waiting import until


def test_before_the_projector_came_nothing_is_ready(office: Office) -> None:
    reader = ViewReader(office.url, (PEOPLE, HOMES))
    assert reader.positions() == {"probe.people": 0, "probe.homes": 0}
    with reader.snapshot() as now, pytest.raises(ViewNotReady):
        now.tables(PEOPLE)
    office.history(1)
    office.runner(PEOPLE).catch_up()
    assert reader.positions() == {"probe.people": 4, "probe.homes": 0}
    with reader.snapshot() as now:
        assert now.tables(PEOPLE) is live_tables(office.engine(), PEOPLE)
    reader.close()


def test_a_snapshot_is_one_state_while_the_view_moves_on(office: Office) -> None:
    office.history(1)
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    reader = ViewReader(office.url, (PEOPLE, HOMES))
    with reader.snapshot() as before:
        head = office.register("Later")
        office.runner(PEOPLE, HOMES).catch_up()
        count = select(func.count()).select_from(before.tables(PEOPLE).people)
        assert (before.connection.execute(count).scalar(), before.position(PEOPLE)) == (1, 4)
        with reader.snapshot() as after:
            assert (after.connection.execute(count).scalar(), after.position(PEOPLE)) == (2, head)
    reader.close()


def test_who_waits_for_a_position_reads_its_own_writes(office: Office) -> None:
    reader = ViewReader(office.url, (PEOPLE,))
    runner = office.runner(PEOPLE)
    assert not reader.wait_for([PEOPLE.name], 1, timeout=0.01)
    with running(runner):
        position = office.register("Muster")
        assert reader.wait_for([PEOPLE.name], position, timeout=10)
        with reader.snapshot() as now:
            assert now.connection.execute(select(now.tables(PEOPLE).people.c.name)).scalars().all() == ["Muster"]
    reader.close()


def test_nobody_waits_for_a_view_of_another_release(office: Office) -> None:
    """No waiting makes another version of it; one that is not there yet may come."""

    class NewerPeople(People):
        version = 2

    office.history(1)
    office.runner(NewerPeople()).catch_up()
    reader = ViewReader(office.url, (PEOPLE, HOMES))
    for wait in (
        lambda: reader.wait_for([PEOPLE.name], 1, timeout=0),
        lambda: wait_for_views(reader, ("probe.homes", "probe.people"), 1),
    ):
        with pytest.raises(ViewNotReady, match=r"probe\.people"):
            wait()
    assert not reader.wait_for([HOMES.name], 1, timeout=0)
    assert reader.positions() == {"probe.people": 0, "probe.homes": 0}, "for whoever only looks"
    reader.close()


def test_a_reader_cannot_write(office: Office) -> None:
    office.runner(PEOPLE).catch_up()
    reader = ViewReader(office.url, (PEOPLE,))
    with pytest.raises(ViewsUnavailable), reader.snapshot() as now:
        now.connection.execute(now.tables(PEOPLE).people.delete())
    reader.close()


def test_a_database_that_is_away_is_told_from_a_mistake(postgres: str, cluster: Cluster, tmp_path: Path) -> None:
    """Reactions wait for it as long as it takes, and answers say when to come again."""
    office = Office(tmp_path, f"{postgres}?schema=probe")
    runner, reader = office.runner(PEOPLE), ViewReader(office.url, (PEOPLE,))
    runner.catch_up()
    with pytest.raises(ProgrammingError), reader.snapshot() as now:
        now.connection.execute(text("select * from nowhere"))
    cluster.stop()
    try:
        with pytest.raises(ViewsUnavailable), reader.snapshot():
            raise AssertionError
    finally:
        cluster.start()
    assert reader.positions() == {"probe.people": 0}
    with running(runner):
        position = office.register("Muster")
        assert reader.wait_for([PEOPLE.name], position, timeout=10)
    reader.close()
    office.close()


def test_while_the_database_is_away_the_runner_waits_and_goes_on(
    postgres: str, cluster: Cluster, tmp_path: Path
) -> None:
    office = Office(tmp_path, f"{postgres}?schema=probe")
    runner, reader = office.runner(PEOPLE), ViewReader(office.url, (PEOPLE,))
    with running(runner):
        assert reader.wait_for([PEOPLE.name], office.register("Muster"), timeout=10)
        cluster.stop()
        try:
            position = office.register("Beispiel")
            until(lambda: runner.status().state.startswith("waiting: "), "the runner waits")
        finally:
            cluster.start()
        assert reader.wait_for([PEOPLE.name], position, timeout=20)
        assert runner.status().stopped == {}
    reader.close()
    office.close()
