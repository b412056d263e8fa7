"""What was recorded: the ledger's entries by stream, type, actor, correlation and time. Nothing sealed is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, select

from services.reporting.ledger import LEDGER, STORED, Ledger
from shared.contracts.codec import SEALED
from shared.contracts.envelope import Envelope
from shared.privacy.sealer import ClosedSealer
from shared.projections.facts import Fact, microseconds

MOST: Final = 1000
"""Entries of one answer at most."""
_CLOSED: Final = ClosedSealer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which entries are wanted; what is None does not matter.

    ``since`` and ``until`` are instants of recording, the latter not included. The next page begins
    ``after`` the last entry's ``seq``.
    """

    stream: str | None = None
    type: str | None = None
    actor: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPart:
    """Fields that are sealed together, by name."""

    personal_class: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recorded event: where it stands in the ledger, its envelope, what is plain, and what is sealed."""

    seq: int
    chain: str
    envelope: Envelope
    data: Mapping[str, Any]
    sealed: tuple[SealedPart, ...]


@dataclass(frozen=True, slots=True)
class Act:
    """An entry and what it led to, in order of recording."""

    entry: Entry
    caused: tuple[Act, ...]


def entries(ledger: Ledger, question: Question) -> list[Entry]:
    """The entries that answer a question, oldest first, at most ``MOST``."""
    query = (
        select(LEDGER.c.seq, LEDGER.c.chain, *(LEDGER.c[name] for name in STORED))
        .where(LEDGER.c.seq > question.after, *_conditions(question))
        .order_by(LEDGER.c.seq)
        .limit(min(question.limit, MOST))
    )
    return [_entry(*tuple(row)) for row in ledger.select(query)]


def causation(ledger: Ledger, correlation_id: str) -> tuple[Act, ...]:
    """What one act set in motion, as trees of cause and effect; its first ``MOST`` entries.

    At the roots is what no entry of the same act caused: the events of the command itself.
    """
    found = entries(ledger, Question(correlation_id=correlation_id, limit=MOST))
    seq_of = {entry.envelope.event_id: entry.seq for entry in found}
    roots: list[Act] = []
    effects: dict[str, list[Act]] = {}
    for entry in reversed(found):  # effects come after their cause, so they are complete by then
        caused = effects.pop(entry.envelope.event_id, [])
        act = Act(entry, tuple(reversed(caused)))
        cause = entry.envelope.causation_id
        known = seq_of.get(cause, entry.seq) < entry.seq  # type: ignore[call-overload]
        (effects.setdefault(cause, []) if known else roots).append(act)
    return tuple(reversed(roots))


def document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON values (dates and instants as they are)."""
    return asdict(entry)


def tree(act: Act) -> dict[str, Any]:
    """An act and its effects as JSON values."""
    return document(act.entry) | {"caused": [tree(effect) for effect in act.caused]}


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    same = {name: getattr(question, name) for name in ("stream", "type", "actor", "correlation_id")}
    conditions = [LEDGER.c[name] == value for name, value in same.items() if value is not None]
    if question.since is not None:
        conditions.append(LEDGER.c.recorded_at >= microseconds(question.since))
    if question.until is not None:
        conditions.append(LEDGER.c.recorded_at < microseconds(question.until))
    return conditions


def _entry(seq: int, chain: bytes, *stored: Any) -> Entry:
    fact = Fact(_CLOSED, *stored)
    data = orjson.loads(fact.stored_data)
    parts = data.pop(SEALED, ())
    sealed = (SealedPart(personal_class=part["class"], fields=tuple(part["fields"])) for part in parts)
    return Entry(seq=seq, chain=chain.hex(), envelope=fact.envelope, data=data, sealed=tuple(sealed))
