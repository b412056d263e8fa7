"""The life of a command: load the stream, fold it, decide, append with the expected revision.

One command is one append to one stream: all or nothing on every store. A command id makes it
idempotent; its event ids derive from it and the stream, so that no two events ever share one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import reduce
from typing import Generic, TypeVar, cast

from shared.contracts.codec import Sealer, decode, decode_event, encode
from shared.contracts.envelope import Origin, Recorded
from shared.contracts.ids import named_id
from shared.contracts.model import Event, EventId
from shared.eventstore.port import NO_STREAM, AlreadyAnswered, Answer, Conflict, EventStore, StoredEvent

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E", bound=Event)

ATTEMPTS = 8
"""How often a command is decided again after a conflict before it is refused as busy."""
COMMANDS = "1dbe6219-bcb5-5fb7-9f40-1dbebf6b08c3"
"""The namespace of all command ids: that of the URL ``urn:wegmarken:command``."""


class Refused(Exception):
    """A domain rule says no. ``rule`` is the name of the problem, ``facts`` plain values without personal data."""

    def __init__(self, rule: str, **facts: object) -> None:
        super().__init__(rule)
        self.rule, self.facts = rule, facts


class KeyReused(Exception):
    """The idempotency key was used before with another body."""


@dataclass(frozen=True, slots=True)
class Decider(Generic[S, C, E]):
    """A stream's pure core: what nothing is, what an event makes of it, what a command leads to.

    ``newest_suffices``: the newest event alone makes the state, so the others need not be read.
    """

    nothing: S
    evolve: Callable[[S, E], S]
    decide: Callable[[S, C], Sequence[E]]
    newest_suffices: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Where a command's events stand. ``repeated``: this is the first answer, given again.

    A command that changes nothing is accepted at the stream's present revision; position is then 0.
    """

    stream: str
    revision: int
    position: int
    repeated: bool = False


def command_scope(actor: str, key: str) -> str:
    """The command id of an actor's idempotency key: a UUID, the same for the same pair."""
    return named_id(COMMANDS, f"{actor}\n{key}")


def derived_id(command_id: str, name: str) -> str:
    """A UUID for something a command creates (``name`` tells several apart): the same at every repetition."""
    return named_id(command_id, name)


def load(store: EventStore, sealer: Sealer, stream: str, evolve: Callable[[S, E], S]) -> list[Recorded[E]]:
    """The recorded events of a stream that ``evolve`` folds, oldest first."""
    recorded = [decode(stored, sealer) for stored in store.read(stream)]
    return cast("list[Recorded[E]]", recorded)  # nobody else writes the stream, so it holds what ``evolve`` knows


def folding(evolve: Callable[[S, E], S], sealer: Sealer) -> Callable[[S, StoredEvent], S]:
    """What makes of a state the next one, for events as the store holds them."""
    known = cast("Callable[[S, Event], S]", evolve)  # nobody else writes the stream, as above

    def learn(state: S, stored: StoredEvent) -> S:
        return known(state, decode_event(stored, sealer))

    return learn


def execute(
    store: EventStore,
    sealer: Sealer,
    stream: str,
    decider: Decider[S, C, E],
    command: C,
    origin: Origin,
    *,
    begins: bool = False,
) -> Accepted:
    """Carry out one command on one stream.

    ``begins``: the stream's id derives from the command's, so it is new, or the command was answered before. It is
    not read first: the append finds out.

    Raises Refused for a domain rule, KeyReused for a known command id with another digest, Conflict
    when others were faster ``ATTEMPTS`` times, StoreUnavailable.
    """
    try:
        for attempt in range(ATTEMPTS - 1):
            with suppress(Conflict):
                return _attempt(store, sealer, stream, decider, command, origin, unread=begins and attempt == 0)
        return _attempt(store, sealer, stream, decider, command, origin)
    except AlreadyAnswered as known:
        return _again(known.answer, origin)


def _attempt(
    store: EventStore,
    sealer: Sealer,
    stream: str,
    decider: Decider[S, C, E],
    command: C,
    origin: Origin,
    *,
    unread: bool = False,
) -> Accepted:
    """Read (unless ``unread``), decide and append once. Raises AlreadyAnswered, Conflict, and what ``execute`` raises.

    A known key goes before any rule. It is looked up where the stream has a history; without one, an append looks by
    itself: so a command that begins a stream, as most do, asks the store nothing more.
    """
    history = () if unread else _history(store, stream, decider)
    revision = history[-1].revision if history else NO_STREAM
    if history:
        _check_new(store.answer_to(origin.command_id, stream=stream, known_to=revision))
    state = reduce(folding(decider.evolve, sealer), history, decider.nothing)
    try:
        events = decider.decide(state, command)
    except Refused:
        if not history:
            _check_new(store.answer_to(origin.command_id, stream=stream))
        raise
    if events:
        new = [
            encode(event, EventId(derived_id(origin.command_id, f"{stream} {n}")), origin, sealer)
            for n, event in enumerate(events)
        ]
        answer = store.append(stream, new, expected=revision, command_id=origin.command_id, digest=origin.body_digest)
        return Accepted(stream=answer.stream, revision=answer.revision, position=answer.position)
    if not history:
        _check_new(store.answer_to(origin.command_id, stream=stream))
    return Accepted(stream=stream, revision=revision, position=0)


def _history(store: EventStore, stream: str, decider: Decider[S, C, E]) -> Sequence[StoredEvent]:
    if not decider.newest_suffices:
        return store.read(stream)
    newest = store.read_last(stream)
    return () if newest is None else (newest,)


def _check_new(answer: Answer | None) -> None:
    if answer is not None:
        raise AlreadyAnswered(answer)


def _again(answer: Answer, origin: Origin) -> Accepted:
    if answer.digest != origin.body_digest:
        raise KeyReused(origin.command_id)
    return Accepted(stream=answer.stream, revision=answer.revision, position=answer.position, repeated=True)
