"""A history that moves between stores of any kinds, and stays what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest
from click.testing import CliRunner
from kurrentdbclient import NewEvent as WireEvent
from rich.console import Console
from structlog.testing import capture_logs

from shared.eventstore import cli, copying
from shared.eventstore.copying import CopyRefused, copy, everything
from shared.eventstore.kurrentdb import connection, milestones
from shared.eventstore.kurrentdb.appends import Written
from shared.eventstore.kurrentdb.milestones import Milestone, Milestones
from shared.eventstore.kurrentdb.store import KurrentDBEventStore
from shared.eventstore.port import NO_STREAM, AlreadyAnswered, CaughtUp, StoredEvent, StoreUnavailable, Target
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.terminal import progress
from tests.eventstore.contract import append, event
from tests.eventstore.stand_in import Secured, StandIn
from tests.eventstore.stand_in.streams import MAX_APPEND
from tests.waiting import until
from wegmarken.cli import wegmarken

Open = Callable[[str], Target]


@pytest.fixture
def servers() -> dict[str, StandIn]:
    """Those that were opened, by their names."""
    return {}


@pytest.fixture
def opened(tmp_path: Path, servers: dict[str, StandIn]) -> Iterator[Open]:
    """Opens stores by a kind and a number: "sqlite 1", "kurrentdb 2"; the same one again under the same name."""
    stores: list[Target] = []

    def open(name: str) -> Target:
        store: Target
        if name.startswith("sqlite"):
            store = SqliteEventStore(tmp_path / name)
        else:
            if name not in servers:
                servers[name] = StandIn()
                servers[name].__enter__()
            store = KurrentDBEventStore(servers[name].url)
        stores.append(store)
        return store

    yield open
    for store in stores:
        store.close()
    for server in servers.values():
        server.stop()
        server.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGE", 7)
    monkeypatch.setattr(milestones, "APART", 7)


def history(store: Target, commands: int = 20, name: str = "s") -> list[str]:
    """Commands of one to three events, some on the same stream; their ids."""
    known = [str(uuid4()) for _ in range(commands)]
    for n, command in enumerate(known):
        stream = f"{name}-{n % 5}"
        last = store.read_last(stream)
        new = [event(data=f'{{"n":{n}}}'.encode()) for _ in range(n % 3 + 1)]
        append(store, stream, *new, expected=-1 if last is None else last.revision, command_id=command)
    return known


@pytest.mark.parametrize(
    ("kind", "other"),
    [("sqlite", "kurrentdb"), ("kurrentdb", "sqlite"), ("sqlite", "sqlite")],
)
def test_a_copy_is_the_same_history_with_its_positions_and_instants(opened: Open, kind: str, other: str) -> None:
    source, target = opened(f"{kind} 1"), opened(f"{other} 2")
    commands = history(source)
    copied = copy(source, target)
    original = list(everything(source))
    assert list(everything(target)) == original
    assert (copied.events, copied.new) == (len(original), len(original))
    assert [target.read(f"s-{n}") for n in range(5)] == [source.read(f"s-{n}") for n in range(5)]
    for n, one in enumerate(original):
        assert target.read_all(after=one.position, limit=3) == original[n + 1 : n + 4]
        followed = next(target.subscribe_all(after=one.position))
        assert followed[0] == original[n + 1] if n + 1 < len(original) else followed == CaughtUp(one.position)
    for n, command in enumerate(commands):
        assert target.answer_to(command, stream=f"s-{n % 5}") == source.answer_to(command, stream=f"s-{n % 5}")
        with pytest.raises(AlreadyAnswered):
            append(target, f"s-{n % 5}", command_id=command)


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "kurrentdb"), ("kurrentdb", "sqlite")])
def test_the_platform_goes_on_in_the_copy(opened: Open, kind: str, other: str) -> None:
    source = opened(f"{kind} 1")
    history(source)
    copy(source, opened(f"{other} 2"))
    target = opened(f"{other} 2")  # as another process opens it
    followed = target.subscribe_all(after=source.head())
    assert next(followed) == CaughtUp(source.head())
    history(target, name="new")
    after = list(everything(target, after=source.head()))
    assert {one.stream for one in after} == {f"new-{n}" for n in range(5)}
    assert all(one.position > source.head() for one in after)
    assert target.events_after(source.head()) == len(after)
    seen: list[StoredEvent] = []
    while len(seen) < len(after):
        delivery = next(followed)
        seen += () if isinstance(delivery, CaughtUp) else delivery
    assert seen == after
    back = opened(f"{kind} 3")
    if other == "kurrentdb":
        assert copy(target, back).events == len(list(everything(target)))


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "kurrentdb"), ("kurrentdb", "sqlite"), ("sqlite", "sqlite")])
def test_an_interrupted_copy_is_taken_up(opened: Open, kind: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = opened(f"{kind} 1"), opened(f"{other} 2")
    history(source)

    class Interrupted(Exception):
        pass

    def interrupt(stage: str, events: int, total: int) -> None:
        if stage == "copy" and events >= 14:
            raise Interrupted

    with pytest.raises(Interrupted):
        copy(source, target, interrupt)
    target.take_over(source.read_all(after=target.head(), limit=2))  # and once in the middle of a page
    copied = copy(source, opened(f"{other} 2"))
    assert list(everything(target)) == list(everything(source))
    assert (copied.events, copied.new) == (39, 39 - 16)
    history(source, name="later")
    assert copy(source, opened(f"{other} 2")).new == 39
    assert copy(source, target).new == 0


@pytest.mark.parametrize("kinds", [("sqlite 1", "kurrentdb 2"), ("kurrentdb 1", "sqlite 2")])
def test_a_server_that_goes_away_in_the_middle_is_waited_for(
    opened: Open, servers: dict[str, StandIn], kinds: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For longer than a service would wait, while it is copied and while it is verified."""
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    monkeypatch.setattr(copying, "PAUSE", 0.01)
    source, target = map(opened, kinds)
    history(source)
    (server,), away = servers.values(), list[str]()

    def go_away(stage: str, events: int, total: int) -> None:
        if events >= 14 and stage not in away:
            away.append(stage)
            server.stop()
            Thread(target=come_back, args=[len(away)], daemon=True).start()

    def come_back(times: int) -> None:
        until(lambda: lines.count(waits) == times, "the copy waits")
        server.start()

    waits = {"event": "store.waits", "seconds": 60.0, "reason": "ServiceUnavailableError", "log_level": "warning"}
    with capture_logs() as lines:
        copied = copy(source, target, go_away)
    assert (copied.events, copied.new, away) == (39, 39, ["copy", "verify"])
    assert list(everything(target)) == list(everything(source))


def test_a_server_that_stays_away_is_not_waited_for_longer(
    opened: Open, servers: dict[str, StandIn], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    monkeypatch.setattr(copying, "PATIENCE", 0.3)
    source, target = opened("kurrentdb 1"), opened("sqlite 2")
    history(source)
    with pytest.raises(StoreUnavailable):
        copy(source, target, lambda stage, events, total: servers["kurrentdb 1"].stop())


def test_a_page_that_was_taken_over_although_it_was_said_to_have_failed_is_not_taken_over_again(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAUSE", 0.0)
    source, target = opened("kurrentdb 1"), opened("sqlite 2")
    history(source)
    failed, take_over = 0, SqliteEventStore.take_over

    def in_doubt(self: SqliteEventStore, page: Sequence[StoredEvent]) -> None:
        nonlocal failed
        take_over(self, page)
        if not failed:
            failed += 1
            raise StoreUnavailable("probe")

    monkeypatch.setattr(SqliteEventStore, "take_over", in_doubt)
    assert copy(source, target).new == 39 and failed == 1
    assert list(everything(target)) == list(everything(source))


def test_a_copy_that_died_between_two_milestones_is_taken_up(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = opened("sqlite 1"), opened("kurrentdb 2")
    for n in range(20):
        append(source, f"s-{n}")
    writes, write = 0, KurrentDBEventStore._write

    def dying(self: KurrentDBEventStore, stream: str, events: Sequence[WireEvent], expected: int) -> Written:
        nonlocal writes
        writes += stream.startswith("s-")
        if writes == 11:
            raise KeyboardInterrupt
        return write(self, stream, events, expected)

    with monkeypatch.context() as dies, pytest.raises(KeyboardInterrupt):
        dies.setattr(KurrentDBEventStore, "_write", dying)
        copy(source, target)
    again = opened("kurrentdb 2")
    copied = copy(source, again)
    assert (copied.events, copied.new) == (20, 10)
    assert list(everything(again)) == list(everything(source))


def test_two_copies_at_once_are_refused(opened: Open) -> None:
    source, target, other = opened("sqlite 1"), opened("kurrentdb 2"), opened("kurrentdb 2")
    assert isinstance(target, KurrentDBEventStore) and isinstance(other, KurrentDBEventStore)
    history(source)
    known = target._milestones

    def overtaken() -> Milestones:
        before = known()
        other._write(milestones.STREAM, [milestones.as_event(Milestone(1, 10**9))], len(before.all) - 1)
        return before

    target._milestones = overtaken  # type: ignore[method-assign]
    with pytest.raises(CopyRefused, match="milestones is at 0, not -1"):
        copy(source, target)


def test_what_is_more_than_one_append_holds_is_copied_in_several(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PAGE", 1000)
    monkeypatch.setattr(milestones, "APART", 1000)
    source = opened("sqlite 1")
    for n in range(60):
        append(source, "imports", event(data=b'{"t":"' + b"x" * 20_000 + b'"}'), expected=n - 1)
    assert copy(source, opened("kurrentdb 2")).new == 60
    append(source, "imports", event(data=b"x" * MAX_APPEND), expected=59)
    with pytest.raises(CopyRefused, match="MaximumAppendSizeExceeded"):
        copy(source, opened("kurrentdb 2"))


@pytest.mark.parametrize("other", ["sqlite", "kurrentdb"])
def test_what_is_no_beginning_of_the_source_is_left_alone(opened: Open, other: str) -> None:
    source, target = opened("sqlite 1"), opened(f"{other} 2")
    history(source)
    append(target, "theirs")
    before = list(everything(target))
    with pytest.raises(CopyRefused, match="no beginning"):
        copy(source, target)
    assert list(everything(target)) == before
    with pytest.raises(CopyRefused, match="no beginning"):
        copy(opened("sqlite 3"), target)


def altered(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [one._replace(data=b"{}") if one.position == 9 else one for one in events]


def lost(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [one for one in events if one.position != 9]


def without_the_last(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [one for one in events if one.position != 39]


def swapped(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    places = {9: 10, 10: 9}
    moved = [one._replace(position=places.get(one.position, one.position)) for one in events]
    return sorted(moved, key=lambda one: one.position)


def doubled(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [
        copied
        for one in events
        for copied in (one, one._replace(position=40, event_id=str(uuid4()), stream="t"))[: 1 + (one.position == 39)]
    ]


@pytest.mark.parametrize("change", [altered, lost, without_the_last, swapped, doubled])
def test_a_copy_that_was_changed_on_the_way_is_found_out(
    opened: Open, change: Callable[[Sequence[StoredEvent]], list[StoredEvent]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = opened("sqlite 1"), SqliteEventStore
    history(source)
    original = list(everything(source))
    assert change(original) != original
    honest = target.take_over
    monkeypatch.setattr(target, "take_over", lambda self, events: honest(self, change(events)))
    with pytest.raises(CopyRefused, match="differs"):
        copy(source, opened("sqlite 2"))


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "kurrentdb"), ("kurrentdb", "sqlite")])
def test_a_copy_tells_its_stages_and_how_far_it_is(opened: Open, kind: str, other: str) -> None:
    source, target = opened(f"{kind} 1"), opened(f"{other} 2")
    history(source, commands=10)
    heard: list[tuple[str, int, int]] = []

    def tell(stage: str, events: int, total: int) -> None:
        heard.append((stage, events, total))

    first = copy(source, target, tell)
    assert [stage for stage, _ in groupby(heard, key=itemgetter(0))] == ["copy", "verify"]
    history(source, commands=10, name="t")
    heard.clear()
    whole = copy(source, target, tell)
    stages = {stage: [told[1:] for told in said] for stage, said in groupby(heard, key=itemgetter(0))}
    assert list(stages) == ["compare", "copy", "verify"]
    for said in stages.values():
        assert [events for events, _ in said] == sorted({events for events, _ in said})
        assert all(events <= total for events, total in said)
    assert stages["copy"][0][0] > first.events
    assert stages["copy"][-1] == stages["verify"][-1] == (whole.events, whole.events)


def test_the_history_of_a_server_that_others_used_goes_to_a_new_one(opened: Open) -> None:
    """Its positions are far ahead of those that the new one has by itself."""
    source, target = opened("kurrentdb 1"), opened("kurrentdb 2")
    assert isinstance(source, KurrentDBEventStore)
    for n in range(20):
        theirs = WireEvent(type="TheirEvent", data=bytes(40_000 if n % 5 else 900_000))
        source._write(f"theirs-{n}", [theirs], NO_STREAM)
        append(source, f"s-{n}")
    copied = copy(source, target)
    original = list(everything(source))
    assert (copied.new, list(everything(target))) == (20, original)
    for n, one in enumerate(original):
        assert target.read_all(after=one.position, limit=3) == original[n + 1 : n + 4]
    append(target, "new")
    (new,) = everything(target, after=source.head())
    assert new.stream == "new" and new.position > source.head()


def test_an_interrupted_copy_of_such_a_history_is_taken_up(opened: Open) -> None:
    source, target = opened("kurrentdb 1"), opened("kurrentdb 2")
    assert isinstance(source, KurrentDBEventStore)
    source._write("theirs", [WireEvent(type="TheirEvent", data=bytes(300_000))], NO_STREAM)
    for n in range(20):
        append(source, f"s-{n}")
    target.take_over(source.read_all(limit=9))
    again = opened("kurrentdb 2")
    assert copy(source, again).new == 11
    assert list(everything(again)) == list(everything(source))


def test_nothing_is_copied_behind_what_a_server_recorded_itself(opened: Open) -> None:
    source, target = opened("kurrentdb 1"), opened("kurrentdb 2")
    history(source)
    append(target, "theirs")
    with pytest.raises(ValueError, match="was not copied"):
        target.take_over(source.read_all(limit=5))
    assert [one.stream for one in everything(target)] == ["theirs"]


def test_the_command_copies_verifies_and_says_so(opened: Open, tmp_path: Path) -> None:
    history(opened("sqlite 1"))
    urls = [f"sqlite:///{tmp_path}/sqlite {n}" for n in (1, 2)]
    done = CliRunner().invoke(wegmarken, ["store", "copy", *urls])
    assert done.exit_code == 0, done.output
    assert "39 events, 39 of them new" in done.output
    again = CliRunner().invoke(wegmarken, ["store", "copy", *urls])
    assert "39 events, none of them new" in again.output
    append(opened("sqlite 2"), "theirs")
    refused = CliRunner().invoke(wegmarken, ["store", "copy", *urls])
    assert refused.exit_code == 1 and "no beginning of the source" in refused.output


def test_a_file_that_is_not_there_is_not_copied_as_an_empty_store(tmp_path: Path) -> None:
    refused = CliRunner().invoke(wegmarken, ["store", "copy", f"sqlite:///{tmp_path}/typo", f"sqlite:///{tmp_path}/to"])
    assert (refused.exit_code, refused.output.splitlines()[-1]) == (1, f"{tmp_path}/typo is not there")
    assert list(tmp_path.iterdir()) == []


def test_the_command_moves_a_file_to_a_server_and_shows_how_far_it_is(
    opened: Open, tmp_path: Path, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    history(opened("sqlite 1"))
    shown = StringIO()
    monkeypatch.setattr(cli, "progress", lambda: progress(Console(file=shown, force_terminal=True, width=120)))
    with StandIn(secured=secured) as server:
        done = CliRunner().invoke(wegmarken, ["store", "copy", f"sqlite:///{tmp_path}/sqlite 1", server.url])
        assert "39 events, 39 of them new" in done.output
        assert "verifying" in shown.getvalue() and "39/39" in shown.getvalue()
        back = CliRunner().invoke(wegmarken, ["store", "copy", server.url, f"sqlite:///{tmp_path}/back"])
    assert back.output == done.output
    assert list(everything(SqliteEventStore(tmp_path / "back"))) == list(everything(opened("sqlite 1")))
    assert secured.password not in done.output + back.output + shown.getvalue()


def test_a_store_that_is_away_is_one_line_without_its_password(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    opened("sqlite 1")
    url = "kurrentdb://probe:hush@127.0.0.1:9?Tls=false&MaxDiscoverAttempts=1"
    failed = CliRunner().invoke(wegmarken, ["store", "copy", f"sqlite:///{tmp_path}/sqlite 1", url])
    assert failed.exit_code == 3
    assert failed.output.splitlines()[-1] == "the event store does not answer (ServiceUnavailableError)"
    assert "hush" not in failed.output
