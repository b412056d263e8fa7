"""Handing over: the cases of somebody who leaves, or has too many, go to somebody else.

One command per case, each under a key of its own that derives from the form's: repeated, or taken up again after an
interruption, it does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import Any, Final

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import needed, together
from services.portal.language import terms
from services.portal.language.words import mark
from services.portal.pages import office
from services.portal.pages.file import NOT_CERTAIN
from services.portal.records import own_cases
from services.portal.records.households import Household, household, in_visiting_order
from services.portal.records.staff import Employee, Staff
from services.portal.web.failures import NotHere
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

ALL: Final = "alle"
"""The parameter with which all cases are ticked; who takes them may stand beside it."""
CASE, TO, HANDED = "case_id", "manager_id", "handed"
"""Fields: the cases that are ticked, who takes them, and those that are handed over already."""
AT_ONCE: Final = 0.5
"""Seconds for which one request of a script hands cases over; then the page shows how far it has got, and goes on."""
NO_CASE: Final = mark("Please tick the cases that are to be handed over.")
NOBODY: Final = mark("Please choose who takes them over.")
NOT_ALL: Final = mark("Not every case could be handed over: those that stayed are still ticked.")


@dataclass(frozen=True, slots=True)
class Handing:
    """Somebody's open cases, and the office in which they are handed over."""

    giver: Employee
    office: Staff
    cases: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Went:
    """How far it has got. ``refused``: why, by case. ``is_late``: time was up; ``is_away``: no answer came."""

    handed: Sequence[str]
    refused: Mapping[str, str]
    is_late: bool = False
    is_away: bool = False

    @property
    def goes_on(self) -> bool:
        """By itself; somebody has to look at what was refused first."""
        return self.is_late and not self.refused


NOTHING_YET: Final = Went((), {})


def show(visit: Visit, employee_id: str) -> Reply:
    """Somebody's cases, to tick those that are to go."""
    handing, asked = _handing(visit, employee_id), visit.parameters
    ticked = [case["case_id"] for case in handing.cases] if ALL in asked else []
    return _page(visit, handing, Form.new(**{CASE: ticked, TO: asked.get(TO)}))


def take(visit: Visit, employee_id: str) -> Reply:
    """Hand over what is ticked; back to the form if something was refused or is still to do."""
    form, handing = visit.form, _handing(visit, employee_id)
    ticked, to = form.all(CASE), _taker(handing, form[TO])
    if not ticked or to is None:
        missing = ({} if ticked else {CASE: NO_CASE}) | ({} if to else {TO: NOBODY})
        return _page(visit, handing, form.wrong(**{name: visit.words.say(said) for name, said in missing.items()}))
    theirs = {case["case_id"] for case in handing.cases}
    _tell_gone(visit, handing.giver, len({*ticked} - theirs - {*form.all(HANDED)}))
    wanted = [case_id for case_id in dict.fromkeys(ticked) if case_id in theirs]
    went = hand_over(wanted, lambda case_id: office.hand_to(visit, case_id, to, form.key_of(case_id)), _time(visit))
    handed = [*form.all(HANDED), *went.handed]
    if left := [case_id for case_id in wanted if case_id not in went.handed]:
        rest = [case for case in handing.cases if case["case_id"] not in went.handed]
        form = replace(form, values={**form.values, CASE: left, HANDED: handed}, problem=_problem(visit, went))
        return _page(visit, replace(handing, cases=rest), form, went)
    visit.done(draft(employee_id))
    _tell_handed(visit, handing.giver, to, len(handed))
    return visit.redirect(office.HERE)


def hand_over(cases: Sequence[str], hand: Callable[[str], None], has_time: Callable[[], bool]) -> Went:
    """Hand over one case after the other, as long as there is time. ``hand`` raises Refused, Unavailable."""
    handed, refused = list[str](), dict[str, str]()
    for case_id in cases:
        if not has_time():
            return Went(handed, refused, is_late=True)
        try:
            hand(case_id)
        except Refused as no:
            refused[case_id] = terms.municipalities_named(no.title)
        except Unavailable:
            return Went(handed, refused, is_away=True)
        else:
            handed.append(case_id)
    return Went(handed, refused)


def _time(visit: Visit) -> Callable[[], bool]:
    """Whether there is time for one more: without scripts, which could go on, there is."""
    stop_at = time.monotonic() + AT_ONCE if visit.wants_fragment else inf
    return lambda: time.monotonic() < stop_at


def _problem(visit: Visit, went: Went) -> str:
    return "" if went.goes_on else visit.words.say(NOT_CERTAIN if went.is_away else NOT_ALL)


def draft(employee_id: str) -> str:
    """The name of the draft of what is ticked."""
    return f"buero:uebergabe:{employee_id}"


def _taker(handing: Handing, employee_id: str) -> Employee | None:
    """Who takes the cases: anybody else who belongs to a team."""
    found = handing.office.people.get(employee_id)
    return found if found is not None and found.team_id and found.id != handing.giver.id else None


def _tell_handed(visit: Visit, giver: Employee, to: Employee, handed: int) -> None:
    if not handed:
        return
    visit.tell(
        visit.words.say_many(
            "{n} case handed over from {giver} to {to}, from today.",
            "{n} cases handed over from {giver} to {to}, from today.",
            handed,
            giver=giver.name,
            to=to.name,
        )
    )


def _tell_gone(visit: Visit, giver: Employee, gone: int) -> None:
    """Somebody was faster, or the form is sent again."""
    if not gone:
        return
    visit.tell(
        visit.words.say_many(
            "{n} case was not {giver}'s any more; it stays as it is.",
            "{n} cases were not {giver}'s any more; they stay as they are.",
            gone,
            giver=giver.name,
        ),
        kind="due",
    )


def _handing(visit: Visit, employee_id: str) -> Handing:
    """Raises NotHere for nobody; Unavailable."""
    of_them = {"manager_id": employee_id, "status": "open", "limit": own_cases.MOST_CASES}
    staff, cases = needed(partial(office.look, visit), lambda: visit.backend.get(office.CASES, **of_them)["cases"])
    if employee_id not in staff.people:
        raise NotHere
    return Handing(staff.people[employee_id], staff, cases)


def _page(visit: Visit, handing: Handing, form: Form, went: Went = NOTHING_YET) -> Reply:
    (cards,) = together(partial(own_cases.cards, visit, handing.cases))
    households = [] if isinstance(cards, Unavailable) else in_order(handing.cases, cards)
    names = {each.case_id: each.name for each in households}
    form = form.wrong(**{case_id: f"{names.get(case_id, '…')}: {said}" for case_id, said in went.refused.items()})
    handed = len(form.all(HANDED))
    shown: dict[str, Any] = {
        "form": form,
        "draft": draft(handing.giver.id),
        "giver": handing.giver,
        "households": cards if isinstance(cards, Unavailable) else households,
        "since": {case["case_id"]: case["assigned_on"] for case in handing.cases},
        "takers": [
            (team.name, office.choices(visit, [each for each in team.members if each.id != handing.giver.id]))
            for team in handing.office.beginning_with(handing.giver.team_id)
        ],
        "all": ALL,
        "handed": handed,
        "ticked": handed + len(form.all(CASE)),
        "goes_on": went.goes_on,
        "is_cut": own_cases.is_cut(handing.cases),
    }
    if visit.wants_fragment:
        return visit.fragment("handover.html", "handover", **shown)
    return visit.page("handover.html", status=422 if form.is_wrong else 200, **shown)


def in_order(cases: Sequence[Answer], cards: Mapping[str, Answer]) -> list[Household]:
    """The households of these cases in the order of a round."""
    households = (household(case, cards[case["household_id"]]) for case in cases)
    return sorted(
        (each for each in households if each.members),
        key=lambda each: in_visiting_order(each, terms.municipality(each.ags) if each.ags else ""),
    )
