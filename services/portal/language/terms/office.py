"""The office at work: employees, contracts, grants, cases and talks; of casework. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.portal.language.words import mark

EVENTS: Final[Mapping[str, str]] = {
    "casework.MunicipalServiceSet": mark("Service of the municipality set"),
    "casework.TeamFormed": mark("Team formed"),
    "casework.TeamAreaSet": mark("Area of the team set"),
    "casework.EmployeeJoined": mark("Joined the office"),
    "casework.TeamJoined": mark("Joined a team"),
    "casework.ContractConcluded": mark("Contract concluded"),
    "casework.ContractEnded": mark("Contract ended early"),
    "casework.ContractExpiryAnnounced": mark("End of a contract announced"),
    "casework.CoverBegan": mark("Cover began"),
    "casework.CoverEnded": mark("Cover ended"),
    "casework.GrantAwarded": mark("Grant awarded"),
    "casework.PostCreated": mark("Post created"),
    "casework.PostFilled": mark("Post filled"),
    "casework.PostVacated": mark("Post vacated"),
    "casework.CaseOpened": mark("Case opened"),
    "casework.CaseMemberJoined": mark("Joined the case"),
    "casework.CaseMemberLeft": mark("Left the case"),
    "casework.CaseAssigned": mark("Case assigned"),
    "casework.CaseClosed": mark("Case closed"),
    "casework.ConsultationHeld": mark("Consultation held"),
    "casework.ConsultationCorrected": mark("Consultation corrected"),
    "casework.ConsultationWithdrawn": mark("Consultation withdrawn"),
    "casework.VisitAttempted": mark("Visit attempted, nobody met"),
}

STEPS: Final[Mapping[str, str]] = {
    "need": mark("need"),
    "progress": mark("progress"),
    "success": mark("success"),
}
FIELDS_OF_ACTION: Final[Mapping[str, str]] = {
    "language": mark("Language"),
    "schooling": mark("Schooling"),
    "training_or_study": mark("Training or study"),
    "labour_market": mark("Work"),
    "further_qualification": mark("Further qualification"),
    "housing": mark("Housing"),
    "social_participation": mark("Social participation"),
    "health": mark("Health"),
    "children": mark("Children"),
}
"""The steps and fields of action of the indicators, see ``talks.indicators``."""

VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "qualification": {
        "graduate": mark("university degree"),
        "intermediate": mark("intermediate qualification"),
    },
    "setting": {
        "outreach": mark("outreach, at home"),
        "office_hours": mark("office hours"),
        "office": mark("in the office"),
        "remote": mark("by phone or online"),
    },
    "topics": {
        **FIELDS_OF_ACTION,
        "residence_law": mark("Residence law"),
        "finances": mark("Finances"),
    },
    "action_field": FIELDS_OF_ACTION,
    "step": STEPS,
    "health": STEPS,
    "service": {
        "district": mark("the district"),
        "own": mark("the municipality itself"),
    },
    "reason": {
        "own_wish": mark("own wish"),
        "employer": mark("ended by the employer"),
        "transfer": mark("transfer"),
        "not_in_charge": mark("no longer in charge"),
        "aim_reached": mark("aim reached"),
        "wish": mark("at the wish of those advised"),
        "other": mark("another reason"),
        "wrong_case": mark("belongs to another case"),
        "not_held": mark("was not held"),
        "by_mistake": mark("recorded by mistake"),
    },
    "status": {
        "open": mark("open"),
        "closed": mark("closed"),
        "runs": mark("runs"),
        "ended": mark("ended"),
        "held": mark("held"),
        "corrected": mark("corrected"),
        "nobody_met": mark("nobody was met"),
    },
}
"""By the field in which they stand."""

LABELS: Final[Mapping[str, str]] = {
    "account": mark("Account"),
    "action_field": mark("Field of action"),
    "amount": mark("Amount in euros"),
    "area": mark("Area"),
    "assignment": mark("Assigned to"),
    "awarded_on": mark("Awarded on"),
    "case_id": mark("Case"),
    "closed_on": mark("Closed on"),
    "concerns": mark("Concerns"),
    "consultation_id": mark("Consultation"),
    "contract_id": mark("Contract"),
    "contracts": mark("Contracts"),
    "cover_id": mark("Cover"),
    "created_on": mark("Created on"),
    "days_ahead": mark("Days ahead"),
    "deputy_id": mark("Deputy"),
    "employee_id": mark("Employee"),
    "ended_on": mark("Ended on"),
    "ends_on": mark("Ends on"),
    "expiry_announced_on": mark("End announced on"),
    "filled_on": mark("Filled on"),
    "formed_on": mark("Formed on"),
    "from_on": mark("From"),
    "fte": mark("Full-time equivalents"),
    "grant_id": mark("Grant"),
    "health": mark("Health"),
    "held_by": mark("Held by"),
    "held_on": mark("Held on"),
    "interpreter": mark("With interpreter"),
    "manager_id": mark("Integration manager"),
    "member_id": mark("Member"),
    "minutes": mark("Minutes"),
    "municipalities": mark("Municipalities"),
    "name": mark("Name"),
    "note": mark("Note"),
    "post_id": mark("Post"),
    "posts": mark("Posts"),
    "qualification": mark("Qualification"),
    "rate_graduate": mark("Euros per post and year, university degree"),
    "rate_intermediate": mark("Euros per post and year, intermediate qualification"),
    "service": mark("Served by"),
    "setting": mark("Setting"),
    "starts_on": mark("Starts on"),
    "step": mark("Step"),
    "steps": mark("Steps"),
    "team": mark("Team"),
    "team_id": mark("Team"),
    "took_part": mark("Took part"),
    "topics": mark("Topics"),
    "vacated_on": mark("Vacated on"),
    "visited_on": mark("Visited on"),
}
