"""The invented households: who came when, by which rule they left provisional housing, where they live.

Pure: the same random source gives the same population. Every household has an anchor (its first
member); the others are its family and share its phase.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Literal

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import County
from scenarios.goeppingen_2018.plan import Intake, Leaving, Rule

Arrival = Literal["registered", "born", "reunified"]
NATIONALITIES = ("SY", "SY", "SY", "IQ", "IQ", "AF", "ER", "IR", "GM", "NG", "PK", "SO")
LANGUAGES = {"SY": "ar", "IQ": "ar", "AF": "fa", "ER": "ti", "IR": "fa", "GM": "en", "NG": "en", "PK": "ur", "SO": "so"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    key: str
    given_name: str
    sex: str
    born_on: date
    relation: str | None
    arrival: Arrival = "registered"
    joined_on: date
    left_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Household:
    """``follow_up_on``: the day its anchor's provisional housing ends; ``housed_on``: when it moves out of the
    shared accommodation (None: still there)."""

    key: str
    family_name: str
    nationality: str
    rule: Rule | None
    state_entry_on: date
    intake_on: date
    follow_up_on: date | None
    housed_on: date | None
    accommodation: str
    accommodation_ags: str
    ags: str | None
    kind: str
    members: tuple[Member, ...]

    @property
    def anchor(self) -> Member:
        return self.members[0]

    @property
    def language(self) -> str:
        return LANGUAGES[self.nationality]

    def present(self, day: date) -> tuple[Member, ...]:
        return tuple(m for m in self.members if m.joined_on <= day and (m.left_on is None or day < m.left_on))

    def in_care(self, day: date, served: Iterable[str]) -> tuple[Member, ...]:
        """Its members in care on a day, as the plan sees it."""
        if self.housed_on is None or self.housed_on > day or self.ags is None or self.ags not in served:
            return ()
        return self.present(day)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def between(chance: Random, first: date, last: date) -> date:
    """A day from ``first`` to ``last``, both included."""
    return first + timedelta(days=chance.randint(0, (last - first).days))


class Population:
    """Builds households one after the other; keeps only the random source and the running number."""

    def __init__(self, chance: Random, county: County) -> None:
        self.chance, self.county, self.number = chance, county, 0

    def everybody(self) -> list[Household]:
        """The whole county, as it came, grew and left until the end of the scenario."""
        day = timedelta(days=1)
        singles, families = self._split(self._in_care(plan.UNTIL_2017, plan.BEGINS_ON, plan.COUNTED_2017))
        spring = (plan.COUNTED_2017 + day, plan.COUNTED_SPRING)
        newer = [
            *self._in_care(plan.SINGLES_UNTIL_SPRING, *spring),
            *self._in_care(plan.FAMILIES_UNTIL_SPRING, *spring),
        ]
        singles = self._leave_alone(singles, plan.LEAVING_UNTIL_SPRING, *spring)
        families = self._leave_member(families, plan.LEAVING_UNTIL_SPRING, *spring)
        families = self._leave_families(families, plan.LEAVING_UNTIL_SPRING, *spring)
        singles = self._reunite(singles, *spring)
        families = self._give_birth(families, plan.BIRTHS_UNTIL_SPRING, *spring)
        summer = (plan.COUNTED_SPRING + day, plan.COUNTED_SUMMER)
        newer += self._in_care(plan.UNTIL_SUMMER, *summer)
        singles = self._leave_alone(singles, plan.LEAVING_UNTIL_SUMMER, *summer)
        families = self._leave_member(families, plan.LEAVING_UNTIL_SUMMER, *summer)
        families = self._leave_families(families, plan.LEAVING_UNTIL_SUMMER, *summer)
        families = self._give_birth(families, plan.BIRTHS_UNTIL_SUMMER, *summer)
        autumn = (plan.COUNTED_SUMMER + 2 * day, plan.STAFFED_ON)
        newer += self._in_care(plan.UNTIL_AUTUMN, *autumn)
        singles = self._leave_alone(singles, plan.LEAVING_UNTIL_AUTUMN, *autumn)
        return [
            *singles,
            *families,
            *newer,
            *self._own_towns(),
            *self._overdue(*plan.OVERDUE_IN_DISTRICT, in_towns=False),
            *self._overdue(*plan.OVERDUE_IN_TOWNS, in_towns=True),
            *(self._still_provisional() for _ in range(plan.STILL_PROVISIONAL_SINGLES)),
        ]

    # --- who comes ------------------------------------------------------------------------------

    def _in_care(self, intake: Intake, first: date, last: date) -> list[Household]:
        """Households that come into care between two days."""
        sizes, rules = list(intake.sizes), list(intake.rules)
        self.chance.shuffle(rules)
        return [
            self._housed_until_2017(size, rule) if first == plan.BEGINS_ON else self._housed(size, rule, first, last)
            for size, rule in zip(sizes, rules, strict=True)
        ]

    def _housed_until_2017(self, size: int, rule: Rule) -> Household:
        """The funding cohort: entered in the window, in care on the reference date of 2017."""
        latest = date(2015, 9, 10) if rule == "R6" else date(2016, 3, 20)
        intake_on = between(self.chance, date(2015, 1, 10), latest)
        two_years = add_months(intake_on, 24)
        if rule == "R6":
            follow_up_on = two_years
        else:
            last = min(two_years - timedelta(days=5), date(2017, 9, 1))
            follow_up_on = between(self.chance, intake_on + timedelta(days=120), last)
        housed_on = between(self.chance, follow_up_on, min(follow_up_on + timedelta(days=90), plan.COUNTED_2017))
        earliest, latest_entry = plan.FUNDED_ENTRY
        entry_on = min(latest_entry, max(earliest, intake_on - timedelta(days=self.chance.randint(3, 25))))
        return self._household(size, rule, entry_on, intake_on, follow_up_on, housed_on, self._district_ags())

    def _housed(self, size: int, rule: Rule, first: date, last: date) -> Household:
        housed_on = between(self.chance, first, last)
        follow_up_on = housed_on - timedelta(days=self.chance.randint(0, 45))
        intake_on, follow_up_on = self._before(rule, follow_up_on)
        entry_on = intake_on - timedelta(days=self.chance.randint(3, 25))
        return self._household(size, rule, entry_on, intake_on, follow_up_on, housed_on, self._district_ags())

    def _before(self, rule: Rule, follow_up_on: date) -> tuple[date, date]:
        """An intake that fits the end of provisional housing, and that end moved to a day the rule can reach."""
        if rule == "R6":
            intake_on = add_months(follow_up_on, -24)
            intake_on = intake_on.replace(day=min(intake_on.day, 28))
            return intake_on, add_months(intake_on, 24)
        intake_on = follow_up_on - timedelta(days=self.chance.randint(150, 700))
        return max(intake_on, plan.BEGINS_ON + timedelta(days=4)), follow_up_on

    def _own_towns(self) -> list[Household]:
        families = [4] * ((plan.OWN_TOWN_PERSONS - plan.OWN_TOWN_SINGLES) // 4)
        found = []
        for size in [1] * plan.OWN_TOWN_SINGLES + families:
            housed_on = between(self.chance, date(2016, 1, 10), date(2018, 10, 20))
            intake_on, follow_up_on = self._before("R3", housed_on)
            entry_on = intake_on - timedelta(days=self.chance.randint(3, 25))
            ags = self.chance.choice(self.county.own_service)
            found.append(self._household(size, "R3", entry_on, intake_on, follow_up_on, housed_on, ags))
        return found

    def _overdue(self, singles: int, families: int, *, in_towns: bool) -> list[Household]:
        found = []
        for size in [1] * singles + [4] * families:
            rule = self.chance.choice(("R3", "R3", "R4+", "R6"))
            intake_on, follow_up_on = self._before(rule, between(self.chance, date(2017, 3, 1), date(2018, 10, 20)))
            entry_on = intake_on - timedelta(days=self.chance.randint(3, 25))
            house = self.chance.choice(self.county.houses(in_towns=in_towns))
            household = self._household(size, rule, entry_on, intake_on, follow_up_on, None, None)
            found.append(replace(household, accommodation=house.name, accommodation_ags=house.ags))
        return found

    def _still_provisional(self) -> Household:
        intake_on = between(self.chance, date(2017, 1, 10), date(2018, 10, 20))
        entry_on = intake_on - timedelta(days=self.chance.randint(3, 25))
        return self._household(1, None, entry_on, intake_on, None, None, None)

    def _household(
        self,
        size: int,
        rule: Rule | None,
        entry_on: date,
        intake_on: date,
        follow_up_on: date | None,
        housed_on: date | None,
        ags: str | None,
    ) -> Household:
        self.number += 1
        key, house = f"h{self.number}", self.chance.choice(self.county.accommodations)
        return Household(
            key=key,
            family_name=self.chance.choice(self.county.family),
            nationality=self.chance.choice(NATIONALITIES),
            rule=rule,
            state_entry_on=entry_on,
            intake_on=intake_on,
            follow_up_on=follow_up_on,
            housed_on=housed_on,
            accommodation=house.name,
            accommodation_ags=house.ags,
            ags=ags,
            kind="private" if self.chance.random() < 0.1 else "follow_up_housing",
            members=tuple(self._member(f"{key}.{n}", n, intake_on) for n in range(size)),
        )

    def _district_ags(self) -> str:
        return self.chance.choice(self.county.served)

    def _member(self, key: str, place: int, joined_on: date) -> Member:
        if place < 2:  # the anchor and the spouse
            born_on = between(self.chance, date(1965, 1, 1), date(1996, 12, 31))
        else:  # children stay under age until the scenario ends
            born_on = between(self.chance, date(2001, 2, 1), date(2014, 12, 1))
        relation = (None, "spouse")[place] if place < 2 else "minor_child"
        sex = self.chance.choice(("female", "male"))
        return Member(
            key=key,
            given_name=self._given(sex),
            sex=sex,
            born_on=born_on,
            relation=relation,
            joined_on=joined_on,
        )

    def _given(self, sex: str) -> str:
        return self.chance.choice(self.county.given_female if sex == "female" else self.county.given_male)

    # --- who leaves, joins, is born ---------------------------------------------------------------

    @staticmethod
    def _split(households: Sequence[Household]) -> tuple[list[Household], list[Household]]:
        return (
            [h for h in households if len(h.members) == 1],
            [h for h in households if len(h.members) > 1],
        )

    def _changeable(self, households: Sequence[Household], first: date) -> list[Household]:
        """Households in care before a period to which nothing has happened yet."""
        return [
            h
            for h in households
            if h.housed_on is not None
            and h.housed_on < first
            and all(m.left_on is None and m.arrival == "registered" for m in h.members)
        ]

    def _leave_alone(self, singles: list[Household], leaving: Leaving, first: date, last: date) -> list[Household]:
        going = self.chance.sample(self._changeable(singles, first), leaving.singles)
        return self._swap(singles, [self._gone(h, between(self.chance, first, last)) for h in going])

    def _leave_families(self, families: list[Household], leaving: Leaving, first: date, last: date) -> list[Household]:
        """Whole families, as many as the plan says and with exactly its persons."""
        free = self._changeable(families, first)
        while True:
            going = self.chance.sample(free, leaving.families)
            if sum(len(h.members) for h in going) == leaving.family_persons:
                break
        return self._swap(families, [self._gone(h, between(self.chance, first, last)) for h in going])

    def _leave_member(self, families: list[Household], leaving: Leaving, first: date, last: date) -> list[Household]:
        """One member each of families that stay families."""
        free = [h for h in self._changeable(families, first) if len(h.members) > 2]
        changed = []
        for household in self.chance.sample(free, leaving.members):
            *staying, going = household.members
            left_on = between(self.chance, first, last)
            changed.append(replace(household, members=(*staying, replace(going, left_on=left_on))))
        return self._swap(families, changed)

    def _reunite(self, singles: list[Household], first: date, last: date) -> list[Household]:
        """Families come after single persons, before the district's service has met them."""
        changed = []
        for household in self.chance.sample(self._changeable(singles, first), plan.REUNIFIED_SINGLES):
            joined_on = between(self.chance, first, min(last, plan.SERVICE_STARTS_ON - timedelta(days=7)))
            coming = [
                replace(self._member(f"{household.key}.{n}", n, joined_on), arrival="reunified")
                for n in range(1, plan.REUNIFIED_EACH + 1)
            ]
            changed.append(replace(household, members=(*household.members, *coming)))
        return self._swap(singles, changed)

    def _give_birth(self, families: list[Household], births: int, first: date, last: date) -> list[Household]:
        changed = []
        for household in self.chance.sample(self._changeable(families, first), births):
            born_on = between(self.chance, first, last)
            child = self._member(f"{household.key}.{len(household.members)}", 2, born_on)
            child = replace(child, born_on=born_on, arrival="born")
            changed.append(replace(household, members=(*household.members, child)))
        return self._swap(families, changed)

    @staticmethod
    def _gone(household: Household, left_on: date) -> Household:
        return replace(household, members=tuple(replace(m, left_on=left_on) for m in household.members))

    @staticmethod
    def _swap(households: Sequence[Household], changed: Sequence[Household]) -> list[Household]:
        newer = {household.key: household for household in changed}
        return [newer.get(household.key, household) for household in households]
