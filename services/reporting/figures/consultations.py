"""How many talks were held, in which setting; and how many visits met nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said

ATTEMPTED: Final = "attempted"
SETTINGS: Final = {
    "outreach": Said(de="aufsuchend", en="outreach"),
    "office_hours": Said(de="in der Sprechstunde", en="in office hours"),
    "office": Said(de="im Büro", en="at the office"),
    "remote": Said(de="aus der Ferne", en="remote"),
}


def parts(facts: Facts) -> Sequence[Part]:
    talk = facts.talks()
    held = Part(
        rows=select().select_from(talk),
        line=talk.c.setting,
        subject="consultation",
        who=talk.c.consultation_id,
        events=(talk.c.event_id,),
        rule="held",
        spells=(Spell(talk.c.since),),
    )
    return held, attempted(facts)


def attempted(facts: Facts, *, by_team: bool = False) -> Part:
    """The visits that met nobody; ``by_team``: the team's id and a dot stand before the line."""
    visit = facts.visits()
    line: str | ColumnElement[str] = visit.c.team_id + f".{ATTEMPTED}" if by_team else ATTEMPTED
    return Part(
        rows=select().select_from(visit),
        line=line,
        subject="consultation",
        who=visit.c.consultation_id,
        events=(visit.c.event_id,),
        rule="nobody-met",
        spells=(Spell(visit.c.since),),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    held = {setting: int(sums[setting]) for setting in SETTINGS}
    return {"total": sum(held.values()), **held, ATTEMPTED: int(sums[ATTEMPTED])}


FIGURE = Figure(
    name="consultations",
    version=1,
    title=Said(de="Beratungen", en="Consultations"),
    definition=Said(
        de=(
            "Gültige Beratungen bis zum Stichtag, nach dem Ort des Gesprächs; daneben die Besuche, bei denen niemand "
            "angetroffen wurde. Eine Beratung ist ein Gespräch mit einem Fall."
        ),
        en=(
            "Valid consultations by the reference date, by where the talk was held; beside them the visits that met "
            "nobody. A consultation is one talk with one case."
        ),
    ),
    views=("reporting.who_was_advised",),
    quantities={
        "total": Quantity(unit=Unit.COUNT, label=Said(de="Beratungen", en="consultations")),
        **{setting: Quantity(unit=Unit.COUNT, label=label) for setting, label in SETTINGS.items()},
        ATTEMPTED: Quantity(unit=Unit.COUNT, label=Said(de="niemand angetroffen", en="nobody met")),
    },
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
    totals={"total": tuple(SETTINGS)},
)
