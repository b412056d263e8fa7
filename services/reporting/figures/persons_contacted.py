"""Persons contacted: everybody who took part in a talk at least once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, case, func, select

from services.reporting.as_of import AsOf, some
from services.reporting.facts import Facts
from services.reporting.figures.households import household_sizes
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Text, Unit


def parts(facts: Facts) -> Sequence[Part]:
    person, talk, took_part = household_sizes(facts), facts.talks(), facts.participants()
    all_talks, all_parts = facts.talks(), facts.participants()
    there = and_(took_part.c.person_id == person.c.person_id, took_part.c.position == talk.c.position)
    events = (
        select(func.aggregate_strings(all_talks.c.event_id, " "))
        .join_from(all_parts, all_talks, all_talks.c.position == all_parts.c.position)
        .where(all_parts.c.person_id == person.c.person_id)
        .correlate(person)
        .scalar_subquery()
    )
    return (
        Part(
            rows=select().select_from(person).where(some(took_part, talk, where=there)),
            line=case((person.c.size > 1, "family"), else_="single"),
            subject="person",
            who=person.c.person_id,
            events=(person.c.event_id, events),
            rule="took-part",
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    single, family = int(sums["single"]), int(sums["family"])
    return {"total": single + family, "single": single, "family": family}


FIGURE = Figure(
    name="persons-contacted",
    version=1,
    title=Text(de="Erreichte Personen", en="Persons contacted"),
    definition=Text(
        de=(
            "Verschiedene Personen, die bis zum Stichtag an mindestens einer gültigen Beratung teilgenommen haben; wen "
            "ein Gespräch nur betrifft, zählt nicht. Alleinstehend ist, wer am Stichtag einen Haushalt für sich "
            "bildet; wer fortgezogen ist, zählt mit denen, die nicht früher gegangen waren."
        ),
        en=(
            "Distinct persons who by the reference date took part in at least one valid consultation; whom a talk "
            "merely concerns does not count. Single is a household of one on the reference date; who has left the "
            "district counts with those who had not left earlier."
        ),
    ),
    views=("reporting.who_belongs_together", "reporting.who_lives_where", "reporting.who_was_advised"),
    quantities={
        "total": Quantity(unit=Unit.COUNT, label=Text(de="Personen", en="persons")),
        "single": Quantity(unit=Unit.COUNT, label=Text(de="davon alleinstehend", en="of these single")),
        "family": Quantity(unit=Unit.COUNT, label=Text(de="davon in Familien", en="of these in families")),
    },
    parts=parts,
    value=value,
)
