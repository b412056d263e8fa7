"""The state's grant: what was awarded, and what the staff of the day commits of it per year."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, literal, or_, select

from services.reporting.as_of import AsOf, some
from services.reporting.facts import Facts
from services.reporting.figures.model import Figure, Number, Part, Quantity, Sums, Unit
from shared.api.said import Said


def parts(facts: Facts) -> Sequence[Part]:
    """The amounts of all grants that run, the rates of the last one awarded, the staff by qualification."""
    grant, contract, employee = facts.grants(), facts.contracts(), facts.employees()
    rated, later = facts.grants(), facts.grants()
    same_day_later = and_(later.c.since == rated.c.since, later.c.position > rated.c.position)
    last_awarded = ~some(later, where=or_(later.c.since > rated.c.since, same_day_later))

    def rate(line: str, cents: ColumnElement[int]) -> Part:
        return Part(
            rows=select().select_from(rated).where(last_awarded),
            line=line,
            subject="grant",
            who=rated.c.grant_id,
            events=(rated.c.event_id,),
            rule="rate-of-the-last-grant",
            amount=cents,
        )

    return (
        Part(
            rows=select().select_from(grant),
            line="awarded",
            subject="grant",
            who=grant.c.grant_id,
            events=(grant.c.event_id,),
            rule="grant-runs",
            amount=grant.c.amount_cents,
        ),
        rate("rate_graduate", rated.c.rate_graduate_cents),
        rate("rate_intermediate", rated.c.rate_intermediate_cents),
        Part(
            rows=select().join_from(contract, employee, employee.c.employee_id == contract.c.employee_id),
            line=case(
                (employee.c.qualification == "graduate", literal("fte_graduate")),
                else_=literal("fte_intermediate"),
            ),
            subject="employee",
            who=contract.c.employee_id,
            events=(employee.c.event_id, contract.c.event_id),
            rule="contract-active",
            amount=contract.c.fte_hundredths,
        ),
    )


def value(sums: Sums, as_of: AsOf) -> dict[str, Number]:
    """FTE times euros per post and year: a whole number of hundredths of a cent, exact."""
    committed = sums["fte_graduate"] * sums["rate_graduate"] + sums["fte_intermediate"] * sums["rate_intermediate"]
    return {
        "total": sums["awarded"],
        "fte_graduate": sums["fte_graduate"],
        "fte_intermediate": sums["fte_intermediate"],
        "committed": committed,
        "free": sums["awarded"] - committed,
    }


FIGURE = Figure(
    name="grant",
    version=1,
    title=Said(de="Zuwendung für zwölf Monate", en="Grant for twelve months"),
    definition=Said(
        de=(
            "Bewilligter Betrag der am Stichtag laufenden Zuwendung (VwV Integrationsmanagement) und was das Personal "
            "des Stichtags davon im Jahr bindet: Vollzeitäquivalente je Qualifikation mal Betrag je Stelle und Jahr."
        ),
        en=(
            "Amount of the grant that runs on the reference date (VwV Integrationsmanagement), and what the staff of "
            "that day commits of it per year: full-time equivalents by qualification times the rate per post and year."
        ),
    ),
    views=("reporting.what_is_granted", "reporting.who_works_here"),
    quantities={
        "total": Quantity(unit=Unit.EURO, label=Said(de="bewilligt", en="awarded")),
        "fte_graduate": Quantity(unit=Unit.FTE, label=Said(de="VZÄ mit Hochschulabschluss", en="FTE, graduates")),
        "fte_intermediate": Quantity(
            unit=Unit.FTE, label=Said(de="VZÄ mit mittlerer Qualifikation", en="FTE, intermediate qualification")
        ),
        "committed": Quantity(unit=Unit.EURO, label=Said(de="gebunden", en="committed")),
        "free": Quantity(unit=Unit.EURO, label=Said(de="frei", en="free")),
    },
    parts=parts,
    value=value,
    of_people=False,
)
