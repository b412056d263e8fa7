"""Where a person lives and lived: one line of stays and absences. Pure: no I/O, no clock.

The phase of housing (provisional or follow-up) is not in here: it is eligibility's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from services.intake.commands import CorrectResidence, MoveIn, MoveOut, NewResidence
from services.intake.contradictions import Contradiction
from services.intake.ids import NewId
from shared.contracts.intake import Destination, MovedIn, MovedOut, ResidenceCorrected, ResidenceKind
from shared.contracts.model import Ags, Personal, PersonId
from shared.execute import Refused


@dataclass(frozen=True, slots=True)
class Home:
    """A place to live in."""

    kind: Personal[ResidenceKind]
    ags: Personal[Ags]
    accommodation: Personal[str | None]
    address: Personal[str | None]


@dataclass(frozen=True, slots=True)
class Stay:
    """From ``since`` the person lives here; an earlier stay ends that day."""

    entry_id: str
    since: date
    home: Home


@dataclass(frozen=True, slots=True)
class Absence:
    """From ``since`` the person no longer lives in the district."""

    entry_id: str
    since: date
    destination: Personal[Destination]


Whereabouts: TypeAlias = tuple[Stay | Absence, ...]
"""In order of ``since``; entries of one day in the order in which they were recorded."""

ResidenceEvent: TypeAlias = MovedIn | MovedOut | ResidenceCorrected
ResidenceCommand: TypeAlias = MoveIn | MoveOut | CorrectResidence


def evolve(entries: Whereabouts, event: ResidenceEvent) -> Whereabouts:
    match event:
        case MovedIn():
            return _in_order([*entries, Stay(event.residence_id, event.occurred_on, _home(event))])
        case MovedOut():
            return _in_order([*entries, Absence(event.residence_id, event.occurred_on, event.destination)])
        case ResidenceCorrected():
            corrected = Stay(event.residence_id, event.occurred_on, _home(event))
            return _in_order([corrected if entry.entry_id == event.residence_id else entry for entry in entries])


def on(entries: Whereabouts, day: date) -> Stay | Absence | None:
    """What holds on that day; None before the first entry."""
    return next((entry for entry in reversed(entries) if entry.since <= day), None)


def decide(entries: Whereabouts, command: ResidenceCommand, new_id: NewId) -> list[ResidenceEvent]:
    match command:
        case MoveIn():
            return [moved_in(command.person_id, command, new_id, entries)]
        case MoveOut():
            return [
                MovedOut(
                    person_id=command.person_id,
                    residence_id=new_id("residence_id"),
                    destination=command.destination,
                    occurred_on=command.moved_out_on,
                )
            ]
        case CorrectResidence():
            corrected = ResidenceCorrected(
                person_id=command.person_id,
                residence_id=command.residence_id,
                kind=command.kind,
                ags=command.ags,
                accommodation=command.accommodation,
                address=command.address,
                occurred_on=command.moved_in_on,
            )
            if not any(isinstance(entry, Stay) and entry.entry_id == command.residence_id for entry in entries):
                raise Refused("unknown-entry", entry=command.residence_id)
            return [] if evolve(entries, corrected) == entries else [corrected]


def moved_in(
    person_id: PersonId,
    residence: NewResidence | MoveIn,
    new_id: NewId,
    entries: Whereabouts = (),
) -> MovedIn:
    """Raises Refused("already-lives-there")."""
    event = MovedIn(
        person_id=person_id,
        residence_id=new_id("residence_id"),
        kind=residence.kind,
        ags=residence.ags,
        accommodation=residence.accommodation,
        address=residence.address,
        occurred_on=residence.moved_in_on,
    )
    match on(entries, event.occurred_on):
        case Stay(entry_id, _, home) if home == _home(event):
            raise Refused("already-lives-there", entry=entry_id)
    return event


def contradictions(entries: Whereabouts) -> Iterator[Contradiction]:
    """Departures from nowhere, and stays after a death."""
    before: Stay | Absence | None = None
    for entry in entries:
        match before, entry:
            case Absence(destination="deceased"), Stay():
                yield Contradiction("moved-in-after-death", entry.entry_id)
            case None, Absence() if any(isinstance(other, Stay) for other in entries):
                yield Contradiction("moved-out-before-moved-in", entry.entry_id)
            case ((None | Absence()), Absence()):
                yield Contradiction("departure-without-residence", entry.entry_id)
        before = entry


def _home(event: MovedIn | ResidenceCorrected) -> Home:
    return Home(event.kind, event.ags, event.accommodation, event.address)


def _in_order(entries: Sequence[Stay | Absence]) -> Whereabouts:
    return tuple(sorted(entries, key=lambda entry: entry.since))
