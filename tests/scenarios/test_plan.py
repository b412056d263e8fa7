"""The generated county has the plan's numbers, whatever the seed. (What the platform reports is tested elsewhere.)"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

import pytest

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import County, county
from scenarios.goeppingen_2018.households import Household, Population, add_months
from scenarios.goeppingen_2018.script import scenario
from scenarios.goeppingen_2018.talks import Talk, contacted, talks

SEEDS = (1, 2, 3, 17, 2018)


@pytest.fixture(params=SEEDS)
def chance(request: pytest.FixtureRequest) -> Random:
    return Random(request.param)


@pytest.fixture
def place() -> County:
    return county()


@pytest.fixture
def households(chance: Random, place: County) -> list[Household]:
    return Population(chance, place).everybody()


@pytest.fixture
def met(chance: Random, place: County, households: list[Household]) -> list[Household]:
    return contacted(chance, place, households)


@pytest.fixture
def held(chance: Random, met: list[Household]) -> list[Talk]:
    return talks(chance, met)


def in_care(households: Sequence[Household], place: County, day: date) -> list[int]:
    sizes = (len(household.in_care(day, place.served)) for household in households)
    return [size for size in sizes if size]


@pytest.mark.parametrize(
    ("day", "persons", "singles", "families"),
    [
        (plan.COUNTED_2017, 1024, 340, 168),
        (plan.COUNTED_SPRING, 1395, 464, 229),
        (plan.COUNTED_SUMMER, 1402, 466, 230),
        (date(2018, 8, 1), 1402, 466, 230),
        (plan.STAFFED_ON, 1404, 464, 231),
    ],
)
def test_as_many_are_in_care(
    households: list[Household], place: County, day: date, persons: int, singles: int, families: int
) -> None:
    sizes = in_care(households, place, day)
    assert (sum(sizes), sizes.count(1), len(sizes) - sizes.count(1)) == (persons, singles, families)


def test_the_first_count_is_the_funding_cohort(households: list[Household], place: County) -> None:
    first, last = plan.FUNDED_ENTRY
    cohort = [h for h in households if h.in_care(plan.COUNTED_2017, place.served)]
    assert all(first <= household.state_entry_on <= last for household in cohort)
    assert Counter(h.rule for h in cohort) == {"R3": 300, "R4+": 106, "R4-": 36, "R6": 66}


def test_the_24_months_are_exactly_so(households: list[Household]) -> None:
    waited = [h for h in households if h.rule == "R6"]
    assert waited
    assert all(h.follow_up_on == add_months(h.intake_on, 24) for h in waited)
    decided = [h for h in households if h.rule not in ("R6", None)]
    assert all(h.follow_up_on is not None and h.follow_up_on < add_months(h.intake_on, 24) for h in decided)


def test_overdue_occupants(households: list[Household], place: County) -> None:
    overdue = [h for h in households if h.rule is not None and h.housed_on is None]
    in_towns = sum(len(h.members) for h in overdue if h.accommodation_ags in place.own_service)
    assert (in_towns, sum(len(h.members) for h in overdue)) == (300, 614)


def test_as_many_were_contacted(met: list[Household], held: list[Talk]) -> None:
    counted = [talk for talk in held if talk.held_on <= plan.COUNTED_SUMMER]
    took_part = {member.key for talk in counted for member in talk.took_part}
    singles = {h.key for h in met if len(h.members) == 1}
    assert len(took_part) == 915
    assert sum(1 for key in took_part if key.partition(".")[0] in singles) == 304
    assert len(counted) == 2712
    assert sum(talk.setting == "outreach" for talk in counted) == 904


def test_the_five_topics_are_the_most_frequent(held: list[Talk]) -> None:
    topics = Counter(topic for talk in held if talk.held_on <= plan.COUNTED_SUMMER for topic in talk.topics)
    five = {topic for topic, _ in topics.most_common(5)}
    assert five == {"children", "housing", "language", "labour_market", "social_participation"}


@pytest.mark.parametrize(("day", "persons", "fte"), [(date(2018, 8, 1), 10, "8.05"), (date(2018, 11, 1), 16, "13.45")])
def test_staff(place: County, day: date, persons: int, fte: str) -> None:
    working = [manager for manager in place.staff if manager.works_on(day)]
    assert (len(working), sum(Decimal(manager.fte) for manager in working)) == (persons, Decimal(fte))


@pytest.mark.parametrize("seed", SEEDS)
def test_commands_refer_only_to_earlier_answers_and_days_go_forward(seed: int) -> None:
    posts = scenario(seed).posts
    assert 12_000 <= len(posts) <= 14_000
    assert [post.day for post in posts] == sorted(post.day for post in posts)
    assert posts[0].day >= plan.BEGINS_ON and posts[-1].day <= plan.ENDS_ON
    known: set[str] = {"case"}
    for post in posts:
        assert set(re.findall(r"\{([^}]+)\}", post.path)) <= known
        if post.name is not None:
            known.add(post.name)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_corrected_was_wrong(seed: int) -> None:
    """Else the correction would have no effect."""
    entered: dict[str, object] = {}
    for post in scenario(seed).posts:
        if post.name is not None:
            entered[post.name] = post.body
        if found := re.search(r"corrections/residences/\{(.+)\}$", post.path):
            assert entered[found[1]] != post.body


def test_the_same_seed_gives_the_same_history() -> None:
    assert scenario(5) == scenario(5)
    assert scenario(5) != scenario(6)
