"""What was recorded about a person, command by command, and what became of it. Pure.

A correction says everything again: so which fields it changed is told beside it. What was corrected or withdrawn
stays where it was, and says by what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from services.intake import registration
from services.intake.person import IntakeEvent
from services.intake.registration import MasterData
from shared.contracts.envelope import KnownAt, Recorded, known_commands
from shared.contracts.intake import (
    BirthRecorded,
    EntryWithdrawn,
    MasterDataCorrected,
    MovedIn,
    MovedOut,
    PersonRegistered,
    ProcedureBecameFinal,
    ProcedureDecided,
    ProcedureOpened,
    ResidenceCorrected,
    ReviewSettled,
    TitleGranted,
    TolerationIssued,
)
from shared.contracts.model import EventId, shown, shown_fields

MASTER_DATA: Final = "master_data"


@dataclass(frozen=True, slots=True)
class Links:
    """``corrects``: the earlier telling that an event replaces. ``withdrawn_by``: by the id of an entry."""

    corrects: Mapping[EventId, Recorded[IntakeEvent]]
    corrected_by: Mapping[EventId, EventId]
    withdrawn_by: Mapping[str, EventId]


def entries(history: Sequence[Recorded[IntakeEvent]], known: KnownAt, account: str) -> list[dict[str, Any]]:
    """One entry per command of a state of knowledge, in the order in which they were recorded.

    Who recorded something is not told, but whether it was the reader, whose ``account`` this is.
    """
    commands = known_commands(history, known)
    links = _links([recorded for command in commands for recorded in command])
    return [_entry(command, links, account) for command in commands]


def _entry(command: Sequence[Recorded[IntakeEvent]], links: Links, account: str) -> dict[str, Any]:
    envelope = command[0].envelope
    return {
        "command_id": envelope.command_id,
        "recorded_at": envelope.recorded_at,
        "learnt_on": envelope.learnt_on,
        "occurred_on": envelope.occurred_on,
        "own": envelope.actor == account,
        "position": envelope.position,
        "events": [_told(recorded, links) for recorded in command],
    }


def _told(recorded: Recorded[IntakeEvent], links: Links) -> dict[str, Any]:
    envelope, event = recorded.envelope, recorded.event
    before = links.corrects.get(envelope.event_id)
    return {
        "event_id": envelope.event_id,
        "type": envelope.name,
        "occurred_on": event.occurred_on,
        "fields": {name: value for name, value in shown_fields(event).items() if name != "person_id"},
        "corrects": None if before is None else before.envelope.event_id,
        "changed": [] if before is None else _changed(before.event, event),
        "corrected_by": links.corrected_by.get(envelope.event_id),
        "withdrawn_by": links.withdrawn_by.get(_about(event) or ""),
    }


def _links(told: Sequence[Recorded[IntakeEvent]]) -> Links:
    corrects: dict[EventId, Recorded[IntakeEvent]] = {}
    newest: dict[str, Recorded[IntakeEvent]] = {}
    for recorded in told:
        match recorded.event:
            case MasterDataCorrected() | ResidenceCorrected() as event:
                about = _about(event) or ""
                if about in newest:  # what was learnt later may be known first
                    corrects[recorded.envelope.event_id] = newest[about]
                newest[about] = recorded
            case PersonRegistered() | BirthRecorded() | MovedIn() as event:
                newest[_about(event) or ""] = recorded
    return Links(
        corrects,
        {before.envelope.event_id: event_id for event_id, before in corrects.items()},
        {one.event.entry_id: one.envelope.event_id for one in told if isinstance(one.event, EntryWithdrawn)},
    )


def _about(event: IntakeEvent) -> str | None:
    """What an event tells of and a later one may correct or withdraw: the master data, or an entry by its id."""
    match event:
        case PersonRegistered() | BirthRecorded() | MasterDataCorrected():
            return MASTER_DATA
        case MovedIn() | MovedOut() | ResidenceCorrected():
            return event.residence_id
        case ProcedureOpened() | ProcedureDecided() | ProcedureBecameFinal():
            return event.procedure_id
        case TitleGranted():
            return event.title_id
        case TolerationIssued():
            return event.toleration_id
        case ReviewSettled():
            return event.review_id
        case _:
            return None


def _changed(before: IntakeEvent, after: IntakeEvent) -> list[str]:
    """The names of what reads differently."""
    old, new = _reads(before), _reads(after)
    return [name for name in new if old[name] != new[name]]


def _reads(event: IntakeEvent) -> dict[str, Any]:
    """All that a correction says again."""
    match event:
        case PersonRegistered() | MasterDataCorrected():
            return _master_data(registration.of(event))
        case BirthRecorded():
            return _master_data(registration.of_newborn(event))
        case _:
            return {**shown_fields(event), "occurred_on": event.occurred_on}


def _master_data(data: MasterData) -> dict[str, Any]:
    return {field.name: shown(getattr(data, field.name)) for field in fields(data)}
