"""All reporting views from nothing, over a ledger that is already there, in a process of its own."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.tools.alone import alone
from benchmarks.tools.ledger import grown, settings
from benchmarks.tools.servers import server_named_by
from services.reporting.service import ReportingHttp
from shared.database.postgres import connect
from shared.service.platform import Platform

GIVEN: Final = "WEGMARKEN_VIEWS"
"""Names a PostgreSQL database, in which the views are rebuilt, too."""

SIZES = (200_000, 1_000_000)
"""Events. One ledger grows from size to size."""


class InUse(Exception):
    """The database that was named holds views of reporting, which are no benchmark's to drop."""


class NotRebuilt(Exception):
    """A view is not where the ledger ends: the time would mean nothing."""


class Rebuilt(NamedTuple):
    """Seconds from opening the databases to the last checkpoint; the process's peak of resident memory, bytes."""

    seconds: float
    peak: int


def run(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Let an invented ledger grow, and at each size rebuild what stands on it. Raises InUse, NotRebuilt."""
    found: dict[str, dict[str, Any]] = {}
    server = server_named_by(GIVEN)
    into = {"sqlite": None} | ({} if server is None else {"postgresql": server})
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory, _borrowed(server):
        for size in grown(Path(directory), sizes):
            for name, views in into.items():
                rebuilt = alone(rebuild, Path(directory), size, views)
                measured = {"events_per_s": round(size / rebuilt.seconds), "peak_mb": round(rebuilt.peak / 1e6, 1)}
                found.setdefault(str(size), {}).update(measured if views is None else {name: measured})
                print(f"  {size} events rebuilt in {name}: {measured}", file=sys.stderr, flush=True)
    return {"bench": "rebuild", "sizes": found}


@contextmanager
def _borrowed(views: str | None) -> Iterator[None]:
    """A database that was given holds no views of reporting, neither before nor afterwards. Raises InUse."""
    if views is None:
        yield
        return
    with closing(connect(views, autocommit=True)) as connection:
        if connection.execute("select 1 from pg_namespace where nspname = 'reporting'").fetchone():
            raise InUse(f"{GIVEN} names a database with a schema reporting: give the benchmark one of its own")
    try:
        yield
    finally:
        _drop(views)


def rebuild(data: Path, size: int, views: str | None = None) -> Rebuilt:
    """Reporting's own runner over the ledger, into a new database of views. Raises NotRebuilt.

    ``size``: the position at which the ledger ends.
    """
    if views is None:
        for file in data.glob("reporting.db*"):
            file.unlink()
    else:
        _drop(views)
    platform = Platform.open(settings(data, views), ReportingHttp.name, ReportingHttp.classes)
    try:
        started = time.perf_counter()
        runner = ReportingHttp.projection(platform).runner
        runner.catch_up()
        seconds = time.perf_counter() - started
        if set(runner.positions().values()) != {size}:
            raise NotRebuilt(f"{runner.status()}, expected all at {size}")
    finally:
        platform.close()
    return Rebuilt(seconds, _peak())


def _drop(views: str) -> None:
    with closing(connect(views, autocommit=True)) as connection:
        connection.execute("drop schema if exists reporting cascade")


def _peak() -> int:
    """Not ``getrusage``: what that says begins with the peak of the process this one was started from."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
