"""Events to stored bytes and back, with the personal fields sealed.

Stored data are JSON: plain fields by name, and under ``_sealed`` one entry per class and subject
``{"class", "subject", "fields", "cipher"}``. Stored metadata hold the envelope.
"""

from __future__ import annotations

import types
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Protocol, Union, get_args, get_origin, get_type_hints

import orjson

from shared.contracts.envelope import Envelope, Origin, Recorded
from shared.contracts.model import Event, EventId, Hidden, PersonalClass
from shared.contracts.registry import contract_named, contract_of, upcast
from shared.eventstore.port import NewEvent, StoredEvent

SEALED = "_sealed"
_DATES = ("occurred_on", "learnt_on")
_TEXTS = ("actor", "command_id", "body_digest", "correlation_id", "causation_id")
_CLASSES = {personal_class.value: personal_class for personal_class in PersonalClass}  # faster than the enum's call


class Sealer(Protocol):
    """Seals and opens the personal fields of one class and subject; see ``shared.privacy``."""

    def prepare(self, names: Iterable[tuple[PersonalClass, str]]) -> None:
        """Make the keys of these classes and subjects, all at once, where they are new."""
        ...

    def seal(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], plain: bytes
    ) -> bytes: ...

    def open(
        self,
        personal_class: PersonalClass,
        subject: str,
        event_id: str,
        names: tuple[str, ...],
        cipher: bytes,
    ) -> bytes | Hidden:
        """The plain bytes, or why they cannot be read. Raises ValueError for a forged cipher."""
        ...


def encode(event: Event, event_id: EventId, origin: Origin, sealer: Sealer) -> NewEvent:
    """Serialise an event for the store, sealing its personal fields.

    Raises ValueError for a field that is ``Hidden``: what cannot be read cannot be recorded again.
    """
    contract = contract_of(type(event))
    plain: dict[str, Any] = {}
    groups: dict[tuple[PersonalClass, str], dict[str, Any]] = {}
    for name in contract.names:
        value = getattr(event, name)
        if isinstance(value, Hidden):
            raise ValueError(f"{contract.type}: a hidden field cannot be recorded again")
        if (protection := contract.protections.get(name)) is None:
            plain[name] = value
        else:
            group = groups.setdefault((protection.personal_class, getattr(event, protection.subject)), {})
            group[name] = value
    if groups:
        sealer.prepare(groups)
        plain[SEALED] = [
            {
                "class": personal_class,
                "subject": subject,
                "fields": list(group),
                "cipher": _text(sealer.seal(personal_class, subject, event_id, tuple(group), _dumps(group))),
            }
            for (personal_class, subject), group in groups.items()
        ]
    metadata = {
        "version": contract.version,
        "occurred_on": event.occurred_on,
        "learnt_on": origin.learnt_on,
        "actor": origin.actor,
        "on_behalf_of": origin.on_behalf_of,
        "command_id": origin.command_id,
        "body_digest": origin.body_digest,
        "correlation_id": origin.correlation_id,
        "causation_id": origin.causation_id,
    }
    return NewEvent(event_id=event_id, type=contract.type, data=_dumps(plain), metadata=_dumps(metadata))


class NoEnvelope(ValueError):
    """These are not the metadata of the platform: another program recorded the event."""


def envelope_of(stored: StoredEvent) -> Envelope:
    """The envelope alone, without touching the data. Raises NoEnvelope."""
    return _envelope(stored, metadata_of(stored.metadata))


def metadata_of(stored_metadata: bytes) -> Mapping[str, Any]:
    """The envelope as JSON values, checked: for who reads whatever is in a store. Raises NoEnvelope."""
    try:
        meta = orjson.loads(stored_metadata)
        for name in _DATES:
            date.fromisoformat(meta[name])
        whole = type(meta["version"]) is int and "on_behalf_of" in meta
        if whole and all(type(meta[name]) is str and "\0" not in meta[name] for name in _TEXTS):
            found: Mapping[str, Any] = meta
            return found
    except (ValueError, KeyError, TypeError):
        pass
    raise NoEnvelope


def open_data(stored_data: bytes, event_id: str, sealer: Sealer) -> dict[str, Any]:
    """The stored data as JSON values with personal fields opened, or ``Hidden`` where they cannot be."""
    data: dict[str, Any] = orjson.loads(stored_data)
    for entry in data.pop(SEALED, ()):
        names, cipher = tuple(entry["fields"]), a2b_base64(entry["cipher"])
        opened = sealer.open(_CLASSES[entry["class"]], entry["subject"], event_id, names, cipher)
        data.update(dict.fromkeys(names, opened) if isinstance(opened, Hidden) else orjson.loads(opened))
    return data


def decode(stored: StoredEvent, sealer: Sealer) -> Recorded[Event]:
    """The recorded event in its current shape.

    Raises NewerThanThisCode for an unknown type or version, LookupError for a missing upcaster, TypeError or
    ValueError for data that do not fit the contract.
    """
    meta = orjson.loads(stored.metadata)
    return Recorded(_envelope(stored, meta), _event(stored, meta, sealer))


def decode_event(stored: StoredEvent, sealer: Sealer) -> Event:
    """The same without the envelope, which a fold of a stream does not need and which takes half the time."""
    return _event(stored, orjson.loads(stored.metadata), sealer)


def _event(stored: StoredEvent, meta: Mapping[str, Any], sealer: Sealer) -> Event:
    version: int = meta["version"]
    contract = contract_named(stored.type, version)  # before it is opened: classes may be new, too
    data = upcast(contract, version, open_data(stored.data, stored.event_id, sealer))
    converters = _converters(contract.event_class)  # type: ignore[arg-type]  # a class is hashable, mypy errs
    for name, convert in converters.items():
        value = data[name]
        if value is not None and not isinstance(value, Hidden):
            data[name] = convert(value)
    return contract.event_class(occurred_on=date.fromisoformat(meta["occurred_on"]), **data)


def _envelope(stored: StoredEvent, meta: Mapping[str, Any]) -> Envelope:
    return Envelope(
        event_id=EventId(stored.event_id),
        type=stored.type,
        version=meta["version"],
        occurred_on=date.fromisoformat(meta["occurred_on"]),
        learnt_on=date.fromisoformat(meta["learnt_on"]),
        recorded_at=stored.recorded_at,
        actor=meta["actor"],
        on_behalf_of=meta["on_behalf_of"],
        command_id=meta["command_id"],
        body_digest=meta["body_digest"],
        correlation_id=meta["correlation_id"],
        causation_id=meta["causation_id"],
        stream=stored.stream,
        revision=stored.revision,
        position=stored.position,
    )


def _text(cipher: bytes) -> str:
    return b2a_base64(cipher, newline=False).decode()


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, default=_json_default)


def _json_default(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not a contract type")


@cache
def _converters(event_class: Any) -> Mapping[str, Callable[[Any], Any]]:
    """For each field that JSON cannot hold as it is: how to build it. None and Hidden never reach it."""
    hints = get_type_hints(event_class)
    found = {name: _converter(hints[name]) for name in hints if name != "occurred_on"}
    return {name: convert for name, convert in found.items() if convert is not None}


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not type(None) and part is not Hidden]
        return _converter(parts[0]) if len(parts) == 1 else None
    if origin is tuple:
        inner = _converter(get_args(hint)[0])
        return tuple if inner is None else lambda values: tuple(map(inner, values))
    if hint is date:
        return date.fromisoformat
    if hint is Decimal:
        return Decimal
    if is_dataclass(hint):
        nested = _converters(hint)  # type: ignore[arg-type]
        return lambda value: hint(  # type: ignore[operator]
            **{name: nested[name](part) if name in nested else part for name, part in value.items()}
        )
    return None
