"""Values entered, values derived: what the line after saving counts."""

from __future__ import annotations

from services.portal.talks.indicators import ACTION_FIELDS, CONTACT, PERSON, PLAN, STEPS, Derived, derived, entered

ALI, AMAL, SAMI = "ali", "amal", "sami"


def test_there_are_47_indicators() -> None:
    assert len(PERSON) + len(CONTACT) + len(PLAN) + len(ACTION_FIELDS) * len(STEPS) == 47


def test_each_who_took_part_has_the_values_of_person_and_contact() -> None:
    assert derived([ALI, AMAL], [], []) == Derived(persons=2, person=16, contact=16, steps=0)
    assert derived([ALI, AMAL], [], []).total == 32


def test_a_step_is_a_value_of_each_whom_the_talk_concerns() -> None:
    assert derived([ALI], [AMAL, SAMI], ["schooling.need", "housing.progress"]).steps == 4


def test_where_nobody_is_named_a_step_concerns_those_who_took_part() -> None:
    assert derived([ALI, AMAL], [], ["housing.need"]).steps == 2


def test_whom_a_talk_merely_concerns_was_not_contacted() -> None:
    assert derived([ALI], [AMAL, SAMI], []) == derived([ALI], [], [])


def test_where_nobody_took_part_nothing_is_derived() -> None:
    assert derived([], [AMAL], ["housing.need"]).total == 0


def test_what_was_proposed_and_left_is_not_entered() -> None:
    proposed = {"took_part": [ALI, AMAL], "held_on": ["05.11.2018"]}
    assert entered(proposed, proposed) == 0


def test_each_value_that_differs_from_the_proposal_is_one() -> None:
    proposed = {"took_part": [ALI, AMAL], "held_on": ["05.11.2018"]}
    given = {"took_part": [ALI, AMAL], "held_on": ["04.11.2018"], "minutes": ["20"], "topics": ["housing", "language"]}
    assert entered(given, proposed) == 4


def test_a_tick_taken_away_is_one_value_and_one_in_its_place_the_same() -> None:
    assert entered({"took_part": [ALI]}, {"took_part": [ALI, AMAL]}) == 1
    assert entered({"took_part": [ALI, SAMI]}, {"took_part": [ALI, AMAL]}) == 1


def test_an_empty_field_is_none() -> None:
    assert entered({"note": [""], "minutes": [""]}, {}) == 0
