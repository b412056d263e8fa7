"""Exact sums in any database: amounts are whole hundredths, since SQL databases disagree on decimals."""

from __future__ import annotations

from decimal import Decimal


def hundredths(amount: str | Decimal | int) -> int:
    """Whole hundredths of an amount. Raises ValueError for an amount that is finer than that."""
    scaled = Decimal(amount) * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{amount} has more than two decimal places")
    return int(scaled)


def amount(hundredths: int) -> Decimal:
    """The amount of so many hundredths, with two decimal places."""
    return Decimal(hundredths).scaleb(-2)
