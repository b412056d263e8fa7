"""URLs stand in browsers' histories and proxies' logs: no query parameter of any service can hold what is personal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from services.casework.service import CaseworkHttp
from services.eligibility.service import EligibilityHttp
from services.intake.service import IntakeHttp
from services.reporting.service import ReportingHttp
from shared.api.call import Call
from shared.api.entrypoint import query
from shared.api.fields import one_of, several, text, uuid, whole
from shared.api.openapi import specification
from shared.api.service import ServiceHttp

SERVICES = (IntakeHttp, CaseworkHttp, EligibilityHttp, ReportingHttp)
WORDS = ("a", "Muster", "Łukasz", "Muster, Anna", "mara.muster", "clerk-one", "probe@example.org", "Ein Grund.")
"""Names, accounts and reasons, as people write them."""


def open_parameters(service: type[ServiceHttp]) -> list[str]:
    """The query parameters of a service that can hold free text: "GET /path?name"."""
    return [
        f"{method.upper()} {path}?{parameter['name']}"
        for path, operations in specification(service)["paths"].items()
        for method, operation in operations.items()
        for parameter in in_query(operation)
        if holds_words(parameter["schema"])
    ]


def in_query(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in operation["parameters"] if one.get("in") == "query")


def holds_words(schema: dict[str, Any]) -> bool:
    """Whether free text is among the values: unless there is a list of them, or they are numbers, flags, ids, dates."""
    match schema:
        case {"enum": _} | {"type": "integer" | "number" | "boolean"} | {"type": "string", "format": "uuid" | "date"}:
            return False
        case {"type": "array", "items": dict(items)}:
            return holds_words(items)
        case {"anyOf": list(choices)}:
            return any(map(holds_words, choices))
        case {"type": "string", "pattern": str(pattern)}:
            return any(re.search(pattern, word) for word in WORDS)
        case _:
            return True


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_no_url_can_hold_a_name_an_account_or_a_reason(service: type[ServiceHttp]) -> None:
    assert open_parameters(service) == []


def test_there_are_parameters_to_look_at() -> None:
    found = {
        parameter["name"]
        for service in SERVICES
        for operations in specification(service)["paths"].values()
        for operation in operations.values()
        for parameter in in_query(operation)
    }
    assert {"valid_at", "known_at", "limit", "household_id", "ags", "explain", "unassigned"} <= found


@dataclass(frozen=True, kw_only=True)
class Careless:
    q: str = text(50)
    reason: str | None = text(default=None)
    actors: tuple[str, ...] = several(text(50), default=())
    kind: Literal["quiet"] = one_of(Literal["quiet"], default="quiet")
    person_id: str | None = uuid(default=None)
    limit: int = whole(1, 9, default=1)
    account: str | None = None


class CarelessHttp(ServiceHttp):
    """A service as somebody might write it one day."""

    name = "careless"

    @query("/careless/v1/persons", Careless, public=True)
    def find(self, call: Call[Careless]) -> dict[str, Any]:
        return {}


def test_whoever_puts_free_text_into_a_url_is_found_out() -> None:
    found = {parameter.rpartition("?")[2] for parameter in open_parameters(CarelessHttp)}
    assert found == {"q", "reason", "actors", "account"}
