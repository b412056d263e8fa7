"""How numbers are shown: rounding happens here and nowhere else.

Figures compute with whole numbers, decimals and fractions; JSON and tables get what is rounded half up
to the places of its unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, Final

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from services.reporting.figures.model import Figure, Number, Quantity, Unit
from shared.api.said import Language, Said

PLACES: Final = {
    Unit.COUNT: 0,
    Unit.FTE: 2,
    Unit.EURO: 2,
    Unit.SHARE: 4,
    Unit.TIMES: 2,
    Unit.PER_FTE: 1,
}
"""Decimal places of each unit; a share's are those of its percentage and two more."""


def rounded(number: Fraction | Decimal | int, places: int) -> Decimal:
    """Half up, exactly: 0.005 becomes 0.01."""
    scaled = floor(Fraction(number) * 10**places + Fraction(1, 2))
    return Decimal(scaled).scaleb(-places)


def as_json(number: Number, unit: Unit) -> int | float | str | None:
    """A count as a whole number, euros as text with two places, everything else as a number."""
    if number is None:
        return None
    shown = rounded(number, PLACES[unit])
    match unit:
        case Unit.COUNT:
            return int(shown)
        case Unit.EURO:
            return str(shown)
        case _:
            return float(shown)


def value_as_json(figure: Figure, value: Mapping[str, Number]) -> dict[str, Any]:
    """A figure's numbers under their keys."""
    return {key: as_json(number, figure.quantity(key).unit) for key, number in value.items()}


def quantities_as_json(figure: Figure) -> dict[str, Any]:
    """What a figure's numbers are, under their keys: unit, and label in both languages."""
    return {key: {"unit": each.unit.value, **both(each.label)} for key, each in figure.quantities.items()}


def both(said: Said) -> dict[str, str]:
    """A sentence in both languages."""
    return {"de": said.german, "en": str(said)}


def written(number: int | float | str | None, quantity: Quantity, language: Language) -> str:
    """A number from JSON as people write it: 1.024 or 1,024, 8,05 or 8.05, 815.185,00 €; a dash for none."""
    if number is None:
        return "–"
    exact = Decimal(str(number))
    match quantity.unit:
        case Unit.COUNT:
            return format_decimal(exact, "#,##0", locale=language)
        case Unit.EURO:
            return format_currency(exact, "EUR", locale=language)
        case Unit.SHARE:
            return format_percent(exact, "#,##0.0%" if language == "en" else "#,##0.0 %", locale=language)
        case Unit.PER_FTE:
            return format_decimal(exact, "#,##0.0", locale=language)
        case _:
            return format_decimal(exact, "#,##0.00", locale=language)


def day(of: date, language: Language) -> str:
    """31.07.2018, or 2018-07-31."""
    return of.isoformat() if language == "en" else format_date(of, "dd.MM.yyyy", locale=language)
