"""The district's municipalities: reference data of the published language.

Source: official municipality keys (AGS) of Landkreis Göppingen, 08117.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from shared.contracts.model import Ags


@lru_cache(maxsize=1)
def municipalities() -> Mapping[Ags, str]:
    """Name of each municipality by its AGS."""
    with (Path(__file__).parent / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        return {Ags(row["ags"]): row["name"] for row in csv.DictReader(file)}
