"""Households as the office speaks of them: by name, where they live, how to talk with them. Pure.

Made of intake's cards and casework's cases. What was erased is None, and shown as that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from services.portal.answers import Answer
from services.portal.language.words import sorted_as

ERASED: Final = "…"
"""What stands in the place of a name that was erased."""
_NUMBERS: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    given_name: str | None
    family_name: str | None
    born_on: str | None = None
    phone: str | None = None
    language: str | None = None
    interpreter_needed: bool | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.given_name, self.family_name))) or ERASED

    @property
    def called(self) -> str:
        """How somebody is called among their own."""
        return self.given_name or self.name


@dataclass(frozen=True, slots=True)
class Household:
    """The ``members`` of a case, the anchor first. ``ags`` and ``address``: where the household lives, as far as known.

    ``took_part_last``: who was at the last talk and still belongs to it.
    """

    id: str
    case_id: str
    members: tuple[Person, ...]
    took_part_last: tuple[str, ...] = ()
    ags: str | None = None
    address: str | None = None

    @property
    def name(self) -> str:
        """The family names that occur, "Muster / Probe"; for one person the whole name."""
        if len(self.members) == 1:
            return self.members[0].name
        return " / ".join(dict.fromkeys(filter(None, (person.family_name for person in self.members)))) or ERASED

    def short_name(self, person: Person) -> str:
        """What a member is called beside the household's name: by the given name, where all bear one family name."""
        return person.called if len(self.members) > 1 and " / " not in self.name else person.name

    @property
    def phones(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (person.phone for person in self.members))))

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (person.language for person in self.members))))

    @property
    def interpreter_needed(self) -> bool:
        return any(person.interpreter_needed for person in self.members)


def household(case: Answer, card: Answer) -> Household:
    """A case of casework's with intake's card of its household."""
    belongs = set(case["members"])
    members = tuple(_person(each) for each in card["members"] if each["person_id"] in belongs)
    residence = card["residence"] or {}
    last = ((case.get("contact") or {}).get("last") or {}).get("took_part", ())
    return Household(
        id=case["household_id"],
        case_id=case["case_id"],
        members=members,
        took_part_last=tuple(person.id for person in members if person.id in last),
        ags=residence.get("ags"),
        address=residence.get("address") or residence.get("accommodation"),
    )


def in_visiting_order(of: Household, municipality: str) -> tuple[bool, str, list[tuple[int, str]], str]:
    """The key by which households stand in the order of a round: by municipality, street and number, then name."""
    return (not of.ags, sorted_as(municipality), _naturally(of.address or ""), sorted_as(of.name))


def _person(card: Answer) -> Person:
    return Person(
        id=card["person_id"],
        given_name=card["given_name"],
        family_name=card["family_name"],
        born_on=card["born_on"],
        phone=card["phone"],
        language=card["language"],
        interpreter_needed=card["interpreter_needed"],
    )


def _naturally(text: str) -> list[tuple[int, str]]:
    """So that Hauptstraße 9 stands before Hauptstraße 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _NUMBERS.split(sorted_as(text))]
