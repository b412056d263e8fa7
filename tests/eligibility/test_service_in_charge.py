"""Who serves a person, by phase, residence and day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.eligibility.rules import RULE_SETS
from services.eligibility.rules.model import Marked
from tests.eligibility.sentences import GOEPPINGEN, Given, given, left, lives, registered, title

HOUSED = given(registered(), lives("2016-06-01", "follow_up_housing"), title("2016-05-02"))
PRIVATE = given(registered(), lives("2016-06-01", "private"), title("2016-05-02"))
OVERDUE = given(registered(), lives("2015-09-15"), title("2016-05-02"))
IN_TOWN = given(registered(), lives("2016-06-01", "follow_up_housing", GOEPPINGEN), title("2016-05-02"))
OVERDUE_IN_TOWN = given(registered(), lives("2015-09-15", ags=GOEPPINGEN), title("2016-05-02"))
PROVISIONAL_FLAT = given(registered(intake="2017-06-01"), lives("2017-06-01", "private"))
UNKNOWN_ADDRESS = given(registered(), title("2016-05-02"))
GONE = given(registered(), lives("2016-06-01", "private"), title("2016-05-02"), left("2018-01-10"))
DEAD = given(registered(), lives("2016-06-01", "private"), title("2016-05-02"), left("2018-01-10", "deceased"))


def own(person: Given) -> Given:
    return person.where_the_town_serves("own", "2016-01-01")


@pytest.mark.parametrize(
    ("person", "on", "served_by"),
    [
        (HOUSED, "2018-01-31", "none"),
        (HOUSED, "2018-02-01", "district"),
        (HOUSED, "2018-11-05", "district"),
        (PRIVATE, "2018-02-01", "district"),
        (own(IN_TOWN), "2018-01-31", "none"),
        (own(IN_TOWN), "2018-02-01", GOEPPINGEN),
        (IN_TOWN, "2018-02-01", "district"),
        (OVERDUE, "2018-09-30", "none"),
        (OVERDUE, "2018-10-01", "district"),
        (own(OVERDUE_IN_TOWN), "2018-09-30", "none"),
        (own(OVERDUE_IN_TOWN), "2018-10-01", "district"),
        (PROVISIONAL_FLAT, "2018-11-05", "none"),
        (UNKNOWN_ADDRESS, "2018-11-05", "none"),
        (GONE, "2018-02-01", "none"),
        (DEAD, "2018-02-01", "none"),
    ],
)
def test_integration_management(person: Given, on: str, served_by: str) -> None:
    person.on(on).then(integration_management=served_by)


@pytest.mark.parametrize(
    ("person", "advised_by"),
    [
        (HOUSED, "district"),
        (own(IN_TOWN), "district"),
        (OVERDUE, "district"),
        (PROVISIONAL_FLAT, "district"),
        (GONE, "none"),
        (DEAD, "none"),
    ],
)
def test_social_advice_is_the_districts_while_somebody_lives_in_it(person: Given, advised_by: str) -> None:
    person.on("2018-03-01").then(social_advice=advised_by)


def test_while_a_human_looks_nobody_says_who_serves() -> None:
    given(registered(intake=None), lives("2016-06-01", "private")).on("2018-03-01").then(
        integration_management=None, social_advice="district"
    )


@pytest.mark.parametrize(("choice", "served_by"), [("district", "district"), ("own", GOEPPINGEN), ("none", "none")])
def test_who_serves_overdue_occupants_in_a_town_with_its_own_service_is_configurable(choice, served_by) -> None:  # type: ignore[no-untyped-def]
    rules = replace(RULE_SETS[-1], overdue_in_own_town=Marked(choice, "proposal", "a test"))
    own(OVERDUE_IN_TOWN).under(rules).on("2018-10-01").then(integration_management=served_by)


# --- when time alone brings another service ---------------------------------------------------


@pytest.mark.parametrize(
    ("person", "on", "again_on"),
    [
        (HOUSED, "2017-09-01", "2018-02-01"),
        (HOUSED, "2018-02-01", None),
        (own(IN_TOWN), "2017-09-01", "2018-02-01"),
        (OVERDUE, "2017-09-01", "2018-10-01"),
        (OVERDUE, "2018-10-01", None),
        (PROVISIONAL_FLAT, "2017-09-01", "2019-06-01"),
        (UNKNOWN_ADDRESS, "2017-09-01", None),
        (GONE, "2018-01-31", None),
    ],
)
def test_the_day_of_the_next_look(person: Given, on: str, again_on: str | None) -> None:
    person.on(on).then(next_look_on=again_on)


def test_a_municipality_may_change_its_service() -> None:
    person = IN_TOWN.where_the_town_serves("district", "2016-01-01").where_the_town_serves("own", "2018-07-01")
    person.on("2018-03-01").then(integration_management="district", next_look_on="2018-07-01")
    person.on("2018-07-01").then(integration_management=GOEPPINGEN, next_look_on=None)


def test_a_change_that_changes_nothing_for_the_person_is_no_reason_to_look() -> None:
    OVERDUE_IN_TOWN.where_the_town_serves("own", "2019-01-01").on("2018-10-01").then(next_look_on=None)
