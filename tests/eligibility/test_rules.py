"""The rules R0 to R13, each by its conditions, and the edge cases of their reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.eligibility.problems import REASONS
from services.eligibility.rules import RULE_SETS, rule_set_on
from shared.contracts.intake import Category, Destination, ProcedureKind, Relation
from shared.contracts.model import Event, Hidden
from tests.eligibility.sentences import (
    ANCHOR,
    ME,
    OTHER,
    born,
    corrected,
    decided,
    event_id,
    final,
    given,
    joined,
    left,
    lived,
    lives,
    opened,
    registered,
    settled,
    title,
    toleration,
    withdrawn,
)


def member(relation: Relation | None = "spouse", **facts: str | None):  # type: ignore[no-untyped-def]
    return registered(anchor=ANCHOR, relation=relation, **facts)  # type: ignore[arg-type]


# --- R0 and R1: whom the rules are about ------------------------------------------------------


def test_without_intake_and_anchor_a_person_is_not_yet_in_the_district() -> None:
    given(registered(intake=None)).on("2016-01-01").then(
        phase="not_in_district", rule="R0", since=None, integration_management="none", social_advice="none"
    )


def test_before_the_day_of_intake_a_person_is_not_yet_in_the_district() -> None:
    given(registered(intake="2015-09-15")).on("2015-09-14").then(rule="R0", next_look_on="2015-09-15")


def test_an_application_filed_before_the_intake_does_not_bring_anybody_here() -> None:
    given(registered(intake="2015-09-15"), opened("2015-09-01")).on("2015-09-10").then(rule="R0")


def test_an_unaccompanied_minor_is_out_of_scope() -> None:
    given(registered(category="unaccompanied_minor", born="2001-03-01"), title("2016-05-01")).on("2019-02-28").then(
        phase="out_of_scope",
        rule="R1",
        legal_basis="§ 42 SGB VIII",
        next_look_on="2019-03-01",
        integration_management="none",
        social_advice="none",
    )


def test_once_of_age_nobody_is_an_unaccompanied_minor() -> None:
    given(registered(category="unaccompanied_minor", born="2001-03-01")).on("2019-03-01").then_review(
        "category-outdated"
    )


# --- R3: a residence title --------------------------------------------------------------------


def test_a_title_ends_provisional_housing_on_the_day_it_is_granted() -> None:
    anything = given(registered(), title("2016-05-02"))
    anything.on("2016-05-01").then_provisional(since="2015-09-15", rule="R11")
    anything.on("2016-05-02").then_follow_up("2016-05-02", "R3", legal_basis="§ 9 (1) Nr. 3 FlüAG")
    anything.on("2018-05-02").then_follow_up("2016-05-02", "R3")


def test_the_first_of_several_titles_counts() -> None:
    given(
        registered(),
        title("2017-01-10", entry="second"),
        title("2016-05-02", entry="first"),
    ).on("2018-01-01").then_follow_up("2016-05-02", "R3")


def test_a_title_from_before_the_intake_leaves_no_provisional_housing() -> None:
    given(registered(intake="2015-09-15"), title("2015-09-01")).on("2016-01-01").then_follow_up("2015-09-15", "R3")


@pytest.mark.parametrize("section", ["55", "§ 55 AsylG", "60a", "60a(2)", "§ 60b Abs. 1", "60c", "60d", "81(3)"])
def test_a_permission_toleration_or_fictional_certificate_is_no_title(section: str) -> None:
    given(registered(), title("2016-05-02", section)).on("2016-06-01").then_provisional(rule="R11")


def test_a_recorded_toleration_changes_nothing() -> None:
    given(registered(), toleration("2016-05-02")).on("2016-06-01").then_provisional(rule="R11")


def test_a_withdrawn_title_was_never_granted() -> None:
    given(registered(), title("2016-05-02"), withdrawn("title")).on("2016-06-01").then_provisional(rule="R11")


def test_a_title_lost_later_does_not_undo_follow_up_housing_but_a_human_should_look() -> None:
    anything = given(registered(), title("2016-05-02", until="2017-05-01"))
    anything.on("2017-05-01").then_follow_up("2016-05-02", "R3", reasons=(), next_look_on="2017-05-02")
    anything.on("2017-05-02").then_follow_up("2016-05-02", "R3", reasons=("title-ran-out",))


def test_a_renewed_title_has_not_run_out() -> None:
    given(
        registered(),
        title("2016-05-02", until="2017-05-01", entry="first"),
        title("2017-04-20", until="2020-05-01", entry="second"),
    ).on("2018-01-01").then_follow_up("2016-05-02", "R3", reasons=(), next_look_on="2020-05-02")


@pytest.mark.parametrize("category", ["humanitarian", "unlawful_entry"])
def test_a_title_is_a_condition_for_asylum_only(category: Category) -> None:
    given(registered(category=category), title("2015-10-01")).on("2015-12-01").then_provisional(rule="R11")


# --- R4: a final decision ---------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["positive", "negative"])
def test_a_final_decision_ends_provisional_housing_either_way(outcome: str) -> None:
    anything = given(
        registered(),
        opened("2015-10-01"),
        decided("2016-08-01", outcome),  # type: ignore[arg-type]
        final("2016-09-05", outcome),  # type: ignore[arg-type]
    )
    anything.on("2016-09-04").then_provisional(rule="R11")
    anything.on("2016-09-05").then_follow_up("2016-09-05", "R4", legal_basis="§ 9 (1) Nr. 2 FlüAG")


def test_a_decision_alone_is_not_final() -> None:
    given(registered(), opened("2015-10-01"), decided("2016-08-01")).on("2017-01-01").then_provisional(rule="R11")


@pytest.mark.parametrize(("kind", "rule"), [("first", "R4"), ("follow_up", "R4"), ("second", "R11")])
def test_only_first_and_follow_up_applications_are_named_by_the_law(kind: ProcedureKind, rule: str) -> None:
    given(registered(), opened("2015-10-01", kind), decided("2016-08-01"), final("2016-09-05")).on("2017-01-01").then(
        rule=rule
    )


def test_a_follow_up_application_never_leads_back() -> None:
    given(
        registered(),
        opened("2015-10-01"),
        decided("2016-08-01"),
        final("2016-09-05"),
        opened("2017-02-01", "follow_up", entry="again"),
    ).on("2017-06-01").then_follow_up("2016-09-05", "R4")


def test_a_finality_learnt_late_counts_from_the_day_on_which_it_was_true() -> None:
    given(registered(), title("2017-01-01"), opened("2015-10-01"), decided("2016-08-01"), final("2016-09-05")).on(
        "2018-01-01"
    ).then_follow_up("2016-09-05", "R4")


# --- R6 and R2: time alone --------------------------------------------------------------------


def test_after_24_months_since_the_intake_provisional_housing_ends_by_itself() -> None:
    anything = given(registered(intake="2015-09-15"))
    anything.on("2017-09-14").then_provisional(rule="R11", next_look_on="2017-09-15")
    anything.on("2017-09-15").then_follow_up("2017-09-15", "R6", legal_basis="§ 9 (1) Nr. 4 FlüAG")


def test_the_24_months_run_from_the_districts_intake_not_from_the_entry() -> None:
    given(registered(entry="2015-01-05", intake="2015-09-15")).on("2017-06-01").then_provisional(
        next_look_on="2017-09-15"
    )


def test_months_end_on_the_last_day_of_a_shorter_month() -> None:
    given(registered(intake="2016-02-29", entry=None)).on("2018-02-28").then_follow_up("2018-02-28", "R6")


def test_a_corrected_intake_moves_the_24_months() -> None:
    given(registered(intake="2015-09-15"), corrected(intake="2015-10-20")).on("2017-10-01").then_provisional(
        since="2015-10-20", next_look_on="2017-10-20"
    )


@pytest.mark.parametrize("category", ["humanitarian", "unlawful_entry"])
def test_after_six_months_others_leave_provisional_housing(category: Category) -> None:
    anything = given(registered(category=category, intake="2015-09-15"))
    anything.on("2016-03-14").then_provisional(rule="R11", next_look_on="2016-03-15")
    anything.on("2016-03-15").then_follow_up("2016-03-15", "R2", legal_basis="§ 9 (4) FlüAG")


def test_the_earliest_end_counts() -> None:
    given(
        registered(intake="2015-09-15"),
        opened("2015-10-01"),
        decided("2016-08-01"),
        final("2016-09-05"),
        title("2016-12-01"),
    ).on("2018-01-01").then_follow_up("2016-09-05", "R4")


# --- R10: the household -----------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["spouse", "life_partner"])
def test_a_partner_takes_the_anchors_phase_and_dates(relation: Relation) -> None:
    anything = given(member(relation)).with_anchor(registered(), title("2016-05-02"))
    anything.on("2016-05-01").then_provisional(since="2015-09-15", rule="R10")
    anything.on("2016-05-02").then_follow_up(
        "2016-05-02", "R10", legal_basis="§ 3, § 9 (1) FlüAG; R3: § 9 (1) Nr. 3 FlüAG"
    )


def test_a_member_needs_no_intake_of_their_own() -> None:
    given(member(intake=None, on="2015-09-15")).with_anchor(registered(), title("2016-05-02")).on(
        "2017-01-01"
    ).then_follow_up("2016-05-02", "R10")


def test_the_anchors_24_months_count_for_the_member() -> None:
    anything = given(member(intake="2015-03-01", entry=None)).with_anchor(registered(intake="2015-09-15"))
    anything.on("2017-03-01").then_provisional(since="2015-03-01", rule="R10", next_look_on="2017-09-15")
    anything.on("2017-09-15").then_follow_up("2017-09-15", "R10")


def test_a_member_who_comes_later_is_not_in_follow_up_housing_before() -> None:
    given(member(intake="2017-04-01")).with_anchor(registered(), title("2016-05-02")).on("2018-01-01").then_follow_up(
        "2017-04-01", "R10"
    )


def test_an_own_title_ends_provisional_housing_all_the_same() -> None:
    given(member(), title("2016-02-01")).with_anchor(registered(), title("2016-05-02")).on("2017-01-01").then_follow_up(
        "2016-02-01", "R3"
    )


def test_an_own_final_decision_ends_provisional_housing_all_the_same() -> None:
    given(member(), opened("2015-10-01"), decided("2016-08-01"), final("2016-09-05")).with_anchor(registered()).on(
        "2017-01-01"
    ).then_follow_up("2016-09-05", "R4")


def test_whoever_is_something_else_to_the_anchor_stands_alone() -> None:
    given(member("other")).with_anchor(registered(), title("2016-05-02")).on("2017-01-01").then_provisional(rule="R11")


def test_a_minor_child_is_bound_until_18() -> None:
    anything = given(member("minor_child", born="1999-11-30", intake="2016-03-01")).with_anchor(
        registered(intake="2016-03-01")
    )
    anything.on("2017-11-29").then_provisional(rule="R10", next_look_on="2017-11-30")
    anything.on("2017-11-30").then_provisional(rule="R11", since="2016-03-01", next_look_on="2018-03-01")
    anything.on("2018-03-01").then_follow_up("2018-03-01", "R6")


def test_with_18_the_own_facts_decide_even_if_they_have_waited() -> None:
    given(member("minor_child", born="2000-01-15", intake="2015-09-15")).with_anchor(
        registered(intake="2016-06-01")
    ).on("2018-01-15").then_follow_up("2018-01-15", "R6")


def test_an_adult_child_is_not_bound() -> None:
    given(member("minor_child", born="1990-01-15")).with_anchor(registered(), title("2016-05-02")).on(
        "2017-01-01"
    ).then_provisional(rule="R11")


def test_what_ended_while_a_child_does_not_come_back_with_18() -> None:
    anything = given(member("minor_child", born="1999-11-30", intake=None, on="2015-09-15")).with_anchor(
        registered(), title("2016-05-02")
    )
    anything.on("2017-11-29").then_follow_up("2016-05-02", "R10", reasons=(), next_look_on="2017-11-30")
    anything.on("2017-11-30").then_follow_up("2016-05-02", "R10", reasons=("household-bond-ended",))


@pytest.mark.parametrize("relation", ["parent", "custodian"])
def test_parents_are_bound_to_a_minor_anchor_until_it_is_of_age(relation: Relation) -> None:
    anything = given(member(relation, intake="2016-03-01")).with_anchor(
        registered(born="1999-11-30", intake="2016-03-01")
    )
    anything.on("2017-11-29").then_provisional(rule="R10", next_look_on="2017-11-30")
    anything.on("2017-11-30").then_provisional(rule="R11")


def test_parents_are_not_bound_to_an_anchor_of_age() -> None:
    given(member("parent")).with_anchor(registered(born="1990-01-01"), title("2016-05-02")).on(
        "2017-01-01"
    ).then_provisional(rule="R11")


def test_whoever_leaves_the_household_stands_alone() -> None:
    anything = given(member(), joined("2016-04-01")).with_anchor(registered(), title("2016-05-02"))
    anything.on("2016-03-31").then_provisional(rule="R10", household_id=f"household of {ANCHOR}")
    anything.on("2017-01-01").then_provisional(
        rule="R11", since="2015-09-15", next_look_on="2017-09-15", household_id=f"household of {ME}"
    )


def test_leaving_the_household_does_not_bring_provisional_housing_back() -> None:
    given(member(intake=None, on="2015-09-15"), joined("2016-06-01")).with_anchor(registered(), title("2016-05-02")).on(
        "2017-01-01"
    ).then_follow_up("2016-05-02", "R10", reasons=("household-bond-ended",))


def test_whoever_joins_a_household_in_follow_up_housing_joins_it_there() -> None:
    given(registered(), joined("2016-10-01", ANCHOR, "spouse")).with_anchor(registered(), title("2016-05-02")).on(
        "2017-01-01"
    ).then_follow_up("2016-10-01", "R10")


def test_the_anchors_departure_ends_the_bond() -> None:
    anything = given(member()).with_anchor(registered(), lives("2015-09-15"), left("2016-04-01"), title("2016-05-02"))
    anything.on("2016-03-31").then_provisional(rule="R10")
    anything.on("2016-06-01").then_provisional(rule="R11", next_look_on="2017-09-15")


def test_an_anchor_who_has_joined_another_household_passes_its_phase_on() -> None:
    given(member("minor_child", born="2010-01-01")).with_anchor(
        registered(), joined("2016-04-01", OTHER, "spouse")
    ).with_anchor(registered(), title("2015-12-01"), who=OTHER).on("2016-06-01").then_follow_up("2016-04-01", "R10")


def test_an_anchor_out_of_scope_binds_nobody() -> None:
    given(member("parent")).with_anchor(registered(category="unaccompanied_minor", born="2005-01-01")).on(
        "2016-06-01"
    ).then_provisional(rule="R11")


def test_an_anchor_who_is_not_here_yet_binds_nobody() -> None:
    anything = given(member(intake="2015-09-15")).with_anchor(registered(intake="2016-05-01"))
    anything.on("2016-04-30").then_provisional(rule="R11")
    anything.on("2016-05-01").then_provisional(rule="R10", since="2015-09-15")


# --- birth and family reunification -----------------------------------------------------------


def test_a_child_inherits_the_anchors_phase_from_its_birth() -> None:
    given(born("2016-08-01")).with_anchor(registered(), title("2016-05-02")).on("2016-08-01").then_follow_up(
        "2016-08-01", "R10"
    )


def test_a_child_born_in_provisional_housing_leaves_it_with_the_anchor() -> None:
    anything = given(born("2016-08-01")).with_anchor(registered())
    anything.on("2016-09-01").then_provisional(since="2016-08-01", rule="R10", next_look_on="2017-09-15")
    anything.on("2017-09-15").then_follow_up("2017-09-15", "R10")


def test_before_its_birth_a_child_is_not_here() -> None:
    given(born("2016-08-01")).with_anchor(registered()).on("2016-07-31").then(rule="R0", next_look_on="2016-08-01")


def test_a_childs_own_title_counts_by_the_anchors_category() -> None:
    given(born("2015-10-01"), title("2016-02-01")).with_anchor(registered()).on("2016-03-01").then_follow_up(
        "2016-02-01", "R3"
    )


def test_a_child_of_a_humanitarian_admission_leaves_after_the_six_months() -> None:
    given(born("2015-10-01"), title("2015-11-01")).with_anchor(registered(category="humanitarian")).on(
        "2016-02-01"
    ).then_provisional(rule="R10", next_look_on="2016-03-15")


def test_family_reunification_knows_no_provisional_housing() -> None:
    given(member(category="family_reunification", intake=None, on="2018-03-01", entry="2018-03-01")).with_anchor(
        registered(intake="2017-01-10")
    ).on("2018-03-01").then_follow_up("2018-03-01", "R3")


def test_family_reunification_needs_no_household() -> None:
    anything = given(registered(category="family_reunification", intake=None, on="2018-03-01", entry=None))
    anything.on("2018-02-28").then(rule="R0", next_look_on="2018-03-01")
    anything.on("2018-03-01").then_follow_up("2018-03-01", "R3")


# --- R11 --------------------------------------------------------------------------------------


def test_without_any_of_it_provisional_housing_goes_on() -> None:
    given(registered(intake="2016-06-01"), opened("2016-07-01")).on("2017-01-01").then_provisional(
        since="2016-06-01",
        rule="R11",
        legal_basis="§ 9 (1) FlüAG",
        next_look_on="2018-06-01",
        integration_management="none",
        social_advice="district",
        rule_set="flueag-2018.1",
    )


def test_living_in_a_flat_does_not_make_it_follow_up_housing() -> None:
    given(registered(), lives("2015-12-01", "private")).on("2016-06-01").then_provisional(
        rule="R11", integration_management="none", overdue_since=None
    )


# --- R12: overdue occupants -------------------------------------------------------------------


def test_entitled_but_still_in_a_shared_accommodation_is_overdue() -> None:
    anything = given(registered(), lives("2015-09-15"), title("2016-05-02"))
    anything.on("2016-05-01").then_provisional(overdue_since=None)
    anything.on("2016-05-02").then_follow_up("2016-05-02", "R3", overdue_since="2016-05-02")


def test_moving_to_another_shared_accommodation_does_not_begin_it_anew() -> None:
    given(registered(), lives("2015-09-15"), title("2016-05-02"), lives("2016-10-01", entry="next")).on(
        "2017-01-01"
    ).then(overdue_since="2016-05-02")


def test_whoever_returns_to_a_shared_accommodation_is_overdue_from_then_on() -> None:
    given(
        registered(),
        lives("2015-09-15"),
        title("2016-05-02"),
        lives("2016-06-01", "private", entry="flat"),
        lives("2016-10-01", entry="back"),
    ).on("2017-01-01").then(overdue_since="2016-10-01")


def test_moving_out_ends_it() -> None:
    given(
        registered(), lives("2015-09-15"), title("2016-05-02"), lives("2016-06-01", "follow_up_housing", entry="flat")
    ).on("2016-06-01").then(overdue_since=None)


def test_a_corrected_residence_was_so_from_the_start() -> None:
    given(registered(), lives("2015-09-15"), title("2016-05-02"), lived("2015-09-15", "private")).on("2017-01-01").then(
        overdue_since=None
    )


# --- R13: missing and contradicting facts -----------------------------------------------------


def test_living_here_without_an_intake_is_for_a_human() -> None:
    given(registered(intake=None), lives("2015-09-20")).on("2016-01-01").then_review("district-intake-missing")


def test_a_procedure_without_an_intake_is_for_a_human() -> None:
    given(registered(intake=None), opened("2015-10-01")).on("2016-01-01").then_review("district-intake-missing")


def test_a_known_title_does_not_replace_the_intake() -> None:
    given(registered(intake=None), title("2016-01-01")).on("2017-01-01").then_review("district-intake-missing")


def test_a_childs_intake_is_missed_when_its_anchor_has_gone() -> None:
    given(born("2016-01-01")).with_anchor(registered(), lives("2015-09-15"), left("2016-05-01")).on(
        "2016-05-01"
    ).then_review("district-intake-missing")


def test_a_finality_before_the_decision_is_for_a_human() -> None:
    anything = given(registered(), opened("2015-10-01"), decided("2016-08-01"), final("2016-07-01"))
    anything.on("2016-06-30").then_provisional(rule="R11")
    anything.on("2016-07-01").then_review("final-before-decision")


def test_a_contradiction_that_cannot_change_the_result_is_no_doubt() -> None:
    given(registered(), title("2016-05-02"), opened("2015-10-01"), decided("2016-08-01"), final("2016-07-01")).on(
        "2017-01-01"
    ).then_follow_up("2016-05-02", "R3")


def test_a_finality_of_an_earlier_stay_is_for_a_human() -> None:
    given(registered(entry="2015-08-20"), opened("2014-01-01"), decided("2014-06-01"), final("2014-07-01")).on(
        "2016-01-01"
    ).then_review("final-before-entry")


def test_an_intake_before_the_entry_is_for_a_human_once_its_months_are_over() -> None:
    anything = given(registered(intake="2015-09-15", entry="2015-10-01"))
    anything.on("2017-09-14").then_provisional(rule="R11", next_look_on="2017-09-15")
    anything.on("2017-09-15").then_review("intake-before-entry")


@pytest.mark.parametrize("destination", ["other_district", "abroad", "unknown", "deceased"])
def test_whoever_returns_is_for_a_human(destination: Destination) -> None:
    anything = given(
        registered(),
        lives("2015-09-15"),
        title("2016-05-02"),
        left("2017-01-01", destination),
        lives("2017-06-01", "private", entry="back"),
    )
    anything.on("2017-05-31").then_follow_up("2016-05-02", "R3")
    anything.on("2017-06-01").then_review(f"returned-after-{destination}")


RETURN: tuple[Event, ...] = (
    registered(),
    lives("2015-09-15"),
    left("2016-05-01"),
    lives("2016-11-01", "private", entry="back"),
)
DOUBTED = (event_id(2, RETURN[2]), event_id(3, RETURN[3]))


def test_a_human_decides_about_a_return() -> None:
    """Before the day of the decision, too, as everything that is learnt late."""
    anything = given(*RETURN, settled("2017-02-01", *DOUBTED, since="2017-01-01"))
    anything.on("2016-12-31").then_provisional(
        rule="R13", legal_basis="§ 9 (2) FlüAG", reasons=(), next_look_on="2017-01-01"
    )
    anything.on("2017-01-01").then_follow_up(
        "2017-01-01", "R13", legal_basis="§ 9 (2) FlüAG", integration_management="none"
    )
    anything.on("2018-03-01").then_follow_up("2017-01-01", "R13", integration_management="district")


def test_after_a_human_let_provisional_housing_go_on_the_rules_look_at_what_comes_later() -> None:
    """The 24 months had not passed on the day of the decision; a title that had been granted was known."""
    going_on = settled("2017-02-01", *DOUBTED, phase="provisional")
    anything = given(*RETURN, title("2017-01-10"), going_on)
    anything.on("2017-09-14").then_provisional(rule="R13", since="2015-09-15", next_look_on="2017-09-15")
    anything.on("2017-09-15").then_follow_up("2017-09-15", "R6")
    given(*RETURN, going_on, title("2017-03-10")).on("2017-03-10").then_follow_up("2017-03-10", "R3")


def test_a_decision_holds_for_its_doubts_and_no_others() -> None:
    decision = settled("2017-02-01", *DOUBTED, since="2017-01-01")
    again = (left("2017-03-01", entry="once more"), lives("2017-04-01", "private", entry="back again"))
    given(*RETURN, decision, *again).on("2017-04-01").then_review("returned-after-abroad")
    given(*RETURN, settled("2017-02-01", DOUBTED[0], since="2017-01-01")).on("2018-01-01").then_review(
        "returned-after-abroad"
    )
    given(*RETURN, decision, withdrawn("review")).on("2018-01-01").then_review("returned-after-abroad")
    given(*RETURN, decision, withdrawn("departure"), title("2016-12-01")).on("2018-01-01").then_follow_up(
        "2016-12-01", "R3"
    )


def test_the_latest_decision_counts() -> None:
    decisions = (
        settled("2017-02-01", *DOUBTED, since="2017-01-01"),
        settled("2017-03-01", *DOUBTED, phase="provisional", entry="on second thoughts"),
    )
    given(*RETURN, *decisions).on("2017-04-01").then_provisional(rule="R13")
    given(*RETURN, *decisions[::-1]).on("2017-04-01").then_follow_up("2017-01-01", "R13")


def test_a_decision_about_the_anchor_is_one_about_the_member() -> None:
    doubted = (event_id(2, replace(RETURN[2], person_id=ANCHOR)), event_id(3, replace(RETURN[3], person_id=ANCHOR)))
    anchor = (*RETURN, settled("2017-02-01", *doubted, since="2017-01-01"))
    given(member(intake=None, on="2016-11-01")).with_anchor(*anchor).on("2018-01-01").then_follow_up(
        "2017-01-01", "R10"
    )


def test_a_departure_recorded_by_mistake_is_no_return() -> None:
    given(
        registered(),
        lives("2015-09-15"),
        title("2016-05-02"),
        left("2017-01-01"),
        lives("2017-06-01", "private", entry="back"),
        withdrawn("departure"),
    ).on("2018-01-01").then_follow_up("2016-05-02", "R3")


def test_a_doubt_about_the_anchor_is_a_doubt_about_the_member() -> None:
    given(member()).with_anchor(
        registered(), lives("2015-09-15"), opened("2015-10-01"), decided("2016-08-01"), final("2016-07-01")
    ).on("2017-01-01").then_review("final-before-decision")


def test_an_unknown_anchor_is_for_a_human() -> None:
    given(member()).with_anchor().on("2017-01-01").then_review("anchor-unknown")


def test_a_missing_relation_is_for_a_human() -> None:
    given(member(None)).with_anchor(registered()).on("2017-01-01").then_review("relation-missing")


def test_two_who_are_each_others_anchor_are_for_a_human() -> None:
    given(member()).with_anchor(registered(anchor=ME, relation="spouse")).on("2017-01-01").then_review(
        "anchors-circular"
    )


# --- departure and what may not be read -------------------------------------------------------


def test_whoever_has_left_keeps_the_phase_of_the_last_day() -> None:
    given(registered(), lives("2015-09-15"), left("2016-04-01")).on("2018-01-01").then_provisional(
        rule="R11", next_look_on=None, integration_management="none", social_advice="none", ags=None
    )


def test_of_nobody_nothing_is_said() -> None:
    given().on("2018-01-01").then_nothing()


def test_of_an_erased_person_nothing_is_said() -> None:
    given(replace(registered(), category=Hidden.ERASED), title("2016-05-02")).on("2018-01-01").then_nothing()


def test_an_erased_anchor_is_for_a_human() -> None:
    given(member()).with_anchor(replace(registered(), category=Hidden.ERASED)).on("2017-01-01").then_review(
        "anchor-erased"
    )


def test_an_own_end_before_the_bond_needs_no_anchor() -> None:
    given(registered(), title("2016-05-02"), joined("2016-10-01", ANCHOR, "spouse")).with_anchor().on(
        "2017-01-01"
    ).then_follow_up("2016-05-02", "R3")


# --- the law itself ---------------------------------------------------------------------------


def test_a_new_rule_set_is_a_reason_to_look_at_everybody() -> None:
    rules = replace(RULE_SETS[-1], until=date(2017, 1, 1))
    given(registered()).under(rules).on("2016-06-01").then_provisional(next_look_on="2017-01-01")


def test_every_rule_set_begins_where_the_one_before_ends() -> None:
    assert [rules.until for rules in RULE_SETS] == [*(rules.in_force_from for rules in RULE_SETS[1:]), None]
    assert rule_set_on(date(1990, 1, 1)) is RULE_SETS[0]


def test_every_reason_has_words_in_both_languages() -> None:
    returned = {f"returned-after-{destination}" for destination in RULE_SETS[-1].review_on_return.value}
    assert returned <= REASONS.keys()
    assert all(said.german and str(said) for said in REASONS.values())


# --- what a result rests on -------------------------------------------------------------------


def test_a_result_names_the_events_it_rests_on() -> None:
    residence, granted = lives("2015-09-15"), title("2016-05-02")
    given(registered(), residence, granted).on("2017-01-01").then(
        rests_on=(event_id(0, registered()), event_id(2, granted), event_id(1, residence))
    )


def test_a_correction_that_repeats_a_fact_is_not_its_origin() -> None:
    given(registered(), corrected()).on("2016-01-01").then(rests_on=(event_id(0, registered()),))


def test_a_corrected_fact_is_known_from_the_correction() -> None:
    correction = corrected(intake="2015-10-20")
    given(registered(), correction).on("2016-01-01").then(rests_on=(event_id(0, registered()), event_id(1, correction)))


def test_a_members_result_rests_on_the_anchors_events_too() -> None:
    anchor, granted = registered(who=ANCHOR), replace(title("2016-05-02"), person_id=ANCHOR)
    given(member()).with_anchor(anchor, granted).on("2017-01-01").then(
        rests_on=(event_id(0, member()), event_id(0, anchor), event_id(1, granted))
    )
