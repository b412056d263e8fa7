"""The runner: rows and checkpoint together, each view on its own feet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import Column, Engine, MetaData, String, Table, event, inspect, text

from shared.contracts import registry as contracts
from shared.contracts.intake import MovedIn, NoticeGiven
from shared.contracts.registry import contract_of, types_of
from shared.database.lease import open_lease
from shared.database.postgres import is_postgres
from shared.eventstore.port import NewEvent
from shared.projections import registry
from shared.projections.batch import Stopped
from shared.projections.engine import reading
from shared.projections.rebuild import rebuild
from shared.projections.registry import ViewNotReady, generations
from shared.projections.runner import STANDING_BY, Runner, RunnerStatus
from shared.projections.view import Change, Day, Fact, Insert, View
from tests.folding import content, fresh_fold
from tests.projections.office import (
    DAY,
    HOMES,
    PEOPLE,
    Office,
    People,
    PeopleTables,
    PickyHomes,
    id_of,
    moved,
    running,
    told,
)
from tests.waiting import until


@dataclass(frozen=True, slots=True)
class NoticesTables:
    notices: Table


class Notices(View[NoticesTables]):
    """Who was told, and when: at most once, says its primary key."""

    name, version = "probe.notices", 1
    types = types_of(NoticeGiven)

    def tables(self, metadata: MetaData, suffix: str) -> NoticesTables:
        person_id = Column("person_id", String, primary_key=True)
        return NoticesTables(self.table(metadata, suffix, "notices", person_id, Column("given_on", Day)))

    def fold(self, tables: NoticesTables, fact: Fact) -> Iterator[Change]:
        yield Insert(tables.notices, {"person_id": fact.data["person_id"], "given_on": fact.occurred_on})


class NoticesByDay(Notices):
    """Only inserts, so that its index waits until it has caught up."""

    name, only_inserts = "probe.notices_by_day", True

    def tables(self, metadata: MetaData, suffix: str) -> NoticesTables:
        person_id, given_on = Column("person_id", String, primary_key=True), Column("given_on", Day, index=True)
        return NoticesTables(self.table(metadata, suffix, "notices", person_id, given_on))


NOTICES, NOTICES_BY_DAY = Notices(), NoticesByDay()


class PeopleInCapitals(People):
    version = 2

    def fold(self, tables: PeopleTables, fact: Fact) -> Iterator[Change]:
        for change in super().fold(tables, fact):
            if isinstance(change, Insert):
                change = Insert(change.table, {**change.row, "name": change.row["name"].upper()})
            yield change


def assert_fresh(office: Office, engine: Engine, *views: View[Any]) -> None:
    """Every view equals a fresh fold of the log."""
    assert {view.name: content(engine, view) for view in views} == fresh_fold(
        views, office.source, erasures=office.ring.erasures
    )


def test_what_is_recorded_is_seen_while_the_runner_follows(office: Office) -> None:
    runner = office.runner(PEOPLE, HOMES)
    with running(runner):
        until(lambda: runner.status().state == "ready", "the runner is ready")
        head = office.history(3)
        until(lambda: set(runner.positions().values()) == {head}, "all is followed")
    assert runner.status() == RunnerStatus(
        state="ready", head=head, views={"probe.people": head, "probe.homes": head}, stopped={}
    )
    assert len(content(runner.engine, PEOPLE)["people"]) == 3
    assert len(content(runner.engine, HOMES)["moves"]) == 6
    assert {row[1] for row in content(runner.engine, HOMES)["homes"]} == {"08117002"}
    assert_fresh(office, runner.engine, PEOPLE, HOMES)


@pytest.mark.parametrize("batch", [1, 3, 7, 5000])
def test_the_size_of_the_batches_does_not_matter(office: Office, batch: int) -> None:
    head = office.history(5)
    runner = office.runner(PEOPLE, HOMES, batch=batch)
    assert runner.catch_up() == head
    assert_fresh(office, runner.engine, PEOPLE, HOMES)


@pytest.mark.parametrize("crash_at", range(2, 9))
def test_a_crash_between_rows_and_commit_loses_and_repeats_nothing(office: Office, crash_at: int) -> None:
    head = office.history(4)
    runner = office.runner(PEOPLE, HOMES, batch=3)
    commits = 0

    @event.listens_for(runner.engine, "commit")
    def crash(_: object) -> None:
        nonlocal commits
        commits += 1
        if commits == crash_at:
            raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError):
        runner.catch_up()
    second = office.runner(PEOPLE, HOMES, batch=3)
    second.catch_up()
    assert set(second.positions().values()) == {head}
    assert_fresh(office, second.engine, PEOPLE, HOMES)


def test_a_poison_event_stops_its_view_only_and_is_named_without_its_data(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.history(2)
    poison = office.register("Beispiel", moved("Beispiel", "poison"))
    head = office.register("Later", told("Later"))
    picky = PickyHomes("poison")
    runner = office.runner(PEOPLE, picky)
    runner.catch_up()
    status = runner.status()
    assert status.state == "view stopped"
    assert status.stopped == {"probe.homes": Stopped(poison, office.store.read_all(after=poison - 1)[0].event_id)}
    assert status.views == {"probe.people": head, "probe.homes": poison - 1}
    assert_fresh(office, runner.engine, PEOPLE)
    assert len(content(runner.engine, picky)["moves"]) == 4  # what came before it stays
    printed = "".join(capsys.readouterr())
    assert "ValueError" in printed
    assert "Muster, Probe" not in printed


def test_a_stopped_view_is_tried_again_at_the_next_start(office: Office) -> None:
    office.history(1)
    office.register("Beispiel", moved("Beispiel", "poison"))
    office.runner(PEOPLE, PickyHomes("poison")).catch_up()
    repaired = office.runner(PEOPLE, HOMES)
    repaired.catch_up()
    assert repaired.status().state == "ready"
    assert_fresh(office, repaired.engine, PEOPLE, HOMES)


def test_a_view_stands_before_an_event_of_a_newer_release_and_goes_on_under_that(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    office.history(1)
    with monkeypatch.context() as later:
        the_next_release(later)
        newer = office.register("Beispiel", moved("Beispiel", "newer"))
    head = office.register("Later", moved("Later", "later"))
    old = office.runner(PEOPLE, HOMES)
    old.catch_up()
    assert old.status().state == "view stopped"
    assert old.status().stopped == {"probe.homes": Stopped(newer, office.store.read_all(after=newer - 1)[0].event_id)}
    assert old.positions() == {"probe.people": head, "probe.homes": newer - 1}
    assert "".join(capsys.readouterr()).count("NewerThanThisCode") == 1
    the_next_release(monkeypatch)
    new = office.runner(PEOPLE, HOMES)
    new.catch_up()
    assert new.status().state == "ready"
    assert_fresh(office, new.engine, PEOPLE, HOMES)


def the_next_release(patch: pytest.MonkeyPatch) -> None:
    """Its code records another version of where somebody moved to."""
    newer = replace(contract_of(MovedIn), version=2)
    patch.setitem(contracts._by_type, newer.type, newer)
    patch.setitem(contracts._by_class, MovedIn, newer)
    patch.setitem(contracts._upcasts, (newer.type, 1), lambda data: data)


def test_rows_which_the_database_refuses_stop_the_view_before_their_event(office: Office) -> None:
    office.register("First", told("First"), told("First"), told("First"))
    head = office.register("Second", told("Second"))
    runner = office.runner(PEOPLE, NOTICES)
    runner.catch_up()
    assert runner.status().stopped == {"probe.notices": Stopped(3, office.store.read_all(after=2)[0].event_id)}
    assert runner.positions() == {"probe.people": head, "probe.notices": 2}
    assert content(runner.engine, NOTICES)["notices"] == [(id_of("First"), DAY)]
    assert_fresh(office, runner.engine, PEOPLE)


@pytest.mark.parametrize("damage", ["drop table {}", "alter table {} drop column told_on"])
def test_a_table_that_is_not_what_its_view_takes_it_for_stops_this_view_only(office: Office, damage: str) -> None:
    office.history(2)
    runner = office.runner(PEOPLE, HOMES)
    with running(runner):
        until(lambda: runner.status().state == "ready", "the runner is ready")
        with runner.engine.begin() as connection:
            connection.execute(text(damage.format("probe_people_people__v1g1")))
        office.record("elsewhere", moved("Beispiel", "of no concern to the view"))
        position = office.register("Late", moved("Late", "late"), moved("Late", "later")) - 2
        head = office.store.head()
        until(lambda: runner.positions()["probe.homes"] == head, "the other view goes on")
        until(lambda: runner.status().state == "view stopped", "the view has stopped")
    event_id = office.store.read_all(after=position - 1)[0].event_id
    assert runner.status().stopped == {"probe.people": Stopped(position, event_id)}
    assert runner.positions() == {"probe.people": position - 1, "probe.homes": head}
    assert_fresh(office, runner.engine, HOMES)


def test_indexes_that_cannot_be_made_stop_their_view_only(office: Office) -> None:
    office.history(2)
    office.runner(PEOPLE, HOMES).catch_up()
    office.record("elsewhere", moved("Beispiel", "late"))
    runner = office.runner(PEOPLE, HOMES)
    with runner.engine.begin() as connection:
        connection.execute(text("drop table probe_people_people__v1g1"))
    runner.catch_up()
    head = office.store.head()
    assert runner.status().state == "view stopped"
    assert runner.status().stopped == {"probe.people": Stopped(head, None)}
    head = office.record("elsewhere", moved("Beispiel", "later"))
    with running(runner):
        until(lambda: runner.positions()["probe.homes"] == head, "the other view goes on")
    assert_fresh(office, runner.engine, HOMES)


def test_a_full_disk_stops_no_view_and_is_waited_for(office: Office) -> None:
    if is_postgres(office.url):
        pytest.skip("how its disk fills up is not ours to tell; what it says then is in test_engine")
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    pages = 20  # more than the empty tables take

    @event.listens_for(runner.engine, "connect")
    def limit(connection: Any, _: object) -> None:
        connection.execute(f"pragma max_page_count={pages}")

    runner.engine.dispose()
    head = office.history(200)
    with running(runner):
        until(lambda: runner.status().state == "waiting: ConnectionError", "the runner waits")
        assert runner.status().stopped == {}
        pages = 1_000_000
        runner.engine.dispose()
        until(lambda: runner.positions() == {"probe.people": head, "probe.homes": head}, "all is followed")
    assert_fresh(office, runner.engine, PEOPLE, HOMES)


def test_a_database_that_refuses_the_register_is_waited_for(office: Office) -> None:
    """It belongs to all views of the runner; the other runners of the process are none the worse."""
    office.history(1)
    runner = office.runner(PEOPLE)
    runner.catch_up()
    with runner.engine.begin() as connection:
        connection.execute(text("alter table wegmarken_views rename column live to alive"))
    with running(runner):
        until(lambda: runner.status().state.startswith("waiting: "), "the runner waits")
        with runner.engine.begin() as connection:
            connection.execute(text("alter table wegmarken_views rename column alive to live"))
        until(lambda: runner.status().state == "ready", "the runner goes on")
    assert_fresh(office, runner.engine, PEOPLE)


def test_of_two_poison_events_in_one_batch_the_first_counts(office: Office) -> None:
    office.register("First", moved("First", "twice"))
    refused = office.register("Second", moved("Second", "twice"))  # its residence_id is not unique
    office.register("Third", moved("Third", "poison"))
    runner = office.runner(PickyHomes("poison"))
    runner.catch_up()
    assert runner.status().stopped["probe.homes"].position == refused
    assert runner.positions() == {"probe.homes": refused - 1}


def test_a_view_that_stops_while_another_catches_up_does_not_hold_it_up(office: Office) -> None:
    office.history(4)
    picky = PickyHomes("poison")
    office.runner(picky).catch_up()
    head = office.register("Beispiel", moved("Beispiel", "poison"))
    runner = office.runner(PEOPLE, picky, batch=3)
    runner.catch_up()
    assert runner.positions() == {"probe.people": head, "probe.homes": head - 1}
    assert_fresh(office, runner.engine, PEOPLE)


def test_an_event_that_cannot_be_decoded_stops_whoever_reads_its_type(office: Office) -> None:
    office.history(1)
    broken = NewEvent(event_id=id_of("broken"), type="intake.MovedIn", data=b"{not json", metadata=b"{}")
    position = office.store.append("x-1", [broken], expected=-1, command_id=id_of("c"), digest="").position
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    assert runner.status().stopped == {"probe.homes": Stopped(position, id_of("broken"))}
    assert runner.positions()["probe.people"] == position


def test_an_event_of_a_type_nobody_reads_is_never_decoded(office: Office) -> None:
    unknown = NewEvent(event_id=id_of("unknown"), type="elsewhere.Unknown", data=b"?", metadata=b"?")
    position = office.store.append("x-1", [unknown], expected=-1, command_id=id_of("c"), digest="").position
    runner = office.runner(PEOPLE)
    runner.catch_up()
    assert runner.status().state == "ready"
    assert runner.positions() == {"probe.people": position}


def test_a_new_view_catches_up_beside_the_others_and_joins_them(office: Office) -> None:
    office.history(20)
    office.runner(PEOPLE).catch_up()
    together = office.runner(PEOPLE, HOMES, batch=3)
    with running(together):
        until(lambda: together.positions().get("probe.homes", 0) > 0, "the new view has begun")
        head = office.register("Late", moved("Late", "late"))
        until(lambda: together.positions()["probe.people"] == head, "the old view has followed")
        until(lambda: together.positions()["probe.homes"] == head, "the new view has followed")
    assert_fresh(office, together.engine, PEOPLE, HOMES)


def test_a_new_version_is_built_beside_the_live_one_and_takes_its_place(office: Office) -> None:
    newer = PeopleInCapitals()
    office.history(3)
    office.runner(PEOPLE).catch_up()
    assert "probe_people_people__v1g1" in inspect(office.engine()).get_table_names()
    with pytest.raises(ViewNotReady):
        content(office.engine(), newer)
    runner = office.runner(newer)
    runner.catch_up()
    assert [row[1] for row in sorted(content(runner.engine, newer)["people"], key=lambda row: row[1])] == [
        "MUSTER 0",
        "MUSTER 1",
        "MUSTER 2",
    ]
    with reading(runner.engine) as connection:
        (generation,) = generations(connection)
    assert (generation.version, generation.generation, generation.live) == (2, 2, True)
    assert "probe_people_people__v1g1" not in inspect(runner.engine).get_table_names()
    assert_fresh(office, runner.engine, newer)


def test_the_indexes_of_a_view_that_only_inserts_are_made_when_it_has_caught_up(office: Office) -> None:
    def indexes(generation: int) -> list[str | None]:
        table = f"probe_notices_by_day_notices__v1g{generation}"
        return [index["name"] for index in inspect(runner.engine).get_indexes(table)]

    office.history(3)
    runner = office.runner(NOTICES_BY_DAY)
    registry.prepare(runner.engine)
    with runner.engine.begin() as connection:
        registry.create(connection, NOTICES_BY_DAY, live=True)
    assert indexes(1) == []
    runner.catch_up()
    assert indexes(1) == ["ix_probe_notices_by_day_notices__v1g1_given_on"]
    rebuild(runner, NOTICES_BY_DAY.name)
    assert indexes(2) == ["ix_probe_notices_by_day_notices__v1g2_given_on"]
    assert_fresh(office, runner.engine, NOTICES_BY_DAY)


def test_two_runners_on_one_database_do_not_fold_anything_twice(office: Office) -> None:
    one, other = office.runner(PEOPLE, HOMES, batch=2), office.runner(PEOPLE, HOMES, batch=3)
    with running(one), running(other):
        head = office.history(15)
        until(lambda: {*one.positions().values(), *other.positions().values()} == {head}, "both have followed")
    assert_fresh(office, one.engine, PEOPLE, HOMES)


def test_of_two_runners_one_leads_and_the_other_stands_by_and_takes_over(office: Office) -> None:
    with closing(open_lease(office.url)) as first, closing(open_lease(office.url)) as second:
        assert first.held() and not second.held()
        one, other = office.runner(PEOPLE, HOMES, leads=first.held), office.runner(PEOPLE, HOMES, leads=second.held)
        with running(other):
            with running(one):
                head = office.history(3)
                until(lambda: one.status().state == "ready", "the first is ready")
                until(lambda: other.status().state == STANDING_BY, "the other stands by")
                until(lambda: set(other.positions().values()) == {head}, "all is followed")
            first.close()
            head = office.history(3, "Beispiel")
            until(lambda: other.status().state == "ready", "the other takes over")
            until(lambda: set(other.positions().values()) == {head}, "the other has followed")
    assert_fresh(office, one.engine, PEOPLE, HOMES)


def test_who_stands_by_tells_of_the_live_views_while_one_is_built_anew(office: Office) -> None:
    head = office.history(3)
    office.runner(PEOPLE, HOMES).catch_up()
    runner = office.runner(PEOPLE, HOMES, leads=lambda: False)
    with runner.engine.begin() as connection:
        registry.create(connection, PEOPLE, live=False)
    with running(runner):
        until(lambda: runner.status().state == STANDING_BY, "the runner stands by")
        assert runner.positions() == {"probe.people": head, "probe.homes": head}


def test_a_log_that_is_shorter_than_the_views_is_waited_for(office: Office) -> None:
    office.history(2)
    office.runner(PEOPLE).catch_up()
    (office.folder / "other").mkdir()
    shorter = Office(office.folder / "other", office.url)
    shorter.register("Only one")
    runner = Runner(office.engine(), (PEOPLE, HOMES), shorter.source)
    with running(runner):
        until(lambda: runner.status().state == "waiting: StoreUnavailable", "the runner waits")
    shorter.close()
    assert_fresh(office, runner.engine, PEOPLE)
