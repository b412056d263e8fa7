"""Every figure on one day, and three years of it month by month, over a large ledger."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from sqlalchemy import func, select

from benchmarks.rebuild import rebuild
from benchmarks.tools.alone import alone
from benchmarks.tools.ledger import grown, settings
from scenarios.invented_log import recorded
from services.reporting.facts import look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Figure, measure
from services.reporting.ledger import Ledger
from services.reporting.periods import months_later, periods
from services.reporting.series import sums_on
from services.reporting.views import VIEWS
from services.reporting.views.who_belongs_together import WhoBelongsTogether
from shared.contracts import casework
from shared.contracts.model import EmployeeId, Event, GrantId, PersonalClass, TeamId
from shared.contracts.municipalities import municipalities
from shared.projections.engine import open_engine
from shared.projections.read import Snapshot, ViewReader
from shared.service.platform import Platform

SIZE: Final = 1_000_000
"""Events of households: those of about 100,000 persons."""
ROUNDS: Final = 5
TEAMS: Final = 5
STAFF: Final = 40
FIRST: Final = date(2015, 1, 1)


def run(size: int = SIZE, rounds: int = ROUNDS) -> dict[str, Any]:
    """Let an invented ledger grow, rebuild the views, and ask each figure. Milliseconds, the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory:
        data = Path(directory)
        for _ in grown(data, [size]):
            pass
        written = _add_the_office(data)
        alone(rebuild, data, written)
        print(f"  {written} events, views rebuilt", file=sys.stderr, flush=True)
        reader = ViewReader(settings(data).views_url("reporting"), VIEWS)
        try:
            with reader.snapshot() as now:
                return {"bench": "figures", "events": written, "persons": _persons(now), "ms": _asked(now, rounds)}
        finally:
            reader.close()


def _asked(now: Snapshot, rounds: int) -> dict[str, dict[str, float | None]]:
    last = _last_day(now)
    return {
        name: {
            "day": _milliseconds(partial(_on, now, figure, last), rounds),
            "36_months": _milliseconds(partial(_over, now, figure, last), rounds) if figure.over_time else None,
        }
        for name, figure in FIGURES.items()
    }


def _on(now: Snapshot, figure: Figure, day: date) -> None:
    measure(now.connection, figure, look(now, figure.views, valid_at=day))


def _over(now: Snapshot, figure: Figure, last: date) -> None:
    days = [period.last for period in periods(months_later(last, -35).replace(day=1), last, "month")]
    sums_on(now.connection, figure, look(now, figure.views, valid_at=last), days)


def _milliseconds(ask: Callable[[], None], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - started)
    return round(median(taken) * 1000, 1)


def _persons(now: Snapshot) -> int:
    members = now.tables(WhoBelongsTogether()).members
    return now.connection.execute(select(func.count(members.c.person_id.distinct()))).scalar_one()


def _last_day(now: Snapshot) -> date:
    members = now.tables(WhoBelongsTogether()).members
    found: date | None = now.connection.execute(select(func.max(members.c.since))).scalar_one()
    return found or FIRST


def _add_the_office(data: Path) -> int:
    """Who serves where and who works here, at the end of the ledger; its new end."""
    platform = Platform.open(settings(data), "benchmarks", frozenset(PersonalClass))
    engine = open_engine(settings(data).ledger, writing=True)
    try:
        ledger = Ledger(engine)
        happenings = ((stream, 0, event) for stream, event in _office())
        return ledger.write(
            list(recorded(happenings, platform.sealer, Random(1), after=ledger.head().position))
        ).position
    finally:
        engine.dispose()
        platform.close()


def _office() -> Iterator[tuple[str, Event]]:
    ags = list(municipalities())
    for key in ags:
        yield f"municipality-{key}", casework.MunicipalServiceSet(occurred_on=FIRST, ags=key, service="district")
    for n in range(TEAMS):
        team_id = TeamId(f"team {n}")
        yield f"team-{n}", casework.TeamFormed(occurred_on=FIRST, team_id=team_id, name=f"Team {n}")
        area = tuple(ags[n::TEAMS])
        yield f"area-{n}", casework.TeamAreaSet(occurred_on=FIRST, team_id=team_id, municipalities=area)
    for n in range(STAFF):
        employee_id = EmployeeId(f"employee {n}")
        yield (
            f"employee-{n}",
            casework.EmployeeJoined(
                occurred_on=FIRST,
                employee_id=employee_id,
                account=f"account-{n}",
                name="Beispiel",
                qualification="graduate",
            ),
        )
        team_id = TeamId(f"team {n % TEAMS}")
        yield f"member-{n}", casework.TeamJoined(occurred_on=FIRST, employee_id=employee_id, team_id=team_id)
        yield (
            f"contract-{n}",
            casework.ContractConcluded(
                occurred_on=FIRST,
                employee_id=employee_id,
                contract_id=f"contract {n}",
                fte=Decimal("0.8"),
                ends_on=None,
            ),
        )
    yield (
        "grant-1",
        casework.GrantAwarded(
            occurred_on=FIRST,
            grant_id=GrantId("grant"),
            amount=Decimal(2_000_000),
            until=date(2099, 12, 31),
            rate_graduate=Decimal(64_000),
            rate_intermediate=Decimal(51_000),
        ),
    )
