"""Events on a stream as if its service had recorded them, whatever its rules say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import uuid4

from shared.contracts.codec import Sealer
from shared.contracts.envelope import Origin
from shared.contracts.model import Event
from shared.eventstore.port import EventStore
from shared.execute import Accepted, Decider, execute

AS_TOLD: Final[Decider[None, Sequence[Event], Event]] = Decider(
    None, lambda state, _: state, lambda _, events: events, newest_suffices=True
)


def record(
    store: EventStore, sealer: Sealer, stream: str, *events: Event, learnt_on: date, correlation_id: str | None = None
) -> Accepted:
    """Append these events as one command, of some act if none is named."""
    origin = Origin.by("probe", str(uuid4()), learnt_on, correlation_id=correlation_id or str(uuid4()))
    return execute(store, sealer, stream, AS_TOLD, events, origin)
