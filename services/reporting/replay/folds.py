"""What each published event adds to the document of its stream: one row per event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.reporting.replay.document import Fold, both, entry, section, takes, withdraws, without
from shared.contracts import casework, eligibility, intake, reporting, runtime
from shared.contracts.model import Event

PERSON: Final[Mapping[type[Event], Fold]] = {
    intake.PersonRegistered: takes("registered_on"),
    intake.BirthRecorded: takes("born_on"),
    intake.HouseholdJoined: takes("in_household_since"),
    intake.MasterDataCorrected: takes("corrected_on"),
    intake.ProcedureOpened: entry("procedures", "procedure_id", "opened_on"),
    intake.ProcedureDecided: entry("procedures", "procedure_id", "decided_on"),
    intake.ProcedureBecameFinal: entry("procedures", "procedure_id", "final_on"),
    intake.TitleGranted: entry("titles", "title_id", "granted_on"),
    intake.TolerationIssued: entry("tolerations", "toleration_id", "issued_on"),
    intake.MovedIn: entry("residences", "residence_id", "moved_in_on"),
    intake.MovedOut: entry("residences", "residence_id", "moved_out_on"),
    intake.ResidenceCorrected: entry("residences", "residence_id", "moved_in_on"),
    intake.ReviewSettled: entry("reviews", "review_id", "settled_on"),
    intake.EntryWithdrawn: withdraws("entry_id", "on"),
    intake.NoticeGiven: section("notice", "given_on"),
    intake.ConsentGiven: entry("consents", "scope", "given_on", status="given"),
    intake.ConsentRefused: entry("consents", "scope", "refused_on", status="refused"),
    intake.ConsentWithdrawn: entry("consents", "scope", "withdrawn_on", status="withdrawn"),
}
ELIGIBILITY: Final[Mapping[type[Event], Fold]] = {
    eligibility.HousingPhaseDetermined: section("housing_phase", "as_of"),
    eligibility.ServiceInChargeDetermined: section("service_in_charge", "from_on"),
}
OFFICE: Final[Mapping[type[Event], Fold]] = {
    casework.MunicipalServiceSet: takes("since"),
    casework.TeamFormed: takes("formed_on"),
    casework.TeamAreaSet: section("area", "since"),
    casework.EmployeeJoined: takes("joined_on"),
    casework.TeamJoined: section("team", "since"),
    casework.ContractConcluded: entry("contracts", "contract_id", "starts_on"),
    casework.ContractEnded: entry("contracts", "contract_id", "ended_on"),
    casework.ContractExpiryAnnounced: entry("contracts", "contract_id", "expiry_announced_on"),
    casework.CoverBegan: takes("from_on", status="runs"),
    casework.CoverEnded: takes("ended_on", status="ended"),
    casework.GrantAwarded: takes("awarded_on"),
    casework.PostCreated: entry("posts", "post_id", "created_on"),
    casework.PostFilled: entry("posts", "post_id", "filled_on"),
    casework.PostVacated: entry("posts", "post_id", "vacated_on", employee_id=None),
}
CASE: Final[Mapping[type[Event], Fold]] = {
    casework.CaseOpened: both(takes("opened_on", status="open"), entry("members", "member_id", "since")),
    casework.CaseMemberJoined: entry("members", "member_id", "since"),
    casework.CaseMemberLeft: without("members", "member_id"),
    casework.CaseAssigned: section("assignment", "since"),
    casework.CaseClosed: takes("closed_on", status="closed"),
}
CONSULTATION: Final[Mapping[type[Event], Fold]] = {
    casework.ConsultationHeld: takes("held_on", status="held"),
    casework.ConsultationCorrected: takes("held_on", status="corrected"),
    casework.ConsultationWithdrawn: takes("withdrawn_on", status="withdrawn"),
    casework.VisitAttempted: takes("visited_on", status="nobody_met"),
}
OTHERS: Final[Mapping[type[Event], Fold]] = {
    reporting.ReportSealed: takes("sealed_on"),
    runtime.DayBegan: takes("today"),
}
FOLDS: Final[Mapping[type[Event], Fold]] = {**PERSON, **ELIGIBILITY, **OFFICE, **CASE, **CONSULTATION, **OTHERS}
