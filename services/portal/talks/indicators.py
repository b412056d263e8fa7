"""The indicators that are to be reported per person and day, and how many of them one recorded talk answers. Pure.

No. 6.2 of the VwV Integrationsmanagement demands them; its verbatim list was not found. These 47 are the platform's
reconstruction, in the list's four themes and in its order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

PERSON: Final = (
    "case_type",
    "age_group",
    "sex",
    "nationality",
    "residence_status_group",
    "arrived_in_funding_window",
    "housing_form_and_municipality",
    "household_size",
)
"""K01–K08: what a person's record says, and nobody asks for in a talk."""
CONTACT: Final = (
    "person_reached",
    "consultations",
    "of_which_outreach",
    "of_which_office_hours",
    "of_which_office",
    "of_which_remote",
    "duration_minutes",
    "interpreter_used",
)
"""K09–K16: what follows from a talk having been held, for each who took part."""
PLAN: Final = ("integration_plan_created", "goal_agreement_or_revision", "referral", "case_closed_reason")
"""K17–K20: recorded by themselves, never by a talk."""
ACTION_FIELDS: Final = (
    "language",
    "schooling",
    "training_or_study",
    "labour_market",
    "further_qualification",
    "housing",
    "social_participation",
    "health",
    "children",
)
STEPS: Final = ("need", "progress", "success")
"""K21–K47: each step in each action field."""


@dataclass(frozen=True, slots=True)
class Derived:
    """How many values a talk gives; a value is one indicator of one person on the day of the talk.

    ``persons`` took part. ``person`` and ``contact`` are the values of these themes, ``steps`` of the field matrix.
    """

    persons: int
    person: int
    contact: int
    steps: int

    @property
    def total(self) -> int:
        return self.person + self.contact + self.steps


def derived(took_part: Collection[str], concerns: Collection[str], steps: Collection[str]) -> Derived:
    """What is known for the statistics once a talk is recorded, without anybody typing it.

    Each who took part has all values of the person and of the contact: one setting makes four of them. A touched step
    (``housing.need``) is a value of each whom the talk concerns; where it names nobody, of each who took part. A step
    that was not touched was not asked: it is no value, not a "no".
    """
    persons, affected = len(set(took_part)), len(set(concerns) or set(took_part))
    return Derived(
        persons=persons,
        person=persons * len(PERSON),
        contact=persons * len(CONTACT),
        steps=affected * len(set(steps)) if persons else 0,
    )


def entered(given: Mapping[str, Collection[str]], proposed: Mapping[str, Collection[str]]) -> int:
    """How many values somebody gave by hand: what is not as the form had proposed it, field by field.

    A value in the place of another is one; so is one that was only taken away, and a note however long.
    """
    return sum(
        max(len(now - before), len(before - now))
        for name in {*given, *proposed}
        for now, before in [(_values(given, name), _values(proposed, name))]
    )


def _values(fields: Mapping[str, Collection[str]], name: str) -> set[str]:
    return {value for value in fields.get(name, ()) if value}
