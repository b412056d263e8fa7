"""The office: whom nobody looks after yet, and who works in which team, with how many cases.

A team's lead assigns the team's cases. Who runs the office forms teams and takes people on; they see of cases only how
many there are: names of those advised are for those who advise (DOMAIN §4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from services.portal import doors
from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import needed, together
from services.portal.language import terms
from services.portal.language.words import mark, sorted_as
from services.portal.pages.file import NOT_CERTAIN
from services.portal.records import own_cases
from services.portal.records.households import ERASED, Household, household
from services.portal.records.office_actions import OFFICE_ACTIONS
from services.portal.records.opened import Opened
from services.portal.records.staff import Employee, Staff, Team, staff
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

HERE: Final = "/buero"
CASES: Final = "/casework/v1/cases"
ALL: Final = "alle"
"""The parameter with which a long list is shown to its end."""
MANY: Final = 60
"""Households that are shown at first: more than anybody assigns at once."""
CHOOSE: Final = mark("Please choose who is to look after the household.")
TAKEN: Final = mark("{name} looks after this household already. Hand the case over from there.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A household that nobody looks after. ``since``: the first day of its case; ``team`` serves where it lives."""

    household: Household
    since: date
    team: Team | None


@dataclass(frozen=True, slots=True)
class Row:
    """The form in the row of a case; ``manager`` is who looks after it from now on, once that is recorded."""

    case_id: str
    form: Form
    manager: Employee | None = None

    @property
    def field(self) -> str:
        """The name of the choice: of its own in each row, for a page has many."""
        return field_of(self.case_id)


def field_of(case_id: str) -> str:
    return f"manager-{case_id}"


# --- the page -----------------------------------------------------------------------------------


def show(visit: Visit) -> Reply:
    """All of it at a glance."""
    return page(visit)


def page(visit: Visit, *, row: Row | None = None, opened: Opened | None = None) -> Reply:
    """The page; with a row that could not be recorded, or with an opened form."""
    office, me, cases = needed(partial(look, visit), partial(_me, visit), partial(_unassigned, visit))
    leads = visit.has_role(*doors.LEAD)
    team = office.team(_own(me)) if leads else None
    found = _waiting(visit, cases, office)
    waiting = [] if isinstance(found, Unavailable) else found
    served = of_team(waiting, team) if team else []
    if row is not None and row.case_id not in {each.household.case_id for each in served}:
        visit.tell(row.form.error(row.field), kind="late")  # its row is gone
    shows_all = ALL in visit.parameters or row is not None
    is_wrong = any(form.is_wrong for form in (row and row.form, opened and opened.form) if form)
    return visit.page(
        "office.html",
        status=422 if is_wrong else 200,
        office=office,
        team=team,
        leads=leads,
        runs=visit.has_role(*doors.RUN),
        waiting=found if isinstance(found, Unavailable) else served[: None if shows_all else MANY],
        all_waiting=len(served),
        elsewhere=len(waiting) - len(served),
        is_cut=own_cases.is_cut(cases),
        row_of=partial(_row, row),
        managers=choices(visit, _members(office, me)),
        teams=office.beginning_with(team.id if team else None),
        actions=[action for action in OFFICE_ACTIONS if action.about == "office"],
        opened=opened,
    )


def look(visit: Visit) -> Staff:
    """The office as it is today. Raises Unavailable."""
    backend = visit.backend
    teams, told = needed(lambda: backend.get("/casework/v1/teams"), lambda: backend.get("/casework/v1/employees"))
    return staff(teams["teams"], told, visit.today)


def choices(visit: Visit, people: Sequence[Employee]) -> list[tuple[str, str]]:
    """Among whom to choose, each with the present caseload."""
    say_many = visit.words.say_many
    return [(each.id, f"{each.name} · {say_many('{n} case', '{n} cases', each.caseload)}") for each in people]


# --- assigning ----------------------------------------------------------------------------------


def assign(visit: Visit, case_id: str) -> Reply:
    """From today on somebody of the own team looks after a case; what is wrong is said in its row."""
    office = look(visit)
    row = _assigned(visit, office, Row(case_id, visit.form))
    if visit.wants_fragment:
        own = () if row.manager else _members(office, _me(visit))
        return visit.fragment("office.html", "assigning", row=row, managers=choices(visit, own))
    if row.manager is None:
        return page(visit, row=row)
    visit.tell(visit.words.say("Assigned to {name}, from today.", name=row.manager.name))
    return visit.redirect(HERE)


def _assigned(visit: Visit, office: Staff, row: Row) -> Row:
    form, say = row.form, visit.words.say
    manager = office.people.get(form[row.field])
    if manager is None or manager.team_id is None:
        return replace(row, form=form.wrong(**{row.field: say(CHOOSE)}))
    try:
        known = visit.backend.get(f"{CASES}/{row.case_id}")["manager_id"]
        if known not in (None, manager.id):
            name = office.people[known].name if known in office.people else ERASED
            return replace(row, form=form.wrong(**{row.field: say(TAKEN, name=name)}))
        hand_to(visit, row.case_id, manager, form.key)
    except Refused as refused:
        return replace(row, form=form.wrong(**{row.field: terms.municipalities_named(refused.title)}))
    except Unavailable:
        if not visit.wants_fragment:
            raise  # the page would need who does not answer
        return replace(row, form=form.wrong(**{row.field: say(NOT_CERTAIN)}))
    return replace(row, manager=manager)


def hand_to(visit: Visit, case_id: str, manager: Employee, key: str) -> None:
    """From today on the manager looks after the case. Raises Unavailable, Refused."""
    body = {"team_id": manager.team_id, "manager_id": manager.id, "assigned_on": visit.today}
    visit.command(f"{CASES}/{case_id}/assignment", body, key=key)


def of_team(waiting: Sequence[Waiting], team: Team) -> list[Waiting]:
    """Those in the area of a team, then those in nobody's."""
    return [each for area in (team, None) for each in waiting if each.team is area]


def _row(wrong: Row | None, case_id: str) -> Row:
    """The row of a case: the one that came back, or a fresh one."""
    return wrong if wrong is not None and wrong.case_id == case_id else Row(case_id, Form.new())


# --- whom nobody looks after --------------------------------------------------------------------


def _me(visit: Visit) -> Answer:
    return visit.backend.get("/casework/v1/me")


def _own(me: Answer) -> str | None:
    """The own team."""
    return (me["team"] or {}).get("team_id")


def _members(office: Staff, me: Answer) -> Sequence[Employee]:
    """Who belongs to the own team."""
    team = office.team(_own(me))
    return team.members if team else ()


def _unassigned(visit: Visit) -> list[Answer]:
    """The open cases that nobody looks after, for who assigns them."""
    if not visit.has_role(*doors.LEAD):
        return []
    found = visit.backend.get(CASES, unassigned=True, status="open", limit=own_cases.MOST_CASES)
    return list(found["cases"])


def _waiting(visit: Visit, cases: Sequence[Answer], office: Staff) -> list[Waiting] | Unavailable:
    """The households of these cases, whoever waits for longest first."""
    (cards,) = together(partial(own_cases.cards, visit, cases))
    return cards if isinstance(cards, Unavailable) else waiting(cases, cards, office)


def waiting(cases: Sequence[Answer], cards: Mapping[str, Answer], office: Staff) -> list[Waiting]:
    """Cases with intake's cards of their households, by household; without those whom everybody left just now."""
    households = (household(case, cards[case["household_id"]]) for case in cases)
    found = [
        Waiting(of, date.fromisoformat(case["opened_on"]), office.team_of(of.ags))
        for case, of in zip(cases, households, strict=True)
        if of.members
    ]
    return sorted(found, key=lambda each: (each.since, sorted_as(each.household.name)))
