"""Registering a person, or a whole family, on one page: the household's anchor, and a line for each member.

One save posts the anchor and then the members, each under a key of its own that derives from the form's: repeated, or
taken up again after an interruption, nobody is registered twice. Lines that are saved stay as they are; a line that
was refused keeps all that was typed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from services.portal.answers import Accepted, Refused, Unavailable
from services.portal.language.days import written
from services.portal.language.words import mark
from services.portal.records import registration
from services.portal.records.registration import ANCHOR, SAVED, prefix
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

DRAFT: Final = "register:new"
BEGIN, MORE = "begin", "more"
"""Names of buttons: begin with a name that was looked for; another line, please."""
MOST_CANDIDATES: Final = 4
LINES_AT_ONCE: Final = 3
"""How many more lines somebody without scripts is given."""
AT_ONCE: Final = 0.5
"""Seconds for which one request of a script saves lines; then the page shows how far it has got, and goes on."""

NOT_ALL_SAVED: Final = mark("Not everybody could be saved: see the lines marked ✕. What you typed is still there.")
INTERRUPTED: Final = mark(
    "The platform does not answer right now. What has arrived is marked as saved; send the form again in a moment:"
    " nobody is registered twice."
)


def show(visit: Visit) -> Reply:
    """An empty form for an anchor and a first member."""
    return _page(visit, _new(visit))


def take(visit: Visit) -> Reply:
    """What somebody does with the form: begin it with a name, ask for more lines, or save."""
    form = visit.form
    if form.get(BEGIN):
        return _page(visit, _new(visit, **registration.name_of(form["name"])))
    if form.get(MORE):
        return _page(visit, registration.with_lines(form, LINES_AT_ONCE))
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
    bodies, form = registration.read(form, visit.words, visit.today)
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
            form = registration.with_refusal(form, number, refused, visit.words)
            if number == ANCHOR:
                break
        except Unavailable:
            interrupted = True
            break
        else:
            form = registration.with_saved(form, number, accepted.id)
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
    saved = sum(line.state == "saved" for line in registration.lines(form))
    return visit.words.say_many("{n} person registered.", "{n} persons registered.", saved)


def _new(visit: Visit, **anchor: str) -> Form:
    today = written(visit.today)
    given = {prefix(ANCHOR) + name: value for name, value in anchor.items()}
    return registration.with_lines(Form.new(registered_on=today, kind="shared_accommodation", **given), 1)


def _page(visit: Visit, form: Form, *, goes_on: bool = False) -> Reply:
    anchor, *members = registration.lines(form)
    shown: dict[str, Any] = {
        "form": form,
        "anchor": anchor,
        "members": members,
        "template_line": registration.TEMPLATE_LINE,
        "goes_on": goes_on,
        "saved": sum(line.state == "saved" for line in (anchor, *members)),
        "filled": sum(line.state != "blank" for line in (anchor, *members)),
        "person_fields": registration.PERSON,
        "home_fields": registration.HOME,
        "registered_on": registration.REGISTERED_ON,
        "in_line": registration.IN_LINE,
        "below_line": registration.BELOW_LINE,
        "like_anchor": registration.LIKE_ANCHOR,
        "draft": DRAFT,
        "more": MORE,
        "saved_as": SAVED,
    }
    if visit.wants_fragment:
        return visit.fragment("register.html", "register", **shown)
    return visit.page("register.html", **shown)
