"""Persons to be looked after: the count the state bases its grant on."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, Subquery, and_, select

from services.reporting.as_of import AsOf, some
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Text, Unit

HOUSED = ("follow_up_housing", "private")
"""Kinds of residence outside provisional housing."""


def in_care(facts: Facts, *, line: str) -> Part:
    """Everybody in care on the day, one by one."""
    home = facts.homes()
    there = home.c.ags.in_(served_by(facts, "district"))
    return entitled_in(home, facts, line=line, where=and_(home.c.kind.in_(HOUSED), there))


def served_by(facts: Facts, service: str) -> Select[tuple[str]]:
    """The municipalities with the "district" service or an "own" one."""
    served = facts.services()
    return select(served.c.ags).where(served.c.service == service)


def entitled_in(
    home: Subquery,
    facts: Facts,
    *,
    line: str | ColumnElement[str],
    where: ColumnElement[bool],
    rule: str | None = None,
) -> Part:
    """Whoever lives in such a home, is registered, and in the phase of follow-up housing."""
    person, phase = facts.members(), facts.entitled()
    hers, of_hers = person.c.person_id == home.c.person_id, phase.c.person_id == home.c.person_id

    def told(rows: Subquery, column: str, theirs: ColumnElement[bool]) -> ColumnElement[str]:
        return select(rows.c[column]).where(theirs).correlate(home).scalar_subquery()

    return Part(
        rows=select().select_from(home).where(where, some(phase, where=of_hers), some(person, where=hers)),
        line=line,
        subject="person",
        who=home.c.person_id,
        events=(home.c.event_id, told(phase, "event_id", of_hers), told(person, "event_id", hers)),
        rule=rule or told(phase, "rule", of_hers),
    )


def parts(facts: Facts) -> Sequence[Part]:
    return (in_care(facts, line="persons"),)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"persons": int(sums["persons"])}


FIGURE = Figure(
    name="persons-in-care",
    version=1,
    title=Text(de="Zu betreuende Personen", en="Persons to be looked after"),
    definition=Text(
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
    quantities={"persons": Quantity(unit=Unit.COUNT, label=Text(de="Personen", en="persons"))},
    parts=parts,
    value=value,
)
