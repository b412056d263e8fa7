"""The domain in plain words: events, their fields and values, as people of the office say them. Pure.

The one place with words for the code names of the services' published language: of people in ``domain``, of the
office at work in ``office``, of the platform itself in ``platform``, of what is counted in ``figures``. Values are
found by the field in which they stand: ``term("kind", "private")``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.portal.language.terms import domain, office, platform
from services.portal.language.terms.domain import SHORT_PHASES
from services.portal.language.terms.places import (
    countries,
    country,
    dialled,
    language,
    languages,
    municipalities_named,
    municipality,
    municipality_options,
)
from services.portal.language.words import NOTHING, Words

__all__ = [
    "EVENTS",
    "LABELS",
    "SHORT_PHASES",
    "TERMS",
    "because",
    "cited",
    "countries",
    "country",
    "dialled",
    "event",
    "label",
    "language",
    "languages",
    "municipalities_named",
    "municipality",
    "municipality_options",
    "options",
    "phase_chip",
    "role",
    "section",
    "term",
    "value",
]

EVENTS: Final[Mapping[str, str]] = {**domain.EVENTS, **office.EVENTS, **platform.EVENTS}
"""What an event says happened, by its type."""
LABELS: Final[Mapping[str, str]] = {**domain.LABELS, **office.LABELS, **platform.LABELS}
"""What a field of the events is called, and what the replay calls their days and groups."""
TERMS: Final[Mapping[str, Mapping[str, str]]] = {
    field: {**domain.VALUES.get(field, {}), **office.VALUES.get(field, {})}
    for field in (*domain.VALUES, *office.VALUES)
}
"""Values by the field in which they stand, of all services: what is one field's is unambiguous."""


def event(words: Words, event_type: str) -> str:
    """What happened, in a few words."""
    return words.say(EVENTS.get(event_type, event_type))


def label(words: Words, field: str) -> str:
    """What a field is called."""
    return words.say(LABELS.get(field, field))


def term(words: Words, field: str, value: str | None) -> str:
    """A value of a field in plain words; the town's name for a municipality key that stands for its service."""
    if value is None:
        return NOTHING
    said = TERMS[field].get(value)
    return municipality(value) if said is None else words.say(said)


def options(words: Words, field: str) -> list[tuple[str, str]]:
    """All values of a field with their words, to choose from."""
    return [(value, words.say(said)) for value, said in TERMS[field].items()]


def value(words: Words, field: str, of: Any) -> str:
    """A field's value, as an answer of a service holds it, in plain words."""
    match of:
        case None | "" | [] | ():
            return NOTHING
        case bool():
            return words.say("yes") if of else words.say("no")
        case str() if field in _SAID_BY:
            return _SAID_BY[field](words, of)
        case str() if field in _DAYS or field.endswith(("_on", "_since")):
            return words.date(of)
        case str() if field in TERMS:
            return term(words, field, of)
        case list() | tuple():
            return ", ".join(value(words, field, each) for each in of)
        case _:
            return str(of)


def role(words: Words, name: str) -> str:
    """A role of an account."""
    return words.say(platform.ROLES.get(name, name))


def section(words: Words, of: str) -> str:
    """A section of the AufenthG: "25(2)" is § 25 Abs. 2 AufenthG."""
    return f"§ {cited(words, of.replace('(', ' ('))} AufenthG"


# --- why a phase holds --------------------------------------------------------------------------


def because(words: Words, rule: str, basis: str, phase: str) -> str:
    """Why a phase holds, as half a sentence; for a member of a household, why it holds for the anchor, too."""
    anchors = _ANCHORS_RULE.search(basis)
    if anchors is None:
        return _because(words, rule, phase)
    return words.say(
        "{as_member}; it holds for the household's anchor {because}",
        as_member=_because(words, rule, phase),
        because=_because(words, anchors[1], phase),
    )


def _because(words: Words, rule: str, phase: str) -> str:
    """R13 leaves it to a person: what is no review any more was decided by one."""
    by_hand = rule == "R13" and phase != "manual_review"
    return words.say("because somebody decided so") if by_hand else term(words, "rule", rule)


def cited(words: Words, basis: str) -> str:
    """Paragraphs as the language cites them: "§ 9 (1) Nr. 4 FlüAG" is § 9 Abs. 1 Nr. 4 FlüAG."""
    plain = _ANCHORS_RULE.sub("", basis)
    return _PARAGRAPH.sub(r"Abs. \1", plain) if words.language == "de" else plain


def phase_chip(words: Words, phase: str) -> tuple[str, str]:
    """The kind of state (see ``m.state``) and the short word of a housing phase."""
    return _PHASE_STATES.get(phase, "due"), words.say(SHORT_PHASES.get(phase, phase))


_PHASE_STATES: Final = {"provisional": "stopped", "follow_up": "ok", "manual_review": "late"}
_PARAGRAPH: Final = re.compile(r"\((\d+[a-z]?)\)")
_ANCHORS_RULE: Final = re.compile(r"\b(R\d+): ")
_DAYS: Final = frozenset({"since", "until", "valid_until"})
_SAID_BY: Final[Mapping[str, Callable[[Words, str], str]]] = {
    "nationality": country,
    "language": language,
    "section": section,
    "legal_basis": cited,
    "ags": lambda words, ags: municipality(ags),
}
