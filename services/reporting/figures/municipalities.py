"""Whose integration management serves how many municipalities."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    served = facts.services()
    return (
        Part(
            rows=select().select_from(served),
            line=served.c.service,
            subject="municipality",
            who=served.c.ags,
            events=(served.c.event_id,),
            rule="service-set",
            spells=(Spell.of(served),),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"district": int(sums["district"]), "own": int(sums["own"])}


FIGURE = Figure(
    name="municipalities",
    version=1,
    title=Said(de="Städte und Gemeinden", en="Municipalities"),
    definition=Said(
        de="Gemeinden nach dem am Stichtag zuständigen Integrationsmanagement: des Landkreises oder eigenes.",
        en="Municipalities by the integration management in charge on the reference date: the district's or their own.",
    ),
    views=("reporting.who_serves_where",),
    quantities={
        "district": Quantity(unit=Unit.COUNT, label=Said(de="vom Landkreis betreut", en="served by the district")),
        "own": Quantity(unit=Unit.COUNT, label=Said(de="mit eigener Betreuung", en="with an own service")),
    },
    parts=parts,
    value=value,
    of_people=False,
)
