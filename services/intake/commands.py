"""What may be asked of intake: recorded about a person, and looked up.

Ids of what a command creates are not asked for; they derive from the command's own id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.api.as_of import AsKnown, AsOf
from shared.api.fields import Invalid, ags, any_date, flag, matching, one_of, past_date, several, text, uuid, whole
from shared.contracts.intake import (
    Category,
    ConsentScope,
    Destination,
    Outcome,
    ProcedureKind,
    Relation,
    ResidenceKind,
    SettledPhase,
    Sex,
    WithdrawalReason,
)
from shared.contracts.model import Ags, EventId, HouseholdId, PersonId

TolerationSection = Literal["60a", "60b", "60c", "60d"]

NAME = 100
"""Characters of a name."""
REASON = 1000
"""Characters of what led to a decision."""


# --- persons and households -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class NewResidence:
    """The first residence, recorded together with the person."""

    kind: ResidenceKind = one_of(ResidenceKind)
    ags: Ags = ags()
    accommodation: str | None = text(NAME, default=None)
    address: str | None = text(default=None)
    moved_in_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class RegisterPerson:
    """Take up a person: as the anchor of a new household, or with ``anchor_id`` and ``relation`` into one.

    ``household_id`` names the new household (an importer may know it already); beside an anchor it
    must be the anchor's. ``district_intake_on`` starts the 24 months of § 9 (1) Nr. 4 FlüAG.
    """

    household_id: HouseholdId | None = uuid(default=None)
    anchor_id: PersonId | None = uuid(default=None)
    relation: Relation | None = one_of(Relation, default=None)
    family_name: str = text(NAME)
    given_name: str = text(NAME)
    file_number: str | None = text(40, default=None)
    phone: str | None = text(40, default=None)
    category: Category = one_of(Category)
    born_on: date = past_date()
    sex: Sex = one_of(Sex)
    nationality: str = text(60)
    language: str | None = text(60, default=None)
    interpreter_needed: bool | None = flag(default=None)
    state_entry_on: date | None = past_date(default=None)
    district_intake_on: date | None = past_date(default=None)
    registered_on: date = past_date()
    residence: NewResidence | None = None


@dataclass(frozen=True, kw_only=True)
class RecordBirth:
    """A child was born into the household of this anchor; it shares the anchor's phase (§ 9 (1) FlüAG)."""

    anchor_id: PersonId = uuid()
    family_name: str = text(NAME)
    given_name: str = text(NAME)
    born_on: date = past_date()
    sex: Sex = one_of(Sex)
    nationality: str = text(60)
    residence: NewResidence | None = None


@dataclass(frozen=True, kw_only=True)
class JoinHousehold:
    """Move to an anchor's household, or without ``anchor_id`` into one of their own."""

    person_id: PersonId = uuid()
    anchor_id: PersonId | None = uuid(default=None)
    relation: Relation | None = one_of(Relation, default=None)
    joined_on: date = past_date()


# --- procedures, titles, tolerations ----------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OpenProcedure:
    """An asylum application of the current stay was filed (§§ 71, 71a AsylG for the later ones)."""

    person_id: PersonId = uuid()
    kind: ProcedureKind = one_of(ProcedureKind)
    opened_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class RecordDecision:
    person_id: PersonId = uuid()
    procedure_id: str = uuid()
    outcome: Outcome = one_of(Outcome)
    decided_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class RecordFinality:
    """The decision is final (unanfechtbar) from that day; nobody computes this."""

    person_id: PersonId = uuid()
    procedure_id: str = uuid()
    outcome: Outcome = one_of(Outcome)
    final_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class GrantTitle:
    """A residence title; ``section`` of the AufenthG, for example "25(2)"."""

    person_id: PersonId = uuid()
    section: str = matching(
        r"[0-9]{1,3}[a-z]?(\([0-9]{1,2}[a-z]?\))?",
        de="ist kein Paragraf des AufenthG wie „25(2)“",
        en="is not a section of the AufenthG like “25(2)”",
    )
    valid_until: date | None = any_date(default=None)
    granted_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class IssueToleration:
    """A toleration (§§ 60a-60d AufenthG); not a residence title."""

    person_id: PersonId = uuid()
    section: TolerationSection = one_of(TolerationSection)
    valid_until: date | None = any_date(default=None)
    issued_on: date = past_date()


# --- residences -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MoveIn:
    """From that day the person lives here; an earlier residence ends."""

    person_id: PersonId = uuid()
    kind: ResidenceKind = one_of(ResidenceKind)
    ags: Ags = ags()
    accommodation: str | None = text(NAME, default=None)
    address: str | None = text(default=None)
    moved_in_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class MoveOut:
    """From that day the person no longer lives in the district."""

    person_id: PersonId = uuid()
    destination: Destination = one_of(Destination)
    moved_out_on: date = past_date()


# --- corrections ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class CorrectMasterData:
    """The master data as they should read from the start: all of them, changed or not."""

    person_id: PersonId = uuid()
    family_name: str = text(NAME)
    given_name: str = text(NAME)
    file_number: str | None = text(40, default=None)
    phone: str | None = text(40, default=None)
    category: Category = one_of(Category)
    born_on: date = past_date()
    sex: Sex = one_of(Sex)
    nationality: str = text(60)
    language: str | None = text(60, default=None)
    interpreter_needed: bool | None = flag(default=None)
    state_entry_on: date | None = past_date(default=None)
    district_intake_on: date | None = past_date(default=None)
    corrected_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class CorrectResidence:
    """The residence entry as it should read, its day of moving in included."""

    person_id: PersonId = uuid()
    residence_id: str = uuid()
    kind: ResidenceKind = one_of(ResidenceKind)
    ags: Ags = ags()
    accommodation: str | None = text(NAME, default=None)
    address: str | None = text(default=None)
    moved_in_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class WithdrawEntry:
    """A procedure, title, toleration, residence or departure was recorded by mistake and never held."""

    person_id: PersonId = uuid()
    entry_id: str = uuid()
    reason: WithdrawalReason = one_of(WithdrawalReason)
    withdrawn_on: date = past_date()


# --- reviews ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class SettleReview:
    """What the rules leave to a human (R13) is decided: this phase holds, follow-up housing from ``since``.

    ``settles``: the events on which the review rests, as eligibility names them in ``rests_on``.
    """

    person_id: PersonId = uuid()
    settles: tuple[EventId, ...] = several(uuid(), least=1)
    phase: SettledPhase = one_of(SettledPhase)
    since: date | None = past_date(default=None)
    legal_basis: str = matching(
        r"(§§?|Art\.) ?[0-9][^\u0000-\u001f\u007f-\u009f]{0,90}",
        de="ist keine Rechtsgrundlage wie „§ 9 (2) FlüAG“",
        en="is not a legal basis like “§ 9 (2) FlüAG”",
    )
    reason: str = text(REASON, lines=True)
    settled_on: date = past_date()

    def __post_init__(self) -> None:
        if self.phase == "follow_up" and self.since is None:
            raise Invalid("since", de="fehlt", en="is missing")
        if self.phase == "provisional" and self.since is not None:
            raise Invalid("since", de="gibt es nur bei follow_up", en="is only for follow_up")


# --- notice and consent -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class GiveNotice:
    """The person was told how data about them are used (Art. 13 GDPR), in this language."""

    person_id: PersonId = uuid()
    language: str = text(60)
    given_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class GiveConsent:
    person_id: PersonId = uuid()
    scope: ConsentScope = one_of(ConsentScope)
    given_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class RefuseConsent:
    """The person refuses; advised all the same, and only counted."""

    person_id: PersonId = uuid()
    scope: ConsentScope = one_of(ConsentScope)
    refused_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class WithdrawConsent:
    """The person withdraws an earlier consent (Art. 7 (3) GDPR)."""

    person_id: PersonId = uuid()
    scope: ConsentScope = one_of(ConsentScope)
    withdrawn_on: date = past_date()


# --- questions --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class FindPersons:
    """Who is who: the words of ``q`` begin words of a name or of the file number, in any order.

    ``born_on``: only who was born on that day. ``similar``: also whose names sound like it or differ by a slip, and
    who was born on that day with a name like one of them; the likeliest first.
    """

    q: str = text(NAME)
    born_on: date | None = past_date(default=None)
    similar: bool = flag(default=False)
    limit: int = whole(1, 100, default=20)


@dataclass(frozen=True, kw_only=True)
class GetPerson(AsOf):
    """A person's record as of a day, as it was known.

    ``valid_at``: what held on that day (default: today). ``known_at``: a date (what the office had
    learnt by then) or a position of the log (exact); default: all.
    """

    person_id: PersonId = uuid()


@dataclass(frozen=True, kw_only=True)
class GetHousehold(AsOf):
    """The members of a household on a day (default: today), as it was known."""

    household_id: HouseholdId = uuid()


@dataclass(frozen=True, kw_only=True)
class GetHistory(AsKnown):
    """What was recorded about a person, command by command."""

    person_id: PersonId = uuid()


MOST_HOUSEHOLDS = 500
MOST_PERSONS = 2000


@dataclass(frozen=True, kw_only=True)
class FindHouseholds:
    """Who belongs to these households today, where they live and how they are reached."""

    household_ids: tuple[HouseholdId, ...] = several(uuid(), MOST_HOUSEHOLDS, least=1)


@dataclass(frozen=True, kw_only=True)
class FindDue:
    """What falls due up to ``until``, for these persons and the present members of these households."""

    household_ids: tuple[HouseholdId, ...] = several(uuid(), MOST_HOUSEHOLDS, default=())
    person_ids: tuple[PersonId, ...] = several(uuid(), MOST_PERSONS, default=())
    until: date = any_date()
