"""Every route of the portal as its table of contents has it, and how each is opened about somebody or something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from scenarios.small_office import AGS
from services.portal.service import PortalHttp
from services.portal.web.screen import Screen
from shared.api.entrypoint import InPlace
from tests.platform.office import RunningOffice

PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
OF_THE_PAGE: Final[Mapping[str, str]] = {
    "/lage/teil/<name>": "menschen",
    "/lage/<name>": "persons-in-care",
    "/lage/<name>/csv/<what>": "persons-in-care",
    "/static/<version>/<name>": "portal.css",
}
"""What ``name`` is on which page."""
IN_THE_OFFICE: Final[Mapping[str, str]] = {"/buero/<action>": "einstellen", "/buero/<action>/<uuid:about>": "vertrag"}
"""What ``action`` is there; elsewhere it is one of a file."""
NOWHERE: Final = "7f8e1c8e-9a4b-5d0e-8a25-0a4f4e6d3a11"
"""The id of nothing."""


@dataclass(frozen=True)
class Route:
    """``roles``: who may open it; ``public``: everybody, also without a log-in."""

    method: str
    path: str
    roles: frozenset[str]
    public: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def address(self, ids: Mapping[str, str]) -> str:
        """The path with ids in it."""
        known = {
            "name": OF_THE_PAGE.get(self.path, ""),
            "what": "verlauf",
            "version": "0",
            "anywhere": "nirgends",
            **ids,
        }
        known |= {"act": ids.get("correlation_id", ""), "about": ids.get("employee_id", "")}
        known |= {"action": IN_THE_OFFICE.get(self.path) or ids.get("action", "einzug")}
        return PLACEHOLDER.sub(lambda found: known[found[1]], self.path)


def routes() -> Iterator[Route]:
    """In the order of the table of contents; what else is served is no page."""
    for member in vars(PortalHttp).values():
        for entrypoint in getattr(member, "nameko_entrypoints", ()):
            if isinstance(entrypoint, Screen):
                yield Route(entrypoint.method, entrypoint.url, entrypoint.roles, entrypoint.public)
            else:
                assert isinstance(entrypoint, InPlace)


def ids_of(office: RunningOffice) -> Mapping[str, str]:
    """What the paths of all routes name: what was recorded at first, and for the rest nothing that there is."""
    person = office.ids["person"]
    known = {"person_id": person, "case_id": office.ids["case"], "consultation_id": office.ids["talk"], "ags": AGS}
    known["employee_id"] = office.ids["manager"]
    nothing = dict.fromkeys(("entry_id", "correlation_id", "report_id"), NOWHERE)
    return {**known, **nothing, "stream": f"person-{person}"}
