"""What casework counts for Prometheus: contracts that run out. Numbers only, nobody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Final

from prometheus_client import Gauge

from services.casework.employee import DAYS_AHEAD
from services.casework.views import STAFF, who_works_where
from shared.projections.engine import UNAVAILABLE
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady

CONTRACTS_ENDING: Final = Gauge(
    "wegmarken_contracts_ending", "Fixed-term contracts whose last day is within so many days.", ["within_days"]
)


def observe_contracts(reader: ViewReader, today: Callable[[], date]) -> None:
    """Count whenever somebody asks for the metrics; what cannot be known then is NaN."""

    def ending(days: int) -> float:
        first = today()
        last = first + timedelta(days=days)
        try:
            with reader.snapshot() as now:
                return who_works_where.how_many_end(now.connection, now.tables(STAFF), first, last)
        except (ViewNotReady, *UNAVAILABLE):
            return float("nan")

    for days in DAYS_AHEAD:
        CONTRACTS_ENDING.labels(str(days)).set_function(partial(ending, days))
