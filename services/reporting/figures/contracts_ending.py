"""The contracts that end: by their last day, also one that lies ahead."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal, select

from services.reporting.as_of import AsOf
from services.reporting.facts import Facts
from services.reporting.figures.model import DateType, Figure, Number, Part, Quantity, Sums, Unit
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    ended = facts.ended_contracts()
    return (
        Part(
            rows=select().select_from(ended),
            line=literal("contracts"),
            subject="employee",
            who=ended.c.employee_id,
            events=(ended.c.event_id,),
            rule="contract-ends",
            amount=ended.c.fte_hundredths,
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"contracts": sums.contributions("contracts"), "fte": sums["contracts"]}


FIGURE = Figure(
    name="contracts-ending",
    version=1,
    title=Said(de="Auslaufende Verträge", en="Contracts that end"),
    definition=Said(
        de=(
            "Arbeitsverträge, deren letzter Tag am Stichtag oder davor liegt: wie vereinbart oder vorzeitig beendet. "
            "Der Stichtag darf in der Zukunft liegen."
        ),
        en=(
            "Contracts of employment whose last day is the reference date or before it: as agreed, or ended early. The "
            "reference date may lie ahead."
        ),
    ),
    views=("reporting.who_works_here",),
    quantities={
        "contracts": Quantity(unit=Unit.COUNT, label=Said(de="Verträge", en="contracts")),
        "fte": Quantity(unit=Unit.FTE, label=Said(de="Vollzeitäquivalente", en="full-time equivalents")),
    },
    parts=parts,
    value=value,
    date_type=DateType.ENDS_ON,
)
