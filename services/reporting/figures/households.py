"""Alone, or a family? The size of a household on a reference date."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Subquery, func, literal, select

from services.reporting.facts import Facts
from shared.projections.view import Day

STILL_HERE: Final = literal(date.max, Day)


def household_sizes(facts: Facts) -> Subquery:
    """person_id, household_id, event_id and ``size``: how many of the household had not left before the person.

    So somebody who is here counts with those who are here, and somebody who has left the district counts
    with those who were there to the end or are still here.
    """
    member = facts.members()
    departure = select(facts.departures()).cte().prefix_with("materialized")  # few: found once, not for each member
    stays_until = func.coalesce(departure.c.since, STILL_HERE)
    size = func.count().over(partition_by=member.c.household_id, order_by=stays_until.desc())
    return (
        select(member.c.person_id, member.c.household_id, member.c.event_id, size.label("size"))
        .join_from(member, departure, departure.c.person_id == member.c.person_id, isouter=True)
        .subquery()
    )


def case_sizes(facts: Facts) -> Subquery:
    """case_id, event_id and ``size`` of each case: as its household is, or, if all have left, was at the end.

    A case whose household has no members any more has no size.
    """
    file, person = facts.cases(), household_sizes(facts)
    household = (
        select(person.c.household_id, func.min(person.c.size).label("size")).group_by(person.c.household_id).subquery()
    )
    return (
        select(file.c.case_id, file.c.event_id, household.c.size)
        .join_from(file, household, household.c.household_id == file.c.household_id, isouter=True)
        .subquery()
    )
