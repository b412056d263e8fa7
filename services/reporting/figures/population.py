"""Everybody who lives in the district: by phase, and by where they live."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from sqlalchemy import case, func, select

from services.reporting.as_of import AsOf, in_order_of
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Spell, Sums, Turning, Unit
from services.reporting.views.who_lives_where import LEFT
from shared.api.said import Said

UNDETERMINED: Final = "undetermined"
PHASES: Final = {
    "provisional": Said(de="vorläufige Unterbringung", en="provisional housing"),
    "follow_up": Said(de="Anschlussunterbringung", en="follow-up housing"),
    "manual_review": Said(de="von Hand zu prüfen", en="to be reviewed by hand"),
    "not_in_district": Said(de="noch nicht aufgenommen", en="not yet taken in"),
    "out_of_scope": Said(de="nicht betroffen", en="out of scope"),
    UNDETERMINED: Said(de="noch nicht bestimmt", en="not determined yet"),
}
KINDS: Final = {
    "shared_accommodation": Said(de="in einer Gemeinschaftsunterkunft", en="in a shared accommodation"),
    "follow_up_housing": Said(de="in einer Anschlussunterkunft", en="in follow-up housing"),
    "private": Said(de="in einer eigenen Wohnung", en="in a home of their own"),
}


def parts(facts: Facts) -> Sequence[Part]:
    """Only the newest determination is asked: before follow-up housing was provisional housing."""
    home, person, phase = facts.homes(), facts.members(), facts.determined()
    before = case((phase.c.phase == "follow_up", "provisional"), else_=UNDETERMINED)
    then = func.coalesce(phase.c.phase, UNDETERMINED)
    return (
        Part(
            rows=select()
            .select_from(home)
            .join(person, person.c.person_id == home.c.person_id)
            .join(phase, phase.c.person_id == home.c.person_id, isouter=True)
            .where(home.c.kind != LEFT, in_order_of(home.c.person_id)),
            line=Turning(before + "." + home.c.kind, phase.c.since, then + "." + home.c.kind),
            subject="person",
            who=home.c.person_id,
            events=(home.c.event_id, person.c.event_id, phase.c.event_id),
            rule=func.coalesce(phase.c.rule, UNDETERMINED),
            spells=(Spell.of(home), Spell.of(person)),
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    """Every combination that there is."""
    counts = {line: int(sums[line]) for line in sums.lines}
    return {"total": sum(counts.values()), **counts}


FIGURE = Figure(
    name="population",
    version=1,
    title=Said(de="Bevölkerung nach Phase und Wohnform", en="Population by phase and kind of housing"),
    definition=Said(
        de=(
            "Registrierte Personen, die am Stichtag im Landkreis wohnen: nach der Phase der Unterbringung (§ 9 FlüAG), "
            "wie sie zuletzt bestimmt wurde, und der Art der Wohnung."
        ),
        en=(
            "Registered persons who live in the district on the reference date: by the phase of their housing "
            "(§ 9 FlüAG), as it was determined last, and the kind of residence."
        ),
    ),
    views=("reporting.who_belongs_together", "reporting.who_lives_where", "reporting.who_is_entitled"),
    quantities={
        "total": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons")),
        **{
            f"{phase}.{kind}": Quantity(
                unit=Unit.COUNT,
                label=Said(
                    de=f"{PHASES[phase].german}, {KINDS[kind].german}",
                    en=f"{PHASES[phase]}, {KINDS[kind]}",
                ),
            )
            for phase, kind in product(PHASES, KINDS)
        },
    },
    parts=parts,
    value=value,
    totals={"total": tuple(f"{phase}.{kind}" for phase, kind in product(PHASES, KINDS))},
)
