"""Running the office: forming teams, taking people on, contracts. Each form is made from its description."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.portal.answers import Refused, Unavailable
from services.portal.language.days import written
from services.portal.pages import office
from services.portal.pages.file import NOT_CERTAIN
from services.portal.records import fields, office_actions
from services.portal.records.office_actions import Concerned, OfficeAction
from services.portal.records.opened import Opened
from services.portal.records.staff import Staff
from services.portal.web.failures import NotHere
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply


def open_form(visit: Visit, name: str, about: str | None = None) -> Reply:
    """A command's form, in its place on the page. ``about``: the id of what it is about."""
    staff = office.look(visit)
    action, concerned = _wanted(staff, name, about)
    days = {field.name: written(visit.today) for field in action.fields if field.starts_today}
    return _form(visit, _opened(staff, action, concerned, Form.new(**days, **action.proposes(concerned)), about))


def take(visit: Visit, name: str, about: str | None = None) -> Reply:
    """Record what was typed; back to the form if it cannot be."""
    staff, words = office.look(visit), visit.words
    action, concerned = _wanted(staff, name, about)
    body, form = fields.read(action.fields, visit.form, words, visit.today)
    lacks = office_actions.missing(action, body)
    form = form.wrong(**{each.name: words.say("“{field}” is missing", field=each.label(words)) for each in lacks})
    opened = _opened(staff, action, concerned, form, about)
    if form.errors:
        return _form(visit, opened)
    try:
        visit.command(*office_actions.address(action, concerned, body))
    except Refused as refused:
        names = {field.name: field.name for field in action.fields}
        labels = {field.name: field.label(words) for field in action.fields}
        wrong = fields.with_refusal(form, refused, words, names, labels)
        return _form(visit, replace(opened, form=wrong))
    except Unavailable:
        if not visit.wants_fragment:
            raise  # the page would need who does not answer
        return _form(visit, replace(opened, form=replace(form, problem=words.say(NOT_CERTAIN))))
    visit.done(opened.draft)
    _tell(visit, opened, office_actions.begins_later(action, body, visit.today))
    return visit.redirect(office.HERE)


def _tell(visit: Visit, opened: Opened, begins: date | None) -> None:
    """What was saved; and of what begins later, that it does: the page does not show it yet."""
    words = visit.words
    what = " ".join(filter(None, (words.say(opened.action.label), opened.about and f"({opened.about})")))
    if begins is None:
        visit.tell(words.say("{what}: saved.", what=what))
    else:
        visit.tell(
            words.say("{what}: saved. It holds from {day} and shows here then.", what=what, day=words.date(begins))
        )


def _wanted(staff: Staff, name: str, about: str | None) -> tuple[OfficeAction, Concerned]:
    """What is to be recorded, and what it is about. Raises NotHere."""
    action = office_actions.BY_NAME.get(name)
    if action is None:
        raise NotHere
    concerned = _concerned(staff, action, about)
    if concerned is None:
        raise NotHere
    return action, concerned


def _concerned(staff: Staff, action: OfficeAction, about: str | None) -> Concerned | None:
    match action.about:
        case "office":
            return Concerned() if about is None else None
        case "team":
            team = staff.team(about) if about else None
            return Concerned(team=team) if team else None
        case "employee":
            employee = staff.people.get(about or "")
            return Concerned(employee=employee) if employee else None
        case "contract":
            found = staff.contract(about or "")
            return Concerned(employee=found[0], contract=found[1]) if found else None


def _opened(staff: Staff, action: OfficeAction, concerned: Concerned, form: Form, about: str | None) -> Opened:
    way = "/".join(filter(None, (action.name, about)))
    return Opened(
        action=action,
        form=form,
        address=f"{office.HERE}/{way}",
        draft=f"buero:{way.replace('/', ':')}",
        back=office.HERE,
        about=concerned.said,
        options={"team_id": [(team.id or "", team.name) for team in staff.teams]},
        place=_place(concerned),
    )


def _place(concerned: Concerned) -> str:
    """The part of the page where the form stands: that of the team which it concerns."""
    if concerned.team is not None:
        return concerned.team.id or ""
    return (concerned.employee.team_id or "none") if concerned.employee else "office"


def _form(visit: Visit, opened: Opened) -> Reply:
    """The form alone for a script that puts it in its place, else the page with the form in it."""
    if visit.wants_fragment:
        return visit.fragment("action.html", "action", opened=opened)
    return office.page(visit, opened=opened)
