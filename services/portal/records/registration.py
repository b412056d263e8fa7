"""What is typed into the form that registers a family: the household's anchor, and a line for each member. Pure.

Each line becomes the body of a command of its own; what is left empty of what is proposed to it counts as the anchor's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from services.portal.answers import Refused
from services.portal.language.words import Words, mark
from services.portal.records import fields
from services.portal.records.fields import Field
from services.portal.web.form import Form

ANCHOR: Final = 0
SAVED: Final = "saved"
"""The field of a line that holds the person's id once the line is saved."""

PERSON: Final = fields.MASTER_DATA
HOME: Final = fields.RESIDENCE
REGISTERED_ON: Final = Field("registered_on", "day", required=True)
IN_LINE: Final = (
    fields.RELATION,
    fields.FAMILY_NAME,
    fields.GIVEN_NAME,
    fields.BORN_ON,
    replace(fields.SEX, kind="select"),
    fields.NATIONALITY,
)
"""A member's line in the grid."""
BELOW_LINE: Final = (
    *(field for field in PERSON if field.name not in {each.name for each in IN_LINE}),
    replace(HOME[-1], required=False),
)
"""What a line has beside: mostly as the anchor's."""
MEMBER: Final = (*IN_LINE, *BELOW_LINE)
LIKE_ANCHOR: Final = frozenset(
    {"family_name", "nationality", "language", "category", "state_entry_on", "district_intake_on", "moved_in_on"}
)
"""What is proposed to members in grey: it counts unless something else is typed."""
NOT_LIKE_ANCHOR: Final = "-"
"""Typed into such a field to leave it empty all the same."""

CHANGED_SINCE: Final = mark(
    "This line had arrived before, as it was typed then. Look for the person below and correct the record there."
)
_LINE: Final = re.compile(r"(\d{1,3})-given_name")


@dataclass(frozen=True, slots=True)
class FormLine:
    """A line of the form. ``number`` stays the same for as long as the form lives; the anchor's is 0.

    ``state``: "blank", "waiting", "saved" or "wrong"; ``person_id`` once it is saved. ``opens``: what is wrong is in
    what the line has beside.
    """

    number: int | str
    state: str = "blank"
    person_id: str | None = None
    opens: bool = False


TEMPLATE_LINE: Final = FormLine("__n__")
"""What scripts make new lines from: with a number in place of the letter."""


def prefix(number: int | str) -> str:
    """What stands before the names of a line's fields."""
    return f"{number}-"


def name_of(typed: str) -> dict[str, str]:
    """What was looked for as the fields of a person: "Beispiel, Lyra", "Beispiel Lyra", or a file number."""
    family, comma, given = typed.partition(",") if "," in typed else typed.partition(" ")
    if any(letter.isdigit() for letter in typed):
        return {"file_number": typed}
    return {"family_name": family.strip(), **({"given_name": given.strip()} if comma else {})}


def numbers(form: Form) -> list[int]:
    """The numbers of the form's lines, the anchor's first."""
    found = {int(match[1]) for name in form.values if (match := _LINE.fullmatch(name))}
    return sorted(found | {ANCHOR})


def with_lines(form: Form, more: int) -> Form:
    """The same form with more empty lines below."""
    after = numbers(form)[-1]
    empty = {f"{prefix(after + n)}given_name": [""] for n in range(1, more + 1)}
    return replace(form, values={**form.values, **empty})


def lines(form: Form) -> list[FormLine]:
    """The lines as they stand, the anchor first."""
    return [_line(form, number) for number in numbers(form)]


def _line(form: Form, number: int) -> FormLine:
    of_line = prefix(number)
    if person_id := form.get(of_line + SAVED):
        return FormLine(number, "saved", person_id)
    if wrong := {name.removeprefix(of_line) for name in form.errors if name.startswith(of_line)}:
        return FormLine(number, "wrong", opens=any(field.name in wrong for field in BELOW_LINE))
    return FormLine(number, "waiting" if number == ANCHOR or _is_filled(form, number) else "blank")


def _is_filled(form: Form, number: int) -> bool:
    return any(form[prefix(number) + field.name] for field in MEMBER)


def read(form: Form, words: Words, today: date) -> tuple[dict[int, dict[str, Any]], Form]:
    """The bodies of the lines that are to be saved, by number, and the form with its errors.

    A member's empty field that is proposed counts as the anchor's. ``anchor_id`` is still missing.
    """
    bodies: dict[int, dict[str, Any]] = {}
    home, form = fields.read(HOME, form, words, today)
    registered, form = fields.read((REGISTERED_ON,), form, words, today)
    for number in numbers(form):
        if form[prefix(number) + SAVED]:
            continue
        if number == ANCHOR:
            person, form = fields.read(PERSON, form, words, today, prefix(number))
            residence = home
        elif _is_filled(form, number):
            person, read_form = fields.read(MEMBER, _with_proposals(form, number), words, today, prefix(number))
            form = form.wrong(**read_form.errors)
            residence = {**home, "moved_in_on": person.pop("moved_in_on", None)}
        else:
            continue
        bodies[number] = {**person, **registered, **({"residence": residence} if "ags" in home else {})}
    return bodies, form


def _anchors(field: Field) -> str:
    """The name of the form's field that holds the anchor's value; where all live is asked once."""
    return field.name if field.name == "moved_in_on" else prefix(ANCHOR) + field.name


def _with_proposals(form: Form, number: int) -> Form:
    values = dict(form.values)
    for field in MEMBER:
        name = prefix(number) + field.name
        if field.name in LIKE_ANCHOR and not form[name]:
            values[name] = [form[_anchors(field)]]
        elif form[name] == NOT_LIKE_ANCHOR:
            values[name] = [""]
    return replace(form, values=values)


def with_saved(form: Form, number: int, person_id: str) -> Form:
    """The same form with a line that is saved."""
    return replace(form, values={**form.values, prefix(number) + SAVED: [person_id]})


def with_refusal(form: Form, number: int, refused: Refused, words: Words) -> Form:
    """The same form with what was said against a line: at its fields, else at the line."""
    of_line = prefix(number)
    if refused.slug == "key-reused":
        return form.wrong(**{of_line: words.say(CHANGED_SINCE)})
    names = {field.name: of_line + field.name for field in MEMBER}
    names |= {f"residence.{field.name}": field.name for field in HOME} | {"registered_on": "registered_on"}
    if number != ANCHOR:
        names["residence.moved_in_on"] = of_line + "moved_in_on"
    refused_form = fields.with_refusal(form, refused, words, names)
    if refused_form.errors == form.errors:
        return form.wrong(**{of_line: refused_form.problem})
    return replace(refused_form, problem="")
