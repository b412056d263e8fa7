"""Every route of the portal as its table of contents has it, and how each is opened about somebody or something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.portal.service import PortalHttp
from services.portal.web.screen import Screen

PLACEHOLDER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
OF_THE_PAGE: Final[Mapping[str, str]] = {
    "/lage/teil/<name>": "menschen",
    "/lage/<name>": "persons-in-care",
    "/lage/<name>/csv/<what>": "persons-in-care",
    "/static/<version>/<name>": "portal.css",
}
"""What ``name`` is on which page."""


@dataclass(frozen=True)
class Route:
    """``roles``: who may open it; nobody named: everybody, also without a log-in."""

    method: str
    path: str
    roles: frozenset[str]

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
        known |= {"act": ids.get("correlation_id", ""), "action": ids.get("action", "einzug")}
        return PLACEHOLDER.sub(lambda found: known[found[1]], self.path)


def routes() -> Iterator[Route]:
    """In the order of the table of contents."""
    for member in vars(PortalHttp).values():
        for entrypoint in getattr(member, "nameko_entrypoints", ()):
            if isinstance(entrypoint, Screen):
                yield Route(entrypoint.method, entrypoint.url, entrypoint.roles)
