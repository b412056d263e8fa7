"""What a consultation is, and what may be recorded about it next."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest

from services.casework import case, consultation
from services.casework.case import Case, Staff
from services.casework.commands import (
    CorrectConsultation,
    RecordAttemptedVisit,
    RecordConsultation,
    WithdrawConsultation,
)
from services.casework.consultation import Circumstances
from services.casework.standing import Colleague
from shared.contracts.casework import (
    CaseClosed,
    CaseMemberJoined,
    CaseMemberLeft,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    FieldStep,
    VisitAttempted,
)
from shared.contracts.model import EmployeeId
from shared.execute import Refused
from tests.casework.examples import (
    ANNA,
    BEN,
    CASE,
    CEM,
    DAY,
    DEPUTY,
    LEAD,
    MANAGER,
    OTHER_CASE,
    OTHER_TEAM,
    START,
    STRANGER,
    TALK,
    TEAM,
    TODAY,
    VISIT,
    as_colleague,
    as_deputy,
    as_import,
    as_lead,
    as_manager,
    as_nobody,
    as_strange_lead,
    as_stranger,
    assigned,
    ben_joined,
    opened,
    talk,
)
from tests.given import given

MAY = date(2018, 5, 1)


def told(command: RecordConsultation | CorrectConsultation) -> dict[str, Any]:
    """The event's fields that the command has, too."""
    return {name: value for name, value in vars(command).items() if name != "held_on"}


def case_after(*events: case.CaseEvent) -> Case:
    return given(case.decider(Staff(today=TODAY)), *events).state


our_case = case_after(opened, ben_joined, assigned)


def deciding(by: Colleague = as_manager, of: Case = our_case) -> Any:
    return consultation.decider(Circumstances(of, by, TODAY))


held = ConsultationHeld(occurred_on=TODAY, team_id=TEAM, held_by=MANAGER, **told(talk))
correction = CorrectConsultation(**{**vars(talk), "minutes": 60, "held_on": TODAY - DAY})
corrected = ConsultationCorrected(occurred_on=TODAY - DAY, team_id=TEAM, held_by=MANAGER, **told(correction))
withdrawal = WithdrawConsultation(consultation_id=TALK, reason="entered_twice", withdrawn_on=TODAY)
withdrawn = ConsultationWithdrawn(occurred_on=TODAY, consultation_id=TALK, case_id=CASE, reason="entered_twice")
visit = RecordAttemptedVisit(consultation_id=VISIT, case_id=CASE, visited_on=TODAY)
attempted = VisitAttempted(occurred_on=TODAY, consultation_id=VISIT, case_id=CASE, team_id=TEAM, held_by=MANAGER)


# --- recorded -------------------------------------------------------------------------------------


def test_a_manager_records_a_talk_with_her_case() -> None:
    given(deciding()).when(talk).then(held)


def test_all_that_was_told_is_recorded() -> None:
    everything = replace(
        talk,
        setting="office",
        interpreter=True,
        topics=("health",),
        took_part=(ANNA, BEN),
        concerns=(BEN, ANNA),
        steps=(FieldStep(action_field="housing", step="need"), FieldStep(action_field="housing", step="progress")),
        health=("need", "success"),
        note="Probe",
    )
    given(deciding()).when(everything).then(replace(held, **told(everything)))


def test_a_visit_that_met_nobody() -> None:
    given(deciding()).when(visit).then(attempted)


def test_an_unknown_case_is_refused() -> None:
    for command in (talk, visit):
        given(deciding(of=Case())).when(command).then_refused("unknown-case", case=CASE)


# --- whose case -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "held_by"), [(as_manager, MANAGER), (as_deputy, DEPUTY), (as_lead, LEAD), (as_import, MANAGER)]
)
def test_manager_cover_and_lead_record_under_their_own_name(by: Colleague, held_by: EmployeeId) -> None:
    given(deciding(by)).when(talk).then(replace(held, held_by=held_by))
    given(deciding(by)).when(visit).then(replace(attempted, held_by=held_by))


@pytest.mark.parametrize("by", [as_stranger, as_strange_lead, as_nobody])
def test_a_case_that_is_not_yours(by: Colleague) -> None:
    for command in (talk, visit):
        given(deciding(by)).when(command).then_refused("not-your-case", case=CASE)


def test_a_walk_in_is_recorded_by_anybody_in_the_team_and_no_more() -> None:
    given(deciding(as_colleague)).when(talk).then(replace(held, held_by=DEPUTY))
    given(deciding(as_colleague)).when(visit).then_refused("not-your-case", case=CASE)
    given(deciding(as_colleague), held).when(correction).then_refused("not-your-consultation")
    given(deciding(as_colleague), held).when(withdrawal).then_refused("not-your-consultation")
    for reason in (None, "Ein Grund"):
        with pytest.raises(Refused, match="not-your-case"):
            consultation.check_readable(CASE, reason, Circumstances(our_case, as_colleague, TODAY))


def test_who_recorded_a_walk_in_may_mend_it() -> None:
    by_a_colleague = replace(held, held_by=DEPUTY)
    given(deciding(as_colleague), by_a_colleague).when(correction).then(replace(corrected, held_by=DEPUTY))
    given(deciding(as_colleague), by_a_colleague).when(withdrawal).then(withdrawn)


def test_nobody_walks_in_without_a_team() -> None:
    given(deciding(Colleague(employee_id=DEPUTY))).when(talk).then_refused("not-your-case")
    given(deciding(as_colleague, case_after(opened))).when(talk).then_refused("not-your-case")


def test_an_unassigned_case_is_nobodys() -> None:
    unassigned = case_after(opened)
    given(deciding(as_manager, unassigned)).when(talk).then_refused("not-your-case")
    given(deciding(as_import, unassigned)).when(talk).then_refused("case-not-assigned")


def test_who_handed_the_case_over_is_a_stranger_to_it() -> None:
    handed_over = case_after(opened, assigned, replace(assigned, occurred_on=MAY, manager_id=DEPUTY))
    given(deciding(as_manager, handed_over)).when(visit).then_refused("not-your-case")
    with pytest.raises(Refused, match="not-your-case"):
        consultation.check_readable(CASE, None, Circumstances(handed_over, as_manager, TODAY))
    given(deciding(as_colleague, handed_over)).when(talk).then_refused("not-a-member", person=BEN)


def test_an_import_records_in_the_name_of_who_had_the_case_then() -> None:
    handed_over = case_after(
        opened, ben_joined, assigned, replace(assigned, occurred_on=MAY, team_id=OTHER_TEAM, manager_id=STRANGER)
    )
    before, after = replace(talk, held_on=MAY - DAY), replace(talk, held_on=MAY)
    given(deciding(as_import, handed_over)).when(before).then(replace(held, occurred_on=MAY - DAY))
    given(deciding(as_import, handed_over)).when(after).then(
        replace(held, occurred_on=MAY, team_id=OTHER_TEAM, held_by=STRANGER)
    )


def test_a_talk_before_the_assignment_counts_for_the_team_that_has_the_case() -> None:
    assigned_late = case_after(opened, ben_joined, replace(assigned, occurred_on=TODAY))
    given(deciding(of=assigned_late)).when(replace(talk, held_on=MAY)).then(replace(held, occurred_on=MAY))


# --- who reads ------------------------------------------------------------------------------------


def reading(by: Colleague, reason: str | None = None, of: Case = our_case) -> str | None:
    """The rule that refuses it; None where it is allowed."""
    try:
        consultation.check_readable(CASE, reason, Circumstances(of, by, TODAY))
    except Refused as refused:
        return refused.rule
    return None


@pytest.mark.parametrize("reason", [None, "Beschwerde"])
def test_manager_and_cover_read_without_a_reason(reason: str | None) -> None:
    assert reading(as_manager, reason) is reading(as_deputy, reason) is None


def test_a_lead_reads_the_teams_consultations_with_a_reason() -> None:
    assert reading(as_lead) == "reason-required"
    assert reading(as_lead, "Beschwerde") is None
    assert reading(replace(as_lead, covers=frozenset({MANAGER}))) is None
    assert reading(replace(as_lead, employee_id=MANAGER)) is None, "a lead's own case"


@pytest.mark.parametrize("by", [as_colleague, as_stranger, as_strange_lead, as_nobody])
def test_a_reason_opens_nobody_elses_case(by: Colleague) -> None:
    assert reading(by, "Beschwerde") == "not-your-case"


def test_there_is_nothing_to_read_before_a_case_is_somebodys() -> None:
    assert reading(as_lead, "Beschwerde", case_after(opened)) == "not-your-case"
    assert reading(as_manager, "Beschwerde", Case()) == "unknown-case"


# --- when -----------------------------------------------------------------------------------------


def test_a_talk_in_the_future_is_refused() -> None:
    for command in (replace(talk, held_on=TODAY + DAY), replace(visit, visited_on=TODAY + DAY)):
        given(deciding()).when(command).then_refused("held-in-the-future", held_on="2018-08-01")


def test_a_talk_before_the_case_was_opened_is_refused() -> None:
    for command in (replace(talk, held_on=START - DAY), replace(visit, visited_on=START - DAY)):
        given(deciding()).when(command).then_refused("held-before-case-opened", opened_on="2018-02-01")
    given(deciding()).when(replace(talk, held_on=START)).then(replace(held, occurred_on=START))


def test_a_case_must_have_been_open_on_the_day() -> None:
    closed = case_after(opened, ben_joined, assigned, CaseClosed(occurred_on=MAY, case_id=CASE, reason="aim_reached"))
    for command in (talk, visit):
        given(deciding(of=closed)).when(command).then_refused("case-not-open", held_on="2018-07-31")
    given(deciding(of=closed)).when(replace(talk, held_on=MAY)).then(replace(held, occurred_on=MAY))


# --- who was there, what was told -----------------------------------------------------------------


def test_somebody_took_part() -> None:
    given(deciding()).when(replace(talk, took_part=())).then_refused("nobody-took-part")


def test_nobody_is_named_twice() -> None:
    twice: dict[str, Any]
    for twice in ({"took_part": (ANNA, ANNA)}, {"concerns": (BEN, BEN)}):
        given(deciding()).when(replace(talk, **twice)).then_refused("person-named-twice")


def test_only_members_of_the_case_take_part_or_are_concerned() -> None:
    for stranger in ({"took_part": (ANNA, CEM)}, {"concerns": (CEM,)}):
        given(deciding()).when(replace(talk, **stranger)).then_refused("not-a-member", person=CEM)


def test_members_of_another_time_count_from_their_first_day_on() -> None:
    family = case_after(
        opened,
        assigned,
        CaseMemberJoined(occurred_on=MAY, case_id=CASE, member_id=CEM),
        CaseMemberLeft(occurred_on=MAY + DAY, case_id=CASE, member_id=CEM),
    )
    with_cem = replace(talk, took_part=(ANNA, CEM), concerns=())
    given(deciding(of=family)).when(replace(with_cem, held_on=MAY - DAY)).then_refused("not-a-member", person=CEM)
    given(deciding(of=family)).when(with_cem).then(replace(held, took_part=(ANNA, CEM), concerns=()))


@pytest.mark.parametrize("minutes", [0, -5, 601])
def test_a_talk_takes_one_to_six_hundred_minutes(minutes: int) -> None:
    given(deciding()).when(replace(talk, minutes=minutes)).then_refused("minutes-out-of-range", longest=600)
    for possible in (1, 600):
        given(deciding()).when(replace(talk, minutes=possible)).then(replace(held, minutes=possible))


def test_a_talk_has_topics_named_once() -> None:
    given(deciding()).when(replace(talk, topics=())).then_refused("no-topic")
    given(deciding()).when(replace(talk, topics=("housing", "housing"))).then_refused("topic-named-twice")


def test_steps_are_named_once() -> None:
    step = FieldStep(action_field="children", step="success")
    for twice in ({"steps": (step, step)}, {"health": ("need", "need")}):
        given(deciding()).when(replace(talk, **twice)).then_refused("step-named-twice")


# --- corrected and withdrawn ----------------------------------------------------------------------


@pytest.mark.parametrize("by", [as_manager, as_deputy, as_lead, as_import])
def test_who_held_it_cover_and_lead_correct_and_withdraw(by: Colleague) -> None:
    given(deciding(by), held).when(correction).then(corrected)
    given(deciding(by), held).when(withdrawal).then(withdrawn)
    given(deciding(by), held, corrected).when(withdrawal).then(withdrawn)


@pytest.mark.parametrize("by", [as_colleague, as_stranger, as_strange_lead, as_nobody])
def test_nobody_else_does(by: Colleague) -> None:
    for command in (correction, withdrawal):
        given(deciding(by), held).when(command).then_refused("not-your-consultation")


def test_what_a_deputy_held_stays_hers_after_the_cover() -> None:
    by_deputy = replace(held, held_by=DEPUTY)
    given(deciding(as_colleague), by_deputy).when(correction).then(replace(corrected, held_by=DEPUTY))
    given(deciding(as_manager), by_deputy).when(correction).then_refused("not-your-consultation")


def test_a_correction_keeps_the_rules() -> None:
    given(deciding(), held).when(replace(correction, held_on=START - DAY)).then_refused("held-before-case-opened")
    given(deciding(), held).when(replace(correction, held_on=TODAY + DAY)).then_refused("held-in-the-future")
    given(deciding(), held).when(replace(correction, took_part=(CEM,))).then_refused("not-a-member")
    given(deciding(), held).when(replace(correction, minutes=0)).then_refused("minutes-out-of-range")


def test_a_correction_does_not_move_the_talk_to_another_case() -> None:
    given(deciding(), held).when(replace(correction, case_id=OTHER_CASE)).then_refused("consultation-of-another-case")


def test_what_was_never_recorded_is_neither_corrected_nor_withdrawn() -> None:
    for command in (correction, withdrawal):
        given(deciding()).when(command).then_refused("unknown-consultation", consultation=TALK)


def test_what_was_withdrawn_stays_withdrawn() -> None:
    for command in (correction, withdrawal):
        given(deciding(), held, withdrawn).when(command).then_refused("consultation-withdrawn")


def test_a_talk_is_not_withdrawn_before_it_was_held() -> None:
    given(deciding(), held).when(replace(withdrawal, withdrawn_on=TODAY - DAY)).then_refused(
        "withdrawn-before-held", held_on="2018-07-31"
    )


def test_an_attempted_visit_can_be_withdrawn_but_has_nothing_to_correct() -> None:
    of_visit = replace(withdrawal, consultation_id=VISIT)
    given(deciding(), attempted).when(of_visit).then(replace(withdrawn, consultation_id=VISIT))
    given(deciding(), attempted).when(replace(correction, consultation_id=VISIT)).then_refused("not-a-consultation")


def test_the_newest_correction_tells_the_day() -> None:
    state = given(deciding(), held, corrected).state
    assert asdict(state) == {
        "status": "held",
        "case_id": CASE,
        "team_id": TEAM,
        "held_by": MANAGER,
        "held_on": TODAY - DAY,
    }
