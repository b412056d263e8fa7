"""Golden files: the shape of every published event version, and an example of it, written down once.

``golden/<service>.<Type>.v<N>.json`` holds the type, the version, the schema (each field's type as text,
of personal fields also class and subject) and an example with its personal fields opened.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_URL, uuid5

import orjson

from shared.contracts.envelope import Origin
from shared.contracts.model import Event, Hidden
from shared.contracts.registry import Contract

GOLDEN = Path(__file__).parent / "golden"
Schema = Mapping[str, Mapping[str, str]]

ORIGIN = Origin(
    learnt_on=date(2018, 11, 5),
    actor="probe",
    on_behalf_of=None,
    command_id="7d3f5d0a-3c3f-4f5e-9a55-0d1c0c1f2b11",
    body_digest="0" * 64,
    correlation_id="7d3f5d0a-3c3f-4f5e-9a55-0d1c0c1f2b12",
    causation_id="7d3f5d0a-3c3f-4f5e-9a55-0d1c0c1f2b13",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One golden file."""

    type: str
    version: int
    schema: Schema
    occurred_on: date
    data: Mapping[str, Any]

    @property
    def path(self) -> Path:
        return GOLDEN / f"{self.type}.v{self.version}.json"


def golden_files() -> list[Golden]:
    """All golden files there are, also those of older versions."""
    return [read(path) for path in sorted(GOLDEN.glob("*.json"))]


def read(path: Path) -> Golden:
    content = orjson.loads(path.read_bytes())
    return Golden(
        type=content["type"],
        version=content["version"],
        schema=content["schema"],
        occurred_on=date.fromisoformat(content["example"]["occurred_on"]),
        data=content["example"]["data"],
    )


def write_missing(contract: Contract) -> Path | None:
    """Write the golden file of the contract's version; None if it exists. What is written never changes."""
    event = example(contract.event_class)
    data = {name: getattr(event, name) for name in contract.names}
    content = {
        "type": contract.type,
        "version": contract.version,
        "schema": schema(contract),
        "example": {"occurred_on": event.occurred_on, "data": data},
    }
    path = GOLDEN / f"{contract.type}.v{contract.version}.json"
    try:
        with path.open("xb") as file:
            file.write(orjson.dumps(content, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except FileExistsError:
        return None
    return path


# --- schema -----------------------------------------------------------------------------------


def schema(contract: Contract) -> Schema:
    """What a reader of stored data relies on: each field's type, and how it is protected."""
    hints = get_type_hints(contract.event_class)
    described = {name: {"type": type_text(hints[name])} for name in contract.names}
    for name, protection in contract.protections.items():
        described[name] |= {"class": protection.personal_class.value, "subject": protection.subject}
    return described


def differences(published: Schema, now: Schema) -> list[str]:
    """What a change did to a published schema, in words; empty if nothing. The order of fields is free."""
    found = [f"{name} was removed" for name in published if name not in now]
    found += [f"{name} was added" for name in now if name not in published]
    for name in published:
        for aspect in ("type", "class", "subject"):
            before, after = published[name].get(aspect), now.get(name, published[name]).get(aspect)
            if before != after:
                found.append(f"the {aspect} of {name} was {before} and is {after}")
    return found


def type_text(hint: Any) -> str:
    """A type as stable text; ``Hidden`` does not show, as the protection says it already."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return " | ".join(type_text(part) for part in get_args(hint) if part is not Hidden)
    if origin is Literal:
        return f"one of {', '.join(get_args(hint))}"
    if origin is tuple:
        return f"list of {type_text(get_args(hint)[0])}"
    if hint is type(None):
        return "None"
    if isinstance(hint, NewType):
        return hint.__name__
    if isinstance(hint, type) and is_dataclass(hint):
        parts = get_type_hints(hint)
        return f"{hint.__name__}({', '.join(f'{name}: {type_text(part)}' for name, part in parts.items())})"
    return str(hint.__name__)


# --- examples ---------------------------------------------------------------------------------

BY_NAME: Mapping[str, Any] = {
    "family_name": "Muster",
    "given_name": "Probe",
    "name": "Beispiel",
    "account": "probe",
    "file_number": "AZ-2018/0042",
    "phone": "07161 000000",
    "nationality": "SY",
    "language": "ar",
    "address": "Musterweg 1",
    "accommodation": "Haus Beispiel",
    "section": "25(2)",
    "legal_basis": "§ 9 (1) Nr. 3 FlüAG",
    "rule_set": "2018-10-01",
    "integration_management": "district",
    "social_advice": "district",
    "note": "Gespräch über die Wohnung",
    "minutes": 45,
    "days_ahead": 90,
    "fte": Decimal("0.80"),
    "amount": Decimal("815185.00"),
    "rate_graduate": Decimal("64000"),
    "rate_intermediate": Decimal("51000"),
}


def example(event_class: type[Event]) -> Event:
    """An invented event, every field filled: the same for the same class."""
    hints = get_type_hints(event_class)
    return event_class(**{name: _value(name, hint) for name, hint in hints.items()})


def _value(name: str, hint: Any) -> Any:
    origin = get_origin(hint)
    if name in BY_NAME and origin is not tuple:
        return BY_NAME[name]
    if origin in (Union, types.UnionType):
        return _value(name, get_args(hint)[0])
    if origin is Literal:
        return get_args(hint)[0]
    if origin is tuple:
        return (_value(name, get_args(hint)[0]),)
    if isinstance(hint, NewType):
        return "08117026" if hint.__name__ == "Ags" else str(uuid5(NAMESPACE_URL, f"urn:example:{name}"))
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(**{part: _value(part, inner) for part, inner in get_type_hints(hint).items()})
    if hint is str:
        return str(uuid5(NAMESPACE_URL, f"urn:example:{name}")) if name.endswith("_id") else "beispiel"
    return {date: date(2018, 8, 1), Decimal: Decimal("1.00"), int: 7, bool: True}[hint]
