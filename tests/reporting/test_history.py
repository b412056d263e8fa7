"""What was recorded, as the ledger tells it: filtered, in pages, and with what led to what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.reporting.history import Act, Question, SealedPart, causation, document, entries, tree
from services.reporting.ledger import LEDGER, Ledger
from shared.contracts.casework import ConsultationHeld, TeamFormed
from shared.contracts.codec import Origin, encode
from shared.contracts.model import CaseId, ConsultationId, EmployeeId, Event, EventId, PersonalClass, PersonId, TeamId
from shared.eventstore.port import StoredEvent
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

    def record(self, event: Event, stream: str, actor: str = "anna", act: str = "act 1", cause: str = "") -> str:
        self._n += 1
        event_id, cause = f"event {self._n}", cause or act
        origin = Origin(
            learnt_on=DAY,
            actor=actor,
            on_behalf_of=None,
            command_id=cause,
            body_digest="",
            correlation_id=act,
            causation_id=cause,
        )
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
    return [entry.seq for entry in entries(ledger, Question(**question))]


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


def test_an_entry_shows_what_is_plain_and_names_what_is_sealed(ledger: Ledger, log: Log) -> None:
    (entry,) = entries(ledger, Question(stream="consultation-k"))
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

    acts = causation(ledger, "act 1")
    assert [shape(act) for act in acts] == [("a", ("c", ("d",)), ("e",)), ("b", ("f",))]
    assert tree(acts[1])["caused"][0]["envelope"]["stream"] == "team-f"
    assert causation(ledger, "nobody's act") == ()


def test_what_claims_to_be_its_own_cause_is_shown_all_the_same(ledger: Ledger) -> None:
    log = Log(ledger)
    log.record(team("a"), "team-a", cause="event 1")
    log.record(team("b"), "team-b", cause="event 3")
    log.record(team("c"), "team-c", cause="event 2")
    assert len(causation(ledger, "act 1")) == 2
