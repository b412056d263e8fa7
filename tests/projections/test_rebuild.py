"""A view is rebuilt beside the live one, which is served meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import inspect, update

from shared.contracts.model import PersonalClass
from shared.projections.cli import views_group
from shared.projections.engine import reading
from shared.projections.read import ViewReader
from shared.projections.rebuild import RebuildFailed, rebuild
from shared.projections.registry import generations
from shared.projections.runner import Runner
from shared.projections.view import Change, Erasure, Fact
from tests.folding import content, fresh_fold, live_tables
from tests.projections.office import HOMES, PEOPLE, Homes, Office, People, PeopleTables, id_of, running
from tests.waiting import until


def damage(runner: Runner) -> None:
    people = live_tables(runner.engine, PEOPLE).people
    with runner.engine.begin() as connection:
        connection.execute(update(people).values(name="Damaged"))


def views(*runners: Runner, arguments: str) -> Result:
    @contextmanager
    def open_runners() -> Iterator[tuple[Runner, ...]]:
        yield runners

    return CliRunner().invoke(views_group(open_runners), arguments.split())


def test_the_rebuilt_view_is_the_same_and_takes_the_place_of_the_live_one(office: Office) -> None:
    head = office.history(10)
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    comparison = rebuild(runner, "probe.people")
    assert comparison.same
    assert comparison.position == head
    assert {name: live.rows for name, (live, _) in comparison.tables.items()} == {"people": 10}
    with reading(runner.engine) as connection:
        (generation,) = generations(connection, "probe.people")
    assert (generation.generation, generation.live, generation.position) == (2, True, head)
    names = inspect(runner.engine).get_table_names()
    assert "probe_people_people__v1g2" in names
    assert "probe_people_people__v1g1" not in names


def test_a_damaged_view_is_found_out_and_repaired(office: Office) -> None:
    office.history(3)
    runner = office.runner(PEOPLE)
    runner.catch_up()
    damage(runner)
    assert not rebuild(runner, "probe.people", check=True).same
    assert {row[1] for row in content(runner.engine, PEOPLE)["people"]} == {"Damaged"}  # only compared
    assert not rebuild(runner, "probe.people").same
    assert rebuild(runner, "probe.people", check=True).same


def test_while_events_come_the_live_view_is_served_and_the_rebuilt_one_misses_nothing(office: Office) -> None:
    office.history(50)
    runner = office.runner(PEOPLE, HOMES, batch=20)
    reader = ViewReader(office.url, (PEOPLE, HOMES))
    done = threading.Event()
    seen: list[int] = []

    def look() -> None:
        while not done.is_set():
            with reader.snapshot() as now:
                seen.append(now.position(HOMES))
                now.connection.execute(now.tables(HOMES).homes.select()).all()

    with running(runner):
        until(lambda: reader.position(HOMES) > 0, "the view has begun")
        looking = threading.Thread(target=look)
        looking.start()
        recording = threading.Thread(target=office.history, args=(100, "More"))
        recording.start()
        while recording.is_alive():
            assert rebuild(office.runner(PEOPLE, HOMES), "probe.homes").same
        recording.join()
        head = office.store.head()
        until(lambda: set(reader.positions().values()) == {head}, "all is followed")
        assert looking.is_alive(), "nothing went wrong with any look"
        done.set()
        looking.join()
    assert seen == sorted(seen)
    assert {view.name: content(runner.engine, view) for view in (PEOPLE, HOMES)} == fresh_fold(
        (PEOPLE, HOMES), office.source
    )
    reader.close()


def test_a_rebuild_that_was_broken_off_is_begun_anew(office: Office) -> None:
    office.history(3)
    runner = office.runner(PEOPLE)
    runner.catch_up()

    def break_off(position: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(runner, "probe.people", progress=break_off)
    assert rebuild(runner, "probe.people").same
    with reading(runner.engine) as connection:
        assert len(generations(connection, "probe.people")) == 1


def test_a_view_that_cannot_fold_an_event_is_not_rebuilt(office: Office) -> None:
    class Broken(People):
        def fold(self, tables: PeopleTables, fact: Fact) -> Iterator[Change]:
            raise ValueError("quotes the event's data")

    office.history(1)
    office.runner(PEOPLE).catch_up()
    with pytest.raises(RebuildFailed, match=r"^probe\.people cannot fold event [0-9a-f-]{36} at 1$"):
        rebuild(office.runner(Broken()), "probe.people")
    assert len(content(office.engine(), PEOPLE)["people"]) == 1


def test_a_view_that_cannot_erase_is_not_rebuilt(office: Office) -> None:
    class Stubborn(People):
        def erase(self, tables: PeopleTables, erasure: Erasure) -> Iterator[Change]:
            raise ValueError("quotes the row")

    office.history(1)
    office.ring.destroy(id_of("Muster 0"), [PersonalClass.IDENTITY], "asked for")
    office.runner(PEOPLE).catch_up()
    with pytest.raises(RebuildFailed, match=r"^probe\.people cannot erase, .*\(ValueError\)$"):
        rebuild(office.runner(Stubborn()), "probe.people")
    assert rebuild(office.runner(PEOPLE), "probe.people").same, "the live one was not touched"


def test_a_view_of_another_version_is_its_projectors_to_build(office: Office) -> None:
    class Newer(Homes):
        version = 2

    office.runner(HOMES).catch_up()
    with pytest.raises(RebuildFailed, match="has yet to build version 2"):
        rebuild(office.runner(Newer()), "probe.homes")


def test_the_command_line_lists_and_rebuilds(office: Office) -> None:
    office.history(2)
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    listed = views(runner, arguments="list")
    assert "probe.people" in listed.output
    assert "generation 1  position 8  behind 0  live" in listed.output
    rebuilt = views(runner, arguments="rebuild probe.people")
    assert "probe.people at position 8: the same" in rebuilt.output
    assert "switched" in rebuilt.output
    damage(runner)
    assert views(runner, arguments="rebuild --check probe.people").exit_code == 1
    assert views(runner, arguments="rebuild probe.nothing").exit_code == 2
