"""The life of a command, on the real store, with a counter as the stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from shared.contracts.casework import CaseMemberJoined, CaseOpened
from shared.contracts.envelope import Origin
from shared.contracts.model import CaseId, Event, Hidden, HouseholdId, PersonalClass, PersonId
from shared.eventstore.port import Conflict
from shared.eventstore.sqlite import SqliteEventStore
from shared.execute import Accepted, Decider, KeyReused, Refused, command_scope, derived_id, execute, load

TODAY = date(2018, 2, 1)


@dataclass(frozen=True)
class Join:
    """Each command brings one more member, up to three; naming one who is there changes nothing."""

    member: str


def decide(members: tuple[str, ...], command: Join) -> list[Event]:
    if command.member in members:
        return []
    if len(members) == 3:
        raise Refused("full", members=3)
    if not members:
        return [
            CaseOpened(
                occurred_on=TODAY,
                case_id=CaseId("c"),
                household_id=HouseholdId("h"),
                member_id=PersonId(command.member),
            )
        ]
    return [CaseMemberJoined(occurred_on=TODAY, case_id=CaseId("c"), member_id=PersonId(command.member))]


def evolve(members: tuple[str, ...], event: Event) -> tuple[str, ...]:
    assert isinstance(event, CaseOpened | CaseMemberJoined)
    return (*members, event.member_id)


decider: Decider[tuple[str, ...], Join, Event] = Decider((), evolve, decide)


class NothingPersonal:
    """These events hold no personal field; sealing one would be a mistake of the test."""

    def prepare(self, *_: object) -> None:
        raise AssertionError

    def seal(self, *_: object) -> bytes:
        raise AssertionError

    def open(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], cipher: bytes
    ) -> bytes | Hidden:
        raise AssertionError


def origin(command_id: str, digest: str = "digest") -> Origin:
    return replace(Origin.by("probe", command_id, TODAY), body_digest=digest)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    store = SqliteEventStore(tmp_path / "events.db")
    yield store
    store.close()


def join(store: SqliteEventStore, member: str, *, key: str | None = None, digest: str = "digest") -> Accepted:
    command_id = command_scope("probe", key or member)
    return execute(store, NothingPersonal(), "case-c", decider, Join(member), origin(command_id, digest))


def members(store: SqliteEventStore) -> list[str]:
    events = [recorded.event for recorded in load(store, NothingPersonal(), "case-c", evolve)]
    return [event.member_id for event in events if isinstance(event, CaseOpened | CaseMemberJoined)]


def test_a_command_is_recorded_where_it_says(store: SqliteEventStore) -> None:
    accepted = join(store, "a")
    assert accepted == Accepted(stream="case-c", revision=0, position=1)
    (recorded,) = load(store, NothingPersonal(), "case-c", evolve)
    assert recorded.envelope.event_id == derived_id(command_scope("probe", "a"), "case-c 0")
    assert (recorded.envelope.actor, recorded.envelope.learnt_on) == ("probe", TODAY)


def test_the_same_command_again_gives_the_first_answer(store: SqliteEventStore) -> None:
    first = join(store, "a")
    join(store, "b")
    again = join(store, "a")
    assert (again.revision, again.position, again.repeated) == (first.revision, first.position, True)
    assert members(store) == ["a", "b"]


def test_a_key_used_again_for_another_body_is_refused(store: SqliteEventStore) -> None:
    join(store, "a", key="k", digest="one")
    with pytest.raises(KeyReused):
        join(store, "b", key="k", digest="two")
    assert members(store) == ["a"]


def refuse(members: tuple[str, ...], command: Join) -> list[Event]:
    raise Refused("closed")


@pytest.mark.parametrize("other", [refuse, lambda members, command: []], ids=["a refusal", "nothing"])
def test_a_key_is_answered_before_any_rule_also_on_a_stream_that_is_empty(
    store: SqliteEventStore, other: Callable[[tuple[str, ...], Join], list[Event]]
) -> None:
    first = join(store, "a", key="k", digest="one")
    elsewhere = Decider((), evolve, other)
    command_id = command_scope("probe", "k")
    with pytest.raises(KeyReused):
        execute(store, NothingPersonal(), "case-d", elsewhere, Join("a"), origin(command_id, "two"))
    again = execute(store, NothingPersonal(), "case-d", elsewhere, Join("a"), origin(command_id, "one"))
    assert again == replace(first, repeated=True)


def test_a_fresh_command_on_a_new_stream_is_one_read_and_one_append(
    store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(store, "answer_to", lambda command_id, *, stream: asked.append(command_id))
    join(store, "a")
    assert asked == []


def begin(store: SqliteEventStore, member: str, key: str, digest: str = "digest") -> Accepted:
    asked = origin(command_scope("probe", key), digest)
    return execute(store, NothingPersonal(), "case-c", decider, Join(member), asked, begins=True)


def test_a_command_that_begins_its_stream_reads_nothing_first(
    store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as blind:
        blind.setattr(store, "read", None)
        first = begin(store, "a", "k")
        assert begin(store, "a", "k") == replace(first, repeated=True)
        with pytest.raises(KeyReused):
            begin(store, "a", "k", digest="other")
    assert first == Accepted(stream="case-c", revision=0, position=1)


def test_a_stream_that_was_begun_by_another_command_is_read_after_all(store: SqliteEventStore) -> None:
    begin(store, "a", "one")
    assert begin(store, "b", "other").revision == 1
    assert members(store) == ["a", "b"]


def test_a_command_that_changes_nothing_is_accepted_and_leaves_nothing(store: SqliteEventStore) -> None:
    join(store, "a")
    assert join(store, "a", key="other") == Accepted(stream="case-c", revision=0, position=0)
    assert store.head() == 1


def test_a_refused_command_leaves_nothing_and_may_come_again(store: SqliteEventStore) -> None:
    for member in "abc":
        join(store, member)
    with pytest.raises(Refused, match="full"):
        join(store, "d")
    assert store.head() == 3


def test_two_commands_on_one_stream_at_once_are_decided_one_after_the_other(store: SqliteEventStore) -> None:
    start = threading.Barrier(3)

    def attempt(member: str) -> Accepted:
        start.wait()
        return join(store, member)

    with ThreadPoolExecutor(3) as pool:
        accepted = list(pool.map(attempt, "abc"))
    assert sorted(a.revision for a in accepted) == [0, 1, 2]
    assert sorted(members(store)) == ["a", "b", "c"]


def test_the_same_command_at_the_same_moment_has_one_effect(store: SqliteEventStore) -> None:
    start = threading.Barrier(8)

    def attempt(_: int) -> tuple[int, int]:
        start.wait()
        accepted = join(store, "a")
        return accepted.revision, accepted.position

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(attempt, range(8))) == {(0, 1)}
    assert store.head() == 1


def test_endless_conflict_is_given_up(store: SqliteEventStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(stream: str, *_: object, **__: object) -> object:
        raise Conflict(stream, -1, 0)

    monkeypatch.setattr(store, "append", taken)
    with pytest.raises(Conflict):
        join(store, "a")
