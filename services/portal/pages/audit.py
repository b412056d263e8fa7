"""The history for auditors: what was recorded, by stream, kind, who, act and day. Asked with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.language import terms
from services.portal.language.terms.platform import SERVICES
from services.portal.language.words import Words, mark
from services.portal.pages import reason
from services.portal.pages.reason import Asking
from services.portal.records import fields, recorded
from services.portal.web import asked
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

HERE: Final = "/pruefung"
WHY: Final = Asking(
    path=f"{HERE}/grund",
    onward=HERE,
    title=mark("Audit"),
    question=mark("Why are you looking?"),
    why=mark(
        "Whoever looks into the history says why. The reason is recorded with everything that you look at until you log"
        " out; it is shown to the data protection officer."
    ),
    hint=mark("For example: yearly audit, file number, complaint of a day. Please name no persons."),
)
SEARCH: Final = "/reporting/v1/events/search"
FIELDS: Final = ("stream", "type", "actor", "correlation_id", "since", "until")
NAMES: Final = {name: name for name in FIELDS}
"""The form's names by the service's paths."""
ON_A_PAGE: Final = 50
NAMING: Final = frozenset({"account"})
"""Fields of events, plain in the log, that name somebody: only pseudonyms are shown."""
BEFORE: Final = "vor"
AFTER: Final = "nach"
"""Parameters of the address: the events before or after the one of that number."""


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event in words; ``number`` is its place in the history. ``data``: what stands there in plain."""

    number: int
    recorded_at: str
    says: str
    type: str
    about: str
    stream: str
    step: int
    actor: str
    occurred_on: str
    learnt_on: str
    act: str
    data: Sequence[recorded.DocumentLine]
    sealed: Sequence[str]


def show(visit: Visit) -> Reply:
    """The newest events, or those that were asked for."""
    if asked.reason(visit) is None:
        return reason.ask(visit, WHY)
    return _list(visit, Form.new(**asked.recall(visit, HERE)))


def search(visit: Visit) -> Reply:
    """Keep what was asked, and go to its answer."""
    _, form = visit.form.days(visit.today, visit.words, "since", "until")
    return _list(visit, form, status=422) if form.is_wrong else visit.redirect(asked.keep(visit, HERE, form, *FIELDS))


def _list(visit: Visit, form: Form, *, status: int = 200) -> Reply:
    answer: Answer | Unavailable | None = None
    if not form.is_wrong:
        try:
            answer = _events(visit, form)
        except Refused as refused:
            form, status = fields.with_refusal(form, refused, visit.words, NAMES), refused.status
        except Unavailable as unavailable:
            answer = unavailable
    found = [] if answer is None or isinstance(answer, Unavailable) else answer["events"]
    return visit.page(
        "audit.html",
        status=status,
        form=form,
        answer=answer,
        events=[event(visit.words, each) for each in reversed(found)],
        older=_to(visit, BEFORE, answer, "previous"),
        newer=_to(visit, AFTER, answer, "next"),
        types=types(visit.words),
        reason=asked.reason(visit),
        is_filtered=any(form[name] for name in FIELDS),
    )


def _events(visit: Visit, form: Form) -> Answer:
    """Ask the services. Raises Refused, Unavailable."""
    days, _ = form.days(visit.today, visit.words, "since", "until")
    before, after = visit.number(BEFORE), visit.number(AFTER)
    return visit.backend.question(
        SEARCH,
        reason=asked.reason(visit),
        **{name: form.get(name) for name in FIELDS if name not in days},
        **days,
        before=before,
        after=after if before is None else None,
        last=True if before is None and after is None else None,
        limit=ON_A_PAGE,
    )


def _to(visit: Visit, parameter: str, answer: Answer | Unavailable | None, name: str) -> str | None:
    """The address of the page before or after this one."""
    if answer is None or isinstance(answer, Unavailable) or answer[name] is None:
        return None
    number = visit.number(asked.NUMBER)
    question = "" if number is None else f"{asked.NUMBER}={number}&"
    return f"{HERE}?{question}{parameter}={answer[name]}"


def event(words: Words, found: Answer) -> Event:
    """An entry of the history in words."""
    envelope, data = found["envelope"], {name: of for name, of in found["data"].items() if name not in NAMING}
    return Event(
        number=found["seq"],
        recorded_at=envelope["recorded_at"],
        says=terms.event(words, envelope["type"]),
        type=envelope["type"],
        about=recorded.stream(words, envelope["stream"]),
        stream=envelope["stream"],
        step=envelope["revision"] + 1,
        actor=actor(words, envelope["actor"]),
        occurred_on=envelope["occurred_on"],
        learnt_on=envelope["learnt_on"],
        act=envelope["correlation_id"],
        data=recorded.document(words, data, data),
        sealed=[terms.label(words, name) for part in found["sealed"] for name in part["fields"]],
    )


def actor(words: Words, name: str) -> str:
    """Who recorded: a service by itself, or an account, whose name is not shown."""
    kind, _, service = name.partition(":")
    return by_itself(words, service) if kind == "service" else words.say("an account")


def by_itself(words: Words, service: str) -> str:
    return words.say("{service}, by itself", service=words.say(SERVICES.get(service, service)))


def types(words: Words) -> list[tuple[str, str]]:
    """All kinds of events to choose from, by whose they are."""
    said = ((type_, type_.partition(".")[0], words.say(label)) for type_, label in terms.EVENTS.items())
    return [(type_, f"{words.say(SERVICES[service])}: {label}") for type_, service, label in said]
