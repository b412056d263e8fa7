"""The caseload ratio (Betreuungsschlüssel): persons per full-time equivalent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Unit, ratio
from services.reporting.figures.overdue_occupants import IN_DISTRICT_MUNICIPALITIES, IN_OWN_SERVICE_TOWNS, OVERDUE
from services.reporting.figures.persons_in_care import entitled, in_care
from services.reporting.figures.staff import posts
from shared.api.said import Said

LINES: Final[Sequence[tuple[date, str, tuple[str, ...]]]] = (
    (date.min, "housed", ("in_care",)),
    # From 1 October 2018 integration management, not the refugee social service, is in charge of those who
    # live in a shared accommodation although they are entitled to follow-up housing.
    (date(2018, 10, 1), "with_overdue_occupants", ("in_care", IN_DISTRICT_MUNICIPALITIES, IN_OWN_SERVICE_TOWNS)),
    (date(2018, 10, 1), "with_overdue_occupants_outside_towns", ("in_care", IN_DISTRICT_MUNICIPALITIES)),
)
"""From which day on which ratio is shown, and whom it counts."""


def parts(facts: Facts) -> Sequence[Part]:
    return entitled(facts, in_care("in_care"), *OVERDUE), posts(facts)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {
        name: ratio(sum(sums[line] for line in counted), sums["fte"])
        for since, name, counted in LINES
        if since <= as_of.valid_at
    }


FIGURE = Figure(
    name="caseload-per-fte",
    version=1,
    title=Said(de="Betreuungsschlüssel", en="Caseload ratio"),
    definition=Said(
        de=(
            "Zu betreuende Personen je Vollzeitäquivalent am Stichtag. Ab dem 01.10.2018 daneben mit den Fehlbelegern, "
            "für die seitdem das Integrationsmanagement zuständig ist: mit allen, und mit denen in den vom Landkreis "
            "betreuten Gemeinden."
        ),
        en=(
            "Persons to be looked after per full-time equivalent on the reference date. From 1 October 2018 also with "
            "the overdue occupants, who are in the charge of integration management since: with all of them, and with "
            "those in the municipalities served by the district."
        ),
    ),
    views=(
        "reporting.who_belongs_together",
        "reporting.who_lives_where",
        "reporting.who_is_entitled",
        "reporting.who_serves_where",
        "reporting.who_works_here",
    ),
    quantities={
        "housed": Quantity(
            unit=Unit.PER_FTE, label=Said(de="Personen je VZÄ", en="persons per FTE"), rests_on=("in_care",)
        ),
        "with_overdue_occupants": Quantity(
            unit=Unit.PER_FTE,
            label=Said(de="mit allen Fehlbelegern", en="with all overdue occupants"),
            rests_on=("in_care", IN_DISTRICT_MUNICIPALITIES, IN_OWN_SERVICE_TOWNS),
        ),
        "with_overdue_occupants_outside_towns": Quantity(
            unit=Unit.PER_FTE,
            label=Said(
                de="mit den Fehlbelegern in Gemeinden des Landkreises",
                en="with the overdue occupants in municipalities of the district",
            ),
            rests_on=("in_care", IN_DISTRICT_MUNICIPALITIES),
        ),
    },
    parts=parts,
    value=value,
)
