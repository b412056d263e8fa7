"""My day: whom to see, in the order of a round; what falls due; whom one stands in for. Recording begins here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, groupby
from typing import Any, Final

from services.portal import doors
from services.portal.answers import Answer, Unavailable
from services.portal.backend import together
from services.portal.language import terms
from services.portal.language.words import mark
from services.portal.pages import consultation, talk_line
from services.portal.records import own_cases
from services.portal.records.households import Household, in_visiting_order
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

AHEAD: Final = timedelta(days=14)
"""How far the due dates look ahead."""
UNSEEN: Final = (30, 60, 90)
"""Days without a talk by which the list can be narrowed; from the second on it says so by itself."""
SINCE: Final = "seit"
"""The parameter with the days without a talk."""
OF: Final = "fuer"
"""The parameter with the manager whose cases are shown."""
ALL: Final = "alle"
"""The parameter with which a long list is shown to its end."""
MANY: Final = 150
"""Households that are shown at first: more than anybody looks after, and fewer than a team does."""
NOWHERE: Final = mark("Without an address in the district")


@dataclass(frozen=True, slots=True)
class Due:
    """Something that falls due. ``days`` from today; below 0 it is overdue."""

    case_id: str
    person_id: str
    name: str
    kind: str
    on: date
    days: int

    @property
    def is_overdue(self) -> bool:
        return self.days < 0


@dataclass(frozen=True, slots=True)
class Stop:
    """A household to see. ``seen_on``: its last talk, None for none; ``seen_days`` ago. ``attempt_on``: nobody was met
    since. ``capacity``: as what one looks after it; ``due``: what falls due for its members."""

    household: Household
    capacity: str | None
    manager_id: str | None
    seen_on: date | None
    seen_days: int | None
    attempt_on: date | None
    due: tuple[Due, ...] = ()

    @property
    def is_unseen(self) -> bool:
        """Whether it was not seen for long, or never."""
        return self.unseen_for(UNSEEN[1])

    def unseen_for(self, days: int) -> bool:
        return self.seen_days is None or self.seen_days >= days


# --- the page -----------------------------------------------------------------------------------


def show(visit: Visit, line: Form | None = None) -> Reply:
    """Everything at a glance; what a service cannot tell is said in its place. ``line``: one that could not be
    taken."""
    backend, today = visit.backend, visit.today
    leads = visit.has_role(*doors.LEAD)
    me, cases, staff = together(
        lambda: backend.get("/casework/v1/me"),
        lambda: own_cases.cases(visit),
        lambda: backend.get("/casework/v1/employees")["employees"] if leads else [],
    )
    stops, due = _stops(visit, cases, today)
    shown = [] if isinstance(stops, Unavailable) else narrowed(stops, visit.parameters)
    every = rounds(shown, visit.words.say(NOWHERE))
    listed = every if ALL in visit.parameters else begun(every, MANY)
    just = consultation.taken_up(visit)
    return visit.page(
        "my_day.html",
        status=200 if line is None else 422,
        me=me,
        stops=stops,
        shown=shown,
        rounds=listed,
        selected=_selected([each for _, group in listed for each in group], just),
        due=due,
        unseen=UNSEEN,
        since=_days(visit.parameters),
        managers=_managers(me, staff, cases),
        of=visit.parameters.get(OF),
        just=just,
        just_with=_household_of(stops, just),
        undo=consultation.UNDO,
        form=Form.new(),
        line=line or Form.new(),
        understood=None if line is None else talk_line.said(visit, line["line"]),
        asked_as=talk_line.asked_as(visit),
    )


def take_line(visit: Visit) -> Reply:
    """Record what a line says; back to the page with a line that names nobody, or several."""
    said = talk_line.said(visit, visit.form["line"])
    return show(visit, visit.form) if said.household is None else talk_line.record(visit, said, said.household)


# --- whom to see --------------------------------------------------------------------------------


def stop(case: Answer, of: Household, due: Sequence[Due], today: date) -> Stop:
    """A case as a stop of the round."""
    contact = case["contact"] or {}
    seen_on, attempt_on = (_day(contact.get(name)) for name in ("last_seen_on", "last_attempt_on"))
    return Stop(
        household=of,
        capacity=case["capacity"],
        manager_id=case["manager_id"],
        seen_on=seen_on,
        seen_days=None if seen_on is None else (today - seen_on).days,
        attempt_on=attempt_on,
        due=tuple(each for each in due if each.case_id == case["case_id"]),
    )


def narrowed(stops: Sequence[Stop], parameters: Mapping[str, str]) -> list[Stop]:
    """Only who was not seen for so many days, only whose cases are asked for; in visiting order."""
    days, of = _days(parameters), parameters.get(OF)
    wanted = [
        each for each in stops if (days is None or each.unseen_for(days)) and (of is None or each.manager_id == of)
    ]
    return sorted(wanted, key=lambda each: in_visiting_order(each.household, _place(each, "")))


def rounds(stops: Iterable[Stop], nowhere: str) -> list[tuple[str, list[Stop]]]:
    """The stops by municipality, as they stand."""
    return [(place, list(group)) for place, group in groupby(stops, key=lambda each: _place(each, nowhere))]


def begun(every: Sequence[tuple[str, list[Stop]]], most: int) -> list[tuple[str, list[Stop]]]:
    """The first rounds, up to the one with which they are ``most`` stops or more."""
    before = accumulate((len(group) for _, group in every), initial=0)
    return [each for each, stops in zip(every, before, strict=False) if stops < most]


def what_is_due(answers: Iterable[Answer], households: Iterable[Household], today: date) -> list[Due]:
    """What intake and eligibility say falls due for these people, the earliest first."""
    people = {person.id: (of.case_id, person) for of in households for person in of.members}

    def due(answer: Answer) -> Due:
        case_id, person = people[answer["person_id"]]
        on = date.fromisoformat(answer["on"])
        return Due(case_id, person.id, person.name, answer["kind"], on, (on - today).days)

    found = (due(answer) for answer in answers if answer["person_id"] in people)
    return sorted(found, key=lambda each: (each.on, each.name))


def _stops(
    visit: Visit, cases: list[Answer] | Unavailable, today: date
) -> tuple[list[Stop] | Unavailable, list[Due] | Unavailable]:
    """Whom to see and what falls due for them, or which service does not tell."""
    if isinstance(cases, Unavailable):
        return cases, cases
    backend = visit.backend
    people = sorted({person_id for case in cases for person_id in case["members"]})
    until = today + AHEAD
    cards, permits, changes = together(
        lambda: own_cases.cards(visit, cases),
        lambda: backend.question("/intake/v1/due/search", person_ids=people, until=until)["due"] if people else [],
        lambda: backend.question("/eligibility/v1/due/search", person_ids=people, until=until)["due"] if people else [],
    )
    if isinstance(cards, Unavailable):
        return cards, cards
    known = own_cases.shown(visit, cases, cards)
    told = [each for each in (permits, changes) if not isinstance(each, Unavailable)]
    due = what_is_due((each for answer in told for each in answer), known, today)
    of_case = {case["case_id"]: case for case in cases}
    stops = [stop(of_case[of.case_id], of, due, today) for of in known]
    away = next((each for each in (permits, changes) if isinstance(each, Unavailable)), None)
    return stops, due if away is None else away


def _managers(
    me: Answer | Unavailable, staff: Sequence[Answer] | Unavailable, cases: Sequence[Answer] | Unavailable
) -> list[tuple[str, str]]:
    """By whose cases the list can be narrowed, where there are several: their ids and names."""
    if isinstance(me, Unavailable) or isinstance(staff, Unavailable) or isinstance(cases, Unavailable):
        return []
    names = {each["employee_id"]: each["name"] for each in (*staff, *me["covers"], me)}
    there = {case["manager_id"] for case in cases} & set(names)
    known = sorted(((each, names[each] or "…") for each in there), key=lambda each: each[1])
    return known if len(known) > 1 else []


def _selected(listed: Sequence[Stop], just: Mapping[str, Any] | None) -> str | None:
    """The stop that the keys begin with: after a talk the next one, else the first."""
    ids = [each.household.case_id for each in listed]
    after = ids.index(just["case_id"]) + 1 if just is not None and just["case_id"] in ids else 0
    return ids[min(after, len(ids) - 1)] if ids else None


def _household_of(stops: list[Stop] | Unavailable, just: Mapping[str, Any] | None) -> Household | None:
    if just is None or isinstance(stops, Unavailable):
        return None
    return next((each.household for each in stops if each.household.case_id == just["case_id"]), None)


def _place(each: Stop, nowhere: str) -> str:
    return terms.municipality(each.household.ags) if each.household.ags else nowhere


def _days(parameters: Mapping[str, str]) -> int | None:
    given = parameters.get(SINCE, "")
    return int(given) if given in map(str, UNSEEN) else None


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)
