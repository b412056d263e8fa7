"""Percentiles of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The first value up to which at least ``share`` (above 0, at most 1) of all values lie: the nearest rank."""
    return sorted_values[ceil(share * len(sorted_values)) - 1]
