"""The caseload ratio of each regional team: persons in its municipalities per full-time equivalent of its members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Unit, ratio
from services.reporting.figures.overdue_occupants import IN_DISTRICT_MUNICIPALITIES, OVERDUE
from services.reporting.figures.persons_in_care import entitled, in_care
from shared.api.said import Said

PERSONS: Final = "persons"
FTE: Final = "fte"
OVERDUE_IN_AREA: Final = tuple(way for way in OVERDUE if way.line == IN_DISTRICT_MUNICIPALITIES)


def parts(facts: Facts) -> Sequence[Part]:
    contract, member = facts.contracts(), facts.memberships()
    posts = Part(
        rows=select().join_from(contract, member, member.c.employee_id == contract.c.employee_id),
        line=member.c.team_id + f".{FTE}",
        subject="employee",
        who=contract.c.employee_id,
        events=(contract.c.event_id, member.c.event_id),
        rule="contract-active",
        amount=contract.c.fte_hundredths,
    )
    return entitled(facts, in_care(PERSONS), *OVERDUE_IN_AREA, by_team=True), posts


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    found: dict[str, Number] = {}
    for team in dict.fromkeys(line.partition(".")[0] for line in sums.lines):
        fte, persons, overdue = (sums[f"{team}.{line}"] for line in (FTE, PERSONS, IN_DISTRICT_MUNICIPALITIES))
        found |= {
            f"{team}.persons": int(persons),
            f"{team}.overdue": int(overdue),
            f"{team}.fte": fte,
            f"{team}.housed": ratio(persons, fte),
            f"{team}.with_overdue_occupants": ratio(persons + overdue, fte),
        }
    return found


FIGURE = Figure(
    name="caseload-by-team",
    version=1,
    title=Said(de="Betreuungsschlüssel nach Team", en="Caseload ratio by team"),
    definition=Said(
        de=(
            "Zu betreuende Personen in den Gemeinden des Teams je Vollzeitäquivalent seiner Mitglieder am Stichtag; "
            "daneben mit den Fehlbelegern in diesen Gemeinden. Vertretungen zählen nicht."
        ),
        en=(
            "Persons to be looked after in the team's municipalities per full-time equivalent of its members on the "
            "reference date; beside it with the overdue occupants in these municipalities. Covers do not count."
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
        "persons": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons")),
        "overdue": Quantity(unit=Unit.COUNT, label=Said(de="Fehlbeleger", en="overdue occupants")),
        "fte": Quantity(unit=Unit.FTE, label=Said(de="Vollzeitäquivalente", en="full-time equivalents")),
        "housed": Quantity(
            unit=Unit.PER_FTE, label=Said(de="Personen je VZÄ", en="persons per FTE"), rests_on=(PERSONS,)
        ),
        "with_overdue_occupants": Quantity(
            unit=Unit.PER_FTE,
            label=Said(de="mit den Fehlbelegern je VZÄ", en="with overdue occupants, per FTE"),
            rests_on=(PERSONS, IN_DISTRICT_MUNICIPALITIES),
        ),
    },
    parts=parts,
    value=value,
    by_team=True,
)
