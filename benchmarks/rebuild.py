"""All reporting views from nothing, over a ledger that is already there, in a process of its own."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.alone import alone
from benchmarks.invented_log import invented_log
from services.reporting.ledger import LEDGER, Ledger
from services.reporting.service import ReportingHttp
from shared.contracts.model import PersonalClass
from shared.database.postgres import connect
from shared.privacy.secrets import create_secrets
from shared.projections.engine import open_engine
from shared.runtime.config import Settings
from shared.service.platform import Platform

SIZES = (200_000, 1_000_000)
"""Events. One ledger grows from size to size."""
WRITTEN_AT_ONCE = 5000


class NotRebuilt(Exception):
    """A view is not where the ledger ends: the time would mean nothing."""


class Rebuilt(NamedTuple):
    """Seconds from opening the databases to the last checkpoint; the process's peak of resident memory, bytes."""

    seconds: float
    peak: int


def run(sizes: Sequence[int] = SIZES, postgresql: str | None = None) -> dict[str, Any]:
    """Let an invented ledger grow, and at each size rebuild what stands on it.

    ``postgresql``: the URL of a database in which the views are rebuilt, too, from the same ledger.
    """
    found: dict[str, dict[str, Any]] = {}
    into = {"sqlite": None} | ({} if postgresql is None else {"postgresql": postgresql})
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory:
        for size in grown(Path(directory), sizes):
            for name, views in into.items():
                rebuilt = in_new_process(Path(directory), size, views)
                measured = {"events_per_s": round(size / rebuilt.seconds), "peak_mb": round(rebuilt.peak / 1e6, 1)}
                found.setdefault(str(size), {}).update(measured if views is None else {name: measured})
                print(f"  {size} events rebuilt in {name}: {measured}", file=sys.stderr, flush=True)
    return {"bench": "rebuild", "sizes": found}


def grown(data: Path, sizes: Sequence[int]) -> Iterator[int]:
    """Each size when the ledger under ``data`` has grown to it; sizes ascend."""
    create_secrets(data / "secrets")
    of = settings(data)
    platform = Platform.open(of, "benchmarks", frozenset(PersonalClass))
    engine = open_engine(of.ledger, writing=True)
    try:
        ledger, events, written = Ledger(engine), invented_log(platform.sealer), 0
        LEDGER.create(engine)
        for size in sizes:
            while written < size:
                ledger.write(list(islice(events, min(WRITTEN_AT_ONCE, size - written))))
                written = ledger.head().seq
                if written % 50_000 == 0:
                    print(f"  {written} events written", file=sys.stderr, flush=True)
            yield size
    finally:
        engine.dispose()
        platform.close()


def in_new_process(data: Path, size: int, views: str | None = None) -> Rebuilt:
    """Rebuild in a process that has held nothing else. Raises NotRebuilt."""
    return alone(rebuild, data, size, views)


def rebuild(data: Path, size: int, views: str | None = None) -> Rebuilt:
    """Reporting's own runner over the ledger, into a new database of views. Raises NotRebuilt.

    ``size``: the position at which the ledger ends.
    """
    if views is None:
        for file in data.glob("reporting.db*"):
            file.unlink()
    else:
        with closing(connect(views, autocommit=True)) as connection:
            connection.execute("drop schema if exists reporting cascade")
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


def _peak() -> int:
    """Not ``getrusage``: what that says begins with the peak of the process this one was started from."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def settings(data: Path, views: str | None = None) -> Settings:
    """Of a platform under this directory; ``views`` elsewhere, if they are named."""
    return Settings.from_environment({"WEGMARKEN_DATA": str(data), **({"WEGMARKEN_VIEWS": views} if views else {})})
