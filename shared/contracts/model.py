"""What a published event is: a frozen dataclass with a type, a version and marked personal fields.

An event's stored type is ``<service>.<ClassName>``; its version lives in the registry, never in the
class name. A published version never changes: a new shape is a new version with an upcaster.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Any, NewType, TypeAlias, TypeVar

PersonId = NewType("PersonId", str)
HouseholdId = NewType("HouseholdId", str)
CaseId = NewType("CaseId", str)
ConsultationId = NewType("ConsultationId", str)
TeamId = NewType("TeamId", str)
EmployeeId = NewType("EmployeeId", str)
GrantId = NewType("GrantId", str)
EventId = NewType("EventId", str)
Ags = NewType("Ags", str)
"""Official municipality key (Amtlicher Gemeindeschlüssel), eight digits."""


def subject_of(stream: str) -> str:
    """Whom or what a stream is about: the id in ``<kind>-<id>``; a stream of one of a kind has only its name."""
    return stream.partition("-")[2] or stream


class PersonalClass(StrEnum):
    """The four classes of personal data; each has its own key per subject and its own retention."""

    IDENTITY = "identity"
    STATISTICS = "statistics"
    HEALTH = "health"
    EMPLOYEE = "employee"


class Hidden(Enum):
    """Stands where a personal field cannot be read."""

    SEALED = "sealed"
    """This process does not hold the master key of the field's class."""
    ERASED = "erased"
    """The subject's key was destroyed."""


T = TypeVar("T")
Personal: TypeAlias = T | Hidden


def shown(value: Personal[T]) -> T | None:
    """A personal field as an answer shows it: None where it cannot be read."""
    return None if isinstance(value, Hidden) else value


def shown_fields(event: Event) -> dict[str, Any]:
    """An event's own fields by name, as an answer shows them."""
    return {
        field.name: shown(getattr(event, field.name))
        for field in dataclasses.fields(event)
        if field.name != "occurred_on"
    }


class MasterMissing(LookupError):
    """This process was not given the master key of a class of personal data that it has to write or read."""


def erased(value: object) -> bool:
    """Whether a personal field's subject was erased; for a view, which leaves such a one out.

    Raises MasterMissing where only this process cannot read it: a view that went on would lose rows silently.
    """
    if value is Hidden.SEALED:
        raise MasterMissing("a view needs a master key that this process does not hold")
    return value is Hidden.ERASED


@dataclass(frozen=True, slots=True)
class Protection:
    """How a personal field is protected: its class, and the field that names its subject."""

    personal_class: PersonalClass
    subject: str


def personal(personal_class: PersonalClass, *, subject: str, default: Any = dataclasses.MISSING) -> Any:
    """A dataclass field that is sealed with the key of ``subject`` (another field's name) and class."""
    metadata = {"protection": Protection(personal_class, subject)}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of every published event.

    ``occurred_on`` is valid time: the day on which it was true in the world. It travels in the
    envelope, beside ``learnt_on`` and ``recorded_at``, not in the data.
    """

    occurred_on: date
