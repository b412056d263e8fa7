"""How many talks each team held, and how many of its visits met nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.consultations import ATTEMPTED, attempted
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said

HELD: Final = "held"


def parts(facts: Facts) -> Sequence[Part]:
    talk = facts.talks()
    held = Part(
        rows=select().select_from(talk),
        line=talk.c.team_id + f".{HELD}",
        subject="consultation",
        who=talk.c.consultation_id,
        events=(talk.c.event_id,),
        rule="held",
        spells=(Spell(talk.c.since),),
    )
    return held, attempted(facts, by_team=True)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {line: int(sums[line]) for line in sums.lines}


FIGURE = Figure(
    name="consultations-by-team",
    version=1,
    title=Said(de="Beratungen nach Team", en="Consultations by team"),
    definition=Said(
        de=(
            "Gültige Beratungen bis zum Stichtag nach dem Team, für das sie geführt wurden; daneben die Besuche, bei "
            "denen niemand angetroffen wurde."
        ),
        en=(
            "Valid consultations by the reference date, by the team for which they were held; beside them the visits "
            "that met nobody."
        ),
    ),
    views=("reporting.who_was_advised", "reporting.who_serves_where"),
    quantities={
        HELD: Quantity(unit=Unit.COUNT, label=Said(de="Beratungen", en="consultations")),
        ATTEMPTED: Quantity(unit=Unit.COUNT, label=Said(de="niemand angetroffen", en="nobody met")),
    },
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
    by_team=True,
)
