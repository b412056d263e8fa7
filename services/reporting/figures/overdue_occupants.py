"""Overdue occupants: entitled to follow-up housing, yet still living in a shared accommodation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Unit
from services.reporting.figures.persons_in_care import Living, entitled
from shared.api.said import Said

IN_DISTRICT_MUNICIPALITIES: Final = "district_municipalities"
IN_OWN_SERVICE_TOWNS: Final = "own_service_towns"
OVERDUE: Final = (
    Living(line=IN_DISTRICT_MUNICIPALITIES, kinds=("shared_accommodation",), service="district", rule="R12"),
    Living(line=IN_OWN_SERVICE_TOWNS, kinds=("shared_accommodation",), service="own", rule="R12"),
)


def parts(facts: Facts) -> Sequence[Part]:
    return (entitled(facts, *OVERDUE),)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {
        "total": int(sums[IN_DISTRICT_MUNICIPALITIES] + sums[IN_OWN_SERVICE_TOWNS]),
        IN_DISTRICT_MUNICIPALITIES: int(sums[IN_DISTRICT_MUNICIPALITIES]),
        IN_OWN_SERVICE_TOWNS: int(sums[IN_OWN_SERVICE_TOWNS]),
    }


FIGURE = Figure(
    name="overdue-occupants",
    version=1,
    title=Said(de="Fehlbeleger", en="Overdue occupants"),
    definition=Said(
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
        "total": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons")),
        IN_DISTRICT_MUNICIPALITIES: Quantity(
            unit=Unit.COUNT,
            label=Said(de="davon in Gemeinden des Landkreises", en="of these in municipalities of the district"),
        ),
        IN_OWN_SERVICE_TOWNS: Quantity(
            unit=Unit.COUNT,
            label=Said(de="davon in Orten mit eigener Betreuung", en="of these in towns with an own service"),
        ),
    },
    parts=parts,
    value=value,
    totals={"total": (IN_DISTRICT_MUNICIPALITIES, IN_OWN_SERVICE_TOWNS)},
)
