"""The envelope: what is known about an event beside its data. For ever the same eleven facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from shared.contracts.model import Event, EventId

E_co = TypeVar("E_co", bound=Event, covariant=True)


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


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event as it was recorded: the envelope and the event itself."""

    envelope: Envelope
    event: E_co
