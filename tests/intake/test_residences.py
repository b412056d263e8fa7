"""Moves: into, between and out of residences, and their correction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.intake import residences
from services.intake.commands import CorrectResidence, MoveIn, MoveOut, WithdrawEntry
from services.intake.residences import Absence, Stay
from shared.contracts.intake import EntryWithdrawn, ResidenceCorrected
from tests.given import given
from tests.intake.examples import (
    ADELBERG,
    AICHELBERG,
    DEPARTURE,
    PERSON,
    PROCEDURE,
    RESIDENCE,
    day,
    fold,
    id_of,
    intake,
    moved_in,
    moved_out,
    new_id,
    opened,
    registered,
)

NEW, OTHER = new_id("residence_id"), id_of("other residence")

move_in = MoveIn(
    person_id=PERSON,
    kind="shared_accommodation",
    ags=ADELBERG,
    accommodation="Probehaus",
    address="Beispielweg 1",
    moved_in_on=day("2016-01-10"),
)
move_out = MoveOut(person_id=PERSON, destination="other_district", moved_out_on=day("2017-01-10"))
elsewhere: dict[str, Any] = {
    "kind": "follow_up_housing",
    "ags": AICHELBERG,
    "accommodation": None,
    "address": "Probeplatz 2",
}


def test_a_person_moves_in_on_the_day_of_registration() -> None:
    given(intake, registered).when(replace(move_in, moved_in_on=day("2015-09-10"))).then(moved_in("2015-09-10", NEW))


def test_nobody_moves_in_before_registration_or_birth() -> None:
    given(intake, registered).when(replace(move_in, moved_in_on=day("2015-09-09"))).then_refused(
        "moved-in-before-registration", entry=NEW
    )
    given(intake, registered).when(replace(move_in, moved_in_on=day("1990-05-16"))).then_refused("before-birth")


def test_a_person_moves_between_residences() -> None:
    given(intake, registered, moved_in("2015-09-10")).when(replace(move_in, **elsewhere)).then(
        moved_in("2016-01-10", NEW, **elsewhere)
    )


def test_the_same_residence_again_is_refused() -> None:
    given(intake, registered, moved_in("2015-09-10")).when(move_in).then_refused("already-lives-there", entry=RESIDENCE)
    given(intake, registered, moved_in("2016-01-10")).when(move_in).then_refused("already-lives-there")


def test_who_left_may_come_back_to_the_same_residence() -> None:
    given(intake, registered, moved_in("2015-09-10"), moved_out("2015-12-01")).when(move_in).then(
        moved_in("2016-01-10", NEW)
    )


def test_nobody_comes_back_from_death() -> None:
    died = moved_out("2015-12-01", destination="deceased")
    given(intake, registered, moved_in("2015-09-10"), died).when(move_in).then_refused("moved-in-after-death")


def test_a_person_leaves_the_district() -> None:
    given(intake, registered, moved_in("2015-09-10")).when(move_out).then(moved_out("2017-01-10", NEW))
    given(intake, registered, moved_in("2015-09-10")).when(replace(move_out, moved_out_on=day("2015-09-10"))).then(
        moved_out("2015-09-10", NEW)
    )


def test_a_departure_needs_a_residence() -> None:
    given(intake, registered).when(move_out).then_refused("departure-without-residence", entry=NEW)
    gone = given(intake, registered, moved_in("2015-09-10"), moved_out("2016-12-01"))
    gone.when(move_out).then_refused("departure-without-residence", entry=NEW)
    gone.when(replace(move_out, moved_out_on=day("2016-06-01"))).then_refused(
        "departure-without-residence", entry=DEPARTURE
    )


def test_nobody_moves_out_before_they_moved_in() -> None:
    given(intake, registered, moved_in("2017-02-01")).when(move_out).then_refused(
        "moved-out-before-moved-in", entry=NEW
    )


def test_moves_learnt_late_take_their_place() -> None:
    known = (registered, moved_in("2015-09-10"), moved_in("2017-06-01", OTHER, **elsewhere))
    given(intake, *known).when(move_out).then(moved_out("2017-01-10", NEW))
    between = replace(move_in, ags=AICHELBERG)
    given(intake, *known).when(between).then(moved_in("2016-01-10", NEW, ags=AICHELBERG))
    person = fold(*known, moved_out("2017-01-10"))
    assert person is not None
    found = [
        residences.on(person.whereabouts, day(d)) for d in ("2015-09-09", "2015-09-10", "2017-03-01", "2018-01-01")
    ]
    assert [entry and entry.entry_id for entry in found] == [None, RESIDENCE, DEPARTURE, OTHER]
    assert isinstance(found[1], Stay) and isinstance(found[2], Absence)


# --- corrections ------------------------------------------------------------------------------

correct = CorrectResidence(
    person_id=PERSON,
    residence_id=RESIDENCE,
    kind="shared_accommodation",
    ags=AICHELBERG,
    accommodation="Probehaus",
    address="Beispielweg 1",
    moved_in_on=day("2015-09-12"),
)
corrected = ResidenceCorrected(
    person_id=PERSON,
    residence_id=RESIDENCE,
    kind="shared_accommodation",
    ags=AICHELBERG,
    accommodation="Probehaus",
    address="Beispielweg 1",
    occurred_on=day("2015-09-12"),
)
withdraw = WithdrawEntry(person_id=PERSON, entry_id=RESIDENCE, reason="entered_twice", withdrawn_on=day("2018-01-01"))
withdrawn = EntryWithdrawn(person_id=PERSON, entry_id=RESIDENCE, reason="entered_twice", occurred_on=day("2018-01-01"))


def test_a_residence_is_corrected_with_its_day() -> None:
    given(intake, registered, moved_in("2015-09-10")).when(correct).then(corrected)
    given(intake, registered, moved_in("2015-09-10"), corrected).when(correct).then_nothing()


def test_only_a_residence_of_this_person_can_be_corrected() -> None:
    given(intake, registered).when(correct).then_refused("unknown-entry", entry=RESIDENCE)
    departed = given(intake, registered, moved_in("2015-09-10"), moved_out("2017-01-10"))
    departed.when(replace(correct, residence_id=DEPARTURE)).then_refused("unknown-entry", entry=DEPARTURE)


def test_a_correction_must_agree_with_the_other_entries() -> None:
    departed = given(intake, registered, moved_in("2015-09-10"), moved_out("2017-01-10"))
    departed.when(replace(correct, moved_in_on=day("2017-01-11"))).then_refused("moved-out-before-moved-in")
    departed.when(replace(correct, moved_in_on=day("2015-09-09"))).then_refused("moved-in-before-registration")


def test_a_corrected_address_keeps_the_place_among_entries_of_the_same_day() -> None:
    same_day = (registered, moved_in("2015-09-12"), moved_out("2015-09-12"))
    given(intake, *same_day).when(correct).then(corrected)
    person = fold(*same_day, corrected)
    assert person is not None
    assert [entry.entry_id for entry in person.whereabouts] == [RESIDENCE, DEPARTURE]


def test_an_entry_made_by_mistake_is_withdrawn_once() -> None:
    given(intake, registered, moved_in("2015-09-10")).when(withdraw).then(withdrawn)
    gone = given(intake, registered, moved_in("2015-09-10"), withdrawn)
    gone.when(withdraw).then_refused("entry-already-withdrawn", entry=RESIDENCE)
    gone.when(correct).then_refused("entry-already-withdrawn", entry=RESIDENCE)
    gone.when(move_in).then(moved_in("2016-01-10", NEW))


def test_only_what_was_recorded_can_be_withdrawn() -> None:
    given(intake, registered).when(withdraw).then_refused("unknown-entry", entry=RESIDENCE)
    given(intake, registered).when(replace(withdraw, entry_id=PERSON)).then_refused("unknown-entry", entry=PERSON)


def test_a_residence_is_not_withdrawn_from_under_its_departure() -> None:
    departed = given(intake, registered, moved_in("2015-09-10"), moved_out("2017-01-10"))
    departed.when(withdraw).then_refused("departure-without-residence", entry=DEPARTURE)
    departed.when(replace(withdraw, entry_id=DEPARTURE)).then(replace(withdrawn, entry_id=DEPARTURE))


@pytest.mark.parametrize("entry_id", [RESIDENCE, DEPARTURE, PROCEDURE])
def test_what_was_withdrawn_never_held(entry_id: str) -> None:
    everything = (registered, moved_in("2015-09-10"), moved_out("2017-01-10"), opened("2015-10-01"))
    person = fold(*everything, replace(withdrawn, entry_id=entry_id))
    assert person is not None
    left = {entry.entry_id for entry in (*person.whereabouts, *person.procedures)}
    assert left == {RESIDENCE, DEPARTURE, PROCEDURE} - {entry_id}
