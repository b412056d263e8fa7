"""What figures are sums of, and why something counts; of reporting. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.portal.language.words import mark

UNITS: Final[Mapping[str, str]] = {
    "count": mark("number"),
    "fte": mark("FTE"),
    "euro": mark("euros"),
    "share": mark("per cent"),
    "times": mark("times"),
    "per_fte": mark("persons per FTE"),
}
"""What a number of a figure is."""
SHORT: Final[Mapping[str, str]] = {
    "housed": mark("without overdue occupants"),
    "with_overdue_occupants": mark("with overdue occupants"),
    "with_overdue_occupants_outside_towns": mark("with those in municipalities of the district"),
    "fte": mark("FTE"),
    "office_hours": mark("office hours"),
}
"""Short names of numbers, by the last part of their keys."""
OTHER_LINES: Final[Mapping[str, str]] = {
    "elsewhere": mark("elsewhere"),
    "awarded": mark("awarded"),
    "rate_graduate": mark("per post and year, university degree"),
    "rate_intermediate": mark("per post and year, intermediate qualification"),
    "persons": mark("persons"),
    "fte": mark("full-time equivalents"),
    "contracts": mark("contracts"),
    "district_municipalities": mark("overdue occupants in municipalities of the district"),
    "own_service_towns": mark("overdue occupants in towns with an own service"),
}
"""Sums of contributions that are no number of the figure themselves."""
RULES: Final[Mapping[str, str]] = {
    "R12": mark("still lives in shared accommodation, though entitled to move out"),
    "undetermined": mark("no phase has been determined yet"),
    "took-part": mark("took part in a talk"),
    "advised": mark("sought advice"),
    "held": mark("the talk was held"),
    "nobody-met": mark("the visit met nobody"),
    "topic": mark("the talk was about it"),
    "contract-active": mark("the contract runs"),
    "contract-ends": mark("the contract ends"),
    "grant-runs": mark("the grant runs"),
    "rate-of-the-last-grant": mark("as the last grant says"),
    "formed": mark("the team was formed"),
    "service-set": mark("in charge according to the entry"),
}
"""Why something counts, where it is no rule of housing."""
SUBJECTS: Final[Mapping[str, str]] = {
    "person": mark("Person"),
    "employee": mark("Employee"),
    "consultation": mark("Consultation"),
    "case": mark("Case"),
    "grant": mark("Grant"),
    "municipality": mark("Municipality"),
    "team": mark("Team"),
}
"""What is counted."""
CHANGES: Final[Mapping[str, str]] = {"came": mark("came"), "went": mark("went"), "changed": mark("changed")}
"""How something counts otherwise than before."""
