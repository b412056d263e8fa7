"""Fields as data: what is asked for a command, how, and what was typed as the command's body. Pure.

A field has the name that the service's command gives it; what it is called and what may be chosen is said by ``terms``.
Whether something is missing or cannot be right, the service says: there is one place that knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, Literal

from services.portal.answers import Refused
from services.portal.language import terms
from services.portal.language.days import NoDay, written
from services.portal.language.words import Words
from services.portal.web.form import NO_DAY, Form

Kind = Literal["text", "lines", "day", "number", "choice", "several", "select", "flag", "person", "hidden"]
"""Text, of one line or of several; a day as people write it; a number with the decimal mark of either language; one of
few, or several, all in sight; one of many by first letters; yes, no, or not asked; somebody, who is looked for; what
the form carries along unseen."""
YES, NO = "yes", "no"
_ISO_DAY: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")


@dataclass(frozen=True, slots=True)
class Field:
    """``values``: which of the values may be chosen; none named: all that ``terms`` knows for the field.

    ``starts_today``: a day that is proposed as today. ``called``: what it is called here, if not as in ``terms``.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    hint: str = ""
    values: tuple[str, ...] = ()
    starts_today: bool = False
    called: str = ""

    def label(self, words: Words) -> str:
        return words.say(self.called) if self.called else terms.label(words, self.name)

    def says(self, words: Words) -> str:
        """What stands beside the field, if anything."""
        return words.say(self.hint) if self.hint else ""

    def options(self, words: Words, chosen: str = "") -> list[tuple[str, str]]:
        """What may be chosen, each with its words; and what was ``chosen`` elsewhere, as it was written."""
        known = self._known(words)
        return known if not chosen or chosen in dict(known) else [*known, (chosen, chosen)]

    def chosen(self, words: Words, value: str) -> list[tuple[str, str]]:
        """The value that is chosen, with its words, where a script brings the others."""
        return [each for each in self.options(words, value) if each[0] == value] if value else []

    @property
    def looked_for(self) -> str:
        """The name of the field in which somebody is looked for, of one that holds a person."""
        return f"{self.name}-q"

    @property
    def has_many(self) -> bool:
        """Whether there is so much to choose from that a page should say it only once."""
        return self.name in ("nationality", "language")

    def _known(self, words: Words) -> list[tuple[str, str]]:
        if self.kind == "flag":
            return [(YES, words.say("yes")), (NO, words.say("no"))]
        match self.name:
            case "nationality":
                return terms.countries(words)
            case "language":
                return terms.languages(words)
            case "ags" | "municipalities":
                return terms.municipality_options()
            case "section":
                return [(value, terms.section(words, value)) for value in self.values]
            case _:
                known = terms.options(words, self.name)
                return [each for each in known if each[0] in self.values] if self.values else known


FAMILY_NAME: Final = Field("family_name", required=True)
GIVEN_NAME: Final = Field("given_name", required=True)
BORN_ON: Final = Field("born_on", "day", required=True)
SEX: Final = Field("sex", "choice", required=True)
NATIONALITY: Final = Field("nationality", "select", required=True)
RELATION: Final = Field("relation", "select", required=True)

MASTER_DATA: Final = (
    FAMILY_NAME,
    GIVEN_NAME,
    BORN_ON,
    SEX,
    NATIONALITY,
    Field("language", "select"),
    Field("interpreter_needed", "flag"),
    Field("category", "select", required=True),
    Field("state_entry_on", "day"),
    Field("district_intake_on", "day"),
    Field("file_number"),
    Field("phone"),
)
RESIDENCE: Final = (
    Field("kind", "choice", required=True, values=("shared_accommodation", "follow_up_housing", "private")),
    Field("ags", "select", required=True),
    Field("accommodation"),
    Field("address"),
    Field("moved_in_on", "day", required=True),
)


def read(
    fields: Iterable[Field], form: Form, words: Words, today: date, prefix: str = ""
) -> tuple[dict[str, Any], Form]:
    """What was typed, as a body without what is empty; and the form, with an error at each day that is none.

    ``prefix`` stands before the fields' names in the form.
    """
    body: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for field in fields:
        name = prefix + field.name
        try:
            typed = _typed(field, form, name, today)
        except NoDay:
            wrong[name] = words.say("“{field}”: {wrong}", field=field.label(words), wrong=words.say(NO_DAY))
        else:
            if typed is not None:
                body[field.name] = typed
    return body, form.wrong(**wrong)


def with_refusal(
    form: Form, refused: Refused, words: Words, names: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Form:
    """The same form with what a service said against it, at the fields that it concerns.

    ``names``: the form's names by the service's paths; ``labels``: what fields are called here, if not as in ``terms``.
    What concerns no field of the form stands above it.
    """
    said = {path: _said(path, message, words, labels or {}) for path, message in refused.errors.items()}
    title = terms.municipalities_named(refused.title)
    if refused.entry in names:
        said[refused.entry] = title
    at_fields = {names[path]: message for path, message in said.items() if path in names}
    elsewhere = [message for path, message in said.items() if path not in names]
    return replace(form.wrong(**at_fields), problem=" ".join([title, *elsewhere]))


def _said(path: str, message: str, words: Words, labels: Mapping[str, str]) -> str:
    """What a service says about a field: with the field's name, and days as the language writes them."""
    with_days = _ISO_DAY.sub(lambda found: words.date(found[0]), message)
    name = path.rpartition(".")[2]
    return words.say("“{field}” {wrong}", field=labels.get(name) or terms.label(words, name), wrong=with_days)


def as_typed(fields: Iterable[Field], record: Mapping[str, Any]) -> dict[str, str]:
    """A record's values as they would be typed: what a form is filled with to correct them."""
    return {field.name: _as_typed(field, record.get(field.name)) for field in fields}


def _typed(field: Field, form: Form, name: str, today: date) -> Any:
    match field.kind:
        case "day":
            day = form.day(name, today)
            return None if day is None else day.isoformat()
        case "flag":
            return {YES: True, NO: False}.get(form[name])
        case "several":
            return form.all(name)
        case "number":
            return form.get(name) and form[name].replace(",", ".")
        case _:
            return form.get(name)


def _as_typed(field: Field, value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return YES if value else NO
        case str() if field.kind == "day":
            return written(date.fromisoformat(value))
        case _:
            return str(value)
