"""How much of the advice is outreach, in the person's home."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Spell, Sums, Unit, ratio
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    talk = facts.talks()
    return (
        Part(
            rows=select().select_from(talk),
            line=case((talk.c.setting == "outreach", "outreach"), else_="elsewhere"),
            subject="consultation",
            who=talk.c.consultation_id,
            events=(talk.c.event_id,),
            rule=talk.c.setting,
            spells=(Spell(talk.c.since),),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    consultations = sums["outreach"] + sums["elsewhere"]
    return {
        "share": ratio(sums["outreach"], consultations),
        "outreach": int(sums["outreach"]),
        "consultations": int(consultations),
    }


FIGURE = Figure(
    name="outreach-share",
    version=1,
    title=Said(de="Anteil aufsuchender Beratung", en="Share of outreach"),
    definition=Said(
        de=(
            "Anteil der aufsuchenden, also in der Wohnung geführten, an allen gültigen Beratungen bis zum Stichtag. "
            "Eine Beratung ist ein Gespräch mit einem Fall."
        ),
        en=(
            "Share of the talks held as outreach, in the person's home, in all valid consultations by the reference "
            "date. A consultation is one talk with one case."
        ),
    ),
    views=("reporting.who_was_advised",),
    quantities={
        "share": Quantity(unit=Unit.SHARE, label=Said(de="Anteil", en="share"), rests_on=("outreach", "elsewhere")),
        "outreach": Quantity(unit=Unit.COUNT, label=Said(de="aufsuchend", en="outreach")),
        "consultations": Quantity(unit=Unit.COUNT, label=Said(de="Beratungen", en="consultations")),
    },
    parts=parts,
    value=value,
    date_type=DateType.HELD_ON,
    totals={"consultations": ("outreach",)},
)
