"""Who a person is: master data, from registration or birth on, and their correction. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeAlias

from services.intake import households, residences
from services.intake.commands import CorrectMasterData, RecordBirth, RegisterPerson
from services.intake.households import Memberships
from services.intake.ids import NewId
from shared.contracts.intake import (
    BirthRecorded,
    Category,
    MasterDataCorrected,
    MovedIn,
    PersonRegistered,
    Sex,
)
from shared.contracts.model import Hidden, HouseholdId, Personal, PersonId

FirstEvent: TypeAlias = PersonRegistered | BirthRecorded
FirstCommand: TypeAlias = RegisterPerson | RecordBirth


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterData:
    """What a correction replaces as a whole. Names, file number and phone are of the class identity."""

    family_name: Personal[str]
    given_name: Personal[str]
    file_number: Personal[str | None] = None
    phone: Personal[str | None] = None
    category: Personal[Category | None] = None
    """None for a child born here: it has none of its own."""
    born_on: Personal[date]
    sex: Personal[Sex]
    nationality: Personal[str]
    language: Personal[str | None] = None
    interpreter_needed: Personal[bool | None] = None
    state_entry_on: Personal[date | None] = None
    district_intake_on: Personal[date | None] = None

    @property
    def erased(self) -> bool:
        return any(isinstance(getattr(self, field.name), Hidden) for field in fields(self))


def of(event: PersonRegistered | MasterDataCorrected) -> MasterData:
    return MasterData(**_spelt_out(event))


def of_newborn(event: BirthRecorded) -> MasterData:
    return MasterData(
        family_name=event.family_name,
        given_name=event.given_name,
        born_on=event.occurred_on,
        sex=event.sex,
        nationality=event.nationality,
    )


def take_up(command: FirstCommand, new_id: NewId, anchor: Memberships | None) -> list[FirstEvent | MovedIn]:
    """The person, and the first residence if it came along: one append, all or nothing."""
    taken_up = _taken_up(command, new_id, anchor)
    if command.residence is None:
        return [taken_up]
    return [taken_up, residences.moved_in(taken_up.person_id, command.residence, new_id)]


def correct(master_data: MasterData, command: CorrectMasterData) -> list[MasterDataCorrected]:
    corrected = MasterDataCorrected(
        person_id=command.person_id, occurred_on=command.corrected_on, **_spelt_out(command)
    )
    return [] if of(corrected) == master_data else [corrected]


def _taken_up(command: FirstCommand, new_id: NewId, anchor: Memberships | None) -> FirstEvent:
    person_id = PersonId(new_id("person_id"))
    match command:
        case RegisterPerson():
            first = households.registered(command, HouseholdId(new_id("household_id")), anchor)
            return PersonRegistered(
                person_id=person_id,
                household_id=first.household_id,
                anchor_id=first.anchor_id,
                relation=first.relation,
                occurred_on=command.registered_on,
                **_spelt_out(command),
            )
        case RecordBirth():
            return BirthRecorded(
                person_id=person_id,
                household_id=households.household_of(command.anchor_id, anchor, command.born_on),
                anchor_id=command.anchor_id,
                family_name=command.family_name,
                given_name=command.given_name,
                sex=command.sex,
                nationality=command.nationality,
                occurred_on=command.born_on,
            )


def _spelt_out(source: RegisterPerson | CorrectMasterData | PersonRegistered | MasterDataCorrected) -> dict[str, Any]:
    """The master data by name: the same names in command, event and record."""
    return {field.name: getattr(source, field.name) for field in fields(MasterData)}
