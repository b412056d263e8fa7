"""Finding people: as one types, by the beginnings of names and file numbers; and doing the next thing from the list."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.portal import doors
from services.portal.answers import Answer, Unavailable
from services.portal.pages.register import BEGIN
from services.portal.web.visit import Visit
from shared.api.reply import Reply

MOST: Final = 12
"""Persons that a list shows; who is not among them is found by one more letter."""
LONGEST: Final = 100
"""Letters that are looked at: nobody has a longer name."""


@dataclass(frozen=True, slots=True)
class Found:
    """A person in the list. ``phase`` is None where it cannot be said, ``ags`` where no residence is recorded."""

    id: str
    name: str
    born_on: str | None
    age: int | None
    file_number: str | None
    phone: str | None
    ags: str | None
    phase: str | None


def show(visit: Visit) -> Reply:
    """The empty search."""
    return _page(visit, "", None)


def find(visit: Visit) -> Reply:
    """Who begins like this; if nobody does, who is called in a like way."""
    typed = visit.form["q"][:LONGEST]
    if not typed:
        return _page(visit, typed, None)
    found = _search(visit, typed)
    if found == []:
        return _page(visit, typed, _search(visit, typed, similar=True), alike=True)
    return _page(visit, typed, found)


def age(born_on: str | None, today: date) -> int | None:
    """Years lived on a day; None for who is not born yet, or whose birthday is not known."""
    if born_on is None:
        return None
    born = date.fromisoformat(born_on)
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return years if years >= 0 else None


def full_name(person: Answer) -> str:
    """Family name, given name, as lists of people are sorted; empty for who was erased."""
    return ", ".join(filter(None, (person["family_name"], person["given_name"])))


def _page(visit: Visit, typed: str, found: list[Found] | Unavailable | None, *, alike: bool = False) -> Reply:
    shown: dict[str, Any] = {
        "typed": typed,
        "found": found,
        "alike": alike,
        "may_register": visit.has_role(*doors.REGISTER),
        "may_advise": visit.has_role(*doors.ADVISE),
        "most": MOST,
        "begin": BEGIN,
    }
    if visit.wants_fragment:
        return visit.fragment("persons.html", "found", **shown)
    return visit.page("persons.html", **shown)


def _search(visit: Visit, typed: str, *, similar: bool = False) -> list[Found] | Unavailable:
    backend = visit.backend
    asked = {"q": typed, "limit": MOST + 1} | ({"similar": True} if similar else {})
    try:
        people = backend.question("/intake/v1/persons/search", **asked)["persons"]
    except Unavailable as unavailable:
        return unavailable
    phase_of: dict[str, str] = {}
    if people:
        with suppress(Unavailable):  # the list is worth showing without the phases
            ids = [person["person_id"] for person in people]
            answer = backend.question("/eligibility/v1/persons/search", person_ids=ids)
            phase_of = {each["person_id"]: each["phase"] for each in answer["persons"]}
    return [_found(person, phase_of.get(person["person_id"]), visit.today) for person in people]


def _found(person: Answer, phase: str | None, today: date) -> Found:
    residence = person.get("residence") or {}
    return Found(
        id=person["person_id"],
        name=full_name(person),
        born_on=person["born_on"],
        age=age(person["born_on"], today),
        file_number=person["file_number"],
        phone=person.get("phone"),
        ags=residence.get("ags"),
        phase=phase,
    )
