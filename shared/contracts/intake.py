"""What intake publishes: persons, households, procedures, titles, residences, consent.

Every event lives in the stream of its person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.contracts.model import Ags, Event, EventId, HouseholdId, Personal, PersonalClass, PersonId, personal
from shared.contracts.registry import published

Category = Literal[
    "asylum",  # § 1 (2) 1 FlüAG
    "humanitarian",  # §§ 22-24 AufenthG
    "unlawful_entry",  # § 15a AufenthG
    "family_reunification",
    "unaccompanied_minor",
]
Sex = Literal["female", "male", "diverse", "unknown"]
Relation = Literal["spouse", "life_partner", "minor_child", "parent", "custodian", "other"]
"""What the person is to the household's anchor."""
ProcedureKind = Literal["first", "follow_up", "second"]
"""Asylum application: first, follow-up (§ 71 AsylG), second (§ 71a AsylG)."""
Outcome = Literal["positive", "negative"]
ResidenceKind = Literal["shared_accommodation", "follow_up_housing", "private"]
Destination = Literal["other_district", "abroad", "unknown", "deceased"]
ConsentScope = Literal["advice_documentation", "disclosure"]
SettledPhase = Literal["provisional", "follow_up"]
WithdrawalReason = Literal["wrong_person", "entered_twice", "not_true"]


def person_stream(person_id: PersonId) -> str:
    return f"person-{person_id}"


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class PersonRegistered(Event):
    """The district takes up a person. ``occurred_on``: the day of registration.

    ``anchor_id`` is None for the household's anchor; ``district_intake_on`` starts the 24 months of
    § 9 (1) Nr. 4 FlüAG and is None while the district has not taken the person in.
    """

    person_id: PersonId
    household_id: HouseholdId
    anchor_id: PersonId | None
    family_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    given_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    file_number: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    phone: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    relation: Personal[Relation | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    category: Personal[Category] = personal(PersonalClass.STATISTICS, subject="person_id")
    born_on: Personal[date] = personal(PersonalClass.STATISTICS, subject="person_id")
    sex: Personal[Sex] = personal(PersonalClass.STATISTICS, subject="person_id")
    nationality: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    language: Personal[str | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    interpreter_needed: Personal[bool | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    state_entry_on: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    district_intake_on: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class BirthRecorded(Event):
    """A child is born into a household; it inherits the anchor's phase. ``occurred_on``: the birthday."""

    person_id: PersonId
    household_id: HouseholdId
    anchor_id: PersonId
    family_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    given_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    sex: Personal[Sex] = personal(PersonalClass.STATISTICS, subject="person_id")
    nationality: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class HouseholdJoined(Event):
    """The person leaves the household of before and belongs to this one."""

    person_id: PersonId
    household_id: HouseholdId
    anchor_id: PersonId | None
    relation: Personal[Relation | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ProcedureOpened(Event):
    """An asylum application of the current stay was filed."""

    person_id: PersonId
    procedure_id: str
    kind: Personal[ProcedureKind] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ProcedureDecided(Event):
    """The procedure was decided; not yet final."""

    person_id: PersonId
    procedure_id: str
    outcome: Personal[Outcome] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ProcedureBecameFinal(Event):
    """The decision is final (unanfechtbar) from ``occurred_on``; finality is an input, never computed."""

    person_id: PersonId
    procedure_id: str
    outcome: Personal[Outcome] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class TitleGranted(Event):
    """A residence title was granted on ``occurred_on``; ``section`` of the AufenthG, for example "25(2)"."""

    person_id: PersonId
    title_id: str
    section: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    valid_until: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class TolerationIssued(Event):
    """A toleration (§§ 60a-60d AufenthG) was issued; it is not a residence title."""

    person_id: PersonId
    toleration_id: str
    section: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    valid_until: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class MovedIn(Event):
    """From ``occurred_on`` the person lives here; an earlier residence ends that day."""

    person_id: PersonId
    residence_id: str
    address: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    kind: Personal[ResidenceKind] = personal(PersonalClass.STATISTICS, subject="person_id")
    ags: Personal[Ags] = personal(PersonalClass.STATISTICS, subject="person_id")
    accommodation: Personal[str | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class MovedOut(Event):
    """From ``occurred_on`` the person no longer lives in the district; the entry has a residence id, too."""

    person_id: PersonId
    residence_id: str
    destination: Personal[Destination] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class MasterDataCorrected(Event):
    """The master data as they should read from the start; every field again, changed or not."""

    person_id: PersonId
    family_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    given_name: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    file_number: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    phone: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    category: Personal[Category] = personal(PersonalClass.STATISTICS, subject="person_id")
    born_on: Personal[date] = personal(PersonalClass.STATISTICS, subject="person_id")
    sex: Personal[Sex] = personal(PersonalClass.STATISTICS, subject="person_id")
    nationality: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")
    language: Personal[str | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    interpreter_needed: Personal[bool | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    state_entry_on: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    district_intake_on: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ResidenceCorrected(Event):
    """The residence entry as it should read; ``occurred_on`` is the corrected day of moving in."""

    person_id: PersonId
    residence_id: str
    address: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="person_id")
    kind: Personal[ResidenceKind] = personal(PersonalClass.STATISTICS, subject="person_id")
    ags: Personal[Ags] = personal(PersonalClass.STATISTICS, subject="person_id")
    accommodation: Personal[str | None] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class EntryWithdrawn(Event):
    """The procedure, title, toleration or residence with this id was recorded by mistake and never held."""

    person_id: PersonId
    entry_id: str
    reason: WithdrawalReason


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ReviewSettled(Event):
    """Somebody decided on ``occurred_on`` what the rules leave to a human (R13): the phase, AU from ``since``.

    ``settles`` are the events on which the doubts rest. It settles doubts that rest on these, and no others.
    """

    person_id: PersonId
    review_id: str
    settles: tuple[EventId, ...]
    reason: Personal[str] = personal(PersonalClass.IDENTITY, subject="person_id")
    phase: Personal[SettledPhase] = personal(PersonalClass.STATISTICS, subject="person_id")
    since: Personal[date | None] = personal(PersonalClass.STATISTICS, subject="person_id")
    legal_basis: Personal[str] = personal(PersonalClass.STATISTICS, subject="person_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class NoticeGiven(Event):
    """The person was told how data about them are used (Art. 13 GDPR)."""

    person_id: PersonId
    language: str


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """The person consents to the documentation in this scope."""

    person_id: PersonId
    scope: ConsentScope


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ConsentRefused(Event):
    """The person refuses; advised all the same, and only counted."""

    person_id: PersonId
    scope: ConsentScope


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """The person withdraws an earlier consent."""

    person_id: PersonId
    scope: ConsentScope
