"""The register of published events: type name and version → class, upcasters → newer shapes.

Registration happens at import of the contract modules; ``shared.contracts`` imports them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from shared.contracts.model import Event, Protection

E = TypeVar("E", bound=Event)
Upcast = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Contract:
    """A published event type in its current version."""

    event_class: type[Event]
    type: str
    version: int
    names: tuple[str, ...]
    """The fields of its data; ``occurred_on`` travels in the envelope."""
    protections: Mapping[str, Protection]
    """The personal fields among them, each with its class and subject."""

    @property
    def service(self) -> str:
        return self.type.partition(".")[0]


class NewerThanThisCode(LookupError):
    """An event of a type or version that a newer release records: only a process of that release knows what it says.

    Published types and their versions never go, so what is not known is never old.
    """


_by_type: dict[str, Contract] = {}
_by_class: dict[type[Event], Contract] = {}
_upcasts: dict[tuple[str, int], Upcast] = {}


def published(*, version: int) -> Callable[[type[E]], type[E]]:
    """Publish an event class under ``<module's last name>.<ClassName>``.

    Raises ValueError when the name is taken.
    """

    def register(event_class: type[E]) -> type[E]:
        service = event_class.__module__.rpartition(".")[2]
        data = [f for f in fields(event_class) if f.name != "occurred_on"]
        contract = Contract(
            event_class,
            f"{service}.{event_class.__name__}",
            version,
            tuple(f.name for f in data),
            {f.name: f.metadata["protection"] for f in data if "protection" in f.metadata},
        )
        if contract.type in _by_type:
            raise ValueError(f"{contract.type} is already published")
        _by_type[contract.type] = contract
        _by_class[event_class] = contract
        return event_class

    return register


def upcaster(event_type: str, *, from_version: int) -> Callable[[Upcast], Upcast]:
    """Register how the data of ``from_version`` become those of the next version.

    The function gets and returns opened data; a field that cannot be read is a ``Hidden`` value.
    """

    def register(upcast: Upcast) -> Upcast:
        if (event_type, from_version) in _upcasts:
            raise ValueError(f"{event_type} v{from_version} already has an upcaster")
        _upcasts[event_type, from_version] = upcast
        return upcast

    return register


def upcast(contract: Contract, version: int, data: dict[str, Any]) -> dict[str, Any]:
    """Bring opened data of ``version`` to the contract's current version, step by step.

    Raises LookupError when a step is missing.
    """
    for step in range(version, contract.version):
        data = _upcasts[contract.type, step](data)
    return data


def contract_of(event_class: type[Event]) -> Contract:
    """The contract of a published class. Raises KeyError for a class that is not published."""
    return _by_class[event_class]


def types_of(*event_classes: type[Event]) -> frozenset[str]:
    """The stored type names of published classes."""
    return frozenset(_by_class[event_class].type for event_class in event_classes)


def contract_named(event_type: str, version: int = 1) -> Contract:
    """The contract of a stored type name, if it knows that version. Raises NewerThanThisCode."""
    contract = _by_type.get(event_type)
    if contract is None or version > contract.version:
        known = "no version" if contract is None else f"v{contract.version}"
        raise NewerThanThisCode(f"{event_type} v{version} is newer than this code, which knows {known}")
    return contract


def contracts() -> Mapping[str, Contract]:
    """All published contracts by type name."""
    return dict(_by_type)
