"""Who a person is to the district, and what may be recorded about them next. Pure: no I/O, no clock.

A person's stream tells everything intake knows of them. The parts of the record have a file each,
``registration``, ``households``, ``residences``, ``procedures``, ``permits``, ``reviews`` and ``consent``; here is what
holds them together: the rule that a record must not contradict itself. Facts learnt late are welcome in
any order; what counts is that the record as a whole can be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial, reduce
from typing import TypeAlias

from services.intake import consent, households, permits, procedures, registration, residences, reviews
from services.intake.commands import (
    CorrectMasterData,
    CorrectResidence,
    JoinHousehold,
    RecordDecision,
    RecordFinality,
    SettleReview,
    WithdrawEntry,
)
from services.intake.consent import NOTHING_SAID, ConsentCommand, ConsentEvent, Consents
from services.intake.contradictions import Contradiction
from services.intake.households import Membership, Memberships
from services.intake.ids import NewId
from services.intake.permits import PermitCommand, PermitEvent, Permits
from services.intake.procedures import ProcedureCommand, ProcedureEvent, Procedures
from services.intake.registration import FirstCommand, FirstEvent, MasterData
from services.intake.residences import ResidenceCommand, ResidenceEvent, Whereabouts
from services.intake.reviews import Reviews
from shared.contracts.envelope import KnownAt, Recorded, events_known
from shared.contracts.intake import (
    BirthRecorded,
    EntryWithdrawn,
    HouseholdJoined,
    MasterDataCorrected,
    PersonRegistered,
    ReviewSettled,
)
from shared.contracts.model import Hidden, HouseholdId, PersonId
from shared.execute import Decider, Refused

LaterEvent: TypeAlias = (
    HouseholdJoined
    | MasterDataCorrected
    | EntryWithdrawn
    | ResidenceEvent
    | ProcedureEvent
    | PermitEvent
    | ReviewSettled
    | ConsentEvent
)
IntakeEvent: TypeAlias = FirstEvent | LaterEvent

LaterCommand: TypeAlias = (
    JoinHousehold
    | CorrectMasterData
    | WithdrawEntry
    | ResidenceCommand
    | ProcedureCommand
    | PermitCommand
    | SettleReview
    | ConsentCommand
)
IntakeCommand: TypeAlias = FirstCommand | LaterCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person's record. ``registered_on`` is None for a child born here."""

    person_id: PersonId
    registered_on: date | None
    master_data: MasterData
    memberships: Memberships
    whereabouts: Whereabouts = ()
    procedures: Procedures = ()
    permits: Permits = ()
    reviews: Reviews = ()
    consents: Consents = NOTHING_SAID
    withdrawn: frozenset[str] = frozenset()
    """Ids of entries that were recorded by mistake."""


# --- what an event makes of the record --------------------------------------------------------


def evolve(person: Person | None, event: IntakeEvent) -> Person | None:
    """What an event makes of the record.

    Until the person is registered or born, None stays None: as known on an earlier day, a stream may
    begin with another fact.
    """
    if isinstance(event, FirstEvent):
        return _taken_up(event)
    return None if person is None else _told(person, event)


def _taken_up(event: FirstEvent) -> Person:
    match event:
        case PersonRegistered():
            return Person(
                person_id=event.person_id,
                registered_on=event.occurred_on,
                master_data=registration.of(event),
                memberships=(Membership(None, event.household_id, event.anchor_id, event.relation),),
            )
        case BirthRecorded():
            return Person(
                person_id=event.person_id,
                registered_on=None,
                master_data=registration.of_newborn(event),
                memberships=(Membership(None, event.household_id, event.anchor_id, "minor_child"),),
            )


def _told(person: Person, event: LaterEvent) -> Person:
    if isinstance(event, ResidenceEvent):
        return replace(person, whereabouts=residences.evolve(person.whereabouts, event))
    if isinstance(event, ProcedureEvent):
        return replace(person, procedures=procedures.evolve(person.procedures, event))
    if isinstance(event, PermitEvent):
        return replace(person, permits=permits.evolve(person.permits, event))
    if isinstance(event, ConsentEvent):
        return replace(person, consents=consent.evolve(person.consents, event))
    match event:
        case HouseholdJoined():
            return replace(person, memberships=households.joined(person.memberships, event))
        case MasterDataCorrected():
            return replace(person, master_data=registration.of(event))
        case ReviewSettled():
            return replace(person, reviews=reviews.evolve(person.reviews, event))
        case EntryWithdrawn():
            return _without(person, event.entry_id)


def _without(person: Person, entry_id: str) -> Person:
    return replace(
        person,
        whereabouts=tuple(entry for entry in person.whereabouts if entry.entry_id != entry_id),
        procedures=tuple(entry for entry in person.procedures if entry.entry_id != entry_id),
        permits=tuple(entry for entry in person.permits if entry.entry_id != entry_id),
        reviews=tuple(entry for entry in person.reviews if entry.entry_id != entry_id),
        withdrawn=person.withdrawn | {entry_id},
    )


def as_known(history: Iterable[Recorded[IntakeEvent]], known: KnownAt = None) -> Person | None:
    """The record in a state of knowledge; None where the person was not registered or born in it."""
    return reduce(evolve, events_known(history, known), None)


# --- what may be recorded next ----------------------------------------------------------------


def decider(new_id: NewId, anchor: Memberships | None = None) -> Decider[Person | None, IntakeCommand, IntakeEvent]:
    """The decider of a person's stream for one command.

    ``anchor`` are the memberships of the person whom the command names as anchor: a household is known
    by its anchor's stream. They may change at the same moment; eligibility looks at both again.
    """
    return Decider(None, evolve, partial(decide, new_id=new_id, anchor=anchor))


def decide(
    person: Person | None, command: IntakeCommand, *, new_id: NewId, anchor: Memberships | None = None
) -> Sequence[IntakeEvent]:
    """The events of a command, or Refused with the rule (see ``problems``) and the ids it concerns."""
    events = _asked(person, command, new_id, anchor)
    # A record may hold contradictions from before a rule existed: they must not block its repair.
    known = set() if person is None else set(contradictions(person))
    after = reduce(evolve, events, person)
    for contradiction in () if after is None else contradictions(after):
        if contradiction not in known:
            raise Refused(contradiction.rule, entry=contradiction.entry)
    return events


def contradictions(person: Person) -> Iterator[Contradiction]:
    """Everything in a record that cannot be true at once."""
    yield from residences.contradictions(person.whereabouts)
    yield from procedures.contradictions(person.procedures)
    yield from permits.contradictions(person.permits)
    yield from consent.contradictions(person.consents)
    born_on = person.master_data.born_on
    if isinstance(born_on, Hidden):
        return
    if person.registered_on is not None and born_on > person.registered_on:
        yield Contradiction("born-after-registration", "born_on")
    for entry, day in _days(person):
        if day < born_on:
            yield Contradiction("before-birth", entry)
    here_from = _here_from(person, born_on)
    if person.whereabouts and person.whereabouts[0].since < here_from:
        yield Contradiction("moved-in-before-registration", person.whereabouts[0].entry_id)
    for membership in person.memberships:
        if membership.since is not None and membership.since < here_from:
            yield Contradiction("joined-before-registration", membership.household_id)


def _here_from(person: Person, born_on: date) -> date:
    """The day the district took the person up; a registration may have been written down later."""
    taken_in_on = person.master_data.district_intake_on
    if person.registered_on is None:
        return born_on
    return min(person.registered_on, taken_in_on) if isinstance(taken_in_on, date) else person.registered_on


def _days(person: Person) -> Iterator[tuple[str, date]]:
    """Every day on which something happened to the person, with the entry or field that says so."""
    for name in ("state_entry_on", "district_intake_on"):
        if isinstance(day := getattr(person.master_data, name), date):
            yield name, day
    for entry in person.whereabouts:
        yield entry.entry_id, entry.since
    for permit in person.permits:
        yield permit.entry_id, permit.since
    for procedure in person.procedures:
        yield procedure.entry_id, procedure.opened_on
    for review in person.reviews:
        if isinstance(review.since, date):
            yield review.entry_id, review.since
    for notice in person.consents.notices:
        yield "notice", notice.on
    for statement in person.consents.statements:
        yield statement.scope, statement.on


# --- what a command asks for ------------------------------------------------------------------


def _asked(
    person: Person | None, command: IntakeCommand, new_id: NewId, anchor: Memberships | None
) -> Sequence[IntakeEvent]:
    if isinstance(command, FirstCommand):
        if person is not None:
            raise Refused("person-already-registered", person=person.person_id)
        return registration.take_up(command, new_id, anchor)
    if person is None:
        raise Refused("unknown-person", person=command.person_id)
    if person.master_data.erased:
        raise Refused("person-erased", person=person.person_id)
    if (entry := _entry_of(command)) in person.withdrawn:
        raise Refused("entry-already-withdrawn", entry=entry)
    if isinstance(command, ResidenceCommand):
        return residences.decide(person.whereabouts, command, new_id)
    if isinstance(command, ProcedureCommand):
        return procedures.decide(person.procedures, command, new_id)
    if isinstance(command, PermitCommand):
        return permits.decide(command, new_id)
    if isinstance(command, ConsentCommand):
        return consent.decide(command)
    match command:
        case JoinHousehold():
            return households.decide(person.memberships, command, HouseholdId(new_id("household_id")), anchor)
        case CorrectMasterData():
            return registration.correct(person.master_data, command)
        case SettleReview():
            return reviews.decide(command, new_id)
        case WithdrawEntry():
            return _withdraw(person, command)


def _withdraw(person: Person, command: WithdrawEntry) -> list[IntakeEvent]:
    entries = (*person.whereabouts, *person.procedures, *person.permits, *person.reviews)
    if all(entry.entry_id != command.entry_id for entry in entries):
        raise Refused("unknown-entry", entry=command.entry_id)
    return [
        EntryWithdrawn(
            person_id=command.person_id,
            entry_id=command.entry_id,
            reason=command.reason,
            occurred_on=command.withdrawn_on,
        )
    ]


def _entry_of(command: LaterCommand) -> str | None:
    """The existing entry which a command is about."""
    match command:
        case RecordDecision() | RecordFinality():
            return command.procedure_id
        case CorrectResidence():
            return command.residence_id
        case WithdrawEntry():
            return command.entry_id
        case _:
            return None
