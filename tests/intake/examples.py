"""An invented family, and what the office may learn about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from services.intake.commands import NewResidence, RecordBirth, RegisterPerson
from services.intake.households import Memberships
from services.intake.person import IntakeCommand, IntakeEvent, Person, decider, evolve
from shared.contracts.envelope import Envelope, Recorded
from shared.contracts.intake import (
    BirthRecorded,
    HouseholdJoined,
    MovedIn,
    MovedOut,
    PersonRegistered,
    ProcedureDecided,
    ProcedureOpened,
)
from shared.contracts.model import Ags, EventId, HouseholdId, PersonId
from shared.contracts.registry import contract_of
from shared.execute import Decider, derived_id


def id_of(name: str) -> Any:
    """An id of any kind."""
    return str(uuid5(NAMESPACE_DNS, name))


def new_id(name: str) -> Any:
    """The id that a command gives to what it creates."""
    return derived_id(id_of("command"), name)


PERSON, HOUSEHOLD = PersonId(id_of("anna")), HouseholdId(id_of("household"))
ANCHOR, ANCHORS_HOUSEHOLD = PersonId(id_of("anchor")), HouseholdId(id_of("anchors household"))
RESIDENCE, DEPARTURE, PROCEDURE = id_of("residence"), id_of("departure"), id_of("procedure")
ADELBERG, AICHELBERG = Ags("08117001"), Ags("08117002")

BIRTHDAY = date(1990, 5, 17)
REGISTRATION = date(2015, 9, 10)


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- what happened ----------------------------------------------------------------------------

registered = PersonRegistered(
    person_id=PERSON,
    household_id=HOUSEHOLD,
    anchor_id=None,
    family_name="Muster",
    given_name="Anna",
    file_number="GP-2015/0042",
    phone=None,
    relation=None,
    category="asylum",
    born_on=BIRTHDAY,
    sex="female",
    nationality="Syria",
    language="Arabic",
    interpreter_needed=True,
    state_entry_on=date(2015, 9, 1),
    district_intake_on=REGISTRATION,
    occurred_on=REGISTRATION,
)
registered_with_anchor = replace(registered, household_id=ANCHORS_HOUSEHOLD, anchor_id=ANCHOR, relation="spouse")
anchor_registered = replace(
    registered, person_id=ANCHOR, household_id=ANCHORS_HOUSEHOLD, given_name="Berta", file_number=None
)
born = BirthRecorded(
    person_id=PERSON,
    household_id=ANCHORS_HOUSEHOLD,
    anchor_id=ANCHOR,
    family_name="Muster",
    given_name="Carla",
    sex="female",
    nationality="Syria",
    occurred_on=day("2016-03-01"),
)


def moved_in(on: str, residence_id: str = RESIDENCE, **other: Any) -> MovedIn:
    home = MovedIn(
        person_id=PERSON,
        residence_id=residence_id,
        kind="shared_accommodation",
        ags=ADELBERG,
        accommodation="Probehaus",
        address="Beispielweg 1",
        occurred_on=day(on),
    )
    return replace(home, **other)


def moved_out(on: str, residence_id: str = DEPARTURE, **other: Any) -> MovedOut:
    departure = MovedOut(person_id=PERSON, residence_id=residence_id, destination="other_district", occurred_on=day(on))
    return replace(departure, **other)


def joined(on: str, anchor_id: PersonId | None = ANCHOR) -> HouseholdJoined:
    return HouseholdJoined(
        person_id=PERSON,
        household_id=ANCHORS_HOUSEHOLD if anchor_id else HouseholdId(id_of("own")),
        anchor_id=anchor_id,
        relation="spouse" if anchor_id else None,
        occurred_on=day(on),
    )


def opened(on: str) -> ProcedureOpened:
    return ProcedureOpened(person_id=PERSON, procedure_id=PROCEDURE, kind="first", occurred_on=day(on))


def decided(on: str, outcome: Any = "negative") -> ProcedureDecided:
    return ProcedureDecided(person_id=PERSON, procedure_id=PROCEDURE, outcome=outcome, occurred_on=day(on))


def recorded(event: IntakeEvent, position: int, learnt_on: str, command: str = "") -> Recorded[IntakeEvent]:
    """As it stands in the person's stream; ``command`` tells the commands apart."""
    envelope = Envelope(
        event_id=EventId(id_of(str(position))),
        type=contract_of(type(event)).type,
        version=1,
        occurred_on=event.occurred_on,
        learnt_on=day(learnt_on),
        recorded_at=datetime(2018, 11, 5, tzinfo=UTC),
        actor="probe",
        on_behalf_of=None,
        command_id=command,
        body_digest="",
        correlation_id="",
        causation_id="",
        stream=f"person-{PERSON}",
        revision=position - 1,
        position=position,
    )
    return Recorded(envelope, event)


# --- what is asked ----------------------------------------------------------------------------


def register(**other: Any) -> RegisterPerson:
    """The command that leads to ``registered``, but for what is named."""
    asked = RegisterPerson(
        family_name="Muster",
        given_name="Anna",
        file_number="GP-2015/0042",
        category="asylum",
        born_on=BIRTHDAY,
        sex="female",
        nationality="Syria",
        language="Arabic",
        interpreter_needed=True,
        state_entry_on=date(2015, 9, 1),
        district_intake_on=REGISTRATION,
        registered_on=REGISTRATION,
    )
    return replace(asked, **other)


def give_birth(**other: Any) -> RecordBirth:
    asked = RecordBirth(
        anchor_id=ANCHOR,
        family_name="Muster",
        given_name="Carla",
        born_on=day("2016-03-01"),
        sex="female",
        nationality="Syria",
    )
    return replace(asked, **other)


def first_residence(on: str) -> NewResidence:
    return NewResidence(
        kind="shared_accommodation",
        ags=ADELBERG,
        accommodation="Probehaus",
        address="Beispielweg 1",
        moved_in_on=day(on),
    )


# --- deciders ---------------------------------------------------------------------------------


def fold(*events: IntakeEvent) -> Person | None:
    return reduce(evolve, events, None)


def memberships(*events: IntakeEvent) -> Memberships:
    person = fold(*events)
    assert person is not None
    return person.memberships


intake: Decider[Person | None, IntakeCommand, IntakeEvent] = decider(new_id)
"""Decides a command that names no anchor, or one who is not known."""
beside_anchor = decider(new_id, memberships(anchor_registered))
"""Decides a command that names ``ANCHOR``, who has a household of their own."""
