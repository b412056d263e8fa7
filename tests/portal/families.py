"""Invented families with a case of the manager's own, for tests that record something with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scenarios.small_office import AGS, CLERK
from tests.platform.office import person
from tests.portal.house import RunningPortal


@dataclass(frozen=True)
class Family:
    """``persons``: ids by given name, the anchor first."""

    name: str
    case_id: str
    persons: dict[str, str]


def a_family(
    portal: RunningPortal, name: str, *given: str, talk: dict[str, Any] | None = None, **anchor: Any
) -> Family:
    """A family whose case is assigned to the manager; a talk with the anchor was held today, or as ``talk`` says.

    ``anchor``: what is known of the first, an ``address`` among it.
    """
    office = portal.office
    address = anchor.pop("address", "Probeweg 1")
    home = {"kind": "follow_up_housing", "ags": AGS, "moved_in_on": "2016-02-01", "address": address}

    def registered(given_name: str, **more: Any) -> Any:
        body = person(family_name=name, given_name=given_name, residence=home, **more)
        return office.done("/intake/v1/persons", body, CLERK)

    first = registered(given[0], **anchor)
    child = {"anchor_id": first["id"], "relation": "minor_child", "born_on": "2010-03-04"}
    persons = {given[0]: first["id"]} | {each: registered(each, **child)["id"] for each in given[1:]}
    case_id = office.advise(first, **(talk or {}))
    office.rest()
    return Family(name, case_id, persons)


def talks(portal: RunningPortal, family: Family) -> list[dict[str, Any]]:
    """The talks and visits of the family as they stand, in the order in which they were recorded."""
    found = portal.office.found("/casework/v1/consultations/search", {"case_id": family.case_id}, "manager")
    return sorted(found["consultations"], key=lambda each: each["entries"][0]["recorded_at"])
