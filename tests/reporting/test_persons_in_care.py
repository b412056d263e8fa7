"""Who is to be looked after on a day, as known then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from shared.contracts.model import Event
from tests.reporting.histories import (
    ADELBERG,
    SALACH,
    History,
    born,
    corrected,
    entry_withdrawn,
    id_of,
    moved_in,
    moved_out,
    phase,
    registered,
    serves,
)

SPRING, COUNT, LATER = date(2017, 3, 1), date(2017, 9, 15), date(2017, 12, 1)


@pytest.fixture
def history() -> History:
    """Two municipalities; ada is registered, in follow-up phase since spring, and housed nowhere yet."""
    history = History().day(SPRING)
    history.record(serves(ADELBERG, "district"), serves(SALACH, "own"))
    history.record(registered("ada", "one", SPRING), phase("ada", SPRING))
    return history


def in_care(history: History, on: date = COUNT, known_at: date | int | None = None) -> int:
    persons = history.figure("persons-in-care", on, known_at)["persons"]
    assert isinstance(persons, int)
    return persons


@pytest.mark.parametrize(
    ("home", "counted"),
    [
        (moved_in("ada", SPRING, "follow_up_housing", ADELBERG), 1),
        (moved_in("ada", SPRING, "private", ADELBERG), 1),
        (moved_in("ada", COUNT, "private", ADELBERG), 1),  # the day of moving in counts
        (moved_in("ada", SPRING, "shared_accommodation", ADELBERG), 0),  # provisional housing: overdue, not in care
        (moved_in("ada", SPRING, "follow_up_housing", SALACH), 0),  # the town serves its own
        (moved_in("ada", LATER, "follow_up_housing", ADELBERG), 0),
    ],
)
def test_only_who_is_housed_outside_provisional_housing_where_the_district_serves(
    history: History, home: Event, counted: int
) -> None:
    history.record(home)
    assert in_care(history) == counted


def test_nobody_is_in_care_without_a_home_or_a_history(history: History) -> None:
    assert in_care(history) == 0
    assert in_care(History()) == 0


def test_provisional_housing_must_have_ended_by_the_day(history: History) -> None:
    history.record(moved_in("ada", SPRING), phase("ada", COUNT))
    assert in_care(history, COUNT) == 1
    assert in_care(history, date(2017, 9, 14)) == 0


def test_the_newest_determination_stands_alone(history: History) -> None:
    history.record(moved_in("ada", SPRING))
    before = history.record(phase("ada", SPRING, "provisional"))
    assert in_care(history) == 0
    assert in_care(history, known_at=before - 1) == 1


def test_who_has_left_the_district_is_no_longer_in_care(history: History) -> None:
    history.record(moved_in("ada", SPRING), moved_out("ada", COUNT))
    assert in_care(history, date(2017, 9, 14)) == 1
    assert in_care(history, COUNT) == 0


def test_who_comes_back_is_in_care_again(history: History) -> None:
    history.record(moved_in("ada", SPRING), moved_out("ada", COUNT), moved_in("ada", LATER, entry="second"))
    assert [in_care(history, day) for day in (SPRING, COUNT, LATER)] == [1, 0, 1]


def test_a_child_counts_from_its_birth(history: History) -> None:
    history.record(born("ben", "one", COUNT), phase("ben", COUNT), moved_in("ben", COUNT))
    assert in_care(history, date(2017, 9, 14)) == 0
    assert in_care(history, COUNT) == 1


def test_who_is_registered_later_was_not_in_care_before(history: History) -> None:
    history.record(registered("ben", "two", LATER), phase("ben", SPRING), moved_in("ben", SPRING))
    assert [in_care(history, day) for day in (COUNT, LATER)] == [0, 1]


def test_a_correction_holds_from_the_start_but_is_known_only_since_it_was_learnt(history: History) -> None:
    history.record(moved_in("ada", SPRING))
    position = history.day(LATER).record(corrected("ada", SPRING, "shared_accommodation"))
    assert in_care(history) == 0
    assert in_care(history, known_at=COUNT) == 1
    assert in_care(history, known_at=LATER) == 0
    assert in_care(history, known_at=position - 1) == 1
    assert in_care(history, known_at=position) == 0


def test_a_withdrawn_residence_never_held(history: History) -> None:
    history.record(moved_in("ada", SPRING, entry="wrong"))
    history.day(LATER).record(entry_withdrawn("ada", LATER, entry="wrong"))
    assert in_care(history) == 0
    assert in_care(history, known_at=COUNT) == 1


def test_a_withdrawn_departure_never_happened(history: History) -> None:
    history.record(moved_in("ada", SPRING), moved_out("ada", SPRING, entry="gone"))
    history.record(entry_withdrawn("ada", SPRING, entry="gone"))
    assert in_care(history) == 1


def test_a_residence_learnt_late_counts_on_the_day_but_was_not_known_then(history: History) -> None:
    history.day(LATER).record(moved_in("ada", SPRING))
    assert in_care(history) == 1
    assert in_care(history, known_at=COUNT) == 0


def test_of_two_residences_of_one_day_the_one_recorded_last_holds_even_when_the_first_is_corrected(
    history: History,
) -> None:
    history.record(moved_in("ada", SPRING, "private", entry="first"))
    history.record(moved_in("ada", SPRING, "shared_accommodation", entry="second"))
    assert in_care(history) == 0
    history.record(corrected("ada", SPRING, "follow_up_housing", entry="first"))
    assert in_care(history) == 0


def test_the_service_of_the_day_decides(history: History) -> None:
    history.record(moved_in("ada", SPRING), serves(ADELBERG, "own", COUNT))
    assert [in_care(history, day) for day in (SPRING, COUNT)] == [1, 0]


def test_the_explanation_names_person_events_and_rule(history: History) -> None:
    home = history.record(moved_in("ada", SPRING))
    (contribution,) = history.explanation("persons-in-care", COUNT)
    assert (contribution.line, int(contribution.amount), contribution.rule) == ("persons", 1, "R3")
    assert (contribution.subject, contribution.subject_id) == ("person", id_of("ada"))
    registration, determination = 3, 4
    assert set(contribution.events) == {id_of(f"event {n}") for n in (registration, determination, home)}


@pytest.fixture
def occupants(history: History) -> Iterator[History]:
    history.record(moved_in("ada", SPRING, "shared_accommodation", ADELBERG))
    history.record(registered("ben", "two", SPRING), phase("ben", SPRING))
    history.record(moved_in("ben", SPRING, "shared_accommodation", SALACH))
    yield history


def test_overdue_occupants_wherever_they_are(occupants: History) -> None:
    assert occupants.figure("overdue-occupants", COUNT) == {
        "total": 2,
        "district_municipalities": 1,
        "own_service_towns": 1,
    }
    assert in_care(occupants) == 0


def test_an_occupant_in_provisional_phase_is_not_overdue(occupants: History) -> None:
    occupants.record(phase("ada", SPRING, "provisional"))
    assert occupants.figure("overdue-occupants", COUNT)["total"] == 1
