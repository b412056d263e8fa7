"""What a view holds, independent of physical names and order: for comparing two generations, or with a fresh fold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Engine, Table, select

from shared.projections.engine import open_engine, reading
from shared.projections.registry import build, live_generation
from shared.projections.runner import Runner
from shared.projections.source import Source
from shared.projections.view import Erasure, View

Content: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""The rows of each table of a view, sorted."""
_PAGE: Final = 5000


@dataclass(frozen=True, slots=True)
class Summary:
    """A table's number of rows and the digest of its content (the sum of the rows' hashes, 128 bits)."""

    rows: int
    digest: str


def content(engine: Engine, view: View[Any]) -> Content:
    """All rows of the live generation. Raises ViewNotReady."""
    with reading(engine) as connection:
        built = build(view, live_generation(connection, view).suffix)
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in built.by_name.items()
        }


def fresh_fold(
    views: Sequence[View[Any]],
    source: Source,
    *,
    erasures: Callable[[int], Sequence[Erasure]] = lambda after: (),
) -> dict[str, Content]:
    """Fold the whole log anew, in memory: what each view, by name, must hold at the end of the log."""
    engine = open_engine("sqlite://", writing=True)
    try:
        Runner(engine, views, source, erasures=erasures).catch_up()
        return {view.name: content(engine, view) for view in views}
    finally:
        engine.dispose()


def summarise(connection: Connection, table: Table) -> Summary:
    """Count and digest a table's rows, some thousand at a time."""
    rows = total = 0
    result = connection.execution_options(yield_per=_PAGE).execute(select(table))
    for page in result.partitions():
        rows += len(page)
        total += sum(_hash(tuple(row)) for row in page)
    return Summary(rows, f"{total % 2**128:032x}")


def _hash(row: tuple[Any, ...]) -> int:
    return int.from_bytes(hashlib.blake2b(repr(row).encode(), digest_size=16).digest(), "big")
