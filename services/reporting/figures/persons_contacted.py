"""Persons contacted: everybody who took part in a talk at least once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from services.reporting.as_of import VALID_AT, AsOf, in_order_of
from services.reporting.facts import Facts
from services.reporting.figures.households import FAMILY, SINGLE, single_or_family
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    person, contact, every_contact = facts.members(), facts.contacts(), facts.contacts()
    first = select(func.min(contact.c.since)).where(contact.c.person_id == person.c.person_id).scalar_subquery()
    events = (
        select(func.aggregate_strings(every_contact.c.event_id, " "))
        .where(every_contact.c.person_id == person.c.person_id, every_contact.c.since <= VALID_AT)
        .scalar_subquery()
    )
    return (
        Part(
            rows=select().select_from(person).where(in_order_of(person.c.household_id)),
            line=single_or_family(facts, person),
            subject="person",
            who=person.c.person_id,
            events=(person.c.event_id, events),
            rule="took-part",
            spells=(Spell.of(person), Spell(first)),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    single, family = int(sums[SINGLE]), int(sums[FAMILY])
    return {"total": single + family, SINGLE: single, FAMILY: family}


FIGURE = Figure(
    name="persons-contacted",
    version=1,
    title=Said(de="Erreichte Personen", en="Persons contacted"),
    definition=Said(
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
        "total": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons")),
        SINGLE: Quantity(unit=Unit.COUNT, label=Said(de="davon alleinstehend", en="of these single")),
        FAMILY: Quantity(unit=Unit.COUNT, label=Said(de="davon in Familien", en="of these in families")),
    },
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
    totals={"total": (SINGLE, FAMILY)},
)
