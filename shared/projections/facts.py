"""A fact: a recorded event as a view reads it, decoded at most once and only as far as somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from shared.contracts.codec import Sealer, decode, envelope_of, open_data
from shared.contracts.envelope import Envelope
from shared.contracts.model import Event
from shared.contracts.registry import contract_named, upcast
from shared.eventstore.instants import instant_of
from shared.eventstore.port import StoredEvent


class Fact:
    """A recorded event, in two forms: cheap JSON values (``data``) and the dataclass (``event``).

    Plain attributes cost nothing: ``position``, ``event_id``, ``stream``, ``revision``, ``type``,
    ``recorded_us`` (microseconds since 1970, UTC). ``data``, ``event`` and ``metadata`` are decoded when
    first asked for, and then kept for all views; ``envelope`` and ``stored`` are made anew each time. Dates
    in ``data``, ``occurred_on`` and ``learnt_on`` are ISO text, which sorts and compares like the date itself
    and goes into a table as it is.
    """

    __slots__ = (
        "_data",
        "_event",
        "_metadata",
        "_sealer",
        "event_id",
        "position",
        "recorded_us",
        "revision",
        "stored_data",
        "stored_metadata",
        "stream",
        "type",
    )

    def __init__(
        self,
        sealer: Sealer,
        position: int,
        event_id: str,
        stream: str,
        revision: int,
        type: str,
        stored_data: bytes,
        stored_metadata: bytes,
        recorded_us: int,
    ) -> None:
        self._sealer = sealer
        self.position = position
        self.event_id = event_id
        self.stream = stream
        self.revision = revision
        self.type = type
        self.stored_data = stored_data
        self.stored_metadata = stored_metadata
        self.recorded_us = recorded_us
        self._metadata: dict[str, Any] | None = None
        self._data: dict[str, Any] | None = None
        self._event: Event | None = None

    @classmethod
    def of(cls, stored: StoredEvent, sealer: Sealer) -> Fact:
        return cls(sealer, *stored.columns)

    @property
    def name(self) -> str:
        """The event's class: the type without its service."""
        return self.type.partition(".")[2]

    @property
    def data(self) -> Mapping[str, Any]:
        """The fields as JSON values in the contract's current shape; ``Hidden`` where one cannot be read.

        Decimals are text, tuples lists, nested dataclasses dicts. Raises what ``decode`` raises.
        """
        if self._data is None:
            version: int = self.metadata["version"]
            contract = contract_named(self.type, version)
            self._data = upcast(contract, version, open_data(self.stored_data, self.event_id, self._sealer))
        return self._data

    @property
    def event(self) -> Event:
        """The typed event in its current shape. Raises what ``decode`` raises."""
        if self._event is None:
            self._event = decode(self.stored, self._sealer).event
        return self._event

    @property
    def envelope(self) -> Envelope:
        return envelope_of(self.stored)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The stored envelope as JSON values: version, actor, correlation_id, causation_id and so on."""
        if self._metadata is None:
            self._metadata = orjson.loads(self.stored_metadata)
        return self._metadata

    @property
    def occurred_on(self) -> str:
        """Valid time, the day in the world, as ISO text."""
        day: str = self.metadata["occurred_on"]
        return day

    @property
    def learnt_on(self) -> str:
        """The office's date on which it became known, as ISO text."""
        day: str = self.metadata["learnt_on"]
        return day

    @property
    def recorded_at(self) -> datetime:
        return instant_of(self.recorded_us)

    @property
    def stored(self) -> StoredEvent:
        return StoredEvent(
            self.position,
            self.event_id,
            self.stream,
            self.revision,
            self.type,
            self.stored_data,
            self.stored_metadata,
            self.recorded_at,
        )

    def __repr__(self) -> str:
        return f"Fact({self.type} {self.event_id} at {self.position})"
