"""Talks: who was contacted, how often, where, and about what."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from tests.reporting.histories import (
    History,
    case_opened,
    id_of,
    joined,
    moved_in,
    moved_out,
    registered,
    talk,
    talk_corrected,
    talk_withdrawn,
)

MARCH, APRIL, JULY, AUGUST = date(2018, 3, 1), date(2018, 4, 1), date(2018, 7, 31), date(2018, 8, 15)


@pytest.fixture
def history() -> History:
    """One household of three, one of one."""
    history = History().day(MARCH)
    history.record(*(registered(person, "family") for person in ("ada", "ben", "cem")), registered("dia", "single"))
    history.record(*(moved_in(person, MARCH) for person in ("ada", "ben", "cem", "dia")))
    history.record(case_opened("family"), case_opened("single"))
    return history


def contacted(history: History, on: date = JULY, known_at: date | int | None = None) -> tuple[object, ...]:
    return tuple(history.figure("persons-contacted", on, known_at).values())


def test_who_took_part_at_least_once_is_contacted_once(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada"), talk("second", "family", APRIL, "ada", "ben"))
    history.record(talk("third", "single", APRIL, "dia"))
    total, single, family = contacted(history)
    assert (total, single, family) == (3, 1, 2)
    assert contacted(history, MARCH) == (1, 0, 1)


def test_whom_a_talk_merely_concerns_is_not_contacted(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", concerns=(id_of("ben"), id_of("cem"))))
    assert contacted(history) == (1, 0, 1)


def test_nobody_is_contacted_without_a_talk(history: History) -> None:
    assert contacted(history) == (0, 0, 0)
    assert contacted(History()) == (0, 0, 0)


def test_a_correction_may_take_back_that_somebody_took_part(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", "ben"))
    history.day(AUGUST).record(talk_corrected("first", "family", MARCH, "ben"))
    assert contacted(history) == (1, 0, 1)
    assert contacted(history, known_at=JULY) == (2, 0, 2)


def test_a_correction_may_move_the_talk_to_another_day(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada"))
    history.record(talk_corrected("first", "family", AUGUST, "ada"))
    assert contacted(history, JULY) == (0, 0, 0)
    assert contacted(history, AUGUST) == (1, 0, 1)


def test_a_withdrawn_talk_counts_nowhere(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", setting="outreach", topics=("housing",)))
    position = history.record(talk_withdrawn("first", "family"))
    assert contacted(history) == (0, 0, 0)
    assert contacted(history, known_at=position - 1) == (1, 0, 1)
    assert history.figure("topics", JULY) == {}
    assert history.figure("outreach-share", JULY) == {"share": None, "outreach": 0, "consultations": 0}


# --- alone, or a family ---------------------------------------------------------------------------


def test_who_is_left_alone_by_the_others_is_single_and_they_are_not(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", "ben", "cem"))
    history.record(moved_out("ben", APRIL), moved_out("cem", APRIL))
    assert contacted(history, MARCH) == (3, 0, 3)
    assert contacted(history) == (3, 1, 2)


def test_a_family_that_left_together_stays_a_family(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", "ben", "cem"), talk("second", "family", APRIL, "ada"))
    history.record(*(moved_out(person, APRIL) for person in ("ada", "ben", "cem")))
    assert contacted(history) == (3, 0, 3)
    assert history.figure("consultations-per-case", JULY)["family"] == 2


def test_a_single_person_who_left_counts_as_single(history: History) -> None:
    history.record(talk("first", "single", MARCH, "dia"), moved_out("dia", APRIL))
    assert contacted(history) == (1, 1, 0)


def test_who_joins_a_household_is_of_its_family_from_that_day(history: History) -> None:
    history.record(talk("first", "single", MARCH, "dia"), joined("dia", "family", APRIL))
    assert contacted(history, MARCH) == (1, 1, 0)
    assert contacted(history, APRIL) == (1, 0, 1)


# --- how often, where, about what -----------------------------------------------------------------


def test_families_and_singles_are_compared_per_contacted_case(history: History) -> None:
    history.record(*(talk(f"family {n}", "family", MARCH, "ada") for n in range(12)))
    history.record(*(talk(f"single {n}", "single", MARCH, "dia") for n in range(3)))
    history.record(registered("eva", "never advised"), case_opened("never advised", "eva"))
    assert history.figure("consultations-per-case", JULY) == {
        "family": 12,
        "single": 3,
        "ratio": 4,
        "family_cases": 1,
        "single_cases": 1,
    }


def test_there_is_no_ratio_to_nothing(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada"))
    found = history.figure("consultations-per-case", JULY)
    assert (found["family"], found["single"], found["ratio"]) == (1, None, None)


def test_a_case_that_was_opened_again_counts_once(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada"), case_opened("family", "ben", APRIL))
    assert history.figure("consultations-per-case", JULY)["family_cases"] == 1


def test_outreach_is_a_share_of_all_valid_talks(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", setting="outreach"))
    history.record(talk("second", "family", MARCH, "ada"), talk("third", "single", MARCH, "dia", setting="remote"))
    history.record(talk("fourth", "single", AUGUST, "dia", setting="outreach"))
    assert history.figure("outreach-share", JULY) == {"share": Fraction(1, 3), "outreach": 1, "consultations": 3}


def test_topics_are_ranked_and_equal_ones_in_order_of_their_names(history: History) -> None:
    history.record(talk("first", "family", MARCH, "ada", topics=("language", "housing")))
    history.record(talk("second", "family", MARCH, "ada", topics=("labour_market", "language", "children")))
    history.record(talk_corrected("second", "family", MARCH, "ada", topics=("language", "children")))
    assert list(history.figure("topics", JULY).items()) == [("language", 2), ("children", 1), ("housing", 1)]


def test_every_talk_behind_a_contact_is_named(history: History) -> None:
    first = history.record(talk("first", "single", MARCH, "dia"))
    second = history.record(talk("second", "single", APRIL, "dia"))
    (contribution,) = history.explanation("persons-contacted", JULY)
    assert {id_of(f"event {first}"), id_of(f"event {second}")} < set(contribution.events)
