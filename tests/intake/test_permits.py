"""Residence titles and tolerations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake.commands import GrantTitle, IssueToleration, WithdrawEntry
from shared.contracts.intake import TitleGranted, TolerationIssued
from tests.given import given
from tests.intake.examples import PERSON, day, fold, id_of, intake, new_id, registered

grant = GrantTitle(person_id=PERSON, section="25(2)", valid_until=day("2019-02-28"), granted_on=day("2016-03-01"))
granted = TitleGranted(
    person_id=PERSON,
    title_id=new_id("title_id"),
    section="25(2)",
    valid_until=day("2019-02-28"),
    occurred_on=day("2016-03-01"),
)
issue = IssueToleration(person_id=PERSON, section="60a", issued_on=day("2017-01-01"))
issued = TolerationIssued(
    person_id=PERSON,
    toleration_id=new_id("toleration_id"),
    section="60a",
    valid_until=None,
    occurred_on=day("2017-01-01"),
)


def test_a_title_is_granted() -> None:
    given(intake, registered).when(grant).then(granted)


def test_a_toleration_is_issued() -> None:
    given(intake, registered).when(issue).then(issued)


def test_a_validity_does_not_end_before_it_begins() -> None:
    over = day("2016-02-29")
    given(intake, registered).when(replace(grant, valid_until=over)).then_refused(
        "validity-ends-before-it-begins", entry=new_id("title_id")
    )
    given(intake, registered).when(replace(issue, valid_until=over)).then_refused(
        "validity-ends-before-it-begins", entry=new_id("toleration_id")
    )
    given(intake, registered).when(replace(issue, valid_until=issue.issued_on)).then(
        replace(issued, valid_until=issue.issued_on)
    )


@pytest.mark.parametrize(
    ("section", "first_day"),
    [("60b", "2019-08-21"), ("60c", "2020-01-01"), ("60d", "2020-01-01")],
)
def test_a_toleration_is_not_older_than_its_section(section: Any, first_day: str) -> None:
    of_that_section = replace(issue, section=section)
    too_early = replace(of_that_section, issued_on=day(first_day) - timedelta(days=1))
    given(intake, registered).when(too_early).then_refused("section-not-in-force", entry=new_id("toleration_id"))
    given(intake, registered).when(replace(of_that_section, issued_on=day(first_day))).then(
        replace(issued, section=section, occurred_on=day(first_day))
    )


def test_a_title_is_not_older_than_its_section() -> None:
    chance = replace(grant, section="104c", valid_until=None)
    given(intake, registered).when(replace(chance, granted_on=day("2022-12-30"))).then_refused("section-not-in-force")
    given(intake, registered).when(replace(chance, granted_on=day("2022-12-31"))).then(
        replace(granted, section="104c", valid_until=None, occurred_on=day("2022-12-31"))
    )


def test_none_is_older_than_the_person() -> None:
    given(intake, registered).when(replace(grant, granted_on=day("1990-05-16"))).then_refused("before-birth")


def test_both_can_be_withdrawn() -> None:
    one, two = replace(granted, title_id=id_of("title")), replace(issued, toleration_id=id_of("toleration"))
    for entry_id, left in ((one.title_id, "toleration"), (two.toleration_id, "title")):
        withdraw = WithdrawEntry(person_id=PERSON, entry_id=entry_id, reason="not_true", withdrawn_on=day("2018-01-01"))
        decided = intake.decide(fold(registered, one, two), withdraw)
        person = fold(registered, one, two, *decided)
        assert person is not None
        assert [permit.kind for permit in person.permits] == [left]
