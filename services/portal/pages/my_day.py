"""My day: whom to see, in the order of a round; what falls due; whom one stands in for. Recording begins here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from services.portal.backend import Refused, Unavailable, needed, segment, together
from services.portal.language import terms
from services.portal.language.words import mark
from services.portal.pages import consultation
from services.portal.pages.consultation import MY_DAY
from services.portal.records.households import Household, household, in_visiting_order
from services.portal.talks.line import Line, read
from services.portal.web import asked
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply
from shared.api.roles import TEAM_LEAD

AHEAD: Final = timedelta(days=14)
"""How far the due dates look ahead."""
UNSEEN: Final = (30, 60, 90)
"""Days without a talk by which the list can be narrowed; from the second on it says so by itself."""
SINCE: Final = "seit"
"""The parameter with the days without a talk."""
OF: Final = "fuer"
"""The parameter with the manager whose cases are shown."""
MOST_CASES: Final = 500
"""As many households as intake tells about at once; more are in nobody's hands."""
NOWHERE: Final = mark("Without an address in the district")
REMEMBERED: Final = 60.0
"""Seconds for which the line knows the names that the page has shown: no look into intake for every letter."""
_remembered: dict[str, tuple[float, tuple[Household, ...]]] = {}

DUE: Final[Mapping[str, str]] = {
    "title_expires": mark("Residence title ends"),
    "toleration_expires": mark("Toleration ends"),
    "phase_changes": mark("Housing phase changes"),
    "service_changes": mark("Service in charge changes"),
    "look_again": mark("To be looked at again"),
}


ASKED_AS: Final[Mapping[str, str]] = {
    "took_part": mark("Who"),
    "setting": mark("Where"),
    "minutes": mark("Minutes"),
    "topics": mark("Topics"),
}
"""What a line may miss, as the form asks for it."""


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
    since. ``is_mine``: not one of somebody for whom one stands in."""

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
    leads = visit.has_role(TEAM_LEAD)
    me, cases, staff = together(
        lambda: backend.get("/casework/v1/me"),
        lambda: _cases(visit),
        lambda: backend.get("/casework/v1/employees")["employees"] if leads else [],
    )
    stops, due = _stops(visit, cases, today)
    shown = [] if isinstance(stops, Unavailable) else narrowed(stops, visit.parameters)
    just = consultation.taken_up(visit)
    return visit.page(
        "my_day.html",
        status=200 if line is None else 422,
        me=me,
        stops=stops,
        shown=shown,
        rounds=[] if isinstance(stops, Unavailable) else rounds(shown, visit.words.say(NOWHERE)),
        selected=_selected(shown, just),
        due=due,
        due_words=DUE,
        unseen=UNSEEN,
        since=_days(visit.parameters),
        managers=_managers(me, staff, cases),
        of=visit.parameters.get(OF),
        just=just,
        just_with=_household_of(stops, just),
        undo=consultation.UNDO,
        undo_seconds=consultation.UNDO_SECONDS,
        form=Form.new(),
        line=line or Form.new(),
        understood=None if line is None else _understood(visit, line["line"]),
        asked_as=_asked_as(visit),
    )


def colleagues(visit: Visit) -> Reply:
    """Whom of the own team one could stand in for today."""
    backend = visit.backend
    me, staff = needed(
        lambda: backend.get("/casework/v1/me"), lambda: backend.get("/casework/v1/employees")["employees"]
    )
    covered = {cover["employee_id"] for cover in me["covers"] if cover["running"]} | {me["employee_id"]}
    team = (me["team"] or {}).get("team_id")
    of_team = [each for each in staff if team and each["team_id"] == team and each["employee_id"] not in covered]
    shown: dict[str, Any] = {"colleagues": sorted(of_team, key=lambda each: each["name"] or ""), "form": Form.new()}
    if visit.wants_fragment:
        return visit.fragment("colleagues.html", "colleagues", **shown)
    return visit.page("colleagues.html", **shown)


def stand_in(visit: Visit) -> Reply:
    """Somebody is away today: from now on their cases are mine, too, until the evening."""
    form, today = visit.form, visit.today
    employee_id = form["employee_id"]
    me = visit.backend.get("/casework/v1/me")
    body = {"employee_id": employee_id, "deputy_id": me["employee_id"], "from_on": today, "until": today}
    return _covered(visit, "/casework/v1/covers", body, form.key_of(employee_id))


def end_cover(visit: Visit) -> Reply:
    """Today is the last day on which one stands in for somebody."""
    form = visit.form
    path = f"/casework/v1/covers/{segment(form['cover_id'])}/end"
    return _covered(visit, path, {"ended_on": visit.today}, form.key)


def _covered(visit: Visit, path: str, body: Mapping[str, Any], key: str) -> Reply:
    try:
        visit.command(path, body, key=key)
    except Refused as refused:
        visit.tell(refused.title, kind="late")
    return visit.redirect(MY_DAY)


# --- a talk in one line -------------------------------------------------------------------------


def understood(visit: Visit) -> Reply:
    """What the line says so far."""
    said = _understood(visit, visit.form["line"])
    return visit.fragment("my_day.html", "understood", understood=said, asked_as=_asked_as(visit))


def take_line(visit: Visit) -> Reply:
    """Record what the line says; where something is missing, open the form with the rest."""
    form = visit.form
    said = _understood(visit, form["line"])
    if said.household is None:
        return show(visit, form)
    told = told_by(said, consultation.proposal(said.household, visit.today))
    if not said.is_complete:
        one_text = Form.new(**{name: " ".join(told.all(name)) for name in consultation.TOLD})
        return visit.redirect(
            asked.keep(visit, consultation.address(said.household.case_id), one_text, *consultation.TOLD)
        )
    return consultation.record_line(visit, said.household.case_id, said.what, told, form.key)


def told_by(said: Line, proposed: Form) -> Form:
    """The form of a talk as a line fills it in."""
    given = {
        "took_part": list(said.took_part),
        "topics": list(said.topics),
        "setting": [said.setting] if said.setting else [],
        "minutes": [str(said.minutes)] if said.minutes else [],
        "interpreter": [consultation.YES] if said.interpreter else [],
        "held_on": [f"{said.held_on:%d.%m.%Y}"] if said.held_on else [],
    }
    return replace(proposed, values={**proposed.values, **{name: value for name, value in given.items() if value}})


def _asked_as(visit: Visit) -> dict[str, str]:
    return {name: visit.words.say(words) for name, words in ASKED_AS.items()}


def _understood(visit: Visit, text: str) -> Line:
    return read(text, _households(visit), visit.today)


def _households(visit: Visit) -> tuple[Household, ...]:
    """Who may be named in the line. Raises Unavailable."""
    assert visit.account is not None  # only whoever is logged in has a day
    seen_at, known = _remembered.get(visit.account.id, (0.0, ()))
    if time.monotonic() - seen_at < REMEMBERED:
        return known
    cases = _cases(visit)
    return _remember(visit, _with_cards(cases, _cards(visit, cases)))


def _remember(visit: Visit, known: Iterable[Household]) -> tuple[Household, ...]:
    """Keep whom somebody sees; who has gone is forgotten with it."""
    assert visit.account is not None
    now = time.monotonic()
    for account_id in [each for each, (seen_at, _) in _remembered.items() if now - seen_at >= REMEMBERED]:
        del _remembered[account_id]
    _remembered[visit.account.id] = now, tuple(known)
    return _remembered[visit.account.id][1]


# --- whom to see --------------------------------------------------------------------------------


def stop(case: Mapping[str, Any], of: Household, due: Sequence[Due], today: date) -> Stop:
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


def what_is_due(answers: Iterable[Mapping[str, Any]], households: Iterable[Household], today: date) -> list[Due]:
    """What intake and eligibility say falls due for these people, the earliest first."""
    people = {person.id: (of.case_id, person) for of in households for person in of.members}

    def due(answer: Mapping[str, Any]) -> Due:
        case_id, person = people[answer["person_id"]]
        on = date.fromisoformat(answer["on"])
        return Due(case_id, person.id, person.name, answer["kind"], on, (on - today).days)

    found = (due(answer) for answer in answers if answer["person_id"] in people)
    return sorted(found, key=lambda each: (each.on, each.name))


def _cases(visit: Visit) -> list[Mapping[str, Any]]:
    """The own cases and those in cover; of a team's lead, the team's. Raises Unavailable."""
    mine = None if visit.has_role(TEAM_LEAD) else "me"
    found = visit.backend.get("/casework/v1/cases", manager=mine, status="open", limit=MOST_CASES)
    return list(found["cases"])


def _cards(visit: Visit, cases: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Intake's cards by household. Raises Unavailable."""
    ids = [case["household_id"] for case in cases]
    found = visit.backend.question("/intake/v1/households/search", household_ids=ids)["households"] if ids else []
    return {card["household_id"]: card for card in found}


def _with_cards(cases: Iterable[Mapping[str, Any]], cards: Mapping[str, Mapping[str, Any]]) -> tuple[Household, ...]:
    return tuple(household(case, cards[case["household_id"]]) for case in cases)


def _stops(
    visit: Visit, cases: list[Mapping[str, Any]] | Unavailable, today: date
) -> tuple[list[Stop] | Unavailable, list[Due] | Unavailable]:
    """Whom to see and what falls due for them, or which service does not tell."""
    if isinstance(cases, Unavailable):
        return cases, cases
    backend = visit.backend
    people = sorted({person_id for case in cases for person_id in case["members"]})
    until = today + AHEAD
    cards, permits, changes = together(
        lambda: _cards(visit, cases),
        lambda: backend.question("/intake/v1/due/search", person_ids=people, until=until)["due"] if people else [],
        lambda: backend.question("/eligibility/v1/due/search", person_ids=people, until=until)["due"] if people else [],
    )
    if isinstance(cards, Unavailable):
        return cards, cards
    known = _remember(visit, _with_cards(cases, cards))
    told = [each for each in (permits, changes) if not isinstance(each, Unavailable)]
    due = what_is_due((each for answer in told for each in answer), known, today)
    stops = [stop(case, of, due, today) for case, of in zip(cases, known, strict=True)]
    away = next((each for each in (permits, changes) if isinstance(each, Unavailable)), None)
    return stops, due if away is None else away


def _managers(me: Any, staff: Any, cases: Any) -> list[tuple[str, str]]:
    """By whose cases the list can be narrowed, where there are several: their ids and names."""
    if any(isinstance(each, Unavailable) for each in (me, staff, cases)):
        return []
    names = {each["employee_id"]: each["name"] for each in (*staff, *me["covers"], me)}
    there = {case["manager_id"] for case in cases} & set(names)
    known = sorted(((each, names[each] or "…") for each in there), key=lambda each: each[1])
    return known if len(known) > 1 else []


def _selected(shown: Sequence[Stop], just: Mapping[str, Any] | None) -> str | None:
    """The stop that the keys begin with: after a talk the next one, else the first."""
    ids = [each.household.case_id for each in shown]
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
