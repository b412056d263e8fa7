"""How cases and consultations read on a day, as they were known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, cast

import pytest

from services.casework import answers
from services.casework.case import as_known
from services.casework.contact import NEVER_MET, Contact
from services.casework.standing import Colleague
from shared.contracts.casework import (
    CaseClosed,
    CaseMemberLeft,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
    case_stream,
    consultation_stream,
)
from shared.contracts.model import PersonalClass
from tests.casework.examples import (
    ANNA,
    BEN,
    CASE,
    DAY,
    DEPUTY,
    HOUSEHOLD,
    MANAGER,
    START,
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
    as_stranger,
    assigned,
    ben_joined,
    opened,
    talk,
)
from tests.casework.office import Office

MAY, JUNE = date(2018, 5, 1), date(2018, 6, 1)
told = {name: value for name, value in vars(talk).items() if name != "held_on"} | {"note": "Probe"}
held = ConsultationHeld(occurred_on=MAY, team_id=TEAM, held_by=MANAGER, **told)
corrected = ConsultationCorrected(occurred_on=MAY + DAY, team_id=TEAM, held_by=MANAGER, **(told | {"minutes": 60}))
withdrawn = ConsultationWithdrawn(occurred_on=JUNE, consultation_id=TALK, case_id=CASE, reason="not_held")


def history(office: Office, stream: str) -> Any:
    return cast(Any, office.history(stream))


def test_a_case_on_each_day_of_its_life(office: Office) -> None:
    ben_left = CaseMemberLeft(occurred_on=MAY, case_id=CASE, member_id=BEN)
    handed_over = replace(assigned, occurred_on=JUNE, manager_id=DEPUTY)
    closed = CaseClosed(occurred_on=TODAY, case_id=CASE, reason="aim_reached")
    office.record(case_stream(CASE), opened, ben_joined, assigned, ben_left, handed_over, closed)
    state = as_known(history(office, case_stream(CASE)), None)
    days = [
        (tale["status"], tale["members"], tale["manager_id"])
        for tale in (answers.case(CASE, state, day) for day in (START - DAY, START, MAY, JUNE, TODAY))
    ]
    assert days == [
        ("not_opened", [], None),
        ("open", sorted([ANNA, BEN]), MANAGER),
        ("open", [ANNA], MANAGER),
        ("open", [ANNA], DEPUTY),
        ("closed", [ANNA], DEPUTY),
    ]
    tale = answers.case(CASE, state, TODAY)
    assert tale["household_id"] == HOUSEHOLD and tale["spells"] == [{"opened_on": START, "closed_on": TODAY}]


def test_a_case_as_it_was_known(office: Office) -> None:
    office.record(case_stream(CASE), opened, learnt_on=START)
    office.record(case_stream(CASE), ben_joined, learnt_on=MAY)
    everything = history(office, case_stream(CASE))
    first_position = everything[0].envelope.position
    for known, members in (
        (START - DAY, set()),
        (START, {ANNA}),
        (MAY, {ANNA, BEN}),
        (0, set()),
        (first_position, {ANNA}),
    ):
        assert as_known(everything, known).members == members


def told_corrected_and_withdrawn(office: Office) -> Any:
    """The history of a talk, each of it learnt later than the one before."""
    stream = consultation_stream(TALK)
    office.record(stream, held, learnt_on=MAY)
    office.record(stream, corrected, learnt_on=MAY + 2 * DAY)
    office.record(stream, withdrawn, learnt_on=JUNE)
    return history(office, stream)


def test_a_talk_corrected_and_withdrawn(office: Office) -> None:
    everything = told_corrected_and_withdrawn(office)

    def reads(day: date, known: date | int | None) -> tuple[Any, ...] | None:
        tale = answers.consultation(everything, day, known, {})
        return None if tale is None else (tale["status"], tale["held_on"], tale["minutes"], tale["corrected"])

    assert reads(TODAY, MAY - DAY) is None
    assert reads(TODAY, MAY) == ("held", MAY, 45, False)
    assert reads(TODAY, MAY + 2 * DAY) == ("held", MAY + DAY, 60, True)
    assert reads(MAY, MAY + 2 * DAY) is None, "as corrected it was held only the day after"
    assert reads(TODAY, None) == ("withdrawn", MAY + DAY, 60, True)
    assert reads(TODAY, 1) == ("held", MAY, 45, False)


def test_a_visit_has_no_content(office: Office) -> None:
    visit = VisitAttempted(occurred_on=MAY, consultation_id=VISIT, case_id=CASE, team_id=TEAM, held_by=MANAGER)
    office.record(consultation_stream(VISIT), visit)
    tale = answers.consultation(history(office, consultation_stream(VISIT)), TODAY, None, {})
    assert tale is not None and tale["status"] == "attempted" and "took_part" not in tale
    assert answers.consultation(history(office, consultation_stream(VISIT)), MAY - DAY, None, {}) is None


def test_what_was_erased_is_missing_and_nothing_else(office: Office) -> None:
    office.record(consultation_stream(TALK), held)
    office.keyring.destroy(CASE, {PersonalClass.HEALTH, PersonalClass.IDENTITY}, "test")
    tale = answers.consultation(history(office, consultation_stream(TALK)), TODAY, None, {})
    assert tale is not None and (tale["note"], tale["health"], tale["minutes"]) == (None, None, 45)
    office.keyring.destroy(CASE, {PersonalClass.STATISTICS}, "test")
    tale = answers.consultation(history(office, consultation_stream(TALK)), TODAY, None, {})
    assert tale is not None and (tale["minutes"], tale["topics"], tale["steps"]) == (None, None, None)
    assert tale["took_part"] == (ANNA,) and tale["held_on"] == MAY


def test_who_told_a_talk_and_who_corrected_it_when(office: Office) -> None:
    everything = told_corrected_and_withdrawn(office)
    tale = answers.consultation(everything, TODAY, None, {"probe": MANAGER})
    assert tale is not None
    assert [
        (each["what"], each["occurred_on"], each["learnt_on"], each.get("minutes"), each["by"])
        for each in tale["entries"]
    ] == [
        ("ConsultationHeld", MAY, MAY, 45, MANAGER),
        ("ConsultationCorrected", MAY + DAY, MAY + 2 * DAY, 60, MANAGER),
        ("ConsultationWithdrawn", JUNE, JUNE, None, MANAGER),
    ]
    assert tale["entries"][-1]["reason"] == "not_held"
    then = answers.consultation(everything, TODAY, MAY, {})
    assert then is not None and [(each["what"], each["by"]) for each in then["entries"]] == [("ConsultationHeld", None)]


# --- lists ----------------------------------------------------------------------------------------


def a_case(name: str, manager_id: str | None, team_id: str | None = TEAM) -> dict[str, Any]:
    return {"case_id": name, "team_id": team_id if manager_id else None, "manager_id": manager_id}


def test_cases_in_the_order_in_which_to_visit() -> None:
    cases = [a_case(name, manager) for name, manager in (("a", MANAGER), ("b", MANAGER), ("c", DEPUTY), ("d", MANAGER))]
    met = {"a": Contact(last_seen_on=JUNE), "b": Contact(last_seen_on=MAY), "c": Contact(last_seen_on=START)}
    shown = answers.to_visit(cases, as_manager, cast(Any, met))
    assert [(each["case_id"], each["capacity"]) for each in shown] == [
        ("d", "manager"),
        ("b", "manager"),
        ("a", "manager"),
        ("c", "walk_in"),
    ]
    assert [each["contact"] for each in shown] == [NEVER_MET, met["b"], met["a"], None]


@pytest.mark.parametrize(
    ("colleague", "expected"),
    [
        (as_manager, ("manager", "walk_in", None)),
        (as_deputy, ("deputy", "manager", None)),
        (as_colleague, ("walk_in", "manager", None)),
        (as_lead, ("lead", "lead", None)),
        (as_stranger, (None, None, None)),
        (as_nobody, (None, None, None)),
        (as_import, ("manager", "manager", None)),
    ],
)
def test_in_what_capacity_somebody_would_record_a_talk(colleague: Colleague, expected: tuple[str | None, ...]) -> None:
    cases = [a_case("a", MANAGER), a_case("b", DEPUTY), a_case("c", None)]
    shown = {each["case_id"]: each["capacity"] for each in answers.to_visit(cases, colleague, {})}
    assert tuple(shown[name] for name in "abc") == expected
