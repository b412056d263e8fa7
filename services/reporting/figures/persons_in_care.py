"""Persons to be looked after: the count the state bases its grant on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, FromClause, and_, case, or_, select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Spell, Sums, Unit
from shared.api.said import Said

HOUSED: Final = ("follow_up_housing", "private")
"""Kinds of residence outside provisional housing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A way to live, of whoever is entitled to follow-up housing: in such a residence, where that service serves.

    ``rule`` says why they count, where it is not the rule by which they are entitled.
    """

    line: str
    kinds: Sequence[str]
    service: str
    rule: str | None = None

    def among(self, home: FromClause, served: FromClause) -> ColumnElement[bool]:
        return and_(home.c.kind.in_(self.kinds), served.c.service == self.service)


def in_care(line: str) -> Living:
    return Living(line=line, kinds=HOUSED, service="district")


def entitled(facts: Facts, *living: Living, by_team: bool = False) -> Part:
    """Whoever is registered, in the phase of follow-up housing and lives in one of these ways.

    ``by_team``: only where a team serves the municipality, whose id and a dot stand before the line.
    """
    home, person, phase, served = facts.homes(), facts.members(), facts.entitled(), facts.services()
    rows = (
        select()
        .select_from(home)
        .join(phase, phase.c.person_id == home.c.person_id)
        .join(person, person.c.person_id == home.c.person_id)
        .join(served, served.c.ags == home.c.ags)
    )
    spells = [home, phase, person, served]
    line: ColumnElement[str] = case(*((way.among(home, served), way.line) for way in living))
    if by_team:
        area = facts.areas()
        rows = rows.join(area, area.c.ags == home.c.ags)
        spells.append(area)
        line = area.c.team_id + "." + line
    own_rules = [(way.among(home, served), way.rule) for way in living if way.rule]
    return Part(
        rows=rows.where(or_(*(way.among(home, served) for way in living))),
        line=line,
        subject="person",
        who=home.c.person_id,
        events=(home.c.event_id, phase.c.event_id, person.c.event_id),
        rule=case(*own_rules, else_=phase.c.rule) if own_rules else phase.c.rule,
        spells=[Spell.of(rows) for rows in spells],
    )


def parts(facts: Facts) -> Sequence[Part]:
    return (entitled(facts, in_care("persons")),)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"persons": int(sums["persons"])}


FIGURE = Figure(
    name="persons-in-care",
    version=1,
    title=Said(de="Zu betreuende Personen", en="Persons to be looked after"),
    definition=Said(
        de=(
            "Personen, die am Stichtag in der Phase der Anschlussunterbringung (§ 9, § 18 FlüAG) und registriert "
            "sind und in Anschlussunterbringung oder privat in einer Gemeinde wohnen, die der Landkreis betreut. "
            "Wer noch in vorläufiger Unterbringung wohnt oder fortgezogen ist, zählt nicht. "
            "Abgeleitet aus Phase und Wohnsitz, nicht aus Fällen."
        ),
        en=(
            "Persons who on the reference date are in the phase of follow-up housing (§ 9, § 18 FlüAG), registered, "
            "and live in follow-up housing or privately in a municipality served by the district. "
            "Who still lives in provisional housing or has left does not count. "
            "Derived from phase and residence, not from cases."
        ),
    ),
    views=(
        "reporting.who_belongs_together",
        "reporting.who_lives_where",
        "reporting.who_is_entitled",
        "reporting.who_serves_where",
    ),
    quantities={"persons": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons"))},
    parts=parts,
    value=value,
)
