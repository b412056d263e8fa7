"""Documents: nested JSON values that show a state, how events add to them, and what differs between two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from shared.contracts.model import Event, Hidden
from shared.contracts.registry import contract_of

Document: TypeAlias = Mapping[str, Any]
Fold: TypeAlias = Callable[[Document, Event], Document]
"""The document after an event; the one before is left as it is."""


def takes(date_as: str, **said: Any) -> Fold:
    """The document takes the event's fields, its date under a name that tells what happened, and what is said."""

    def fold(document: Document, event: Event) -> Document:
        return {**document, **_values(event, date_as), **said}

    return fold


def section(name: str, date_as: str) -> Fold:
    """A part of the document is now what the event says."""

    def fold(document: Document, event: Event) -> Document:
        return {**document, name: _about(event, date_as)}

    return fold


def entry(collection: str, key: str, date_as: str, **said: Any) -> Fold:
    """An entry of a collection, named by the event's ``key``, is begun or takes what the event says."""

    def fold(document: Document, event: Event) -> Document:
        found = document.get(collection, {})
        name = str(getattr(event, key))
        return {**document, collection: {**found, name: {**found.get(name, {}), **_about(event, date_as, key), **said}}}

    return fold


def without(collection: str, key: str) -> Fold:
    """The entry named by the event's ``key`` is gone."""

    def fold(document: Document, event: Event) -> Document:
        gone = str(getattr(event, key))
        rest = {name: value for name, value in document.get(collection, {}).items() if name != gone}
        return {**document, collection: rest}

    return fold


def withdraws(key: str, date_as: str) -> Fold:
    """The entry with this name, in whatever collection it is, is marked as withdrawn; it stays to be seen."""

    def fold(document: Document, event: Event) -> Document:
        name = str(getattr(event, key))
        mark = {"withdrawn": _about(event, date_as, key)}
        return {
            collection: {**part, name: {**part[name], **mark}} if isinstance(part, Mapping) and name in part else part
            for collection, part in document.items()
        }

    return fold


def both(first: Fold, second: Fold) -> Fold:
    return lambda document, event: second(first(document, event), event)


def changed(before: Document, after: Document) -> list[str]:
    """The paths at which two documents differ, as in "residences/<id>/kind"."""
    return sorted(_changed(before, after, ""))


def _changed(before: Any, after: Any, path: str) -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in before.keys() | after.keys():
            yield from _changed(before.get(name), after.get(name), f"{path}/{name}" if path else name)
    elif isinstance(after, Mapping) and before is None:
        yield from _changed({}, after, path)
    elif before != after:
        yield path


def _values(event: Event, date_as: str) -> dict[str, Any]:
    values = {name: plain(getattr(event, name)) for name in contract_of(type(event)).names}
    return values | {date_as: event.occurred_on.isoformat()}


def _about(event: Event, date_as: str, *but: str) -> dict[str, Any]:
    """The values without those which the place in the document says, and without the first: whose stream it is."""
    subject, *_ = contract_of(type(event)).names
    return {name: value for name, value in _values(event, date_as).items() if name not in (subject, *but)}


def plain(value: Any) -> Any:
    """JSON values; what cannot be read is "sealed" or "erased"."""
    match value:
        case Hidden():
            return value.value
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case tuple():
            return [plain(part) for part in value]
        case _ if is_dataclass(value):
            return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        case _:
            return value
