"""What is published of an assessment: only what differs from the last determination."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.eligibility.assessment import Assessment
from services.eligibility.determination import (
    DeterminationEvent,
    Determine,
    Determined,
    decider,
    determined_by,
    management,
)
from shared.contracts.eligibility import HousingPhaseDetermined, ServiceInChargeDetermined
from shared.contracts.model import Event
from tests.eligibility import sentences
from tests.eligibility.sentences import corrected, left, lives, registered, title
from tests.given import Given, given

HOUSED = (registered(), lives("2016-06-01", "follow_up_housing"), title("2016-05-02"))
RETURNED = (*HOUSED, left("2018-03-01"), lives("2018-03-05", "private", entry="back"))


def assessed(*history: Event, on: str) -> Determine:
    return Determine(_assessment(history, on), date.fromisoformat(on))


def determined(*history: Event, on: str) -> Sequence[DeterminationEvent]:
    """What is published first of this history."""
    return decider.decide(decider.nothing, assessed(*history, on=on))


def given_determined(*history: Event, on: str) -> Given:  # type: ignore[type-arg]
    return given(decider, *determined(*history, on=on))


def test_the_first_assessment_is_published_whole() -> None:
    given(decider).when(assessed(*HOUSED, on="2017-01-01")).then(
        HousingPhaseDetermined(
            occurred_on=date(2017, 1, 1),
            person_id=sentences.ME,
            household_id=_assessment(HOUSED, "2017-01-01").household_id,  # type: ignore[union-attr]
            rule_set="flueag-2018.1",
            rests_on=_assessment(HOUSED, "2017-01-01").rests_on,  # type: ignore[union-attr]
            phase="follow_up",
            since=date(2016, 5, 2),
            rule="R3",
            legal_basis="§ 9 (1) Nr. 3 FlüAG",
            reasons=(),
            overdue_since=None,
            next_look_on=date(2018, 2, 1),
        ),
        ServiceInChargeDetermined(
            occurred_on=date(2017, 1, 1),
            person_id=sentences.ME,
            household_id=_assessment(HOUSED, "2017-01-01").household_id,  # type: ignore[union-attr]
            rule_set="flueag-2018.1",
            integration_management="none",
            social_advice="district",
            ags=sentences.AICHELBERG,
        ),
    )


def test_deciding_again_gives_nothing() -> None:
    given_determined(*HOUSED, on="2017-01-01").when(assessed(*HOUSED, on="2017-01-01")).then_nothing()


def test_time_alone_is_no_news_until_the_day_of_the_next_look() -> None:
    held = given_determined(*HOUSED, on="2017-01-01")
    held.when(assessed(*HOUSED, on="2018-01-31")).then_nothing()
    held.when(assessed(*HOUSED, on="2018-02-01")).then(*determined(*HOUSED, on="2018-02-01"))


def test_a_fact_that_no_rule_reads_is_no_news() -> None:
    given_determined(*HOUSED, on="2017-01-01").when(assessed(*HOUSED, corrected(), on="2017-01-02")).then_nothing()


def test_a_move_changes_the_service_and_not_the_phase() -> None:
    moved = (*HOUSED, lives("2017-02-01", "private", sentences.GOEPPINGEN, entry="flat"))
    given_determined(*HOUSED, on="2017-01-01").when(assessed(*moved, on="2017-02-01")).then(
        determined(*moved, on="2017-02-01")[1]
    )


def test_a_fact_learnt_late_gives_the_day_on_which_it_was_true() -> None:
    before = (registered(), lives("2016-06-01", "follow_up_housing"))
    given_determined(*before, on="2016-12-01").when(assessed(*HOUSED, on="2017-01-01")).then(
        determined(*HOUSED, on="2017-01-01")[0]
    )


def test_while_a_human_looks_the_service_stays_with_whoever_has_it() -> None:
    outcome = given_determined(*HOUSED, on="2018-02-15").when(assessed(*RETURNED, on="2018-03-05"))
    phase = determined(*RETURNED, on="2018-03-05")[0]
    outcome.then(phase)


def test_a_first_look_that_needs_a_human_puts_nobody_in_charge() -> None:
    phase, service = determined(registered(intake=None), lives("2015-09-20"), on="2018-03-01")
    assert isinstance(phase, HousingPhaseDetermined) and phase.phase == "manual_review"
    assert isinstance(service, ServiceInChargeDetermined) and service.integration_management == "none"


def test_what_had_been_determined_by_a_day() -> None:
    first, again = determined(*HOUSED, on="2017-01-01"), determined(*HOUSED, on="2018-02-15")
    assert [event.occurred_on for event in (*first, *again)] == [date(2017, 1, 1)] * 2 + [date(2018, 2, 15)] * 2
    made = (*first, *again)
    assert determined_by(date(2016, 12, 31), made) == Determined()
    assert determined_by(date(2017, 1, 1), made).integration_management == "none"
    assert determined_by(date(2018, 2, 15), made).integration_management == "district"


def test_who_has_it_keeps_it_only_while_a_human_looks() -> None:
    housed, back = assessed(*HOUSED, on="2018-02-15"), assessed(*RETURNED, on="2018-03-05")
    before = determined_by(date(2018, 2, 15), determined(*HOUSED, on="2018-02-15"))
    assert housed.assessment is not None and back.assessment is not None
    assert management(before, back.assessment) == "district"
    assert management(Determined(), back.assessment) == "none"
    assert management(Determined(), housed.assessment) == "district"


def test_nothing_is_published_of_whom_nothing_may_be_read() -> None:
    given_determined(*HOUSED, on="2017-01-01").when(Determine(None, date(2018, 2, 1))).then_nothing()


def test_nobody_looks_back() -> None:
    given_determined(*HOUSED, on="2018-02-01").when(assessed(*HOUSED, on="2018-01-31")).then_refused("determined-later")


def _assessment(history: Sequence[Event], on: str) -> Assessment | None:
    return sentences.given(*history).on(on).assessment
