"""The regional teams."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    team = facts.teams()
    return (
        Part(
            rows=select().select_from(team),
            line="teams",
            subject="team",
            who=team.c.team_id,
            events=(team.c.event_id,),
            rule="formed",
            spells=(Spell.of(team),),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"teams": int(sums["teams"])}


FIGURE = Figure(
    name="teams",
    version=1,
    title=Said(de="Regionalteams", en="Regional teams"),
    definition=Said(de="Bis zum Stichtag gebildete Regionalteams.", en="Regional teams formed by the reference date."),
    views=("reporting.who_serves_where",),
    quantities={"teams": Quantity(unit=Unit.COUNT, label=Said(de="Teams", en="teams"))},
    parts=parts,
    value=value,
    of_people=False,
)
