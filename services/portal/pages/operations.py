"""How the platform itself does: every process in plain words, and the messages that were put aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.backend import together
from services.portal.language import terms
from services.portal.language.terms.platform import PROCESSES, VIEWS
from services.portal.language.words import NOTHING, Words, mark
from services.portal.web.visit import Visit
from shared.api.reply import Reply

Kind = Literal["ok", "due", "late"]
BEHIND_AFTER: Final = 30.0
"""Seconds behind the log after which somebody should look."""

DOES: Final[Mapping[str, str]] = {
    "intake": mark("Records persons, procedures and residences."),
    "eligibility": mark("Says which phase holds and who is in charge."),
    "casework": mark("Records cases, consultations and the office."),
    "reporting": mark("Counts the figures and keeps the history."),
    "projector": mark("Keeps lists and figures up to date."),
    "relay": mark("Tells the services what was recorded."),
    "react": mark("Does what follows from what was recorded."),
}
"""What each kind of process is for."""
WITHOUT: Final[Mapping[str, str]] = {
    "intake": mark("Nobody can be registered, found or corrected until it is back."),
    "eligibility": mark("Phase and service in charge are not shown until it is back; they are determined meanwhile."),
    "casework": mark("Cases and consultations cannot be recorded or read until it is back."),
    "reporting": mark("Figures, reports and the history cannot be read until it is back."),
    "projector": mark("Lists and figures stand still; what is recorded meanwhile appears when it is back."),
    "relay": mark("What is recorded has no consequences yet; nothing is lost, and all follows when it is back."),
    "react": mark("What is recorded has no consequences yet; nothing is lost, and all follows when it is back."),
}
"""What is not possible while a process does not answer."""


@dataclass(frozen=True, slots=True)
class View:
    """One read model: its words, its code name, how far it is, and whether an event stopped it."""

    label: str
    name: str
    says: str
    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Process:
    """A process in words: ``says`` is how it does, ``does`` what it is for; ``name`` its code name."""

    name: str
    label: str
    does: str
    kind: Kind
    word: str
    says: Sequence[str]
    views: Sequence[View] = field(default=())


def show(visit: Visit) -> Reply:
    """Every process, and what is parked."""
    services = visit.portal.services
    names = [*visit.portal.settings.services, *visit.portal.settings.processes]
    reacting = [name for name in visit.portal.settings.processes if kind_of(name) == "react"]
    found = together(
        *(partial(services.ready, name) for name in names),
        *(partial(_parked, visit, name) for name in reacting),
    )
    healths, parked = found[: len(names)], found[len(names) :]
    known = [answer for answer in parked if not isinstance(answer, Unavailable)]
    processes = [process(visit.words, name, health) for name, health in zip(names, healths, strict=True)]
    return visit.page(
        "operations.html",
        processes=processes,
        all_well=all(each.kind == "ok" for each in processes),
        parked=[_message(visit.words, each) for answer in known for each in answer["parked"]],
        parked_is_known=bool(parked) and len(known) == len(parked),
    )


def _parked(visit: Visit, process: str) -> Answer:
    """What a process has put aside; the health of the others is shown whatever it answers. Raises Unavailable."""
    try:
        return visit.backend.parked(process)
    except Refused:
        raise Unavailable(process) from None


def _message(words: Words, parked: Answer) -> dict[str, Any]:
    """A parked message, with its service and event in words; what is no message of ours tells no event."""
    kind, type_ = parked["service"], parked["type"]
    service = words.say(PROCESSES[kind]) if kind in PROCESSES else kind
    event = words.say("no message of this platform") if type_ is None else terms.event(words, type_)
    since = words.time(parked["since"]) if parked["since"] else NOTHING
    return {**parked, "service_said": service, "event_said": event, "since_said": since}


def kind_of(name: str) -> str:
    """What kind of process it is: ``react`` on one machine, ``react-casework`` where each has its own."""
    return name.partition("-")[0]


def process(words: Words, name: str, health: Answer | Unavailable) -> Process:
    """How a process does, from its ``/health/ready``."""
    kind = kind_of(name)
    label = words.say(PROCESSES[kind]) if kind in PROCESSES else name
    does = words.say(DOES[kind]) if kind in DOES else ""
    if isinstance(health, Unavailable):
        says = [words.say(WITHOUT[kind])] if kind in WITHOUT else []
        return Process(name, label, does, "late", words.say("does not answer"), says)
    views = _views(words, health)
    says = [sentence for sentence in (_lag(words, health), *_details(words, health)) if sentence]
    if health.get("status") != "ready":
        reason = (
            words.say("A view has stopped at an event that it cannot read.")
            if any(view.is_stopped for view in views)
            else words.say("It runs, but cannot do its work: something that it needs does not answer.")
        )
        return Process(name, label, does, "late", words.say("cannot work"), [reason, *says], views)
    if _seconds(health) > BEHIND_AFTER:
        return Process(name, label, does, "due", words.say("is behind"), says, views)
    return Process(name, label, does, "ok", words.say("works"), says, views)


def lag(words: Words, behind: Answer) -> str:
    """How far behind the log: "12 events, 0.3 s behind the log"."""
    events, seconds = behind.get("events"), behind.get("seconds")
    if events is None:
        return words.say("how far it is cannot be said")
    if not events:
        return words.say("up to date")
    if seconds is None:
        return words.say_many("{n} event behind the log", "{n} events behind the log", events)
    return words.say_many(
        "{n} event, {seconds} s behind the log",
        "{n} events, {seconds} s behind the log",
        events,
        seconds=words.number(seconds, 1),
    )


def _lag(words: Words, health: Answer) -> str:
    behind = health.get("lag")
    return lag(words, behind) if isinstance(behind, Mapping) else ""


def _seconds(health: Answer) -> float:
    behind = health.get("lag")
    return float((behind.get("seconds") if isinstance(behind, Mapping) else None) or 0)


def _details(words: Words, health: Answer) -> list[str]:
    """What else a kind of process says of itself, only as far as there is something to say."""
    said = []
    if waiting := health.get("waiting"):
        said.append(words.say_many("{n} message waits", "{n} messages wait", waiting))
    if in_hand := health.get("in_hand"):
        said.append(words.say_many("{n} in hand", "{n} in hand", in_hand))
    if due := health.get("due"):
        said.append(words.say_many("{n} look is due", "{n} looks are due", due))
    if health.get("leader") is False:
        said.append(words.say("stands by for the one that leads"))
    return said


def _views(words: Words, health: Answer) -> list[View]:
    """The views of a projector, each with its lag; other processes tell none."""
    lags, stopped = health.get("lags"), health.get("stopped") or {}
    if not isinstance(lags, Mapping):
        return []
    return [_view(words, name, behind, stopped.get(name)) for name, behind in sorted(lags.items())]


def _view(words: Words, name: str, behind: Answer, stopped: Answer | None) -> View:
    label = words.say(VIEWS[name]) if name in VIEWS else name
    if stopped is not None:
        says = words.say("has stopped at the event in position {position}", position=words.number(stopped["position"]))
        return View(label, name, says, is_stopped=True)
    return View(label, name, lag(words, behind))
