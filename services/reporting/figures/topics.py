"""What the talks are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said

LABELS: Final = {
    "language": Said(de="Sprache", en="language"),
    "schooling": Said(de="Schule", en="schooling"),
    "training_or_study": Said(de="Ausbildung oder Studium", en="training or study"),
    "labour_market": Said(de="Arbeit", en="work"),
    "further_qualification": Said(de="Weiterbildung", en="further qualification"),
    "housing": Said(de="Wohnen", en="housing"),
    "social_participation": Said(de="Gesellschaftliche Teilhabe", en="social participation"),
    "health": Said(de="Gesundheit", en="health"),
    "children": Said(de="Kinder", en="children"),
    "residence_law": Said(de="Aufenthaltsrecht", en="residence law"),
    "finances": Said(de="Finanzen", en="finances"),
}


def parts(facts: Facts) -> Sequence[Part]:
    talk, about = facts.talks(), facts.topics()
    return (
        Part(
            rows=select().join_from(about, talk, talk.c.position == about.c.position),
            line=about.c.topic,
            subject="consultation",
            who=talk.c.consultation_id,
            events=(talk.c.event_id,),
            rule="topic",
            spells=(Spell(talk.c.since),),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    """The topics that were talked about, the most frequent one first."""
    return {topic: int(count) for topic, count in sums.by_size()}


FIGURE = Figure(
    name="topics",
    version=1,
    title=Said(de="Themen der Beratung", en="Topics of advice"),
    definition=Said(
        de="Gültige Beratungen bis zum Stichtag je Thema, das häufigste zuerst. Eine Beratung kann mehrere haben.",
        en="Valid consultations by the reference date per topic, the most frequent first. A talk may have several.",
    ),
    views=("reporting.who_was_advised",),
    quantities={topic: Quantity(unit=Unit.COUNT, label=label) for topic, label in LABELS.items()},
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
)
