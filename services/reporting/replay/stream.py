"""The auditor's reading of a stream: after each event, the state and what the event changed of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from services.reporting.ledger import LEDGER, STORED, Ledger
from services.reporting.replay.document import Document, changed
from services.reporting.replay.folds import FOLDS
from shared.contracts.codec import Sealer
from shared.contracts.envelope import Envelope, Recorded
from shared.contracts.model import Event
from shared.projections.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The stream after one event. ``changed`` are the paths in ``state`` that differ from the step before."""

    revision: int
    envelope: Envelope
    state: Document
    changed: list[str]


def replay(events: Iterable[Recorded[Event]]) -> Iterator[Step]:
    """The steps of a stream's events, oldest first. Raises KeyError for an event without a row in ``FOLDS``."""
    state: Document = {}
    for recorded in events:
        before, state = state, FOLDS[type(recorded.event)](state, recorded.event)
        envelope = recorded.envelope
        yield Step(revision=envelope.revision, envelope=envelope, state=state, changed=changed(before, state))


def replay_stream(ledger: Ledger, sealer: Sealer, stream: str, to: int | None = None) -> list[Step]:
    """Replay a stream of the ledger up to revision ``to``, or to its end; empty for an unknown stream.

    What the sealer may not open appears as "sealed", what nobody can open any more as "erased".
    """
    query = select(*(LEDGER.c[name] for name in STORED)).where(LEDGER.c.stream == stream).order_by(LEDGER.c.revision)
    if to is not None:
        query = query.where(LEDGER.c.revision <= to)
    facts = (Fact(sealer, *tuple(row)) for row in ledger.select(query))
    return list(replay(Recorded(fact.envelope, fact.event) for fact in facts))


def document(step: Step) -> dict[str, Any]:
    """A step as JSON values (dates and instants of the envelope as they are)."""
    return asdict(step)
