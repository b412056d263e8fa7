"""Reading views: the side of the queries.

Rows and positions of one snapshot fit together::

    reader = ViewReader(settings.views_url(service), VIEWS)
    with reader.snapshot() as now:
        people = now.tables(PERSONS).people
        rows = now.connection.execute(select(people).where(...)).all()
        now.position(PERSONS)      # what the answer rests on
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Dialect, Select, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from shared.eventstore.port import StoreUnavailable
from shared.projections.engine import is_away, keep_tables, open_engine, reading
from shared.projections.registry import REGISTER, Generation, ViewNotReady, build, generations
from shared.projections.view import View

T = TypeVar("T")

LOOK: Final = 0.002
"""Seconds between two looks while somebody waits for a position."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of all views of a database: rows and positions fit together. Valid while it is open."""

    connection: Connection
    generations: Mapping[str, Generation]

    def tables(self, view: View[T]) -> T:
        """The view's live tables. Raises ViewNotReady."""
        return build(view, self._live(view).suffix).tables

    def position(self, view: View[Any]) -> int:
        """Up to where the view has read. Raises ViewNotReady."""
        return self._live(view).position

    def reached(self, view: View[Any]) -> int:
        """The same for who waits: 0 while it is not there yet. Raises ViewNotReady where another version is live."""
        return self.position(view) if view.name in self.generations else 0

    def _live(self, view: View[Any]) -> Generation:
        generation = self.generations.get(view.name)
        if generation is None or generation.version != view.version:
            raise ViewNotReady(view.name)
        return generation


def rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """The rows by the names of their columns; SQLAlchemy's own names are a kind of ``str`` that no JSON key may be."""
    result = connection.execute(query)
    names = list(map(str, result.keys()))
    return [dict(zip(names, row, strict=True)) for row in result.all()]


class ViewsUnavailable(StoreUnavailable):
    """The database of the views cannot be read now. Try again later."""


@contextmanager
def away_is_said(dialect: Dialect) -> Iterator[None]:
    """Within it a database that is away raises ViewsUnavailable."""
    try:
        yield
    except NoConnection as error:
        raise ViewsUnavailable("views: too many wait for a connection") from error
    except DBAPIError as error:
        if is_away(error, dialect):
            raise ViewsUnavailable(f"views: {type(error.orig).__name__}") from error
        raise


class ViewReader:
    """The views of one service, for its queries. Shared by threads and green threads."""

    def __init__(self, url: str, views: Sequence[View[Any]]) -> None:
        self._engine = open_engine(url)
        self._views = {view.name: view for view in views}
        self._registered = False

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """A consistent look at all views; keep it short. Raises ViewsUnavailable."""
        with away_is_said(self._engine.dialect):
            registered = self._is_registered()
        with away_is_said(self._engine.dialect), reading(self._engine) as connection:
            if registered:
                keep_tables(connection, REGISTER)
            found = generations(connection) if registered else []
            yield Snapshot(connection, {generation.view: generation for generation in found if generation.live})

    def positions(self) -> dict[str, int]:
        """Up to where each view has read; 0 for one that is not there, or in another version."""
        with self.snapshot() as now:
            return {name: self._position(now, view) for name, view in self._views.items()}

    def position(self, view: View[Any]) -> int:
        """Up to where one view has read; 0 as above."""
        with self.snapshot() as now:
            return self._position(now, view)

    def wait_for(self, views: Collection[str], position: int, timeout: float) -> bool:
        """Wait until all these views have read up to ``position``; False after ``timeout`` seconds.

        Raises ViewNotReady where another version of one is live: that is not worth waiting for. Blocks only the calling
        (green) thread.
        """
        deadline = time.monotonic() + timeout
        while self._reached(views) < position:
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK)
        return True

    def close(self) -> None:
        self._engine.dispose()

    def _is_registered(self) -> bool:
        if not self._registered:
            with reading(self._engine) as connection:
                self._registered = inspect(connection).has_table(REGISTER.name)
        return self._registered

    def _reached(self, views: Collection[str]) -> int:
        with self.snapshot() as now:
            return min(now.reached(self._views[name]) for name in views)

    @staticmethod
    def _position(now: Snapshot, view: View[Any]) -> int:
        try:
            return now.position(view)
        except ViewNotReady:
            return 0
