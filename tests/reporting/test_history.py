"""What was recorded, as the ledger tells it: filtered, in pages, and with what led to what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.reporting.history import (
    Act,
    Actor,
    Question,
    SealedPart,
    actor_of,
    causation,
    document,
    page,
    subjects,
    tree,
)
from services.reporting.ledger import LEDGER, Ledger
from services.reporting.replay.stream import replay_stream
from shared.contracts.casework import ConsultationHeld, TeamFormed
from shared.contracts.codec import encode
from shared.contracts.envelope import Origin
from shared.contracts.model import CaseId, ConsultationId, EmployeeId, Event, EventId, PersonalClass, PersonId, TeamId
from shared.eventstore.port import StoredEvent
from shared.privacy.sealer import ClosedSealer
from shared.projections.engine import open_engine

DAY = date(2018, 5, 2)
START = datetime(2018, 5, 2, 8, tzinfo=UTC)


class Glass:
    """A sealer one can look through: what is opened here, would be seen."""

    def prepare(self, names: Any) -> None: ...

    def seal(self, personal_class: PersonalClass, subject: str, event_id: str, names: Any, plain: bytes) -> bytes:
        return plain

    def open(self, *of: Any) -> bytes:
        raise AssertionError("the history opens nothing")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    engine = open_engine(f"sqlite:///{tmp_path}/ledger.db", writing=True)
    LEDGER.create(engine)
    yield Ledger(engine)
    engine.dispose()


class Log:
    """Writes entries one minute apart; an event's id is its number."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._n = ledger, 0

    def skip(self) -> None:
        """A position that something else has taken."""
        self._n += 1

    def record(self, event: Event, stream: str, actor: str = "anna", act: str = "act 1", cause: str = "") -> str:
        self._n += 1
        event_id, cause = f"event {self._n}", cause or act
        origin = Origin.by(actor, cause, DAY, correlation_id=act)
        new = encode(event, EventId(event_id), origin, Glass())
        at = START + timedelta(minutes=self._n)
        self._ledger.write([StoredEvent(self._n, event_id, stream, 0, new.type, new.data, new.metadata, at)])
        return event_id


def team(name: str) -> TeamFormed:
    return TeamFormed(occurred_on=DAY, team_id=TeamId(name), name=name)


CONSULTATION = ConsultationHeld(
    occurred_on=DAY,
    consultation_id=ConsultationId("k"),
    case_id=CaseId("c"),
    team_id=TeamId("t"),
    held_by=EmployeeId("e"),
    took_part=(PersonId("p"),),
    concerns=(),
    setting="outreach",
    minutes=30,
    interpreter=False,
    topics=("housing",),
    steps=(),
    health=("need",),
    note="Muster came along",
)


@pytest.fixture
def log(ledger: Ledger) -> Log:
    log = Log(ledger)
    log.record(team("north"), "team-north")
    log.record(team("south"), "team-south", actor="bert", act="act 2")
    log.record(CONSULTATION, "consultation-k", act="act 3")
    log.record(team("east"), "team-east", actor="bert")
    return log


def numbers(ledger: Ledger, **question: Any) -> list[int]:
    return [entry.seq for entry in page(ledger, Question(**question)).entries]


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"stream": "team-south"}, [2]),
        ({"type": "casework.TeamFormed"}, [1, 2, 4]),
        ({"actor": "bert"}, [2, 4]),
        ({"correlation_id": "act 1"}, [1, 4]),
        ({"actor": "anna", "type": "casework.TeamFormed"}, [1]),
        ({"since": START + timedelta(minutes=2)}, [2, 3, 4]),
        ({"until": START + timedelta(minutes=2)}, [1]),
        ({"since": START + timedelta(minutes=2), "until": START + timedelta(minutes=4)}, [2, 3]),
        ({"limit": 2}, [1, 2]),
        ({"limit": 2, "after": 2}, [3, 4]),
        ({"after": 4}, []),
        ({"stream": "team-unknown"}, []),
    ],
)
def test_who_asks_gets_the_entries_that_answer(
    ledger: Ledger, log: Log, question: dict[str, Any], found: list[int]
) -> None:
    assert numbers(ledger, **question) == found


def test_what_another_program_recorded_is_not_shown(ledger: Ledger, log: Log) -> None:
    theirs = StoredEvent(5, "theirs", "team-north", 1, "other.Thing", b"\xff", b"{}", START)
    ledger.write([theirs])
    log.skip()
    log.record(team("west"), "team-west")
    assert numbers(ledger) == [1, 2, 3, 4, 6]
    assert len(replay_stream(ledger, ClosedSealer(), "team-north")) == 1


def test_an_entry_shows_what_is_plain_and_names_what_is_sealed(ledger: Ledger, log: Log) -> None:
    (entry,) = page(ledger, Question(stream="consultation-k")).entries
    assert entry.envelope.actor == "anna"
    assert entry.envelope.recorded_at == START + timedelta(minutes=3)
    assert entry.data["took_part"] == ["p"]
    assert entry.sealed == (
        SealedPart(personal_class="statistics", fields=("setting", "minutes", "interpreter", "topics", "steps")),
        SealedPart(personal_class="health", fields=("health",)),
        SealedPart(personal_class="identity", fields=("note",)),
    )
    said = orjson.dumps(document(entry)).decode()
    assert "Muster" not in said
    assert "outreach" not in said
    assert ledger.at(3).chain == entry.chain


def test_causation_shows_what_led_to_what(ledger: Ledger) -> None:
    log = Log(ledger)
    first = log.record(team("a"), "team-a")
    second = log.record(team("b"), "team-b")
    of_first = log.record(team("c"), "team-c", cause=first)
    log.record(team("x"), "team-x", act="act 2")
    log.record(team("d"), "team-d", cause=of_first)
    log.record(team("e"), "team-e", cause=first)
    log.record(team("f"), "team-f", cause=second)

    def shape(act: Act) -> tuple[Any, ...]:
        return (act.entry.envelope.stream[-1], *map(shape, act.caused))

    acts = causation(page(ledger, Question(correlation_id="act 1")).entries)
    assert [shape(act) for act in acts] == [("a", ("c", ("d",)), ("e",)), ("b", ("f",))]
    assert causation(()) == ()


def test_a_tree_tells_what_led_to_what_and_when_but_neither_who_nor_what(ledger: Ledger) -> None:
    log = Log(ledger)
    click = log.record(team("a"), "person-p")
    log.record(team("b"), "eligibility-p", actor="service:eligibility", cause=click)
    told = tree(causation(page(ledger, Question()).entries), lambda subject: f"P-{subject}")
    assert (told["events"], told["milliseconds"]) == (2, 60_000)
    (root,) = told["tree"]
    (effect,) = root["caused"]
    assert (root["stream"], root["actor_kind"], root["after_ms"]) == (
        {"kind": "person", "subject": "P-p"},
        "account",
        0,
    )
    assert (effect["type"], effect["stream"]["subject"]) == ("casework.TeamFormed", "P-p")
    assert (effect["actor_kind"], effect["service"], effect["after_ms"]) == ("service", "eligibility", 60_000)
    assert "anna" not in str(told) and "data" not in root


@pytest.mark.parametrize(
    ("account", "by"),
    [
        ("service:casework", Actor("service", "casework")),
        ("anna", Actor("account")),
        ("service:", Actor("account")),
        ("services", Actor("account")),
    ],
)
def test_who_acted_is_an_account_or_a_service(account: str, by: Actor) -> None:
    assert actor_of(account) == by


def test_pages_are_turned_in_both_directions(ledger: Ledger, log: Log) -> None:
    def turned(**question: Any) -> tuple[list[int], int | None, int | None]:
        found = page(ledger, Question(limit=2, **question))
        return [entry.seq for entry in found.entries], found.previous, found.next

    assert turned() == ([1, 2], None, 2)
    assert turned(after=2) == ([3, 4], 3, None)
    assert turned(before=3) == ([1, 2], None, 2)
    assert turned(last=True) == ([3, 4], 3, None)
    assert turned(before=4) == ([2, 3], 2, 3)
    assert turned(after=4) == ([], 5, None)
    assert turned(before=1) == ([], None, 0)
    assert turned(last=True, actor="bert") == ([2, 4], None, None)


def test_what_claims_to_be_its_own_cause_is_shown_all_the_same(ledger: Ledger) -> None:
    log = Log(ledger)
    log.record(team("a"), "team-a", cause="event 1")
    log.record(team("b"), "team-b", cause="event 3")
    log.record(team("c"), "team-c", cause="event 2")
    assert len(causation(page(ledger, Question()).entries)) == 2


def test_an_answer_tells_about_whom_was_asked_for_and_whom_its_streams_are_about(ledger: Ledger, log: Log) -> None:
    asked = Question(actor="bert", stream="person-p")
    assert subjects(asked, ()) == ["bert", "p"]
    assert subjects(Question(), page(ledger, Question(limit=3)).entries) == ["north", "south", "k"]
    assert subjects(asked, page(ledger, Question(actor="bert")).entries) == ["bert", "p", "south", "east"]
