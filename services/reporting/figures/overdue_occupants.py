"""Overdue occupants: entitled to follow-up housing, yet still living in a shared accommodation."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, case, or_

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Text, Unit
from services.reporting.figures.persons_in_care import entitled_in, served_by

IN_DISTRICT_MUNICIPALITIES = "district_municipalities"
IN_OWN_SERVICE_TOWNS = "own_service_towns"


def overdue(facts: Facts) -> Part:
    """Every overdue occupant on the day, in the line of whose municipality it is."""
    home = facts.homes()
    own, districts = home.c.ags.in_(served_by(facts, "own")), home.c.ags.in_(served_by(facts, "district"))
    return entitled_in(
        home,
        facts,
        line=case((own, IN_OWN_SERVICE_TOWNS), else_=IN_DISTRICT_MUNICIPALITIES),
        where=and_(home.c.kind == "shared_accommodation", or_(own, districts)),
        rule="R12",
    )


def parts(facts: Facts) -> Sequence[Part]:
    return (overdue(facts),)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {
        "total": int(sums[IN_DISTRICT_MUNICIPALITIES] + sums[IN_OWN_SERVICE_TOWNS]),
        IN_DISTRICT_MUNICIPALITIES: int(sums[IN_DISTRICT_MUNICIPALITIES]),
        IN_OWN_SERVICE_TOWNS: int(sums[IN_OWN_SERVICE_TOWNS]),
    }


FIGURE = Figure(
    name="overdue-occupants",
    version=1,
    title=Text(de="Fehlbeleger", en="Overdue occupants"),
    definition=Text(
        de=(
            "Registrierte Personen, die am Stichtag in der Phase der Anschlussunterbringung sind (§ 9 FlüAG) und noch "
            "in einer Gemeinschaftsunterkunft im Landkreis wohnen: in den vom Landkreis betreuten Gemeinden und in "
            "den Städten und Gemeinden mit eigener Betreuung."
        ),
        en=(
            "Registered persons who on the reference date are in the phase of follow-up housing (§ 9 FlüAG) and still "
            "live in a shared accommodation in the district: in the municipalities served by the district and in "
            "those with a service of their own."
        ),
    ),
    views=(
        "reporting.who_belongs_together",
        "reporting.who_lives_where",
        "reporting.who_is_entitled",
        "reporting.who_serves_where",
    ),
    quantities={
        "total": Quantity(unit=Unit.COUNT, label=Text(de="Personen", en="persons")),
        IN_DISTRICT_MUNICIPALITIES: Quantity(
            unit=Unit.COUNT,
            label=Text(de="davon in Gemeinden des Landkreises", en="of these in municipalities of the district"),
        ),
        IN_OWN_SERVICE_TOWNS: Quantity(
            unit=Unit.COUNT,
            label=Text(de="davon in Orten mit eigener Betreuung", en="of these in towns with an own service"),
        ),
    },
    parts=parts,
    value=value,
)
