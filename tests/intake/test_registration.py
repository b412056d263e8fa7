"""Registering a person, recording a birth, and correcting who they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from services.intake.commands import CorrectMasterData, IssueToleration, MoveIn
from shared.contracts.intake import MasterDataCorrected
from shared.contracts.model import Hidden
from tests.given import given
from tests.intake.examples import (
    ADELBERG,
    ANCHOR,
    ANCHORS_HOUSEHOLD,
    BIRTHDAY,
    HOUSEHOLD,
    PERSON,
    REGISTRATION,
    beside_anchor,
    born,
    day,
    first_residence,
    give_birth,
    intake,
    joined,
    moved_in,
    new_id,
    opened,
    register,
    registered,
    registered_with_anchor,
)

THE_NEW: dict[str, Any] = {"person_id": new_id("person_id")}
WITH_ANCHOR: dict[str, Any] = {"anchor_id": ANCHOR, "relation": "spouse"}


def test_a_person_becomes_the_anchor_of_their_own_household() -> None:
    given(intake).when(register()).then(replace(registered, **THE_NEW, household_id=new_id("household_id")))


def test_an_importer_may_name_the_new_household() -> None:
    given(intake).when(register(household_id=HOUSEHOLD)).then(replace(registered, **THE_NEW))


def test_a_first_residence_is_part_of_the_same_append() -> None:
    given(intake).when(register(residence=first_residence("2015-09-10"))).then(
        replace(registered, **THE_NEW, household_id=new_id("household_id")),
        moved_in("2015-09-10", new_id("residence_id"), **THE_NEW),
    )


def test_a_relative_joins_the_anchors_household() -> None:
    given(beside_anchor).when(register(**WITH_ANCHOR)).then(replace(registered_with_anchor, **THE_NEW))


def test_a_household_named_beside_the_anchor_must_be_theirs() -> None:
    given(beside_anchor).when(register(**WITH_ANCHOR, household_id=ANCHORS_HOUSEHOLD)).then(
        replace(registered_with_anchor, **THE_NEW)
    )
    given(beside_anchor).when(register(**WITH_ANCHOR, household_id=HOUSEHOLD)).then_refused(
        "household-contradicts-anchor", household=HOUSEHOLD, anchor=ANCHOR
    )


def test_an_anchor_needs_a_relation_and_a_relation_an_anchor() -> None:
    given(beside_anchor).when(register(anchor_id=ANCHOR)).then_refused("relation-required", anchor=ANCHOR)
    given(intake).when(register(relation="spouse")).then_refused("relation-without-anchor")


def test_the_anchor_must_exist() -> None:
    given(intake).when(register(**WITH_ANCHOR)).then_refused("unknown-person", person=ANCHOR)
    given(intake).when(give_birth()).then_refused("unknown-person", person=ANCHOR)


def test_who_is_registered_is_not_registered_again() -> None:
    given(intake, registered).when(register()).then_refused("person-already-registered", person=PERSON)
    given(beside_anchor, born).when(give_birth()).then_refused("person-already-registered", person=PERSON)


def test_nobody_is_registered_before_they_were_born() -> None:
    given(intake).when(register(born_on=day("2015-09-11"))).then_refused("born-after-registration")
    given(intake).when(register(born_on=REGISTRATION, state_entry_on=None)).then(
        replace(
            registered,
            **THE_NEW,
            household_id=new_id("household_id"),
            born_on=REGISTRATION,
            state_entry_on=None,
        )
    )


@pytest.mark.parametrize("field", ["state_entry_on", "district_intake_on"])
def test_nobody_arrives_before_they_were_born(field: str) -> None:
    given(intake).when(register(**{field: day("1990-05-16")})).then_refused("before-birth", entry=field)


def test_a_first_residence_before_the_registration_is_refused() -> None:
    given(intake).when(register(residence=first_residence("2015-09-09"))).then_refused(
        "moved-in-before-registration", entry=new_id("residence_id")
    )


def test_who_was_taken_in_before_the_registration_was_written_lived_here_since() -> None:
    late = register(registered_on=day("2015-09-14"), residence=first_residence("2015-09-10"))
    given(intake).when(late).then(
        replace(registered, **THE_NEW, household_id=new_id("household_id"), occurred_on=day("2015-09-14")),
        moved_in("2015-09-10", new_id("residence_id"), **THE_NEW),
    )


# --- births -----------------------------------------------------------------------------------


def test_a_child_is_born_into_the_anchors_household() -> None:
    given(beside_anchor).when(give_birth(residence=first_residence("2016-03-01"))).then(
        replace(born, **THE_NEW), moved_in("2016-03-01", new_id("residence_id"), **THE_NEW)
    )


def test_a_child_may_be_born_before_the_anchors_registration() -> None:
    given(beside_anchor).when(give_birth(born_on=day("2015-09-05"))).then(
        replace(born, **THE_NEW, occurred_on=day("2015-09-05"))
    )


def test_a_child_does_not_live_anywhere_before_its_birth() -> None:
    given(beside_anchor).when(give_birth(residence=first_residence("2016-02-29"))).then_refused("before-birth")


# --- corrections ------------------------------------------------------------------------------


def correct(**other: Any) -> CorrectMasterData:
    asked = CorrectMasterData(
        person_id=PERSON,
        family_name="Muster",
        given_name="Anna",
        file_number="GP-2015/0042",
        category="asylum",
        born_on=BIRTHDAY,
        sex="female",
        nationality="Syria",
        language="Arabic",
        interpreter_needed=True,
        state_entry_on=day("2015-09-01"),
        district_intake_on=REGISTRATION,
        corrected_on=day("2018-02-01"),
    )
    return replace(asked, **other)


corrected = MasterDataCorrected(
    person_id=PERSON,
    family_name="Muster",
    given_name="Hanna",
    file_number="GP-2015/0042",
    phone=None,
    category="asylum",
    born_on=BIRTHDAY,
    sex="female",
    nationality="Syria",
    language="Arabic",
    interpreter_needed=True,
    state_entry_on=day("2015-09-01"),
    district_intake_on=REGISTRATION,
    occurred_on=day("2018-02-01"),
)


def test_master_data_are_corrected_as_a_whole() -> None:
    given(intake, registered).when(correct(given_name="Hanna")).then(corrected)


def test_a_correction_that_changes_nothing_is_no_event() -> None:
    given(intake, registered).when(correct()).then_nothing()
    given(intake, registered, corrected).when(correct(given_name="Hanna")).then_nothing()
    given(intake, registered, corrected).when(correct()).then(replace(corrected, given_name="Anna"))


def test_a_correction_must_agree_with_what_is_known() -> None:
    given(intake, registered).when(correct(born_on=day("2015-09-11"))).then_refused("born-after-registration")
    child = given(intake, born, moved_in("2016-03-01"))
    born_later = correct(given_name="Carla", born_on=day("2016-03-03"), state_entry_on=None, district_intake_on=None)
    child.when(born_later).then_refused("before-birth", entry=moved_in("2016-03-01").residence_id)
    late = given(intake, replace(registered, occurred_on=day("2015-09-14")), moved_in("2015-09-11"))
    late.when(correct(district_intake_on=day("2015-09-12"))).then_refused("moved-in-before-registration")


def test_a_childs_birthday_can_be_corrected() -> None:
    born_later = correct(
        given_name="Carla", born_on=day("2016-03-03"), state_entry_on=None, district_intake_on=None, file_number=None
    )
    given(intake, born).when(born_later).then(
        replace(
            corrected,
            given_name="Carla",
            born_on=day("2016-03-03"),
            state_entry_on=None,
            district_intake_on=None,
            file_number=None,
        )
    )


# --- whom nothing more is recorded about ------------------------------------------------------


def test_nothing_is_recorded_about_somebody_unknown() -> None:
    given(intake).when(correct()).then_refused("unknown-person", person=PERSON)
    move = MoveIn(person_id=PERSON, kind="private", ags=ADELBERG, moved_in_on=day("2018-01-01"))
    given(intake).when(move).then_refused("unknown-person", person=PERSON)


@pytest.mark.parametrize("gone", ["family_name", "born_on"])
def test_nothing_is_recorded_about_somebody_erased(gone: str) -> None:
    erased = replace(registered, **{gone: cast(Any, Hidden.ERASED)})
    given(intake, erased).when(correct()).then_refused("person-erased", person=PERSON)


def test_the_repair_of_a_contradictory_record_is_not_blocked_by_its_contradictions() -> None:
    """A rule may be younger than the record: such a contradiction stays until it is repaired."""
    contradictory = given(intake, registered, opened("1980-01-01"))
    contradictory.when(correct(given_name="Hanna")).then(corrected)
    toleration = IssueToleration(person_id=PERSON, section="60a", issued_on=day("1981-01-01"))
    contradictory.when(toleration).then_refused("before-birth", entry=new_id("toleration_id"))


def test_the_first_membership_holds_from_the_start() -> None:
    state = given(intake, registered, joined("2017-01-01")).state
    assert state is not None
    assert [m.since for m in state.memberships] == [None, day("2017-01-01")]
