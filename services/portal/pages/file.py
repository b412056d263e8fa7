"""A person's file: who they are, in which phase and why, what was recorded; and what may be recorded next.

Whoever takes people up, leads a team, or looks after the household sees the file; a colleague sees who does look after
it, and can record a talk with somebody who just walked in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from services.portal import doors
from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import together
from services.portal.language import terms
from services.portal.language.days import written
from services.portal.language.words import mark
from services.portal.pages.persons import age, full_name
from services.portal.records import actions, fields, timeline
from services.portal.records.actions import Action, Given
from services.portal.records.opened import Opened
from services.portal.web.failures import NotHere
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

OWN: Final = frozenset({"manager", "deputy", "lead"})
"""As what somebody looks after a household's case."""
UNDO: Final = "just-entered"
"""In the pocket: a person, and the entry that was just recorded of them and can be taken back at once."""
MOST_FOUND: Final = 6

MASTER_DATA: Final = tuple(field.name for field in fields.MASTER_DATA if not field.name.endswith("_name"))
NOBODY_FOUND: Final = mark("Nobody begins like this.")
NOT_CERTAIN: Final = mark(
    "The platform does not answer right now. What you typed is still there; send it again in a moment: what has"
    " already arrived is not recorded twice."
)
WHICH_ONE: Final = mark("Please choose who is meant.")


# --- the page -----------------------------------------------------------------------------------


def show(visit: Visit, person_id: str) -> Reply:
    """The file as it was on a day, as known then."""
    of, entry_id = visit.pocket.take(UNDO, (None, None))
    return _page(visit, person_id, undo=entry_id if of == person_id else None)


def consult(visit: Visit, person_id: str) -> Reply:
    """On to recording a talk with the person's household."""
    record = visit.backend.get(f"/intake/v1/persons/{person_id}")
    case = _case(visit, record)
    if case is None or case["status"] != "open":
        visit.tell(visit.words.say("This household has no open case, so no talk can be recorded yet."), kind="due")
        return visit.redirect(f"/akte/{person_id}")
    return visit.redirect(f"/beratung/{case['case_id']}")


def open_form(visit: Visit, person_id: str, action_name: str, entry_id: str | None = None) -> Reply:
    """A command's form, in its place in the file."""
    action, record, entry = _wanted(visit, person_id, action_name, entry_id)
    about = _phase(visit, person_id) or {} if action.about_phase else entry
    proposed = fields.as_typed(action.fields, action.proposes(record, about))
    proposed |= {field.name: written(visit.today) for field in action.fields if field.starts_today}
    return _form(visit, person_id, _opened(visit, action, Form.new(**proposed), person_id, entry_id, entry))


def take(visit: Visit, person_id: str, action_name: str, entry_id: str | None = None) -> Reply:
    """Record what was typed; back to the form if it cannot be."""
    action, record, entry = _wanted(visit, person_id, action_name, entry_id)
    form, found = _looked_for(visit, action, visit.form)
    typed, form = fields.read(action.fields, form, visit.words, visit.today)
    opened = replace(_opened(visit, action, form, person_id, entry_id, entry), found=found)
    if form.errors:
        return _form(visit, person_id, opened)
    try:
        body = action.body(Given(record, typed, entry_id, visit.today))
        accepted = visit.command(action.address(person_id, entry_id), body)
    except Refused as refused:
        names = {field.name: field.name for field in action.fields}
        return _form(visit, person_id, replace(opened, form=fields.with_refusal(form, refused, visit.words, names)))
    except Unavailable:
        return _form(visit, person_id, replace(opened, form=replace(form, problem=visit.words.say(NOT_CERTAIN))))
    visit.done(opened.draft)
    visit.tell(visit.words.say("{what}: saved.", what=visit.words.say(action.label)))
    if action.is_undone and visit.has_role(*actions.WITHDRAW.roles):
        visit.pocket.leave(UNDO, (person_id, accepted.id))
    return visit.redirect(f"/akte/{person_id}")


def _page(visit: Visit, person_id: str, *, undo: str | None = None, opened: Opened | None = None) -> Reply:
    """The file, or as much of it as is for this visitor."""
    record = _or_none(lambda: visit.backend.get(f"/intake/v1/persons/{person_id}", **visit.as_of.asked))
    if record is None and visit.as_of.is_now:
        raise NotHere
    if record is None:
        return visit.page("file_unknown.html")
    if not visit.has_role(*doors.EVERY_FILE):
        (case,) = together(partial(_case, visit, record))
        if not isinstance(case, Mapping) or case["capacity"] not in OWN:  # need to know
            return visit.page("file_of_others.html", name=full_name(record), case=case)
    return _whole(visit, record, undo, opened)


def _whole(visit: Visit, record: Answer, undo: str | None, opened: Opened | None) -> Reply:
    """All of the file; of somebody who was erased, that something was recorded."""
    backend, asked, person_id = visit.backend, visit.as_of.asked, record["person_id"]
    known_at = asked["known_at"]
    case, recorded, phase, determined, household = together(
        partial(_case, visit, record),
        lambda: backend.get(f"/intake/v1/persons/{person_id}/history", known_at=known_at)["entries"],
        partial(_phase, visit, person_id),
        lambda: backend.get(f"/eligibility/v1/persons/{person_id}/history", known_at=known_at)["entries"],
        lambda: backend.get(f"/intake/v1/households/{record['household_id']}", **asked)["members"],
    )
    entries = [] if isinstance(recorded, Unavailable) else recorded
    made = [] if isinstance(determined, Unavailable) else determined
    lines = timeline.lines(entries, made, visit.words, visit.as_of.valid_at)
    if record["erased"]:
        return visit.page("file_erased.html", lines=timeline.emptied(lines))
    return visit.page(
        "file.html",
        person=record,
        name=full_name(record),
        age=age(record["born_on"], visit.as_of.valid_at or visit.today),
        case=case,
        phase=phase,
        sentence=timeline.sentence(phase, visit.words) if isinstance(phase, Mapping) else "",
        household=household,
        is_complete=not isinstance(recorded, Unavailable),
        lines=lines,
        known=timeline.known_since(entries),
        may_record=visit.as_of.is_now,
        may_mend=visit.has_role(*doors.REGISTER) and visit.as_of.is_now,
        actions_of=partial(actions.of_group, roles=visit.roles),
        master_data=MASTER_DATA,
        undo=undo,
        opened=opened,
    )


def _form(visit: Visit, person_id: str, opened: Opened) -> Reply:
    """The form alone for a script that puts it in its place, else the file with the form in it. The past has none."""
    if not visit.as_of.is_now:
        return visit.redirect(f"/akte/{person_id}{visit.as_of.query}")
    if visit.wants_fragment:
        return visit.fragment("action.html", "action", opened=opened, person_id=person_id)
    return _page(visit, person_id, opened=opened)


# --- what there is to ask -----------------------------------------------------------


def _case(visit: Visit, record: Answer) -> Answer | None:
    """The case of the person's household, and who looks after it; None if there never was one."""
    case: Answer | None = visit.backend.get(f"/casework/v1/households/{record['household_id']}/case")["case"]
    return case


def _phase(visit: Visit, person_id: str) -> Answer | None:
    """What eligibility says of the person, on the day that is looked at; None if nothing yet."""
    return _or_none(lambda: visit.backend.get(f"/eligibility/v1/persons/{person_id}", **visit.as_of.asked))


def _or_none(question: Callable[[], Answer]) -> Answer | None:
    """The answer; None if nothing was known of the person, or the data were erased."""
    try:
        return question()
    except Refused as refused:
        if refused.slug not in ("unknown-person", "person-erased"):
            raise
        return None


# --- a command's form -----------------------------------------------------------------------------


def _wanted(visit: Visit, person_id: str, action_name: str, entry_id: str | None) -> tuple[Action, Answer, Answer]:
    """What is to be recorded, the person's record, and the entry of it that it is about. Raises NotHere.

    What is sent may be about an entry that is gone: a withdrawal that is sent again. Intake knows it.
    """
    action = actions.BY_NAME.get(action_name)
    if action is None or action.needs_entry != (entry_id is not None):
        raise NotHere
    if not visit.has_role(*action.roles):
        raise PermissionError
    record = _or_none(lambda: visit.backend.get(f"/intake/v1/persons/{person_id}"))
    entry = actions.entry_of(record, entry_id) if record and entry_id else {}
    if record is None or (entry is None and visit.request.method == "GET"):
        raise NotHere
    return action, record, entry or {}


def _opened(visit: Visit, action: Action, form: Form, person_id: str, entry_id: str | None, entry: Answer) -> Opened:
    way = "/".join(filter(None, (person_id, action.name, entry_id)))
    about = ", ".join(
        terms.value(visit.words, name, value)
        for name, value in entry.items()
        if value and not name.endswith("_id") and not isinstance(value, list | Mapping)
    )
    return Opened(
        action=action,
        form=form,
        address=f"/akte/{way}",
        draft=way.replace("/", ":"),
        back=f"/akte/{person_id}",
        place=action.group,
        about=about,
    )


def _looked_for(visit: Visit, action: Action, form: Form) -> tuple[Form, tuple[Answer, ...]]:
    """The form with whoever was looked for and is the only one; else with those among whom to choose."""
    found: tuple[Answer, ...] = ()
    for field in action.fields:
        typed = form[field.looked_for]
        if field.kind != "person" or not typed or form[field.name]:
            continue
        asked = visit.backend.question("/intake/v1/persons/search", q=typed, limit=MOST_FOUND)
        found = tuple(asked["persons"])
        if len(found) == 1:
            form = replace(form, values={**form.values, field.name: [found[0]["person_id"]]})
        else:
            form = form.wrong(**{field.name: visit.words.say(WHICH_ONE if found else NOBODY_FOUND)})
    return form, found
