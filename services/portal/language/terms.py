"""The domain in plain words: events, their fields and values, as people of the office say them. Pure.

The one place that knows the code names of the services' published language; pages show only what it says. Values are
found by the field in which they stand: ``term("kind", "private")``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.portal.language.words import NOTHING, Words, mark, sorted_as
from shared.contracts.model import Ags
from shared.contracts.municipalities import municipalities

EVENTS: Final[Mapping[str, str]] = {
    # intake
    "intake.PersonRegistered": mark("Taken up by the district"),
    "intake.BirthRecorded": mark("Born"),
    "intake.HouseholdJoined": mark("Changed household"),
    "intake.ProcedureOpened": mark("Asylum application filed"),
    "intake.ProcedureDecided": mark("Asylum application decided"),
    "intake.ProcedureBecameFinal": mark("Decision became final"),
    "intake.TitleGranted": mark("Residence title granted"),
    "intake.TolerationIssued": mark("Toleration issued"),
    "intake.MovedIn": mark("Moved in"),
    "intake.MovedOut": mark("Left the district"),
    "intake.MasterDataCorrected": mark("Master data corrected"),
    "intake.ResidenceCorrected": mark("Residence corrected"),
    "intake.EntryWithdrawn": mark("Entry withdrawn"),
    "intake.ReviewSettled": mark("Doubts about the phase settled"),
    "intake.NoticeGiven": mark("Told about the use of data"),
    "intake.ConsentGiven": mark("Consented"),
    "intake.ConsentRefused": mark("Refused consent"),
    "intake.ConsentWithdrawn": mark("Withdrew consent"),
    # eligibility
    "eligibility.HousingPhaseDetermined": mark("Housing phase determined"),
    "eligibility.ServiceInChargeDetermined": mark("Service in charge determined"),
    # casework
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
    # reporting, the clock
    "reporting.ReportSealed": mark("Report sealed"),
    "runtime.DayBegan": mark("Business day began"),
}
"""What an event says happened, by its type."""

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

TERMS: Final[Mapping[str, Mapping[str, str]]] = {
    "category": {
        "asylum": mark("asylum"),
        "humanitarian": mark("humanitarian admission"),
        "unlawful_entry": mark("unlawful entry"),
        "family_reunification": mark("family reunification"),
        "unaccompanied_minor": mark("unaccompanied minor"),
    },
    "sex": {
        "female": mark("female"),
        "male": mark("male"),
        "diverse": mark("diverse"),
        "unknown": mark("not known"),
    },
    "relation": {
        "spouse": mark("spouse"),
        "life_partner": mark("life partner"),
        "minor_child": mark("minor child"),
        "parent": mark("mother or father"),
        "custodian": mark("custodian"),
        "other": mark("other relative"),
    },
    "kind": {
        "first": mark("first application"),
        "follow_up": mark("follow-up application (§ 71 AsylG)"),
        "second": mark("second application (§ 71a AsylG)"),
        "shared_accommodation": mark("shared accommodation"),
        "follow_up_housing": mark("follow-up housing"),
        "private": mark("own flat"),
    },
    "outcome": {
        "positive": mark("recognised"),
        "negative": mark("rejected"),
    },
    "destination": {
        "other_district": mark("to another district"),
        "abroad": mark("abroad"),
        "unknown": mark("to an unknown place"),
        "deceased": mark("deceased"),
    },
    "scope": {
        "advice_documentation": mark("documentation of the advice"),
        "disclosure": mark("disclosure to others"),
    },
    "answer": {
        "given": mark("consented"),
        "refused": mark("refused"),
        "withdrawn": mark("consent withdrawn"),
    },
    "reason": {
        "wrong_person": mark("belongs to another person"),
        "entered_twice": mark("entered twice"),
        "not_true": mark("is not true"),
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
    "phase": {
        "provisional": mark("provisional housing"),
        "follow_up": mark("follow-up housing"),
        "not_in_district": mark("not in the district yet"),
        "out_of_scope": mark("youth welfare is in charge"),
        "manual_review": mark("to be looked at by a person"),
    },
    "rule": {
        "R0": mark("because the district has not taken the person in yet"),
        "R1": mark("because the person is an unaccompanied minor"),
        "R2": mark("because six months have passed since intake by the district"),
        "R3": mark("because a residence title was granted"),
        "R4": mark("because the decision on the application is final"),
        "R5": mark("because the person is recognised and has found housing"),
        "R6": mark("because 24 months have passed since intake by the district"),
        "R7": mark("because housing and livelihood are secured"),
        "R8": mark("because provisional housing was extended"),
        "R9": mark("because the departure is enforceable"),
        "R10": mark("as a member of the household"),
        "R11": mark("because nothing has ended provisional housing yet"),
        "R13": mark("because something is missing or contradictory"),
    },
    "integration_management": {
        "district": mark("integration management of the district"),
        "none": mark("none yet"),
    },
    "social_advice": {
        "district": mark("refugee social service of the district"),
        "none": mark("none"),
    },
    "status": {
        "open": mark("open"),
        "closed": mark("closed"),
        "runs": mark("runs"),
        "ended": mark("ended"),
        "held": mark("held"),
        "corrected": mark("corrected"),
        "withdrawn": mark("withdrawn"),
        "nobody_met": mark("nobody was met"),
        "given": mark("given"),
        "refused": mark("refused"),
    },
}
"""Values by the field in which they stand, of all services: what is one field's is unambiguous."""

SHORT_PHASES: Final[Mapping[str, str]] = {
    "provisional": mark("VU"),
    "follow_up": mark("AU"),
    "not_in_district": mark("not here yet"),
    "out_of_scope": mark("youth welfare"),
    "manual_review": mark("please check"),
}
"""The phase where there is room for a chip."""

LABELS: Final[Mapping[str, str]] = {
    "family_name": mark("Family name"),
    "given_name": mark("Given name"),
    "file_number": mark("File number"),
    "phone": mark("Phone"),
    "relation": mark("Relation"),
    "anchor_id": mark("To the household of"),
    "category": mark("Ground of the stay"),
    "born_on": mark("Born on"),
    "sex": mark("Sex"),
    "nationality": mark("Nationality"),
    "language": mark("Language"),
    "interpreter_needed": mark("Interpreter"),
    "state_entry_on": mark("Entry to Germany"),
    "district_intake_on": mark("Intake by the district"),
    "registered_on": mark("Taken up on"),
    "joined_on": mark("In the household since"),
    "moved_in_on": mark("Moved in on"),
    "moved_out_on": mark("Left on"),
    "opened_on": mark("Filed on"),
    "decided_on": mark("Decided on"),
    "final_on": mark("Final from"),
    "granted_on": mark("Granted on"),
    "issued_on": mark("Issued on"),
    "given_on": mark("Said on"),
    "refused_on": mark("Said on"),
    "withdrawn_on": mark("Said on"),
    "kind": mark("Kind"),
    "outcome": mark("Outcome"),
    "section": mark("Section"),
    "valid_until": mark("Valid until"),
    "address": mark("Address"),
    "ags": mark("Municipality"),
    "accommodation": mark("Accommodation"),
    "destination": mark("Destination"),
    "reason": mark("Reason"),
    "scope": mark("Concerning"),
    "phase": mark("Housing phase"),
    "since": mark("Since"),
    "rule": mark("Rule"),
    "legal_basis": mark("Legal basis"),
    "overdue_since": mark("Overdue occupant since"),
    "next_look_on": mark("Look again on"),
    "integration_management": mark("Integration management"),
    "social_advice": mark("Social advice"),
    # what else the history shows: the office, cases, talks, and how the replay groups them
    "account": mark("Account"),
    "action_field": mark("Field of action"),
    "amount": mark("Amount in euros"),
    "area": mark("Area"),
    "as_of": mark("As of"),
    "assignment": mark("Assigned to"),
    "awarded_on": mark("Awarded on"),
    "case_id": mark("Case"),
    "chain": mark("Hash of the history"),
    "closed_on": mark("Closed on"),
    "concerns": mark("Concerns"),
    "consents": mark("Consent"),
    "consultation_id": mark("Consultation"),
    "contract_id": mark("Contract"),
    "contracts": mark("Contracts"),
    "corrected_on": mark("Corrected on"),
    "cover_id": mark("Cover"),
    "created_on": mark("Created on"),
    "days_ahead": mark("Days ahead"),
    "definition": mark("Definition"),
    "deputy_id": mark("Deputy"),
    "digest": mark("Digest"),
    "employee_id": mark("Employee"),
    "ended_on": mark("Ended on"),
    "ends_on": mark("Ends on"),
    "entry_id": mark("Entry"),
    "expiry_announced_on": mark("End announced on"),
    "figures": mark("Figures"),
    "filled_on": mark("Filled on"),
    "formed_on": mark("Formed on"),
    "from_on": mark("From"),
    "fte": mark("Full-time equivalents"),
    "grant_id": mark("Grant"),
    "health": mark("Health"),
    "held_by": mark("Held by"),
    "held_on": mark("Held on"),
    "household_id": mark("Household"),
    "housing_phase": mark("Housing phase"),
    "in_household_since": mark("In the household since"),
    "interpreter": mark("With interpreter"),
    "manager_id": mark("Integration manager"),
    "member_id": mark("Member"),
    "members": mark("Members"),
    "minutes": mark("Minutes"),
    "municipalities": mark("Municipalities"),
    "name": mark("Name"),
    "note": mark("Note"),
    "notice": mark("Told about the use of data"),
    "on": mark("On"),
    "person_id": mark("Person"),
    "position": mark("Position in the history"),
    "post_id": mark("Post"),
    "posts": mark("Posts"),
    "procedure_id": mark("Asylum procedure"),
    "procedures": mark("Asylum procedures"),
    "qualification": mark("Qualification"),
    "rate_graduate": mark("Euros per post and year, university degree"),
    "rate_intermediate": mark("Euros per post and year, intermediate qualification"),
    "reasons": mark("Reasons"),
    "report_id": mark("Report"),
    "residence_id": mark("Residence"),
    "residences": mark("Residences"),
    "rests_on": mark("Rests on these events"),
    "review_id": mark("Decision"),
    "reviews": mark("Decisions of doubts"),
    "rule_set": mark("Set of rules"),
    "sealed_on": mark("Sealed on"),
    "service": mark("Served by"),
    "service_in_charge": mark("Service in charge"),
    "setting": mark("Setting"),
    "settled_on": mark("Decided on"),
    "settles": mark("Settles doubts that rest on these events"),
    "starts_on": mark("Starts on"),
    "status": mark("Status"),
    "step": mark("Step"),
    "steps": mark("Steps"),
    "team": mark("Team"),
    "team_id": mark("Team"),
    "title_id": mark("Residence title"),
    "titles": mark("Residence titles"),
    "today": mark("Day"),
    "toleration_id": mark("Toleration"),
    "tolerations": mark("Tolerations"),
    "took_part": mark("Took part"),
    "topics": mark("Topics"),
    "until": mark("Until"),
    "vacated_on": mark("Vacated on"),
    "visited_on": mark("Visited on"),
    "withdrawn": mark("Withdrawn"),
}
"""What a field of the events is called, and what the replay calls their days and groups."""


def event(words: Words, event_type: str) -> str:
    """What happened, in a few words."""
    return words.say(EVENTS.get(event_type, event_type))


def label(words: Words, field: str) -> str:
    """What a field is called."""
    return words.say(LABELS.get(field, field))


def term(words: Words, field: str, value: str | None) -> str:
    """A value of a field in plain words; the town's name for a municipality key that stands for its service."""
    if value is None:
        return NOTHING
    said = TERMS[field].get(value)
    return municipality(value) if said is None else words.say(said)


def options(words: Words, field: str) -> list[tuple[str, str]]:
    """All values of a field with their words, to choose from."""
    return [(value, words.say(said)) for value, said in TERMS[field].items()]


def value(words: Words, field: str, of: Any) -> str:
    """A field's value, as an answer of a service holds it, in plain words."""
    match of:
        case None | "" | [] | ():
            return NOTHING
        case bool():
            return words.say("yes") if of else words.say("no")
        case str() if field in _SAID_BY:
            return _SAID_BY[field](words, of)
        case str() if field in _DAYS or field.endswith(("_on", "_since")):
            return words.date(of)
        case str() if field in TERMS:
            return term(words, field, of)
        case list() | tuple():
            return ", ".join(value(words, field, each) for each in of)
        case _:
            return str(of)


# --- places, languages, sections ----------------------------------------------------------------


def municipality(ags: str) -> str:
    """A municipality of the district by its key, else the key."""
    return municipalities().get(Ags(ags), ags)


def municipality_options() -> list[tuple[str, str]]:
    """Every municipality's key and name, by name as people sort it."""
    return _by_name(municipalities())


def country(words: Words, code: str) -> str:
    """A nationality: the country's name for its code, else what was written."""
    return str(words.locale.territories.get(code, code))


def countries(words: Words) -> list[tuple[str, str]]:
    """Every country's code and name, by name."""
    return _by_name({code: name for code, name in words.locale.territories.items() if _COUNTRY.fullmatch(code)})


def language(words: Words, code: str) -> str:
    """A language's name for its code, else what was written."""
    return str(words.locale.languages.get(code, code))


def languages(words: Words) -> list[tuple[str, str]]:
    """Every language's code and name, by name."""
    return _by_name({code: name for code, name in words.locale.languages.items() if _LANGUAGE.fullmatch(code)})


def dialled(phone: str) -> str:
    """A phone number as it is dialled: digits only, and the plus before them."""
    return "".join(each for n, each in enumerate(phone) if each.isdigit() or (n == 0 and each == "+"))


def section(words: Words, of: str) -> str:
    """A section of the AufenthG: "25(2)" is § 25 Abs. 2 AufenthG."""
    return f"§ {cited(words, of.replace('(', ' ('))} AufenthG"


# --- why a phase holds --------------------------------------------------------------------------


def because(words: Words, rule: str, basis: str, phase: str = "") -> str:
    """Why a phase holds, as half a sentence; for a member of a household, why it holds for the anchor, too."""
    anchors = _ANCHORS_RULE.search(basis)
    if anchors is None:
        return _because(words, rule, phase)
    return words.say(
        "{as_member}; it holds for the household's anchor {because}",
        as_member=_because(words, rule, phase),
        because=_because(words, anchors[1], phase),
    )


def _because(words: Words, rule: str, phase: str) -> str:
    """R13 leaves it to a person: what is no review any more was decided by one."""
    by_hand = rule == "R13" and phase not in ("", "manual_review")
    return words.say("because somebody decided so") if by_hand else term(words, "rule", rule)


def cited(words: Words, basis: str) -> str:
    """Paragraphs as the language cites them: "§ 9 (1) Nr. 4 FlüAG" is § 9 Abs. 1 Nr. 4 FlüAG."""
    plain = _ANCHORS_RULE.sub("", basis)
    return _PARAGRAPH.sub(r"Abs. \1", plain) if words.language == "de" else plain


def phase_chip(words: Words, phase: str) -> tuple[str, str]:
    """The kind of state (see ``m.state``) and the short word of a housing phase."""
    return _PHASE_STATES.get(phase, "due"), words.say(SHORT_PHASES.get(phase, phase))


_PHASE_STATES: Final = {"provisional": "stopped", "follow_up": "ok", "manual_review": "late"}
_COUNTRY: Final = re.compile(r"(?!AC|CP|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|ZZ)[A-Z]{2}")
"""Two letters, but not those that stand for regions, islands and nothing."""
_LANGUAGE: Final = re.compile(r"[a-z]{2}|aii|bal|ckb|haz|kmr|mnk|prs|rom|syr|tig|zza")
"""Those of two letters, and what people here speak beside them."""
_PARAGRAPH: Final = re.compile(r"\((\d+[a-z]?)\)")
_ANCHORS_RULE: Final = re.compile(r"\b(R\d+): ")
_DAYS: Final = frozenset({"since", "until", "valid_until"})
_SAID_BY: Final[Mapping[str, Callable[[Words, str], str]]] = {
    "nationality": country,
    "language": language,
    "section": section,
    "legal_basis": cited,
    "ags": lambda words, ags: municipality(ags),
}


def _by_name(named: Mapping[Any, str]) -> list[tuple[str, str]]:
    return sorted(((str(code), name) for code, name in named.items()), key=lambda each: sorted_as(each[1]))
