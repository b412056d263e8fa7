"""How often families and single persons seek advice, per contacted case."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import case, func, select

from services.reporting.as_of import VALID_AT, AsOf
from services.reporting.facts import Facts
from services.reporting.figures.households import FAMILY, SINGLE, was_family
from services.reporting.figures.model import ONE, DateType, Figure, Number, Part, Quantity, Sums, Unit, ratio
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    """Each contacted case, with as many consultations as it had."""
    file, talk, every_talk = facts.cases(), facts.talks(), facts.talks()
    talks = select(talk.c.case_id, func.count().label("talks")).where(talk.c.since <= VALID_AT)
    advised = talks.group_by(talk.c.case_id).subquery()
    events = (
        select(func.aggregate_strings(every_talk.c.event_id, " "))
        .where(every_talk.c.case_id == advised.c.case_id, every_talk.c.since <= VALID_AT)
        .scalar_subquery()
    )
    return (
        Part(
            rows=select().join_from(advised, file, file.c.case_id == advised.c.case_id),
            line=case((was_family(facts, file.c.household_id), FAMILY), else_=SINGLE),
            subject="case",
            who=advised.c.case_id,
            events=(file.c.event_id, events),
            rule="advised",
            amount=advised.c.talks * ONE,
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    family = ratio(sums["family"], sums.contributions("family"))
    single = ratio(sums["single"], sums.contributions("single"))
    both: Fraction | None = family / single if family is not None and single else None
    return {
        "family": family,
        "single": single,
        "ratio": both,
        "family_cases": sums.contributions("family"),
        "single_cases": sums.contributions("single"),
    }


FIGURE = Figure(
    name="consultations-per-case",
    version=1,
    title=Said(de="Beratungen je erreichtem Fall", en="Consultations per contacted case"),
    definition=Said(
        de=(
            "Gültige Beratungen bis zum Stichtag, geteilt durch die Fälle mit mindestens einer solchen; getrennt nach "
            "Familien und Alleinstehenden, nach dem Haushalt des Falls am Stichtag. Das Verhältnis sagt, wievielmal "
            "so oft Familien Rat suchen."
        ),
        en=(
            "Valid consultations by the reference date, divided by the cases with at least one of them; for families "
            "and single persons, by the case's household on the reference date. The ratio says how many times as "
            "often families seek advice."
        ),
    ),
    views=("reporting.who_was_advised", "reporting.who_belongs_together", "reporting.who_lives_where"),
    quantities={
        "family": Quantity(unit=Unit.TIMES, label=Said(de="je Familie", en="per family"), rests_on=(FAMILY,)),
        "single": Quantity(
            unit=Unit.TIMES, label=Said(de="je alleinstehender Person", en="per single person"), rests_on=(SINGLE,)
        ),
        "ratio": Quantity(unit=Unit.TIMES, label=Said(de="Verhältnis", en="ratio"), rests_on=(FAMILY, SINGLE)),
        "family_cases": Quantity(unit=Unit.COUNT, label=Said(de="erreichte Familien", en="families contacted")),
        "single_cases": Quantity(unit=Unit.COUNT, label=Said(de="erreichte Alleinstehende", en="singles contacted")),
    },
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
    over_time=False,
)
