"""Which household a person belongs to."""

from __future__ import annotations

from dataclasses import replace

from services.intake import households
from services.intake.commands import JoinHousehold
from services.intake.person import decider
from shared.contracts.model import HouseholdId
from tests.given import given
from tests.intake.examples import (
    ANCHOR,
    ANCHORS_HOUSEHOLD,
    HOUSEHOLD,
    PERSON,
    anchor_registered,
    beside_anchor,
    born,
    day,
    give_birth,
    id_of,
    intake,
    joined,
    memberships,
    new_id,
    register,
    registered,
    registered_with_anchor,
)

marry = JoinHousehold(person_id=PERSON, anchor_id=ANCHOR, relation="spouse", joined_on=day("2017-04-01"))
leave = JoinHousehold(person_id=PERSON, joined_on=day("2018-01-15"))


def test_a_person_joins_an_anchors_household() -> None:
    given(beside_anchor, registered).when(marry).then(joined("2017-04-01"))


def test_a_person_founds_their_own_household() -> None:
    given(intake, registered_with_anchor).when(leave).then(
        replace(joined("2018-01-15", anchor_id=None), household_id=HouseholdId(new_id("household_id")))
    )


def test_the_same_household_again_is_refused() -> None:
    given(intake, registered).when(leave).then_refused("already-in-household", household=HOUSEHOLD)
    given(beside_anchor, registered_with_anchor).when(marry).then_refused(
        "already-in-household", household=ANCHORS_HOUSEHOLD
    )


def test_another_relation_in_the_same_household_is_recorded() -> None:
    given(beside_anchor, born).when(replace(marry, relation="other", joined_on=day("2017-04-01"))).then(
        replace(joined("2017-04-01"), relation="other")
    )


def test_a_move_learnt_late_counts_on_its_own_day() -> None:
    left = replace(joined("2018-01-15", anchor_id=None), household_id=HouseholdId(id_of("own")))
    given(beside_anchor, registered, left).when(marry).then(joined("2017-04-01"))
    later = memberships(registered, left, joined("2017-04-01"))
    assert households.on(later, day("2016-01-01")).household_id == HOUSEHOLD
    assert households.on(later, day("2017-04-01")).household_id == ANCHORS_HOUSEHOLD
    assert households.on(later, day("2018-06-01")).household_id == id_of("own")


def test_relation_and_anchor_belong_together() -> None:
    given(beside_anchor, registered).when(replace(marry, relation=None)).then_refused("relation-required")
    given(intake, registered).when(replace(leave, relation="other")).then_refused("relation-without-anchor")


def test_nobody_is_their_own_anchor() -> None:
    itself = decider(new_id, memberships(registered))
    given(itself, registered).when(replace(marry, anchor_id=PERSON)).then_refused("anchor-is-the-person")


def test_the_anchor_must_be_known() -> None:
    given(intake, registered).when(marry).then_refused("unknown-person", person=ANCHOR)


def test_the_anchor_must_be_an_anchor() -> None:
    lives_with_others = replace(anchor_registered, anchor_id=id_of("third"), relation="spouse")
    beside_member = decider(new_id, memberships(lives_with_others))
    given(beside_member, registered).when(marry).then_refused("not-an-anchor", person=ANCHOR)
    given(beside_member).when(register(anchor_id=ANCHOR, relation="parent")).then_refused("not-an-anchor")
    given(beside_member).when(give_birth()).then_refused("not-an-anchor")


def test_the_anchor_must_be_one_on_that_day() -> None:
    until_2017 = decider(
        new_id, memberships(anchor_registered, replace(joined("2017-01-01"), anchor_id=id_of("third")))
    )
    given(until_2017, registered).when(marry).then_refused("not-an-anchor")
    given(until_2017, registered).when(replace(marry, joined_on=day("2016-12-31"))).then(joined("2016-12-31"))


def test_nobody_joins_before_they_were_registered() -> None:
    given(beside_anchor, registered).when(replace(marry, joined_on=day("2015-09-09"))).then_refused(
        "joined-before-registration", entry=ANCHORS_HOUSEHOLD
    )
