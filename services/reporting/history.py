"""What the platform recorded: the ledger's entries by stream, type, actor, correlation and time. Nothing sealed is
opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

import orjson
from sqlalchemy import ColumnElement, select

from services.reporting.ledger import LEDGER, OURS, STORED, Ledger
from shared.contracts.codec import SEALED
from shared.contracts.envelope import Envelope
from shared.contracts.model import subject_of
from shared.eventstore.instants import microseconds
from shared.privacy.sealer import ClosedSealer
from shared.projections.facts import Fact

MOST: Final = 1000
"""Entries of one answer at most."""
OF_SOMEBODY: Final = frozenset({"person", "eligibility", "employee"})
"""Kinds of streams whose name holds a person's or an employee's id."""
_CLOSED: Final = ClosedSealer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which entries are wanted; what is None does not matter.

    ``since`` and ``until`` are instants of recording, the latter not included. A page begins ``after`` an entry's
    ``seq``, or ends ``before`` one, or is the ``last``; if nothing is said, it is the first.
    """

    stream: str | None = None
    type: str | None = None
    actor: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    before: int | None = None
    last: bool = False
    limit: int = 100

    @property
    def backwards(self) -> bool:
        return self.last or self.before is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Entries, oldest first; the next page begins after ``next``, the one before ends before ``previous``."""

    entries: Sequence[Entry]
    previous: int | None
    next: int | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who recorded an event: an account, or a service in reaction to another event."""

    kind: Literal["account", "service"]
    service: str | None = None


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


def page(ledger: Ledger, question: Question) -> Page:
    """A page of the entries that answer a question, at most ``MOST``."""
    limit = min(question.limit, MOST)
    seq = LEDGER.c.seq
    query = select(seq, LEDGER.c.chain, *(LEDGER.c[name] for name in STORED)).where(*_conditions(question))
    query = query.order_by(seq.desc() if question.backwards else seq).limit(limit + 1)
    found = [_entry(*tuple(row)) for row in ledger.select(query)]
    more, shown = len(found) > limit, found[:limit]
    if question.backwards:
        shown.reverse()
        at_end = None if question.before is None else question.before - 1
        return Page(
            entries=shown,
            previous=shown[0].seq if more else None,
            next=shown[-1].seq if shown and question.before is not None else at_end,
        )
    at_begin = None if question.after is None else question.after + 1
    return Page(
        entries=shown,
        previous=shown[0].seq if shown and question.after is not None else at_begin,
        next=shown[-1].seq if more else None,
    )


def causation(found: Sequence[Entry]) -> tuple[Act, ...]:
    """The entries of one act, oldest first, as trees of cause and effect.

    At the roots is what no entry of the same act caused: the events of the command itself.
    """
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


def subjects(question: Question, found: Iterable[Entry]) -> list[str]:
    """Whom an answer tells about: whoever was asked for, found or not, and whomever the entries' streams are about."""
    streams = [*filter(None, [question.stream]), *(entry.envelope.stream for entry in found)]
    return [*filter(None, [question.actor]), *map(subject_of, streams)]


def actor_of(account: str) -> Actor:
    """Who acted under the name in an envelope."""
    kind, _, service = account.partition(":")
    return Actor("service", service) if kind == "service" and service else Actor("account")


def document(entry: Entry) -> dict[str, Any]:
    """An entry as JSON values (dates and instants as they are)."""
    return asdict(entry)


def tree(acts: Sequence[Act], pseudonym: Callable[[str], str]) -> dict[str, Any]:
    """Acts as JSON values: what led to what, after how long; nothing of what the events say, persons by pseudonym."""
    envelopes = [entry.envelope for entry in _entries(acts)]
    began = min(envelope.recorded_at for envelope in envelopes)
    ended = max(envelope.recorded_at for envelope in envelopes)
    return {
        "events": len(envelopes),
        "first": began,
        "last": ended,
        "milliseconds": _milliseconds(began, ended),
        "tree": [_node(act, began, pseudonym) for act in acts],
    }


def _entries(acts: Iterable[Act]) -> Iterator[Entry]:
    for act in acts:
        yield act.entry
        yield from _entries(act.caused)


def _node(act: Act, began: datetime, pseudonym: Callable[[str], str]) -> dict[str, Any]:
    envelope = act.entry.envelope
    kind, subject, by = envelope.stream.partition("-")[0], subject_of(envelope.stream), actor_of(envelope.actor)
    return {
        "event_id": envelope.event_id,
        "seq": act.entry.seq,
        "position": envelope.position,
        "type": envelope.type,
        "stream": {"kind": kind, "subject": pseudonym(subject) if kind in OF_SOMEBODY else subject},
        "revision": envelope.revision,
        "actor_kind": by.kind,
        "service": by.service,
        "occurred_on": envelope.occurred_on,
        "learnt_on": envelope.learnt_on,
        "recorded_at": envelope.recorded_at,
        "after_ms": _milliseconds(began, envelope.recorded_at),
        "caused": [_node(effect, began, pseudonym) for effect in act.caused],
    }


def _milliseconds(since: datetime, until: datetime) -> float:
    return round((until - since).total_seconds() * 1000, 1)


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    same = {name: getattr(question, name) for name in ("stream", "type", "actor", "correlation_id")}
    conditions = [OURS, *(LEDGER.c[name] == value for name, value in same.items() if value is not None)]
    if question.after is not None:
        conditions.append(LEDGER.c.seq > question.after)
    if question.before is not None:
        conditions.append(LEDGER.c.seq < question.before)
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
