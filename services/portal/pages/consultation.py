"""Recording a talk on one page, by keyboard: who was there, what it was about, a note; and correcting it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from urllib.parse import parse_qs, urlencode
from uuid import UUID, uuid4

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import needed
from services.portal.language import terms
from services.portal.language.days import written
from services.portal.language.words import Words, mark
from services.portal.pages import reason
from services.portal.pages.persons import age
from services.portal.pages.reason import Asking
from services.portal.records import fields
from services.portal.records.households import Household, Person, household
from services.portal.talks.indicators import ACTION_FIELDS, STEPS, Derived, derived, entered
from services.portal.web import asked
from services.portal.web.failures import NotHere, failure
from services.portal.web.form import Form, whole_number
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

ONE_OF: Final = ("held_on", "setting", "minutes", "interpreter", "note")
MANY_OF: Final = ("took_part", "concerns", "topics", "steps")
TOLD: Final = (*MANY_OF, *ONE_OF)
"""What is told about a talk: the form's fields, named as the command's. A step is written ``housing.need``."""
YES: Final = "yes"
PROPOSED: Final = "proposed"
"""The field that holds what the form proposed, so that what was entered can be told from it."""
HEALTH: Final = "health"
HALF_AN_HOUR: Final = 30
"""Minutes at which an arrow begins in the empty field."""
UNDO: Final = "by_mistake"
"""Why what is undone at once is withdrawn."""
REASONS: Final = ("wrong_case", "entered_twice", "not_held", UNDO)
_JUST: Final = "just-recorded"

SENT_DIFFERENTLY: Final = mark(
    "This form has been saved already, perhaps from another window, with other content. If this is a further talk,"
    " save it once more; otherwise discard it."
)
FIELD_OF: Final[Mapping[str, str]] = {
    "held-in-the-future": "held_on",
    "held-before-case-opened": "held_on",
    "case-not-open": "held_on",
    "minutes-out-of-range": "minutes",
    "no-topic": "topics",
    "nobody-took-part": "took_part",
    "not-a-member": "took_part",
}
"""The fields that casework's refusals are about."""
MISSING: Final[Mapping[str, str]] = {
    "took_part": mark("Who took part? Please tick at least one person."),
    "setting": mark("Where was it? Please choose."),
    "minutes": mark("How many minutes did it take?"),
    "topics": mark("What was it about? Please name at least one topic."),
}
"""What is asked where casework misses something: as the form asks for it."""
PATHS: Final[Mapping[str, str]] = {**{name: name for name in TOLD}, HEALTH: "steps"}
"""The form's names by the service's paths."""


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
    form = proposal(case.household, visit.today)
    return _page(visit, case, with_told(form, asked.recall(visit, address(case.id))))


def record(visit: Visit, case_id: UUID) -> Reply:
    """Record the talk, and go back to the day."""
    body, form = read(visit.form, visit.words, visit.today)
    if form.is_wrong:
        return _page(visit, _case(visit, str(case_id)), form)
    try:
        accepted = visit.command(CONSULTATIONS, {"case_id": str(case_id), **body})
    except Refused as refused:
        return _page(visit, _case(visit, str(case_id)), with_refusal(form, refused, visit.words))
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
    body, _ = read(form, visit.words, visit.today)
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
    return visit.fragment("consultation.html", "derived", derived=_derived(visit.form))


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
    return _page(visit, with_persons(case, told), as_recorded(told), told)


def correct(visit: Visit, case_id: UUID, consultation_id: UUID) -> Reply:
    """The talk as it should read, in full."""
    body, form = read(visit.form, visit.words, visit.today)
    try:
        if not form.is_wrong:
            visit.command(f"{CONSULTATIONS}/{consultation_id}/correction", {"case_id": str(case_id), **body})
    except Refused as refused:
        form = with_refusal(form, refused, visit.words)
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
    reason = visit.form["reason"]
    if reason not in REASONS:
        visit.tell(visit.words.say("Please say why it is taken back."), kind="late")
        return visit.redirect(f"{address(str(case_id))}/{consultation_id}")
    try:
        visit.command(f"{CONSULTATIONS}/{consultation_id}/withdrawal", {"reason": reason, "withdrawn_on": visit.today})
    except Refused as refused:
        visit.tell(refused.title, kind="late")
    else:
        visit.done(_draft(str(case_id), str(consultation_id)))
        visit.tell(visit.words.say("Taken back: it counts nowhere."))
    return visit.redirect(MY_DAY)


# --- what was just recorded, for the next page --------------------------------------------------


def just_recorded(visit: Visit, what: str, case_id: str, consultation_id: str, form: Form) -> None:
    """Let My day say what was recorded, count it, and offer to undo it. Ids and numbers only."""
    counts = {"entered": how_many_entered(form), "derived": _derived(form).total} if what == "talk" else {}
    visit.pocket.leave(_JUST, {"what": what, "case_id": case_id, "id": consultation_id, **counts})


def taken_up(visit: Visit) -> Mapping[str, Any] | None:
    """What was just recorded; said once."""
    just: Mapping[str, Any] | None = visit.pocket.take(_JUST)
    return just


# --- the form -----------------------------------------------------------------------------------


def proposal(of: Household, today: date) -> Form:
    """What is proposed: today, and who came last; who lives alone."""
    came = of.took_part_last or (tuple(person.id for person in of.members) if len(of.members) == 1 else ())
    return _proposing({"took_part": list(came), "held_on": [written(today)]})


def with_told(form: Form, told: Mapping[str, str]) -> Form:
    """The form with what was told already; several values of a field stand in one text."""
    said = {name: value.split() if name in MANY_OF else [value] for name, value in told.items() if name in TOLD}
    return replace(form, values={**form.values, **said})


def as_recorded(told: Answer) -> Form:
    """The form as it would have been filled in for this talk; nothing for a visit that met nobody."""
    if "took_part" not in told:
        return Form.new()
    steps = [f"{step['action_field']}.{step['step']}" for step in told["steps"] or ()]
    return _proposing(
        {
            "took_part": told["took_part"],
            "concerns": told["concerns"],
            "held_on": [written(date.fromisoformat(told["held_on"]))],
            "setting": _one(told["setting"]),
            "minutes": _one(told["minutes"]),
            "interpreter": [YES] if told["interpreter"] else [],
            "topics": told["topics"] or [],
            "steps": [*steps, *(f"{HEALTH}.{step}" for step in told["health"] or ())],
            "note": _one(told["note"]),
        }
    )


def read(form: Form, words: Words, today: date) -> tuple[dict[str, Any], Form]:
    """What was told, as a command's body without what is missing: the service says what that is. And the form, with
    an error at a day that is none."""
    days, form = form.days(today, words, "held_on")
    steps = [step.partition(".") for step in form.all("steps")]
    body = {
        **days,
        "setting": form.get("setting"),
        "minutes": form.get("minutes") if (minutes := whole_number(form["minutes"])) is None else minutes,
        "interpreter": form.get("interpreter") == YES,
        "topics": form.all("topics"),
        "took_part": form.all("took_part"),
        "concerns": form.all("concerns"),
        "steps": [{"action_field": field, "step": step} for field, _, step in steps if field != HEALTH],
        "health": [step for field, _, step in steps if field == HEALTH],
        "note": form.get("note"),
    }
    return {name: value for name, value in body.items() if value is not None}, form


def with_refusal(form: Form, refused: Refused, words: Words) -> Form:
    """The same form with what casework said against it, at the field that it is about."""
    if refused.slug == "key-reused":
        return replace(form, key=str(uuid4()), problem=words.say(SENT_DIFFERENTLY))
    if (field := FIELD_OF.get(refused.slug)) is not None:
        return form.wrong(**{field: refused.title})
    told = fields.with_refusal(form, refused, words, PATHS)
    missing = {
        name: words.say(question) for name, question in MISSING.items() if name in told.errors and not form[name]
    }
    return told.wrong(**missing)


def how_many_entered(form: Form) -> int:
    """The values that somebody gave by hand."""
    proposed = parse_qs(form[PROPOSED])
    return entered({name: form.all(name) for name in TOLD}, {name: proposed.get(name, ()) for name in TOLD})


def _derived(form: Form) -> Derived:
    return derived(form.all("took_part"), form.all("concerns"), form.all("steps"))


def _proposing(values: Mapping[str, list[str]]) -> Form:
    pairs = [(name, value) for name, several in values.items() for value in several]
    return replace(Form.new(), values={**values, PROPOSED: [urlencode(pairs)]})


def _one(value: object) -> list[str]:
    return [] if value is None else [str(value)]


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
        "derived": _derived(form),
        "settings": terms.options(visit.words, "setting"),
        "topics": terms.options(visit.words, "topics"),
        "rows": [(field, terms.term(visit.words, "action_field", field)) for field in ACTION_FIELDS],
        "steps": [(step, terms.term(visit.words, "step", step)) for step in STEPS],
        "reasons": [(reason, terms.term(visit.words, "reason", reason)) for reason in REASONS],
        "nobody": Form.new(),
        "half_an_hour": HALF_AN_HOUR,
        "health": HEALTH,
        "yes": YES,
        "proposed": PROPOSED,
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
