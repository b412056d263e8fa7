"""Stored events made by hand, as a store of any age would give them back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from shared.contracts.codec import SEALED, Sealer
from shared.contracts.model import PersonalClass
from shared.eventstore.port import NewEvent, StoredEvent
from tests.contracts.golden_files import ORIGIN, Schema

EVENT_ID = "2f1c9b0e-5a41-4c7e-8a7d-6a0f3c1d9e01"


def as_stored(new: NewEvent) -> StoredEvent:
    return StoredEvent(
        position=1,
        event_id=new.event_id,
        stream="probe",
        revision=0,
        type=new.type,
        data=new.data,
        metadata=new.metadata,
        recorded_at=datetime(2018, 11, 5, 8, tzinfo=UTC),
    )


def stored_by_hand(
    event_type: str, version: int, schema: Schema, occurred_on: date, data: Mapping[str, Any], sealer: Sealer
) -> StoredEvent:
    """The event as code of that version wrote it: sealed as its own schema says, not as today's code would."""
    plain = {name: value for name, value in data.items() if "class" not in schema[name]}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for name, value in data.items():
        if "class" in schema[name]:
            groups.setdefault((schema[name]["class"], data[schema[name]["subject"]]), {})[name] = value
    sealed = [
        {
            "class": personal_class,
            "subject": subject,
            "fields": list(group),
            "cipher": b64encode(
                sealer.seal(PersonalClass(personal_class), subject, EVENT_ID, tuple(group), orjson.dumps(group))
            ).decode(),
        }
        for (personal_class, subject), group in groups.items()
    ]
    metadata = {
        "version": version,
        "occurred_on": occurred_on,
        "learnt_on": ORIGIN.learnt_on,
        "actor": ORIGIN.actor,
        "on_behalf_of": ORIGIN.on_behalf_of,
        "command_id": ORIGIN.command_id,
        "body_digest": ORIGIN.body_digest,
        "correlation_id": ORIGIN.correlation_id,
        "causation_id": ORIGIN.causation_id,
    }
    return as_stored(
        NewEvent(
            event_id=EVENT_ID,
            type=event_type,
            data=orjson.dumps(plain | ({SEALED: sealed} if sealed else {})),
            metadata=orjson.dumps(metadata),
        )
    )
