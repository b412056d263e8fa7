"""What casework publishes: teams, employees, contracts, grants, cases, consultations, cover."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from shared.contracts.ids import named_id
from shared.contracts.model import (
    Ags,
    CaseId,
    ConsultationId,
    EmployeeId,
    Event,
    GrantId,
    HouseholdId,
    Personal,
    PersonalClass,
    PersonId,
    TeamId,
    personal,
)
from shared.contracts.registry import published, upcaster

Qualification = Literal["graduate", "intermediate"]
"""University degree, or intermediate qualification: decides the grant per post and year."""
Setting = Literal["outreach", "office_hours", "office", "remote"]
Topic = Literal[
    "language",
    "schooling",
    "training_or_study",
    "labour_market",
    "further_qualification",
    "housing",
    "social_participation",
    "health",
    "children",
    "residence_law",
    "finances",
]
ActionField = Literal[
    "language",
    "schooling",
    "training_or_study",
    "labour_market",
    "further_qualification",
    "housing",
    "social_participation",
    "children",
]
"""The nine action fields of the indicators without health, which is Art. 9 GDPR data of its own class."""
Step = Literal["need", "progress", "success"]
MunicipalServiceKind = Literal["district", "own"]
"""Whose integration management a municipality has: the district's, or the town's own."""
EndReason = Literal["own_wish", "employer", "transfer"]
WithdrawalReason = Literal["wrong_case", "entered_twice", "not_held", "by_mistake"]


@dataclass(frozen=True, kw_only=True)
class FieldStep:
    """One touched cell of the matrix: a step in an action field."""

    action_field: ActionField
    step: Step


# --- the streams ------------------------------------------------------------------------------


def municipality_stream(ags: Ags) -> str:
    return f"municipality-{ags}"


def team_stream(team_id: TeamId) -> str:
    return f"team-{team_id}"


def employee_stream(employee_id: EmployeeId) -> str:
    return f"employee-{employee_id}"


def cover_stream(cover_id: str) -> str:
    return f"cover-{cover_id}"


def grant_stream(grant_id: GrantId) -> str:
    return f"grant-{grant_id}"


def case_stream(case_id: CaseId) -> str:
    return f"case-{case_id}"


def consultation_stream(consultation_id: ConsultationId) -> str:
    return f"consultation-{consultation_id}"


# --- the office -------------------------------------------------------------------------------


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class MunicipalServiceSet(Event):
    """From ``occurred_on`` integration management in the municipality is the district's or the town's own."""

    ags: Ags
    service: MunicipalServiceKind


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class TeamFormed(Event):
    team_id: TeamId
    name: str


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class TeamAreaSet(Event):
    """From ``occurred_on`` the team serves exactly these municipalities."""

    team_id: TeamId
    municipalities: tuple[Ags, ...]


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class EmployeeJoined(Event):
    """``account`` is the login (subject of the token) under which the employee acts."""

    employee_id: EmployeeId
    account: str
    name: Personal[str] = personal(PersonalClass.EMPLOYEE, subject="employee_id")
    qualification: Personal[Qualification] = personal(PersonalClass.EMPLOYEE, subject="employee_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class TeamJoined(Event):
    """From ``occurred_on`` the employee belongs to this team, and to no other."""

    employee_id: EmployeeId
    team_id: TeamId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ContractConcluded(Event):
    """A contract that runs from ``occurred_on``, first day included, to ``ends_on``, last day included."""

    employee_id: EmployeeId
    contract_id: str
    fte: Personal[Decimal] = personal(PersonalClass.EMPLOYEE, subject="employee_id")
    ends_on: Personal[date | None] = personal(PersonalClass.EMPLOYEE, subject="employee_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ContractEnded(Event):
    """The contract ended early; ``occurred_on`` is its last day."""

    employee_id: EmployeeId
    contract_id: str
    reason: Personal[EndReason] = personal(PersonalClass.EMPLOYEE, subject="employee_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ContractExpiryAnnounced(Event):
    """The contract runs out in ``days_ahead`` (180, 90 or 30) days."""

    employee_id: EmployeeId
    contract_id: str
    days_ahead: int


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CoverBegan(Event):
    """The deputy may act in the covered employee's cases, from ``occurred_on`` to ``until``, both included."""

    cover_id: str
    employee_id: EmployeeId
    deputy_id: EmployeeId
    until: date


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CoverEnded(Event):
    """``occurred_on`` is the last day of the cover."""

    cover_id: str


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class GrantAwarded(Event):
    """The granting authority awards ``amount`` euros for ``occurred_on`` to ``until``, both included.

    The rates are euros per full post and year by qualification (VwV Integrationsmanagement).
    """

    grant_id: GrantId
    amount: Decimal
    until: date
    rate_graduate: Decimal
    rate_intermediate: Decimal


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class PostCreated(Event):
    """A post paid from the grant; its yearly cost is its FTE times the grant's rate."""

    grant_id: GrantId
    post_id: str
    qualification: Qualification
    fte: Decimal


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class PostFilled(Event):
    grant_id: GrantId
    post_id: str
    employee_id: EmployeeId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class PostVacated(Event):
    grant_id: GrantId
    post_id: str


# --- cases ------------------------------------------------------------------------------------


def case_of(household_id: HouseholdId) -> CaseId:
    """The id of a household's case; it has one, which can be closed and opened again."""
    return CaseId(named_id(household_id, "case"))


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CaseOpened(Event):
    """A household's case with the district's integration management; the first member opens it."""

    case_id: CaseId
    household_id: HouseholdId
    member_id: PersonId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CaseMemberJoined(Event):
    case_id: CaseId
    member_id: PersonId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CaseMemberLeft(Event):
    case_id: CaseId
    member_id: PersonId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CaseAssigned(Event):
    """From ``occurred_on`` this manager of this team looks after the case."""

    case_id: CaseId
    team_id: TeamId
    manager_id: EmployeeId


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class CaseClosed(Event):
    case_id: CaseId
    reason: Literal["not_in_charge", "aim_reached", "wish", "other"]


# --- consultations ----------------------------------------------------------------------------


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ConsultationHeld(Event):
    """One talk with one case on ``occurred_on``.

    ``took_part`` are the persons who were there, ``concerns`` those whom the talk was about; only
    the former were contacted. What the talk was about is sealed with the case's keys.
    """

    consultation_id: ConsultationId
    case_id: CaseId
    team_id: TeamId
    held_by: EmployeeId
    took_part: tuple[PersonId, ...]
    concerns: tuple[PersonId, ...]
    setting: Personal[Setting] = personal(PersonalClass.STATISTICS, subject="case_id")
    minutes: Personal[int] = personal(PersonalClass.STATISTICS, subject="case_id")
    interpreter: Personal[bool] = personal(PersonalClass.STATISTICS, subject="case_id")
    topics: Personal[tuple[Topic, ...]] = personal(PersonalClass.STATISTICS, subject="case_id")
    steps: Personal[tuple[FieldStep, ...]] = personal(PersonalClass.STATISTICS, subject="case_id")
    health: Personal[tuple[Step, ...]] = personal(PersonalClass.HEALTH, subject="case_id")
    note: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="case_id")


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ConsultationCorrected(Event):
    """The consultation as it should read, in full; ``occurred_on`` is the corrected day of the talk."""

    consultation_id: ConsultationId
    case_id: CaseId
    team_id: TeamId
    held_by: EmployeeId
    took_part: tuple[PersonId, ...]
    concerns: tuple[PersonId, ...]
    setting: Personal[Setting] = personal(PersonalClass.STATISTICS, subject="case_id")
    minutes: Personal[int] = personal(PersonalClass.STATISTICS, subject="case_id")
    interpreter: Personal[bool] = personal(PersonalClass.STATISTICS, subject="case_id")
    topics: Personal[tuple[Topic, ...]] = personal(PersonalClass.STATISTICS, subject="case_id")
    steps: Personal[tuple[FieldStep, ...]] = personal(PersonalClass.STATISTICS, subject="case_id")
    health: Personal[tuple[Step, ...]] = personal(PersonalClass.HEALTH, subject="case_id")
    note: Personal[str | None] = personal(PersonalClass.IDENTITY, subject="case_id")


@published(version=2)
@dataclass(frozen=True, kw_only=True)
class ConsultationWithdrawn(Event):
    """The consultation counts nowhere. ``by_mistake``: undone at once, a slip of the hand; new with version 2."""

    consultation_id: ConsultationId
    case_id: CaseId
    reason: WithdrawalReason


@upcaster("casework.ConsultationWithdrawn", from_version=1)
def _with_one_more_reason(data: dict[str, Any]) -> dict[str, Any]:
    """The reasons of version 1 are those of version 2."""
    return data


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class VisitAttempted(Event):
    """Nobody was met; no consultation."""

    consultation_id: ConsultationId
    case_id: CaseId
    team_id: TeamId
    held_by: EmployeeId
