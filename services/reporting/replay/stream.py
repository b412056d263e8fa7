"""The auditor's reading of a stream: after each event, the state and what the event changed of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from services.reporting.history import actor_of
from services.reporting.ledger import LEDGER, OURS, STORED, Ledger
from services.reporting.replay.document import Document, changed
from services.reporting.replay.folds import FOLDS
from services.reporting.replay.masking import Pseudonym, masked, somebody_in
from shared.contracts.codec import Sealer
from shared.contracts.envelope import Envelope, Recorded
from shared.contracts.model import Event
from shared.projections.facts import Fact

MOST: Final = 500
"""Steps of one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The stream after one event. ``changed`` are the paths in ``state`` that differ from the step before.

    ``names`` are all ids of persons and employees, and accounts, that have appeared up to here.
    """

    revision: int
    envelope: Envelope
    state: Document
    changed: list[str]
    names: frozenset[str]


def replay(events: Iterable[Recorded[Event]]) -> Iterator[Step]:
    """The steps of a stream's events, oldest first. Raises KeyError for an event without a row in ``FOLDS``."""
    state: Document = {}
    names = frozenset[str]()
    for recorded in events:
        before, state = state, FOLDS[type(recorded.event)](state, recorded.event)
        names |= {*somebody_in(recorded.event)}
        envelope = recorded.envelope
        yield Step(
            revision=envelope.revision,
            envelope=envelope,
            state=state,
            changed=changed(before, state),
            names=names,
        )


def replay_stream(ledger: Ledger, sealer: Sealer, stream: str) -> list[Step]:
    """Replay a stream of the ledger; empty for an unknown stream.

    What the sealer may not open appears as "sealed", what nobody can open any more as "erased".
    """
    of_stream = select(*(LEDGER.c[name] for name in STORED)).where(LEDGER.c.stream == stream, OURS)
    query = of_stream.order_by(LEDGER.c.revision)
    facts = (Fact(sealer, *tuple(row)) for row in ledger.select(query))
    return list(replay(Recorded(fact.envelope, fact.event) for fact in facts))


def between(
    steps: Iterable[Step], *, after: int | None = None, to: int | None = None, to_position: int | None = None
) -> list[Step]:
    """The steps after a revision, up to another one, and up to a position of the log; None is no limit."""
    return [
        step
        for step in steps
        if (after is None or step.revision > after)
        and (to is None or step.revision <= to)
        and (to_position is None or step.envelope.position <= to_position)
    ]


def document(step: Step, pseudonym: Pseudonym) -> dict[str, Any]:
    """A step as JSON values (dates and instants as they are); whoever appears in it, by pseudonym."""
    envelope, names = step.envelope, {name: pseudonym(name) for name in step.names}
    by = actor_of(envelope.actor)
    return {
        "revision": step.revision,
        "event_id": envelope.event_id,
        "type": envelope.type,
        "position": envelope.position,
        "occurred_on": envelope.occurred_on,
        "learnt_on": envelope.learnt_on,
        "recorded_at": envelope.recorded_at,
        "actor_kind": by.kind,
        "actor": by.service or pseudonym(envelope.actor),
        "on_behalf_of": None if envelope.on_behalf_of is None else pseudonym(envelope.on_behalf_of),
        "correlation_id": envelope.correlation_id,
        "causation_id": envelope.causation_id,
        "state": masked(step.state, names),
        "changed": masked(step.changed, names),
    }
