"""Rebuild a view beside the live one, compare both at the same position, and let it take the live one's place.

The live one is served and goes on meanwhile. Only the last step (the newest events, the comparison and
the switch) holds the database's write lock: reads go on, the projector waits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from shared.projections import registry
from shared.projections.batch import Batches, Projected, RowsRefused
from shared.projections.engine import reading
from shared.projections.registry import Generation, ViewNotReady, build
from shared.projections.runner import BATCH, Runner
from shared.projections.source import Facts, Source
from shared.projections.view import View
from shared.runtime.collector import undisturbed

PAGE: Final = 5000
"""Rows that a comparison holds in memory."""


class RebuildFailed(Exception):
    """The view could not be rebuilt; the live one was not touched. The text holds no data of events."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A table's number of rows and the digest of its content (the sum of the rows' hashes, 128 bits)."""

    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The live generation beside the rebuilt one, both at ``position``, by table."""

    view: str
    position: int
    tables: Mapping[str, tuple[Summary, Summary]]

    @property
    def same(self) -> bool:
        return all(live == rebuilt for live, rebuilt in self.tables.values())


def rebuild(
    runner: Runner, name: str, *, check: bool = False, progress: Callable[[int], None] = lambda position: None
) -> Comparison:
    """Rebuild one of the runner's views; ``progress`` hears the positions reached.

    With ``check`` the rebuilt one is compared and then dropped, and the live one stays. A rebuild that
    was broken off is begun anew. Raises RebuildFailed, KeyError for an unknown view, Superseded where somebody else
    rebuilds it, too, and one of ``UNAVAILABLE``.
    """
    view = {view.name: view for view in runner.views}[name]
    registry.prepare(runner.engine)
    erased_before = max((erasure.number for erasure in runner.erasures(0)), default=0)
    with runner.engine.begin() as connection:
        one = Projected(view, _begin(connection, view))
    batches = Batches(runner.engine)
    with undisturbed():
        behind = True
        while behind:
            with reading(runner.engine) as connection:
                target = registry.live_generation(connection, view).position
            behind = target - one.generation.position > BATCH
            for facts in _up_to(target, runner.source, one):
                batches.apply([one], facts)
                progress(one.generation.position)
    try:
        with runner.engine.begin() as connection:
            live = registry.live_generation(connection, view)
            for facts in _up_to(live.position, runner.source, one):
                batches.apply_within(connection, one, facts)
            registry.complete(connection, view, one.generation)
            erasures = [erasure for erasure in runner.erasures(0) if erasure.number <= live.erasures]
            batches.erase_within(connection, one, erasures)
            comparison = _compare(connection, view, live, one.generation)
            if check:
                registry.drop(connection, one.generation)
            else:
                # Erasures since the start: the projector follows them once more, and removes their traces.
                registry.switch(connection, registry.change(connection, one.generation, erasures=erased_before))
    except RowsRefused as refused:
        raise RebuildFailed(str(refused)) from None
    return comparison


def _begin(connection: Connection, view: View[Any]) -> Generation:
    try:
        live = registry.live_generation(connection, view)
    except ViewNotReady:
        raise RebuildFailed(f"{view.name}: its projector has yet to build version {view.version}") from None
    for other in registry.generations(connection, view.name):
        if other.generation != live.generation:
            registry.drop(connection, other)
    return registry.create(connection, view, live=False)


def _up_to(position: int, source: Source, one: Projected) -> Iterator[Facts]:
    """The facts between the rebuilt one and a position, in batches; the caller applies each before the next."""
    while one.generation.position < position:
        facts = source.read(after=one.generation.position, limit=BATCH, until=position)
        if not facts:
            raise RebuildFailed(f"the log ends before position {position}")
        yield facts
        if (poison := one.stopped) is not None:
            raise RebuildFailed(f"{one.view.name} cannot fold event {poison.event_id} at {poison.position}")


def _compare(connection: Connection, view: View[Any], live: Generation, rebuilt: Generation) -> Comparison:
    old, new = (build(view, generation.suffix).by_name for generation in (live, rebuilt))
    tables = {name: (_summary(connection, old[name]), _summary(connection, new[name])) for name in new}
    return Comparison(view.name, live.position, tables)


def _summary(connection: Connection, table: Table) -> Summary:
    rows = total = 0
    result = connection.execute(select(table), execution_options={"yield_per": PAGE})
    for page in result.partitions():
        rows += len(page)
        total += sum(_hash(tuple(row)) for row in page)
    return Summary(rows, f"{total % 2**128:032x}")


def _hash(row: tuple[Any, ...]) -> int:
    return int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest(), "big")
