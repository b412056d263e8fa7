"""Recording a talk on one page, by keyboard: who was there, what it was about, a note; and correcting it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import needed
from services.portal.language import terms
from services.portal.language.words import mark
from services.portal.pages import reason
from services.portal.pages.persons import age
from services.portal.pages.reason import Asking
from services.portal.records.households import Household, Person, household
from services.portal.talks import telling
from services.portal.talks.indicators import ACTION_FIELDS, STEPS
from services.portal.web import asked
from services.portal.web.failures import NotHere, failure
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

MY_DAY: Final = "/mein-tag"
CASES: Final = "/casework/v1/cases"
CONSULTATIONS: Final = "/casework/v1/consultations"
VISITS: Final = "/casework/v1/attempted-visits"
WHY: Final = Asking(
    path="/beratung/grund",
    onward=MY_DAY,
    title=mark("A recorded talk"),
    question=mark("Why are you reading this?"),
    why=mark(
        "A team's lead says why before reading what was said in a case. The reason is recorded with everything that you"
        " read until you log out."
    ),
    hint=mark("For example: cover, complaint of a day, hand-over. Please name no persons."),
)

HALF_AN_HOUR: Final = 30
"""Minutes at which an arrow begins in the empty field."""
UNDO: Final = "by_mistake"
"""Why what is undone at once is withdrawn."""
REASONS: Final = ("wrong_case", "entered_twice", "not_held", UNDO)
_JUST: Final = "just-recorded"


@dataclass(frozen=True, slots=True)
class Case:
    """A case as whoever records a talk must know it. ``capacity``: as what they do so; None: they may not.

    ``manager``: who looks after it, by name. ``contact``: when it was last seen; None where that is not theirs to know.
    """

    household: Household
    status: str
    capacity: str | None
    manager: str | None
    contact: Answer | None

    @property
    def id(self) -> str:
        return self.household.case_id


# --- recording ----------------------------------------------------------------------------------


def show(visit: Visit, case_id: UUID) -> Reply:
    """An empty form, with those who came last ticked, and with what a line on My day told already."""
    case = _case(visit, str(case_id))
    form = telling.proposal(case.household, visit.today)
    return _page(visit, case, telling.with_told(form, asked.recall(visit, address(case.id))))


def record(visit: Visit, case_id: UUID) -> Reply:
    """Record the talk, and go back to the day."""
    body, form = telling.read(visit.form, visit.words, visit.today)
    if form.is_wrong:
        return _page(visit, _case(visit, str(case_id)), form)
    try:
        accepted = visit.command(CONSULTATIONS, {"case_id": str(case_id), **body})
    except Refused as refused:
        return _page(visit, _case(visit, str(case_id)), telling.with_refusal(form, refused, visit.words))
    except Unavailable as away:
        return _away(visit, away)
    visit.done(_draft(str(case_id)))
    just_recorded(visit, "talk", str(case_id), accepted.id, form)
    return visit.redirect(MY_DAY)


def nobody_met(visit: Visit) -> Reply:
    """Record a visit of today that met nobody; the button that was pressed names the case."""
    case_id = visit.form["case_id"]
    return record_line(visit, case_id, "nobody", Form(), visit.form.key_of(case_id))


def record_line(visit: Visit, case_id: str, what: str, form: Form, key: str) -> Reply:
    """Record a talk, or a visit that met nobody, without the form being seen; a refusal is told on the next page."""
    body, _ = telling.read(form, visit.words, visit.today)
    if what == "nobody":
        path, body = VISITS, {"visited_on": body.get("held_on", visit.today)}
    else:
        path = CONSULTATIONS
    try:
        accepted = visit.command(path, {"case_id": case_id, **body}, key=key)
    except Refused as refused:
        visit.tell(refused.title, kind="late")
    else:
        just_recorded(visit, what, case_id, accepted.id, form)
    return visit.redirect(MY_DAY)


def values(visit: Visit) -> Reply:
    """What would be derived from the form as it is now."""
    return visit.fragment("consultation.html", "derived", derived=telling.derived_from(visit.form))


# --- afterwards: correcting, taking back --------------------------------------------------------


def show_recorded(visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
    """A talk as it stands, in the form, to correct it or take it back. A team's lead says first why they look."""
    try:
        told = _told(visit, str(case_id), str(consultation_id))
    except Refused as refused:
        if refused.slug != "reason-required":
            raise
        return reason.ask(visit, WHY)
    case = _case(visit, str(case_id))
    return _page(visit, with_persons(case, told), telling.as_recorded(told), told)


def correct(visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
    """The talk as it should read, in full."""
    body, form = telling.read(visit.form, visit.words, visit.today)
    try:
        if not form.is_wrong:
            visit.command(f"{CONSULTATIONS}/{consultation_id}/correction", {"case_id": str(case_id), **body})
    except Refused as refused:
        form = telling.with_refusal(form, refused, visit.words)
    except Unavailable as away:
        return _away(visit, away)
    if form.is_wrong:
        told = _told(visit, str(case_id), str(consultation_id))
        return _page(visit, with_persons(_case(visit, str(case_id)), told), form, told)
    visit.done(_draft(str(case_id), str(consultation_id)))
    visit.tell(visit.words.say("The talk is corrected. How it read before stays in the history."))
    return visit.redirect(MY_DAY)


def withdraw(visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
    """A talk or visit was recorded by mistake."""
    why = visit.form["reason"]
    if why not in REASONS:
        visit.tell(visit.words.say("Please say why it is taken back."), kind="late")
        return visit.redirect(f"{address(str(case_id))}/{consultation_id}")
    try:
        visit.command(f"{CONSULTATIONS}/{consultation_id}/withdrawal", {"reason": why, "withdrawn_on": visit.today})
    except Refused as refused:
        visit.tell(refused.title, kind="late")
    else:
        visit.done(_draft(str(case_id), str(consultation_id)))
        visit.tell(visit.words.say("Taken back: it counts nowhere."))
    return visit.redirect(MY_DAY)


# --- what was just recorded, for the next page --------------------------------------------------


def just_recorded(visit: Visit, what: str, case_id: str, consultation_id: str, form: Form) -> None:
    """Let My day say what was recorded, count it, and offer to undo it. Ids and numbers only."""
    counts = _counts(form) if what == "talk" else {}
    visit.pocket.leave(_JUST, {"what": what, "case_id": case_id, "id": consultation_id, **counts})


def _counts(form: Form) -> Mapping[str, int]:
    return {"entered": telling.how_many_entered(form), "derived": telling.derived_from(form).total}


def taken_up(visit: Visit) -> Mapping[str, Any] | None:
    """What was just recorded; said once."""
    just: Mapping[str, Any] | None = visit.pocket.take(_JUST)
    return just


# --- how it is asked and shown ------------------------------------------------------------------


def address(case_id: str) -> str:
    """The page where a talk with a case is recorded."""
    return f"/beratung/{case_id}"


def _case(visit: Visit, case_id: str) -> Case:
    """Raises Refused for a case that one may not know of, and Unavailable."""
    backend = visit.backend
    known = backend.get(f"{CASES}/{case_id}")
    household_id = known["household_id"]
    found, cards, told = needed(
        lambda: backend.get(CASES, household_id=household_id),
        lambda: backend.question("/intake/v1/households/search", household_ids=[household_id]),
        lambda: backend.get(f"/casework/v1/households/{household_id}/case"),
    )
    (listed,) = found["cases"] or [{**known, "capacity": None, "contact": None}]
    manager = (told["case"] or {}).get("manager") or {}
    return Case(
        household=household(listed, cards["households"][0]),
        status=listed["status"],
        capacity=listed["capacity"],
        manager=manager.get("name"),
        contact=listed["contact"],
    )


def _told(visit: Visit, case_id: str, consultation_id: str) -> Answer:
    """The talk as it stands. Raises Refused, Unavailable, NotHere."""
    answer = visit.backend.question(f"{CONSULTATIONS}/search", case_id=case_id, reason=asked.reason(visit))
    found: Sequence[Answer] = answer["consultations"]
    told = next((each for each in found if each["consultation_id"] == consultation_id), None)
    if told is None:
        raise NotHere
    return told


def with_persons(case: Case, told: Answer) -> Case:
    """The case with those, too, who were in the talk and have left since; their names are not told any more."""
    here = {person.id for person in case.household.members}
    named = dict.fromkeys((*told.get("took_part", ()), *told.get("concerns", ())))
    left = tuple(Person(each, None, None) for each in named if each not in here)
    return replace(case, household=replace(case.household, members=(*case.household.members, *left)))


def _draft(case_id: str, consultation_id: str | None = None) -> str:
    return f"record:{case_id}" if consultation_id is None else f"correct:{consultation_id}"


def _page(visit: Visit, case: Case, form: Form, told: Answer | None = None) -> Reply:
    """The whole page, or for a script the form alone. ``told``: the talk that is corrected."""
    consultation_id = None if told is None else told["consultation_id"]
    shown = {
        "case": case,
        "form": form,
        "told": told,
        "action": address(case.id) if told is None else f"{address(case.id)}/{consultation_id}",
        "draft": _draft(case.id, consultation_id),
        "people": [(person, age(person.born_on, visit.today)) for person in case.household.members],
        "derived": telling.derived_from(form),
        "settings": terms.options(visit.words, "setting"),
        "topics": terms.options(visit.words, "topics"),
        "rows": [(field, terms.term(visit.words, "action_field", field)) for field in ACTION_FIELDS],
        "steps": [(step, terms.term(visit.words, "step", step)) for step in STEPS],
        "reasons": [(why, terms.term(visit.words, "reason", why)) for why in REASONS],
        "nobody": Form.new(),
        "half_an_hour": HALF_AN_HOUR,
        "health": telling.HEALTH,
        "yes": telling.YES,
        "proposed": telling.PROPOSED,
    }
    status = 422 if form.is_wrong else 200
    if visit.wants_fragment:
        return visit.fragment("consultation.html", "talk", status=status, **shown)
    return visit.page("consultation.html", status=status, **shown)


def _away(visit: Visit, away: Unavailable) -> Reply:
    """Casework does not answer: a script leaves the form as it is and shows above it what happened."""
    if not visit.wants_fragment:
        return failure(visit, away)
    reply = visit.fragment("consultation.html", "away", status=503, unknown=away.outcome_unknown)
    reply.headers += (("HX-Retarget", "#away"), ("HX-Reswap", "innerHTML"))
    return reply
