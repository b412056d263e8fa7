"""What a view holds, independent of physical names and order: for comparing it with a fresh fold of the whole log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Engine, select

from shared.projections.engine import open_engine, reading
from shared.projections.registry import build, live_generation
from shared.projections.runner import Runner
from shared.projections.source import Source
from shared.projections.view import Erasure, View

T = TypeVar("T")
Content: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""The rows of each table of a view, sorted."""


def live_tables(engine: Engine, view: View[T]) -> T:
    """The tables queries read. Raises ViewNotReady."""
    with reading(engine) as connection:
        return build(view, live_generation(connection, view).suffix).tables


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
