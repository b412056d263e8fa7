"""How cases and consultations read on a day, as they were known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any, cast

from services.casework.streams import case_stream, consultation_stream
from services.casework.telling import case_as_known, tell_case, tell_consultation
from shared.contracts.casework import (
    CaseClosed,
    CaseMemberLeft,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import PersonalClass
from tests.casework.office import (
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
    assigned,
    ben_joined,
    opened,
    talk,
)
from tests.casework.world import World

MAY, JUNE = date(2018, 5, 1), date(2018, 6, 1)
told = {name: value for name, value in vars(talk).items() if name != "held_on"} | {"note": "Probe"}
held = ConsultationHeld(occurred_on=MAY, team_id=TEAM, held_by=MANAGER, **told)
corrected = ConsultationCorrected(occurred_on=MAY + DAY, team_id=TEAM, held_by=MANAGER, **(told | {"minutes": 60}))
withdrawn = ConsultationWithdrawn(occurred_on=JUNE, consultation_id=TALK, case_id=CASE, reason="not_held")


def history(world: World, stream: str) -> Any:
    return cast(Any, world.history(stream))


def test_a_case_on_each_day_of_its_life(world: World) -> None:
    ben_left = CaseMemberLeft(occurred_on=MAY, case_id=CASE, member_id=BEN)
    handed_over = replace(assigned, occurred_on=JUNE, manager_id=DEPUTY)
    closed = CaseClosed(occurred_on=TODAY, case_id=CASE, reason="aim_reached")
    world.record(case_stream(CASE), opened, ben_joined, assigned, ben_left, handed_over, closed)
    state = case_as_known(history(world, case_stream(CASE)), None)
    days = [
        (tale["status"], tale["members"], tale["manager_id"])
        for tale in (tell_case(CASE, state, day) for day in (START - DAY, START, MAY, JUNE, TODAY))
    ]
    assert days == [
        ("not_opened", [], None),
        ("open", sorted([ANNA, BEN]), MANAGER),
        ("open", [ANNA], MANAGER),
        ("open", [ANNA], DEPUTY),
        ("closed", [ANNA], DEPUTY),
    ]
    tale = tell_case(CASE, state, TODAY)
    assert tale["household_id"] == HOUSEHOLD and tale["spells"] == [{"opened_on": START, "closed_on": TODAY}]


def test_a_case_as_it_was_known(world: World) -> None:
    world.record(case_stream(CASE), opened, learnt_on=START)
    world.record(case_stream(CASE), ben_joined, learnt_on=MAY)
    everything = history(world, case_stream(CASE))
    first_position = everything[0].envelope.position
    for known, members in (
        (START - DAY, set()),
        (START, {ANNA}),
        (MAY, {ANNA, BEN}),
        (0, set()),
        (first_position, {ANNA}),
    ):
        assert case_as_known(everything, known).members == members


def test_a_talk_corrected_and_withdrawn(world: World) -> None:
    stream = consultation_stream(TALK)
    world.record(stream, held, learnt_on=MAY)
    world.record(stream, corrected, learnt_on=MAY + 2 * DAY)
    world.record(stream, withdrawn, learnt_on=JUNE)
    everything = history(world, stream)

    def reads(day: date, known: date | int | None) -> tuple[Any, ...] | None:
        tale = tell_consultation(everything, day, known)
        return None if tale is None else (tale["status"], tale["held_on"], tale["minutes"], tale["corrected"])

    assert reads(TODAY, MAY - DAY) is None
    assert reads(TODAY, MAY) == ("held", MAY, 45, False)
    assert reads(TODAY, MAY + 2 * DAY) == ("held", MAY + DAY, 60, True)
    assert reads(MAY, MAY + 2 * DAY) is None, "as corrected it was held only the day after"
    assert reads(TODAY, None) == ("withdrawn", MAY + DAY, 60, True)
    assert reads(TODAY, 1) == ("held", MAY, 45, False)


def test_a_visit_has_no_content(world: World) -> None:
    visit = VisitAttempted(occurred_on=MAY, consultation_id=VISIT, case_id=CASE, team_id=TEAM, held_by=MANAGER)
    world.record(consultation_stream(VISIT), visit)
    tale = tell_consultation(history(world, consultation_stream(VISIT)), TODAY, None)
    assert tale is not None and tale["status"] == "attempted" and "took_part" not in tale
    assert tell_consultation(history(world, consultation_stream(VISIT)), MAY - DAY, None) is None


def test_what_was_erased_is_missing_and_nothing_else(world: World) -> None:
    world.record(consultation_stream(TALK), held)
    world.keyring.destroy(CASE, {PersonalClass.HEALTH, PersonalClass.IDENTITY}, "test")
    tale = tell_consultation(history(world, consultation_stream(TALK)), TODAY, None)
    assert tale is not None and (tale["note"], tale["health"], tale["minutes"]) == (None, None, 45)
    world.keyring.destroy(CASE, {PersonalClass.STATISTICS}, "test")
    tale = tell_consultation(history(world, consultation_stream(TALK)), TODAY, None)
    assert tale is not None and (tale["minutes"], tale["topics"], tale["steps"]) == (None, None, None)
    assert tale["took_part"] == (ANNA,) and tale["held_on"] == MAY
