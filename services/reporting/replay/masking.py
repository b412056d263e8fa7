"""Pseudonyms in the place of whoever appears in a replay: persons, employees and accounts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeAlias, get_args, get_type_hints

from shared.contracts.model import EmployeeId, Event, PersonId
from shared.contracts.registry import contract_of

SOMEBODY: Final = frozenset({PersonId, EmployeeId})
ACCOUNT: Final = "account"
"""The field that holds a login."""
Pseudonym: TypeAlias = Callable[[str], str]


def somebody_in(event: Event) -> Iterator[str]:
    """The ids of persons and employees in an event, and their accounts."""
    for name in _fields(type(event)):  # type: ignore[arg-type]  # a class is hashable, mypy errs
        value = getattr(event, name)
        yield from (each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, str))


def masked(document: Any, names: Mapping[str, str]) -> Any:
    """A document, or the path to a part of one, with other names."""
    match document:
        case str():
            return "/".join(names.get(part, part) for part in document.split("/"))
        case Mapping():
            return {masked(name, names): masked(value, names) for name, value in document.items()}
        case list():
            return [masked(value, names) for value in document]
        case _:
            return document


@cache
def _fields(event_class: type[Event]) -> tuple[str, ...]:
    hints = get_type_hints(event_class)
    return tuple(
        n for n in contract_of(event_class).names if n == ACCOUNT or not SOMEBODY.isdisjoint(_within(hints[n]))
    )


def _within(hint: Any) -> set[Any]:
    """A type, and the types that it is made of."""
    return {hint}.union(*map(_within, get_args(hint))) if get_args(hint) else {hint}
