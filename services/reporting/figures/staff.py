"""The integration managers: persons and full-time equivalents."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from services.reporting.as_of import AsOf, some
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Unit
from shared.api.said import Said


def posts(facts: Facts) -> Part:
    """The full-time equivalents, contract by contract, in the line ``fte``."""
    contract = facts.contracts()
    return Part(
        rows=select().select_from(contract),
        line="fte",
        subject="employee",
        who=contract.c.employee_id,
        events=(contract.c.event_id,),
        rule="contract-active",
        amount=contract.c.fte_hundredths,
    )


def persons(facts: Facts) -> Part:
    """Everybody with an active contract, in the line ``persons``."""
    employee, contract, all_contracts = facts.employees(), facts.contracts(), facts.contracts()
    events = (
        select(func.aggregate_strings(all_contracts.c.event_id, " "))
        .where(all_contracts.c.employee_id == employee.c.employee_id)
        .scalar_subquery()
    )
    return Part(
        rows=select()
        .select_from(employee)
        .where(some(contract, where=contract.c.employee_id == employee.c.employee_id)),
        line="persons",
        subject="employee",
        who=employee.c.employee_id,
        events=(employee.c.event_id, events),
        rule="contract-active",
    )


def parts(facts: Facts) -> Sequence[Part]:
    return persons(facts), posts(facts)


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    return {"persons": int(sums["persons"]), "fte": sums["fte"]}


FIGURE = Figure(
    name="staff",
    version=1,
    title=Said(de="Integrationsmanagement: Personal", en="Integration management: staff"),
    definition=Said(
        de="Personen und Vollzeitäquivalente mit am Stichtag laufendem Vertrag; erster und letzter Tag zählen mit.",
        en="Persons and full-time equivalents with a contract active on the date; first and last day included.",
    ),
    views=("reporting.who_works_here",),
    quantities={
        "persons": Quantity(unit=Unit.COUNT, label=Said(de="Personen", en="persons")),
        "fte": Quantity(unit=Unit.FTE, label=Said(de="Vollzeitäquivalente", en="full-time equivalents")),
    },
    parts=parts,
    value=value,
    of_people=False,
)
