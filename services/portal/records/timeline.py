"""A person's history for people: one line per command, with what became of it, and what was determined because of it.

What was corrected or withdrawn stays in its place, struck through, and names what replaced it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from services.portal.answers import Answer
from services.portal.language import terms
from services.portal.language.words import Words

TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "PersonRegistered": ("relation", "category", "nationality"),
    "HouseholdJoined": ("relation",),
    "ProcedureOpened": ("kind",),
    "ProcedureDecided": ("outcome",),
    "ProcedureBecameFinal": ("outcome",),
    "TitleGranted": ("section", "valid_until"),
    "TolerationIssued": ("section", "valid_until"),
    "MovedIn": ("kind", "ags", "accommodation", "address"),
    "MovedOut": ("destination",),
    "ResidenceCorrected": ("kind", "ags", "accommodation", "address"),
    "ReviewSettled": ("phase", "since", "legal_basis"),
    "NoticeGiven": ("language",),
    "ConsentGiven": ("scope",),
    "ConsentRefused": ("scope",),
    "ConsentWithdrawn": ("scope",),
}
"""What a line says of an event beside what happened; the rest opens."""
ENTRY_IDS: Final = ("residence_id", "procedure_id", "title_id", "toleration_id", "review_id")
"""Fields that name an entry, which can be withdrawn."""
BEGINS_AN_ENTRY: Final = frozenset(
    {"MovedIn", "MovedOut", "ProcedureOpened", "TitleGranted", "TolerationIssued", "ReviewSettled"}
)
NAMES_EVENTS: Final = "settles"
"""A field that holds ids, and nothing for people."""
DETERMINED: Final = frozenset({"phase", "since", "rule", "overdue_since", "integration_management"})
"""Of what is determined, what people want to know of; that a date to look again moved, they do not."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A field that reads differently."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Detail:
    """An event in full: fields as pairs of label and value; ``wrong`` are the labels of those that were corrected."""

    what: str
    occurred_on: str
    facts: tuple[tuple[str, str], ...]
    wrong: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What a line says of one event; ``wrong``: it was corrected or withdrawn since."""

    text: str
    wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One command, or one determination that time alone brought.

    ``id`` is an event's: where other lines point to. ``fate``: "" if it holds, "corrected" or "withdrawn" if another
    line took its place: ``by``, if that is shown. ``changes`` are those of a correction; ``of`` what a withdrawal or
    correction is about. ``leads_to``: sentences about what was determined because of it. ``entry_id``: what can be
    withdrawn; ``residence_id``: what can be corrected.
    """

    id: str
    on: str
    what: str
    told: tuple[Told, ...] = ()
    learnt_on: str = ""
    recorded_at: str = ""
    own: bool = False
    fate: str = ""
    by: str | None = None
    by_on: str | None = None
    changes: tuple[Changed, ...] = ()
    of: str = ""
    leads_to: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    entry_id: str | None = None
    residence_id: str | None = None

    @property
    def is_derived(self) -> bool:
        return not self.recorded_at


def lines(
    recorded: Sequence[Answer], determined: Sequence[Answer], words: Words, until: date | None = None
) -> list[Moment]:
    """The newest first, by the day on which it was so; none later than ``until``.

    ``recorded`` are intake's entries, ``determined`` eligibility's.
    """
    events = {event["event_id"]: event for entry in recorded for event in entry["events"]}
    learnt = {event["event_id"]: entry["learnt_on"] for entry in recorded for event in entry["events"]}
    because_of: dict[str, list[Answer]] = {}
    alone: list[Answer] = []
    for entry in determined:
        if DETERMINED & set(entry["changed"]):
            (because_of.setdefault(entry["caused_by"], []) if entry["caused_by"] in events else alone).append(entry)
    made = [_line(entry, events, learnt, because_of, words) for entry in recorded]
    made += [_determination(entry, words) for entry in alone]
    shown = [line for line in reversed(made) if until is None or line.on <= until.isoformat()]
    there = {line.id for line in shown}
    linked = (line if line.by in there else replace(line, by=None) for line in shown)
    return sorted(linked, key=lambda line: line.on, reverse=True)


def emptied(told: Iterable[Moment]) -> list[Moment]:
    """Of somebody whose data were erased: that something was recorded, and when, and nothing of what it was."""
    return [
        replace(line, told=(), changes=(), of="", leads_to=(), details=(), entry_id=None, residence_id=None)
        for line in told
        if not line.is_derived
    ]


def sentence(determined: Answer, words: Words) -> str:
    """A phase and why it holds, in one sentence."""
    phase = terms.term(words, "phase", determined["phase"])
    said = {
        "phase": phase[:1].upper() + phase[1:],
        "because": terms.because(words, determined["rule"], determined["legal_basis"], determined["phase"]),
        "basis": terms.cited(words, determined["legal_basis"]),
    }
    if determined["since"] is None:
        return words.say("{phase}, {because} ({basis}).", **said)
    return words.say("{phase} since {day}, {because} ({basis}).", day=words.date(determined["since"]), **said)


def known_since(recorded: Iterable[Answer]) -> dict[str, str]:
    """Since when something is known as it reads now, by what the newest telling of it is about: see ``about``."""
    return {about(event): entry["learnt_on"] for entry in recorded for event in entry["events"]}


def about(event: Answer) -> str:
    """What an event tells of: the master data, or what a fact of the file can name as well."""
    told = event["fields"]
    match event["type"]:
        case "PersonRegistered" | "BirthRecorded" | "MasterDataCorrected":
            return "master_data"
        case "ProcedureDecided" | "ProcedureBecameFinal":
            return f"{told['procedure_id']} {event['type']} {event['occurred_on']}"
        case "ConsentGiven" | "ConsentRefused" | "ConsentWithdrawn":
            return f"{told['scope']} {event['occurred_on']}"
        case "NoticeGiven":
            return f"notice {event['occurred_on']}"
        case "HouseholdJoined":
            return f"household {told['household_id']}"
        case _:
            return str(next((told[name] for name in ENTRY_IDS if name in told), event["event_id"]))


# --- one line -----------------------------------------------------------------------------------


def _line(
    entry: Answer,
    events: Mapping[str, Answer],
    learnt: Mapping[str, str],
    because_of: Mapping[str, Sequence[Answer]],
    words: Words,
) -> Moment:
    first = entry["events"][0]
    fate, by = _fate(entry["events"])
    before = events.get(first["corrects"] or "")
    return Moment(
        id=first["event_id"],
        on=first["occurred_on"],
        what=terms.event(words, f"intake.{first['type']}"),
        told=tuple(each for event in entry["events"] if (each := _told(event, events, words)).text),
        learnt_on=entry["learnt_on"],
        recorded_at=entry["recorded_at"],
        own=entry["own"],
        fate=fate,
        by=by,
        by_on=None if by is None else learnt[by],
        changes=tuple(_changes(first, before, words)) if before else (),
        of=_withdrawn(first, events, words),
        leads_to=tuple(
            sentence(each["determined"], words)
            for event in entry["events"]
            for each in because_of.get(event["event_id"], ())
        ),
        details=tuple(_detail(event, events, words) for event in entry["events"]),
        entry_id=None if fate == "withdrawn" or first["type"] not in BEGINS_AN_ENTRY else _entry_id(first),
        residence_id=first["fields"]["residence_id"] if _can_be_corrected(first) else None,
    )


def _fate(events: Sequence[Answer]) -> tuple[str, str | None]:
    """What became of a command, and the event that did it."""
    for fate, by in (("withdrawn", "withdrawn_by"), ("corrected", "corrected_by")):
        for event in events:
            if event[by]:
                return fate, event[by]
    return "", None


def _told(event: Answer, events: Mapping[str, Answer], words: Words) -> Told:
    """The most important fields; wrong if one of them reads differently now."""
    names = TOLD.get(event["type"], ())
    shown = (_said(name, event["fields"][name], words) for name in names if event["fields"][name])
    changed = set(events[event["corrected_by"]]["changed"]) if event["corrected_by"] in events else set()
    wrong = bool(event["withdrawn_by"] or changed & {*names, "occurred_on"})
    return Told(", ".join(shown), wrong)


def _said(name: str, value: Any, words: Words) -> str:
    said = terms.value(words, name, value)
    return words.say("valid until {day}", day=said) if name == "valid_until" else said


def _changes(event: Answer, before: Answer, words: Words) -> Iterator[Changed]:
    for name in event["changed"]:
        then, now = (_field(each, name) for each in (before, event))
        label = terms.label(words, "moved_in_on" if name == "occurred_on" else name)
        yield Changed(label, terms.value(words, name, then), terms.value(words, name, now))


def _field(event: Answer, name: str) -> Any:
    return event["occurred_on"] if name == "occurred_on" else event["fields"].get(name)


def _withdrawn(event: Answer, events: Mapping[str, Answer], words: Words) -> str:
    """What a withdrawal is about: the entry as its first event told it."""
    if event["type"] != "EntryWithdrawn":
        return ""
    entry_id = event["fields"]["entry_id"]
    for each in events.values():
        if each["type"] in BEGINS_AN_ENTRY and _entry_id(each) == entry_id:
            what, told = terms.event(words, f"intake.{each['type']}"), _told(each, events, words).text
            return f"{what}: {told}" if told else what
    return ""


def _entry_id(event: Answer) -> str | None:
    return next((event["fields"][name] for name in ENTRY_IDS if name in event["fields"]), None)


def _can_be_corrected(event: Answer) -> bool:
    """The newest telling of a residence."""
    newest = not (event["corrected_by"] or event["withdrawn_by"])
    return newest and event["type"] in ("MovedIn", "ResidenceCorrected")


def _detail(event: Answer, events: Mapping[str, Answer], words: Words) -> Detail:
    corrected = events.get(event["corrected_by"] or "")
    shown = {name: value for name, value in event["fields"].items() if value is not None and not _is_id(name)}
    return Detail(
        terms.event(words, f"intake.{event['type']}"),
        event["occurred_on"],
        tuple((terms.label(words, name), terms.value(words, name, value)) for name, value in shown.items()),
        frozenset(terms.label(words, name) for name in (corrected["changed"] if corrected else ())),
    )


def _is_id(name: str) -> bool:
    return name == NAMES_EVENTS or name.endswith("_id")


def _determination(entry: Answer, words: Words) -> Moment:
    return Moment(
        id=f"p{entry['position']}",
        on=entry["as_of"],
        learnt_on=entry["learnt_on"],
        what=terms.event(words, "eligibility.HousingPhaseDetermined"),
        told=(Told(sentence(entry["determined"], words)),),
    )
