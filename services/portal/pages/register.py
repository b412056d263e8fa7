"""Registering a person, or a whole family, on one page: the household's anchor, and a line for each member.

One save posts the anchor and then the members, each under a key of its own that derives from the form's: repeated, or
taken up again after an interruption, nobody is registered twice. Lines that are saved stay as they are; a line that
was refused keeps all that was typed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from services.portal.answers import Accepted, Refused, Unavailable
from services.portal.language.days import written
from services.portal.language.words import Words, mark
from services.portal.records import fields
from services.portal.records.fields import Field
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

DRAFT: Final = "register:new"
ANCHOR: Final = 0
BEGIN, MORE = "begin", "more"
"""Names of buttons: begin with a name that was looked for; another line, please."""
SAVED: Final = "saved"
"""The field of a line that holds the person's id once the line is saved."""
MOST_CANDIDATES: Final = 4
LINES_AT_ONCE: Final = 3
"""How many more lines somebody without scripts is given."""
AT_ONCE: Final = 0.5
"""Seconds for which one request of a script saves lines; then the page shows how far it has got, and goes on."""

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

NOT_ALL_SAVED: Final = mark("Not everybody could be saved: see the lines marked ✕. What you typed is still there.")
CHANGED_SINCE: Final = mark(
    "This line had arrived before, as it was typed then. Look for the person below and correct the record there."
)
INTERRUPTED: Final = mark(
    "The platform does not answer right now. What has arrived is marked as saved; send the form again in a moment:"
    " nobody is registered twice."
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


# --- the page -----------------------------------------------------------------------------------


def show(visit: Visit) -> Reply:
    """An empty form for an anchor and a first member."""
    return _page(visit, _new(visit))


def take(visit: Visit) -> Reply:
    """What somebody does with the form: begin it with a name, ask for more lines, or save."""
    form = visit.form
    if form.get(BEGIN):
        return _page(visit, _new(visit, **name_of(form["name"])))
    if form.get(MORE):
        return _page(visit, with_lines(form, LINES_AT_ONCE))
    return save(visit, form)


def candidates(visit: Visit) -> Reply:
    """Who is there already under a name like the one that is being typed, the likeliest first."""
    form = visit.form
    typed = " ".join(filter(None, (form["family_name"], form["given_name"])))
    days, _ = form.days(visit.today, visit.words, "born_on")
    found: list[Any] = []
    if len(typed) > 1:
        asked = {"q": typed, "similar": True, "born_on": days["born_on"], "limit": MOST_CANDIDATES}
        found = visit.backend.question("/intake/v1/persons/search", **asked)["persons"]
    return visit.fragment("candidates.html", "candidates", found=found)


def save(visit: Visit, form: Form) -> Reply:
    """Save line by line what is not saved yet; back to the form if something is wrong or still to do."""
    bodies, form = read(form, visit.words, visit.today)
    if form.errors:
        return _page(visit, form)
    stop_at = time.monotonic() + AT_ONCE if visit.wants_fragment else None
    interrupted = late = False
    for number, body in bodies.items():
        if late := stop_at is not None and time.monotonic() > stop_at:
            break
        try:
            accepted = _register(visit, form, number, body)
        except Refused as refused:
            form = with_refusal(form, number, refused, visit.words)
            if number == ANCHOR:
                break
        except Unavailable:
            interrupted = True
            break
        else:
            form = with_saved(form, number, accepted.id)
    if interrupted:
        return _page(visit, replace(form, problem=visit.words.say(INTERRUPTED)))
    if form.errors:
        return _page(visit, replace(form, problem=visit.words.say(NOT_ALL_SAVED)))
    if late:
        return _page(visit, form, goes_on=True)
    visit.done(DRAFT)
    visit.tell(_all_saved(visit, form))
    return visit.redirect(f"/akte/{form[prefix(ANCHOR) + SAVED]}")


def _register(visit: Visit, form: Form, number: int, body: Mapping[str, Any]) -> Accepted:
    if number != ANCHOR:
        body = {**body, "anchor_id": form[prefix(ANCHOR) + SAVED]}
    return visit.command("/intake/v1/persons", body, key=f"{form.key}-{number}")


def _all_saved(visit: Visit, form: Form) -> str:
    saved = sum(line.state == "saved" for line in lines(form))
    return visit.words.say_many("{n} person registered.", "{n} persons registered.", saved)


def _new(visit: Visit, **anchor: str) -> Form:
    today = written(visit.today)
    given = {prefix(ANCHOR) + name: value for name, value in anchor.items()}
    return with_lines(Form.new(registered_on=today, kind="shared_accommodation", **given), 1)


def _page(visit: Visit, form: Form, *, goes_on: bool = False) -> Reply:
    anchor, *members = lines(form)
    shown: dict[str, Any] = {
        "form": form,
        "anchor": anchor,
        "members": members,
        "template_line": TEMPLATE_LINE,
        "goes_on": goes_on,
        "saved": sum(line.state == "saved" for line in (anchor, *members)),
        "filled": sum(line.state != "blank" for line in (anchor, *members)),
        "person_fields": PERSON,
        "home_fields": HOME,
        "registered_on": REGISTERED_ON,
        "in_line": IN_LINE,
        "below_line": BELOW_LINE,
        "like_anchor": LIKE_ANCHOR,
        "draft": DRAFT,
        "more": MORE,
        "saved_as": SAVED,
    }
    if visit.wants_fragment:
        return visit.fragment("register.html", "register", **shown)
    return visit.page("register.html", **shown)


# --- what was typed -----------------------------------------------------------------------------


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


def anchors(field: Field) -> str:
    """The name of the form's field that holds the anchor's value; where all live is asked once."""
    return field.name if field.name == "moved_in_on" else prefix(ANCHOR) + field.name


def _with_proposals(form: Form, number: int) -> Form:
    values = dict(form.values)
    for field in MEMBER:
        name = prefix(number) + field.name
        if field.name in LIKE_ANCHOR and not form[name]:
            values[name] = [form[anchors(field)]]
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
