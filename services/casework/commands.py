"""What may be asked of casework: done, and looked up.

The id of what a command creates is not sent; the platform derives it from the command's own id, an employee's
from the account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from shared.api.as_of import AsOf
from shared.api.fields import (
    ags,
    any_date,
    decimal,
    flag,
    matching,
    one_of,
    past_date,
    several,
    text,
    uuid,
    whole,
)
from shared.contracts.casework import (
    EndReason,
    FieldStep,
    MunicipalServiceKind,
    Qualification,
    Setting,
    Step,
    Topic,
    WithdrawalReason,
)
from shared.contracts.model import Ags, CaseId, ConsultationId, EmployeeId, GrantId, HouseholdId, PersonId, TeamId

CloseReason = Literal["aim_reached", "wish", "other"]

NAME = 100
"""Characters of a name."""
NOTE = 10_000
"""Characters of a consultation's note."""
LONGEST_TALK = 600
"""Minutes; a talk of more than ten hours is a slip of the hand."""
MOST_EUROS = 1_000_000_000
MOST_PERSONS = 50
"""Persons in one talk."""


# --- the office -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SetMunicipalService:
    """From ``since`` integration management is the district's or the town's own."""

    ags: Ags = matching(r"[0-9]{8}", de="sind nicht acht Ziffern", en="is not eight digits")
    service: MunicipalServiceKind = one_of(MunicipalServiceKind)
    since: date = any_date()


@dataclass(frozen=True, kw_only=True)
class FormTeam:
    team_id: TeamId = uuid()
    name: str = text(NAME)
    formed_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class SetTeamArea:
    """From ``since`` the team serves exactly these municipalities."""

    team_id: TeamId = uuid()
    municipalities: tuple[Ags, ...] = several(ags())
    since: date = any_date()


@dataclass(frozen=True, kw_only=True)
class HireEmployee:
    """Somebody who acts under ``account``, the login's name, joins the office."""

    employee_id: EmployeeId = uuid()
    account: str = text(NAME)
    name: str = text(NAME)
    qualification: Qualification = one_of(Qualification)
    joined_on: date = any_date()


@dataclass(frozen=True, kw_only=True)
class JoinTeam:
    employee_id: EmployeeId = uuid()
    team_id: TeamId = uuid()
    since: date = any_date()


@dataclass(frozen=True, kw_only=True)
class ConcludeContract:
    """``fte``: full-time equivalents, above 0 and at most 1; the first and the last day are included."""

    employee_id: EmployeeId = uuid()
    contract_id: str = uuid()
    fte: Decimal = decimal("0.01", 1, 2)
    starts_on: date = any_date()
    ends_on: date | None = any_date(default=None)


@dataclass(frozen=True, kw_only=True)
class EndContract:
    """The contract ends early; ``ended_on`` is its last day."""

    employee_id: EmployeeId = uuid()
    contract_id: str = uuid()
    ended_on: date = any_date()
    reason: EndReason = one_of(EndReason)


@dataclass(frozen=True, kw_only=True)
class AnnounceContractExpiry:
    """Asked by the clock alone: the contract runs out in ``days_ahead`` days, or sooner."""

    employee_id: EmployeeId
    contract_id: str
    days_ahead: int
    today: date


@dataclass(frozen=True, kw_only=True)
class AwardGrant:
    """Euros for ``awarded_on`` to ``until``; the rates are euros per full post and year."""

    grant_id: GrantId = uuid()
    amount: Decimal = decimal("0.01", MOST_EUROS, 2)
    awarded_on: date = any_date()
    until: date = any_date()
    rate_graduate: Decimal = decimal("0.01", MOST_EUROS, 2)
    rate_intermediate: Decimal = decimal("0.01", MOST_EUROS, 2)


@dataclass(frozen=True, kw_only=True)
class CreatePost:
    """``fte``: full-time equivalents, above 0 and at most 1: one person holds it."""

    grant_id: GrantId = uuid()
    post_id: str = uuid()
    qualification: Qualification = one_of(Qualification)
    fte: Decimal = decimal("0.01", 1, 2)
    created_on: date = any_date()


@dataclass(frozen=True, kw_only=True)
class FillPost:
    grant_id: GrantId = uuid()
    post_id: str = uuid()
    employee_id: EmployeeId = uuid()
    filled_on: date = any_date()


@dataclass(frozen=True, kw_only=True)
class VacatePost:
    grant_id: GrantId = uuid()
    post_id: str = uuid()
    vacated_on: date = any_date()


@dataclass(frozen=True, kw_only=True)
class BeginCover:
    """``deputy_id`` may act in the cases of ``employee_id`` from ``from_on`` to ``until``, both included."""

    cover_id: str = uuid()
    employee_id: EmployeeId = uuid()
    deputy_id: EmployeeId = uuid()
    from_on: date = any_date()
    until: date = any_date()


@dataclass(frozen=True, kw_only=True)
class EndCover:
    """``ended_on`` is the last day of the cover."""

    cover_id: str = uuid()
    ended_on: date = any_date()


# --- cases ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AddMember:
    """Asked by a reaction: the district is in charge of this person of the household from ``since``."""

    case_id: CaseId
    household_id: HouseholdId
    person_id: PersonId
    since: date


@dataclass(frozen=True, kw_only=True)
class RemoveMember:
    """Asked by a reaction: from ``since`` the person no longer belongs to this case."""

    case_id: CaseId
    person_id: PersonId
    since: date


@dataclass(frozen=True, kw_only=True)
class AssignCase:
    """From ``assigned_on`` this manager of this team looks after the case."""

    case_id: CaseId = uuid()
    team_id: TeamId = uuid()
    manager_id: EmployeeId = uuid()
    assigned_on: date = any_date()


@dataclass(frozen=True, kw_only=True)
class CloseCase:
    case_id: CaseId = uuid()
    reason: CloseReason = one_of(CloseReason)
    closed_on: date = past_date()


# --- consultations ----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Talk:
    """What is told about a talk: ``took_part`` were there, ``concerns`` are those it was about; in minutes."""

    consultation_id: ConsultationId = uuid()
    case_id: CaseId = uuid()
    held_on: date = past_date()
    setting: Setting = one_of(Setting)
    minutes: int = whole(1, LONGEST_TALK)
    interpreter: bool = flag()
    topics: tuple[Topic, ...] = several(Topic, least=1)
    took_part: tuple[PersonId, ...] = several(uuid(), MOST_PERSONS, least=1)
    concerns: tuple[PersonId, ...] = several(uuid(), MOST_PERSONS, default=())
    steps: tuple[FieldStep, ...] = several(FieldStep, default=())
    health: tuple[Step, ...] = several(Step, default=())
    note: str | None = text(NOTE, lines=True, default=None)


@dataclass(frozen=True, kw_only=True)
class RecordConsultation(Talk):
    """One talk with one case."""


@dataclass(frozen=True, kw_only=True)
class CorrectConsultation(Talk):
    """The talk as it should read, in full."""


@dataclass(frozen=True, kw_only=True)
class WithdrawConsultation:
    consultation_id: ConsultationId = uuid()
    reason: WithdrawalReason = one_of(WithdrawalReason)
    withdrawn_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class RecordAttemptedVisit:
    """Nobody was met."""

    consultation_id: ConsultationId = uuid()
    case_id: CaseId = uuid()
    visited_on: date = past_date()


# --- questions --------------------------------------------------------------------------------

CaseStatus = Literal["open", "closed"]


@dataclass(frozen=True, kw_only=True)
class FindCases:
    """The cases that whoever asks may know of. ``manager`` "me": one's own, and those in one's cover; ``manager_id``:
    those of one manager."""

    household_id: HouseholdId | None = uuid(default=None)
    manager: Literal["me"] | None = one_of(Literal["me"], default=None)
    manager_id: EmployeeId | None = uuid(default=None)
    unassigned: bool | None = flag(default=None)
    status: CaseStatus | None = one_of(CaseStatus, default=None)
    limit: int = whole(1, 1000, default=200)


@dataclass(frozen=True, kw_only=True)
class GetHouseholdsCase:
    """Who looks after a household."""

    household_id: HouseholdId = uuid()


@dataclass(frozen=True, kw_only=True)
class GetCase(AsOf):
    """A case as of a day, as it was known then."""

    case_id: CaseId = uuid()


@dataclass(frozen=True, kw_only=True)
class FindConsultations(AsOf):
    """The consultations of a case as they stand; a team's lead who reads them gives a ``reason``."""

    case_id: CaseId = uuid()
    reason: str | None = text(default=None)


@dataclass(frozen=True, kw_only=True)
class ListTeams:
    """The teams and whom they serve on a day (default: today)."""

    valid_at: date | None = any_date(default=None)


@dataclass(frozen=True, kw_only=True)
class ListEmployees:
    """The employees with their teams and contracts on a day (default: today)."""

    valid_at: date | None = any_date(default=None)
