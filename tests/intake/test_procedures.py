"""Asylum procedures: opened, decided, final."""

from __future__ import annotations

from dataclasses import replace

from services.intake.commands import OpenProcedure, RecordDecision, RecordFinality, WithdrawEntry
from shared.contracts.intake import EntryWithdrawn, ProcedureBecameFinal
from tests.given import given
from tests.intake.examples import PERSON, PROCEDURE, day, decided, fold, intake, new_id, opened, registered

open_first = OpenProcedure(person_id=PERSON, kind="first", opened_on=day("2015-10-01"))
decide = RecordDecision(person_id=PERSON, procedure_id=PROCEDURE, outcome="negative", decided_on=day("2016-08-01"))
finish = RecordFinality(person_id=PERSON, procedure_id=PROCEDURE, outcome="negative", final_on=day("2016-09-01"))
final = ProcedureBecameFinal(
    person_id=PERSON, procedure_id=PROCEDURE, outcome="negative", occurred_on=day("2016-09-01")
)
withdrawn = EntryWithdrawn(person_id=PERSON, entry_id=PROCEDURE, reason="wrong_person", occurred_on=day("2018-01-01"))


def test_a_procedure_is_opened_decided_and_final() -> None:
    given(intake, registered).when(open_first).then(replace(opened("2015-10-01"), procedure_id=new_id("procedure_id")))
    given(intake, registered, opened("2015-10-01")).when(decide).then(decided("2016-08-01"))
    given(intake, registered, opened("2015-10-01"), decided("2016-08-01")).when(finish).then(final)


def test_it_may_have_been_opened_elsewhere_before_the_registration() -> None:
    given(intake, registered).when(replace(open_first, opened_on=day("2015-03-01"))).then(
        replace(opened("2015-03-01"), procedure_id=new_id("procedure_id"))
    )
    given(intake, registered).when(replace(open_first, opened_on=day("1990-05-16"))).then_refused("before-birth")


def test_all_can_happen_on_one_day() -> None:
    once = day("2016-08-01")
    opened_once = given(intake, registered, opened("2016-08-01"))
    opened_once.when(decide).then(decided("2016-08-01"))
    given(intake, registered, opened("2016-08-01"), decided("2016-08-01")).when(replace(finish, final_on=once)).then(
        replace(final, occurred_on=once)
    )


def test_only_a_known_procedure_is_decided() -> None:
    given(intake, registered).when(decide).then_refused("unknown-procedure", entry=PROCEDURE)
    given(intake, registered).when(finish).then_refused("unknown-procedure", entry=PROCEDURE)


def test_a_decision_is_not_before_the_opening() -> None:
    given(intake, registered, opened("2016-08-02")).when(decide).then_refused(
        "decision-before-opening", entry=PROCEDURE
    )


def test_a_court_may_decide_again_but_not_on_the_same_day() -> None:
    lost = (registered, opened("2015-10-01"), decided("2016-08-01"))
    given(intake, *lost).when(replace(decide, outcome="positive")).then_refused("already-decided", entry=PROCEDURE)
    won = replace(decide, outcome="positive", decided_on=day("2017-05-01"))
    given(intake, *lost).when(won).then(decided("2017-05-01", "positive"))


def test_an_earlier_decision_learnt_late_takes_its_place() -> None:
    court_first = (registered, opened("2015-10-01"), decided("2017-05-01", "positive"))
    given(intake, *court_first).when(decide).then(decided("2016-08-01"))
    person = fold(*court_first, decided("2016-08-01"))
    assert person is not None
    assert [ruling.outcome for ruling in person.procedures[0].decisions] == ["negative", "positive"]


def test_only_what_was_decided_becomes_final() -> None:
    given(intake, registered, opened("2015-10-01")).when(finish).then_refused("not-decided", entry=PROCEDURE)


def test_finality_is_not_before_the_last_decision() -> None:
    given(intake, registered, opened("2015-10-01"), decided("2016-09-02")).when(finish).then_refused(
        "finality-before-decision", entry=PROCEDURE
    )


def test_the_final_outcome_is_that_of_the_last_decision() -> None:
    won_in_the_end = (registered, opened("2015-10-01"), decided("2016-08-01"), decided("2016-08-20", "positive"))
    given(intake, *won_in_the_end).when(finish).then_refused("outcome-contradicts", entry=PROCEDURE)
    given(intake, *won_in_the_end).when(replace(finish, outcome="positive")).then(replace(final, outcome="positive"))


def test_what_is_final_stays_so() -> None:
    over = given(intake, registered, opened("2015-10-01"), decided("2016-08-01"), final)
    over.when(replace(decide, decided_on=day("2017-01-01"))).then_refused("procedure-final", entry=PROCEDURE)
    over.when(finish).then_refused("procedure-final", entry=PROCEDURE)


def test_a_procedure_recorded_by_mistake_is_withdrawn_with_all_its_decisions() -> None:
    mistake = WithdrawEntry(person_id=PERSON, entry_id=PROCEDURE, reason="wrong_person", withdrawn_on=day("2018-01-01"))
    over = (registered, opened("2015-10-01"), decided("2016-08-01"), final)
    given(intake, *over).when(mistake).then(withdrawn)
    given(intake, *over, withdrawn).when(decide).then_refused("entry-already-withdrawn", entry=PROCEDURE)
    person = fold(*over, withdrawn)
    assert person is not None and person.procedures == ()
