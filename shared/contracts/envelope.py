"""The envelope: what is known about an event beside its data. For ever the same facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Generic, TypeAlias, TypeVar

from shared.contracts.model import Event, EventId

E = TypeVar("E", bound=Event)
E_co = TypeVar("E_co", bound=Event, covariant=True)

KnownAt: TypeAlias = date | int | None
"""A state of knowledge: what the office had learnt by a day, what stands up to a position of the log, or all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who recorded what, when, why; and where it stands in the log.

    ``occurred_on`` is valid time, ``learnt_on`` the office's date, ``recorded_at`` the machine's
    monotone instant in UTC. ``correlation_id`` is shared by all that one act set in motion,
    ``causation_id`` is the event or command that led directly here.
    """

    event_id: EventId
    type: str
    version: int
    occurred_on: date
    learnt_on: date
    recorded_at: datetime
    actor: str
    on_behalf_of: str | None
    command_id: str
    body_digest: str
    correlation_id: str
    causation_id: str
    stream: str
    revision: int
    position: int

    @property
    def name(self) -> str:
        """The event's class: the type without its service."""
        return self.type.partition(".")[2]

    def known_by(self, known: KnownAt) -> bool:
        """Whether the event belongs to that state of knowledge."""
        if known is None:
            return True
        return self.position <= known if isinstance(known, int) else self.learnt_on <= known


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The part of the envelope that is the same for all events of one command."""

    learnt_on: date
    actor: str
    on_behalf_of: str | None
    command_id: str
    body_digest: str
    correlation_id: str
    causation_id: str

    @classmethod
    def by(
        cls,
        actor: str,
        command_id: str,
        learnt_on: date,
        *,
        correlation_id: str | None = None,
        causation_id: str | None = None,
    ) -> Origin:
        """Of what is done without a request: in reaction to something, or else as an act of its own."""
        return cls(
            learnt_on=learnt_on,
            actor=actor,
            on_behalf_of=None,
            command_id=command_id,
            body_digest="",
            correlation_id=correlation_id or command_id,
            causation_id=causation_id or command_id,
        )


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as it was recorded: the envelope and the event itself."""

    envelope: Envelope
    event: E_co


def known_commands(history: Iterable[Recorded[E]], known: KnownAt) -> list[list[Recorded[E]]]:
    """What of a stream's history belongs to a state of knowledge, in its order, by the command that recorded it."""
    told = (recorded for recorded in history if recorded.envelope.known_by(known))
    return [list(together) for _, together in groupby(told, key=lambda recorded: recorded.envelope.command_id)]


def events_known(history: Iterable[Recorded[E]], known: KnownAt) -> Iterator[E]:
    """The events of a history that belong to a state of knowledge, in their order."""
    return (recorded.event for recorded in history if recorded.envelope.known_by(known))
