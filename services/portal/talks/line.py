"""A talk in one line: ``b ali fam wohnung 20``. What was understood is shown before it is sent. Pure.

First a name (``b`` or ``n`` may stand before it: a talk, nobody met), then in any order: whom else, ``fam`` for
everybody, topics and the setting by how they begin, minutes as a number, a day, ``dolm`` for an interpreter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from services.portal.language.days import NoDay, read_day
from services.portal.language.words import sorted_as as folded
from services.portal.records.households import Household, Person

VERBS: Final[Mapping[str, Literal["talk", "nobody"]]] = {"b": "talk", "n": "nobody"}
SHORTEST: Final = 3
"""Letters from which on the beginning of a word stands for it."""

MEANINGS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("took_part", "all"): ("familie", "alle", "family", "everybody"),
    ("interpreter", "ja"): ("dolmetscher", "dolmetscherin", "interpreter"),
    ("setting", "outreach"): ("hausbesuch", "aufsuchend", "zuhause", "home", "outreach"),
    ("setting", "office_hours"): ("sprechstunde", "hours"),
    ("setting", "office"): ("büro", "office"),
    ("setting", "remote"): ("telefon", "telefonisch", "video", "online", "phone", "remote"),
    ("topics", "language"): ("sprache", "sprachkurs", "deutsch", "language", "german"),
    ("topics", "schooling"): ("schule", "schulbildung", "school"),
    ("topics", "training_or_study"): ("ausbildung", "studium", "training", "study"),
    ("topics", "labour_market"): ("arbeit", "arbeitsmarkt", "work", "job"),
    ("topics", "further_qualification"): ("weiterbildung", "weiterqualifizierung", "further"),
    ("topics", "housing"): ("wohnung", "wohnen", "miete", "housing", "flat"),
    ("topics", "social_participation"): ("teilhabe", "verein", "social", "participation"),
    ("topics", "health"): ("gesundheit", "arzt", "health", "doctor"),
    ("topics", "children"): ("kinder", "kita", "children"),
    ("topics", "residence_law"): ("aufenthalt", "asyl", "residence"),
    ("topics", "finances"): ("finanzen", "geld", "schulden", "finances", "money"),
}
"""The words of both languages for what may stand in a line, whichever the pages speak."""
_MINUTES: Final = re.compile(r"(\d{1,3})(?:min|m)?")
_DAY: Final = re.compile(r"[a-z]{3,}|[+\-−–]\d{1,3}|\d{1,4}[.\-/].*")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says. ``matches``: the households that its ``name`` fits; ``unknown``: words that mean nothing, or
    two things. ``took_part`` and ``topics`` hold ids and code names."""

    what: Literal["talk", "nobody"] = "talk"
    name: str = ""
    matches: tuple[Household, ...] = ()
    took_part: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    setting: str | None = None
    minutes: int | None = None
    interpreter: bool = False
    held_on: date | None = None
    unknown: tuple[str, ...] = ()

    @property
    def household(self) -> Household | None:
        """Whom it is about; None while nobody or several fit."""
        return self.matches[0] if len(self.matches) == 1 else None

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields without which it cannot be sent as it is."""
        if self.household is None:
            return ("household",)
        if self.what == "nobody":
            return ()
        given = {
            "took_part": self.took_part,
            "setting": self.setting,
            "minutes": self.minutes,
            "topics": self.topics,
        }
        return tuple(name for name, value in given.items() if not value)

    @property
    def is_complete(self) -> bool:
        return not self.missing and not self.unknown


def read(text: str, households: Iterable[Household], today: date) -> Line:
    """What a line says to somebody with these households. ``took_part`` is, where it names nobody, who came last."""
    words = text.split()
    line = Line(what=VERBS[words[0].lower()]) if words and words[0].lower() in VERBS else Line()
    words = words[1:] if words and words[0].lower() in VERBS else words
    if not words:
        return line
    line = replace(line, name=words[0], matches=_called(words[0], tuple(households)))
    names = [words[0]]
    for word in words[1:]:
        if (read_on := _keyword(line, word, today)) is not None:
            line = read_on
        elif narrower := _called(word, line.matches):
            line = replace(line, matches=narrower)
            names.append(word)
        else:
            line = replace(line, unknown=(*line.unknown, word))
    return _with_participants(line, names)


def _keyword(line: Line, word: str, today: date) -> Line | None:
    """The line with what a word adds; None for a word that is none of these."""
    if (number := _MINUTES.fullmatch(word.lower())) and line.minutes is None and 1 <= int(number[1]) <= 600:
        return replace(line, minutes=int(number[1]))
    if _DAY.fullmatch(word.lower()):
        try:
            return replace(line, held_on=read_day(word, today))
        except NoDay:
            pass
    match _meaning(word):
        case ("took_part", everybody):
            return replace(line, took_part=(everybody,))
        case ("interpreter", _):
            return replace(line, interpreter=True)
        case ("setting", setting):
            return replace(line, setting=setting)
        case ("topics", topic):
            return replace(line, topics=tuple(dict.fromkeys((*line.topics, topic))))
    return None


def _meaning(word: str) -> tuple[str, str] | None:
    """What a word stands for: itself, or what alone begins like it."""
    wanted = folded(word)
    exact = [meaning for meaning, said in MEANINGS.items() if wanted in map(folded, said)]
    if not exact and len(wanted) >= SHORTEST:
        exact = [meaning for meaning, said in MEANINGS.items() if any(folded(each).startswith(wanted) for each in said)]
    return exact[0] if len(exact) == 1 else None


def _called(name: str, households: Sequence[Household]) -> tuple[Household, ...]:
    """Who has a member of this name; where nobody has just this one, whose begins like it."""
    wanted = folded(name)
    exact = tuple(each for each in households if any(wanted in _names(person) for person in each.members))
    return exact or tuple(
        each
        for each in households
        if any(known.startswith(wanted) for person in each.members for known in _names(person))
    )


def _names(person: Person) -> Collection[str]:
    return [folded(part) for name in (person.given_name, person.family_name) for part in _parts(name)]


def _parts(name: str | None) -> Iterator[str]:
    """A name and its parts: somebody called Abdul Karim is found by either."""
    if name:
        yield name
        yield from name.split()


def _with_participants(line: Line, names: Sequence[str]) -> Line:
    """Who took part: everybody, those who were named, else those who came last, or who is alone."""
    household = line.household
    if household is None or line.what == "nobody":
        return replace(line, took_part=())
    if line.took_part:
        return replace(line, took_part=tuple(person.id for person in household.members))
    named = tuple(person.id for person in household.members if any(_is_called(person, name) for name in names))
    alone = tuple(person.id for person in household.members) if len(household.members) == 1 else ()
    return replace(line, took_part=named or household.took_part_last or alone)


def _is_called(person: Person, name: str) -> bool:
    return any(folded(part).startswith(folded(name)) for part in _parts(person.given_name))
