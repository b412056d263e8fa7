"""The numbers the generated county is built to have. Only the generator and its test know them.

The figures are those of the district's report of 2018; how many came, left and were born between the
reference dates is arithmetic that satisfies all of them at once. "In care" means: follow-up phase,
housed outside shared accommodation in a municipality served by the district, present.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

BEGINS_ON = date(2015, 1, 1)
COUNTED_2017 = date(2017, 9, 15)
COUNTED_SPRING = date(2018, 5, 31)
COUNTED_SUMMER = date(2018, 7, 31)
SERVICE_STARTS_ON = date(2018, 2, 1)
STAFFED_ON = date(2018, 11, 1)
ENDS_ON = date(2018, 11, 5)

FUNDED_ENTRY = (date(2015, 1, 1), date(2016, 2, 29))
"""Entry into the state of the cohort by which the funding was counted."""

Rule = str
"""How a household's anchor left provisional housing: "R3", "R4+", "R4-" (final either way) or "R6"."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Households that come into care in a period: sizes, and how many by which rule."""

    sizes: tuple[int, ...]
    rules: tuple[Rule, ...]


def _rules(r3: int, r4_positive: int, r4_negative: int, r6: int) -> tuple[Rule, ...]:
    return ("R3",) * r3 + ("R4+",) * r4_positive + ("R4-",) * r4_negative + ("R6",) * r6


def _sizes(**households: int) -> tuple[int, ...]:
    return tuple(int(size[1:]) for size, count in households.items() for _ in range(count))


UNTIL_2017 = Intake(_sizes(n1=340, n2=20, n3=38, n4=51, n5=36, n6=15, n7=8), _rules(300, 106, 36, 66))
SINGLES_UNTIL_SPRING = Intake(_sizes(n1=154), _rules(48, 16, 24, 66))
FAMILIES_UNTIL_SPRING = Intake(_sizes(n2=9, n3=13, n4=18, n5=12, n6=5, n7=3), _rules(22, 8, 4, 26))
UNTIL_SUMMER = Intake(_sizes(n1=6, n4=2), _rules(4, 0, 1, 3))
UNTIL_AUTUMN = Intake(_sizes(n4=1), _rules(1, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class Leaving:
    """Who goes out of care in a period: single persons, whole families with their persons, family members."""

    singles: int
    families: int
    family_persons: int
    members: int


LEAVING_UNTIL_SPRING = Leaving(singles=22, families=7, family_persons=28, members=16)
LEAVING_UNTIL_SUMMER = Leaving(singles=4, families=1, family_persons=4, members=2)
LEAVING_UNTIL_AUTUMN = Leaving(singles=2, families=0, family_persons=0, members=0)
BIRTHS_UNTIL_SPRING = 19
BIRTHS_UNTIL_SUMMER = 3
REUNIFIED_SINGLES, REUNIFIED_EACH = 8, 3

CONTACTED_SINGLES, TALKS_PER_SINGLE = 304, 3
CONTACTED_FAMILIES, CONTACTED_FAMILY_PERSONS, TALKS_PER_FAMILY = 150, 611, 12
OUTREACH_TALKS = 904

OWN_TOWN_PERSONS = 1052
OWN_TOWN_SINGLES = 300
OVERDUE_IN_DISTRICT = (114, 50)
"""Overdue occupants in shared accommodations of the 33 municipalities: singles, families of four; 314 persons."""
OVERDUE_IN_TOWNS = (100, 50)
"""The same in the five towns with a service of their own: 300 persons."""
STILL_PROVISIONAL_SINGLES = 40

GRANT = "815185.00"
RATE_GRADUATE, RATE_INTERMEDIATE = "64000.00", "51000.00"
