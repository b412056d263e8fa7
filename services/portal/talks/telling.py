"""The form of a talk: what it proposes, what was told in it, and what casework says against that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlencode
from uuid import uuid4

from services.portal.answers import Answer, Refused
from services.portal.language.days import written
from services.portal.language.words import Words, mark
from services.portal.records import fields
from services.portal.records.households import Household
from services.portal.talks.indicators import Derived, derived, entered
from services.portal.web.form import Form, whole_number

ONE_OF: Final = ("held_on", "setting", "minutes", "interpreter", "note")
MANY_OF: Final = ("took_part", "concerns", "topics", "steps")
TOLD: Final = (*MANY_OF, *ONE_OF)
"""What is told about a talk: the form's fields, named as the command's. A step is written ``housing.need``."""
YES: Final = "yes"
PROPOSED: Final = "proposed"
"""The field that holds what the form proposed, so that what was entered can be told from it."""
HEALTH: Final = "health"

SENT_DIFFERENTLY: Final = mark(
    "This form has been saved already, perhaps from another window, with other content. If this is a further talk,"
    " save it once more; otherwise discard it."
)
FIELD_OF: Final[Mapping[str, str]] = {
    "held-in-the-future": "held_on",
    "held-before-case-opened": "held_on",
    "case-not-open": "held_on",
    "minutes-out-of-range": "minutes",
    "no-topic": "topics",
    "nobody-took-part": "took_part",
    "not-a-member": "took_part",
}
"""The fields that casework's refusals are about."""
MISSING: Final[Mapping[str, str]] = {
    "took_part": mark("Who took part? Please tick at least one person."),
    "setting": mark("Where was it? Please choose."),
    "minutes": mark("How many minutes did it take?"),
    "topics": mark("What was it about? Please name at least one topic."),
}
"""What is asked where casework misses something: as the form asks for it."""
PATHS: Final[Mapping[str, str]] = {**{name: name for name in TOLD}, HEALTH: "steps"}
"""The form's names by the service's paths."""


def proposal(of: Household, today: date) -> Form:
    """What is proposed: today, and who came last; who lives alone."""
    came = of.took_part_last or (tuple(person.id for person in of.members) if len(of.members) == 1 else ())
    return _proposing({"took_part": list(came), "held_on": [written(today)]})


def with_told(form: Form, told: Mapping[str, str]) -> Form:
    """The form with what was told already; several values of a field stand in one text."""
    said = {name: value.split() if name in MANY_OF else [value] for name, value in told.items() if name in TOLD}
    return replace(form, values={**form.values, **said})


def as_recorded(told: Answer) -> Form:
    """The form as it would have been filled in for this talk; nothing for a visit that met nobody."""
    if "took_part" not in told:
        return Form.new()
    steps = [f"{step['action_field']}.{step['step']}" for step in told["steps"] or ()]
    return _proposing(
        {
            "took_part": told["took_part"],
            "concerns": told["concerns"],
            "held_on": [written(date.fromisoformat(told["held_on"]))],
            "setting": _one(told["setting"]),
            "minutes": _one(told["minutes"]),
            "interpreter": [YES] if told["interpreter"] else [],
            "topics": told["topics"] or [],
            "steps": [*steps, *(f"{HEALTH}.{step}" for step in told["health"] or ())],
            "note": _one(told["note"]),
        }
    )


def read(form: Form, words: Words, today: date) -> tuple[dict[str, Any], Form]:
    """What was told, as a command's body without what is missing: the service says what that is. And the form, with
    an error at a day that is none."""
    days, form = form.days(today, words, "held_on")
    steps = [step.partition(".") for step in form.all("steps")]
    body = {
        **days,
        "setting": form.get("setting"),
        "minutes": form.get("minutes") if (minutes := whole_number(form["minutes"])) is None else minutes,
        "interpreter": form.get("interpreter") == YES,
        "topics": form.all("topics"),
        "took_part": form.all("took_part"),
        "concerns": form.all("concerns"),
        "steps": [{"action_field": field, "step": step} for field, _, step in steps if field != HEALTH],
        "health": [step for field, _, step in steps if field == HEALTH],
        "note": form.get("note"),
    }
    return {name: value for name, value in body.items() if value is not None}, form


def with_refusal(form: Form, refused: Refused, words: Words) -> Form:
    """The same form with what casework said against it, at the field that it is about."""
    if refused.slug == "key-reused":
        return replace(form, key=str(uuid4()), problem=words.say(SENT_DIFFERENTLY))
    if (field := FIELD_OF.get(refused.slug)) is not None:
        return form.wrong(**{field: refused.title})
    told = fields.with_refusal(form, refused, words, PATHS)
    missing = {
        name: words.say(question) for name, question in MISSING.items() if name in told.errors and not form[name]
    }
    return told.wrong(**missing)


def how_many_entered(form: Form) -> int:
    """The values that somebody gave by hand."""
    proposed = parse_qs(form[PROPOSED])
    return entered({name: form.all(name) for name in TOLD}, {name: proposed.get(name, ()) for name in TOLD})


def derived_from(form: Form) -> Derived:
    """What is derived from the form as it is."""
    return derived(form.all("took_part"), form.all("concerns"), form.all("steps"))


def _proposing(values: Mapping[str, list[str]]) -> Form:
    pairs = [(name, value) for name, several in values.items() for value in several]
    return replace(Form.new(), values={**values, PROPOSED: [urlencode(pairs)]})


def _one(value: object) -> list[str]:
    return [] if value is None else [str(value)]
