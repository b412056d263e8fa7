"""Which households were contacted, and the talks held with them: as many and of such kinds as the plan says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import County
from scenarios.goeppingen_2018.households import Household, Member, between

SETTINGS_ELSEWHERE = ("office_hours", "office_hours", "office", "remote")
SETTINGS = ("outreach", *SETTINGS_ELSEWHERE)
TOPICS_FAMILY = {
    "children": 0.62,
    "housing": 0.55,
    "language": 0.52,
    "labour_market": 0.42,
    "social_participation": 0.36,
    "schooling": 0.15,
    "health": 0.12,
    "residence_law": 0.1,
    "finances": 0.1,
    "training_or_study": 0.08,
    "further_qualification": 0.04,
}
"""How likely a topic comes up in a talk; single persons speak of children rarely, of work more."""
TOPICS_SINGLE = TOPICS_FAMILY | {
    "children": 0.04,
    "labour_market": 0.6,
    "social_participation": 0.45,
    "schooling": 0.02,
}
STEPS = ("need", "need", "progress", "success")
FIELDS = ("children", "housing", "language", "labour_market", "social_participation", "schooling", "training_or_study")


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One talk: ``first`` is what was entered before a correction, if there was one."""

    key: str
    household: Household
    held_on: date
    setting: str
    minutes: int
    interpreter: bool
    topics: tuple[str, ...]
    steps: tuple[tuple[str, str], ...]
    health: tuple[str, ...]
    took_part: tuple[Member, ...]
    concerns: tuple[Member, ...]
    entered_wrongly: bool = False
    entered_twice: bool = False


def contacted(chance: Random, county: County, households: Sequence[Household]) -> list[Household]:
    """The households contacted until the summer count: stable ones, with exactly the plan's persons."""
    stable = [
        h
        for h in households
        if h.in_care(plan.COUNTED_SUMMER, county.served)
        and h.housed_on is not None
        and h.housed_on <= date(2018, 5, 10)
        and all(m.left_on is None and m.arrival != "born" for m in h.members)
    ]
    singles = chance.sample([h for h in stable if len(h.members) == 1], plan.CONTACTED_SINGLES)
    families = _with_persons(
        chance, [h for h in stable if len(h.members) > 1], plan.CONTACTED_FAMILIES, plan.CONTACTED_FAMILY_PERSONS
    )
    return singles + families


def _with_persons(chance: Random, families: Sequence[Household], count: int, persons: int) -> list[Household]:
    """A choice of ``count`` families with ``persons`` members in all: swaps one by one until it fits."""
    shuffled = chance.sample(families, len(families))
    chosen, rest = shuffled[:count], shuffled[count:]
    while (missing := persons - sum(len(h.members) for h in chosen)) != 0:
        a, b = chance.randrange(len(chosen)), chance.randrange(len(rest))
        if 0 < (len(rest[b].members) - len(chosen[a].members)) * (1 if missing > 0 else -1) <= abs(missing):
            chosen[a], rest[b] = rest[b], chosen[a]
    return chosen


def talks(chance: Random, households: Sequence[Household]) -> list[Talk]:
    """All talks until the summer count, and some of the months after it."""
    counted = [
        (household, n)
        for household in households
        for n in range(plan.TALKS_PER_SINGLE if len(household.members) == 1 else plan.TALKS_PER_FAMILY)
    ]
    settings = ["outreach"] * plan.OUTREACH_TALKS
    settings += [chance.choice(SETTINGS_ELSEWHERE) for _ in range(len(counted) - len(settings))]
    chance.shuffle(settings)
    found = [
        _talk(chance, f"t{number}", household, n, setting, _first_day(household), plan.COUNTED_SUMMER)
        for number, ((household, n), setting) in enumerate(zip(counted, settings, strict=True), start=1)
    ]
    later = [
        _talk(chance, f"later{n}", household, n, chance.choice(SETTINGS), date(2018, 8, 2), date(2018, 10, 31))
        for n, household in enumerate(chance.sample(households, 240))
    ]
    return found + later


def _first_day(household: Household) -> date:
    assert household.housed_on is not None
    return max(date(2018, 2, 19), household.housed_on + timedelta(days=21))


def _talk(chance: Random, key: str, household: Household, n: int, setting: str, first: date, last: date) -> Talk:
    members = household.members
    leading = members[n % len(members)]  # over the talks everybody takes part at least once
    took_part = tuple(m for m in members if m is leading or chance.random() < 0.35)
    likely = TOPICS_SINGLE if len(members) == 1 else TOPICS_FAMILY
    topics = tuple(topic for topic, chances in likely.items() if chance.random() < chances) or ("housing",)
    return Talk(
        key=key,
        household=household,
        held_on=_working_day(chance, first, last),
        setting=setting,
        minutes=chance.choice((15, 20, 30, 30, 45, 45, 60, 90)),
        interpreter=chance.random() < 0.3,
        topics=topics,
        steps=tuple((field, chance.choice(STEPS)) for field in FIELDS if field in topics and chance.random() < 0.4),
        health=(chance.choice(STEPS),) if "health" in topics else (),
        took_part=took_part,
        concerns=tuple(m for m in members if m not in took_part and chance.random() < 0.5),
        entered_wrongly=chance.random() < 0.015,
        entered_twice=chance.random() < 0.01,
    )


def _working_day(chance: Random, first: date, last: date) -> date:
    while True:
        day = between(chance, first, last)
        if day.weekday() < 5:
            return day
