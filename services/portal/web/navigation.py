"""The way through the pages: what the header shows, and where each role begins.

The order is that of the header; the first page that an account may open is its first page after the log-in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.portal import doors
from services.portal.language.words import mark


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the header: where it leads, what it is called, who may open it (nobody named: everybody)."""

    path: str
    label: str
    roles: frozenset[str] = frozenset()

    def is_open_to(self, roles: Collection[str]) -> bool:
        return not self.roles or not self.roles.isdisjoint(roles)


PLACES: Final = (
    Place("/mein-tag", mark("My day"), doors.ADVISE),
    Place("/personen", mark("Persons"), doors.LOOK_UP),
    Place("/pruefung", mark("Audit"), doors.HISTORY),
    Place("/pruefung/betrieb", mark("Operation"), doors.OPERATION),
    Place("/lage", mark("Dashboard"), doors.FIGURES),
    Place("/buero", mark("Office"), doors.OFFICE),
    Place("/datenschutz", mark("Data protection"), doors.ACCESSES),
    Place("/datenschutz/loeschungen", mark("Erasures"), doors.ERASURES),
    Place("/gemeinde", mark("My municipality"), doors.MUNICIPALITY),
    Place("/zustaendigkeit", mark("Who is in charge?")),
)
WITHOUT_PLACE: Final = "/hilfe"


def places(roles: Collection[str]) -> list[Place]:
    """What the header shows to somebody with these roles."""
    return [place for place in PLACES if place.is_open_to(roles)]


def here(path: str) -> str | None:
    """The entry of the header to which a page belongs: the one that begins most like it."""
    return max((place.path for place in PLACES if f"{path}/".startswith(f"{place.path}/")), key=len, default=None)


def first_page(roles: Collection[str]) -> str:
    """Where somebody with these roles begins."""
    own = (place.path for place in PLACES if place.roles and place.is_open_to(roles))
    return next(own, WITHOUT_PLACE)
