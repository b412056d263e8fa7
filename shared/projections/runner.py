"""The runner of views: one thread, one database, one checkpoint per view.

Views at the same position share what is read and decoded. A view that is behind, because it is new,
catches up in turn with the others and then joins them. Rows and checkpoint are one transaction, so
after a crash a view is where its checkpoint says, and nothing is folded twice or left out; not by two
runners on one database either, of which one would do all its work in vain: so one leads, and others stand by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from shared.eventstore.port import CaughtUp, StoreUnavailable
from shared.projections import metrics, registry
from shared.projections.batch import Batches, Projected, Stopped
from shared.projections.engine import UNAVAILABLE, forget_deleted, is_away, reading
from shared.projections.registry import Generation, Superseded
from shared.projections.source import Source
from shared.projections.view import Erasure, View
from shared.runtime.collector import undisturbed
from shared.runtime.native import Stop

BATCH: Final = 2000
"""Events in one transaction at most. Fewer fit the processor's cache better, more rewrite fewer index pages."""
RETRY: Final = 1.0
"""Seconds after which a database or store that was away is tried again."""
READY: Final = "ready"
STANDING_BY: Final = "standing by"
VIEW_STOPPED: Final = "view stopped"
LOOK_UP: Final = 0.25
"""Seconds after which a runner that stands by looks whether it is to lead."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """``state``: ready, standing by, or why neither. ``head`` is None while the source is away. ``views``: up to where
    each has read; ``stopped``: those that stand still, and where. Nothing of what an event says."""

    state: str
    head: int | None
    views: Mapping[str, int]
    stopped: Mapping[str, Stopped]

    @property
    def standing_by(self) -> bool:
        return self.state == STANDING_BY

    @property
    def ready(self) -> bool:
        """It follows the source, or stands by for the runner that does."""
        return self.state in (READY, STANDING_BY)


class Runner:
    """Keeps the views of one database up to date with a source.

    ``engine`` comes from ``open_engine(url, writing=True)``. ``erasures`` lists the key ring's erasures
    above a number, oldest first; they are followed whenever the views have caught up, at least once a second.
    ``leads`` says whether this runner, among those of other processes on the database, is the one to work.
    """

    def __init__(
        self,
        engine: Engine,
        views: Sequence[View[Any]],
        source: Source,
        *,
        erasures: Callable[[int], Sequence[Erasure]] = lambda after: (),
        leads: Callable[[], bool] = lambda: True,
        batch: int = BATCH,
    ) -> None:
        self.engine, self.views, self.source = engine, tuple(views), source
        self.erasures, self.leads = erasures, leads
        self._batch = batch
        self._batches = Batches(engine)
        self._projected: list[Projected] = []
        self._state = "starting"

    def run(self, stop: Stop) -> None:
        """Follow the source until ``stop`` is set. A database or store that is away is waited for.

        So is a database that refuses what belongs to all views: other runners of the process go on.
        """
        waited_for = (*UNAVAILABLE, DBAPIError, self.engine.dialect.loaded_dbapi.Error)
        with metrics.observed(self):
            while not stop.is_set():
                try:
                    if self.leads():
                        self._work(stop)
                    else:
                        self._stand_by(stop)
                except Superseded as view:
                    log.info("view.superseded", view=str(view))
                except waited_for as error:
                    self._state = f"waiting: {type(error).__name__}"
                    log.warning("views.waiting", error=type(error).__name__)
                    stop.wait(RETRY)

    def catch_up(self) -> int:
        """Bring all views to the end of the log as it is now; the number of events read once all stood together.

        Raises Superseded or one of ``UNAVAILABLE``.
        """
        self._open()
        events = 0
        with undisturbed():
            while len(self._levels()) > 1:
                self._bring_together()
            while facts := self.source.read(after=self._front(), limit=self._batch):
                self._batches.apply(self._running(), facts)
                events += len(facts)
                if not self._running():
                    break
        self._caught_up()
        return events

    def positions(self) -> dict[str, int]:
        """Up to where each view has read."""
        return {one.view.name: one.generation.position for one in self._projected}

    def stopped(self) -> dict[str, Stopped]:
        """The views that stand still, and where."""
        return {one.view.name: one.stopped for one in self._projected if one.stopped is not None}

    def status(self) -> RunnerStatus:
        """For health."""
        stopped = self.stopped()
        try:
            head: int | None = self.source.head()
        except UNAVAILABLE:
            head = None
        state = VIEW_STOPPED if stopped and self._state == READY else self._state
        return RunnerStatus(state, head, self.positions(), stopped)

    # --- moving ---------------------------------------------------------------------------------

    def _stand_by(self, stop: Stop) -> None:
        """Know where the views are, whoever moves them, until it is this runner's turn."""
        log.info("views.standing-by", views=[view.name for view in self.views])
        while not stop.is_set() and not self.leads():
            with reading(self.engine) as connection:
                found = [(view, _found(registry.generations(connection, view.name), view)) for view in self.views]
            self._projected = [Projected(view, generation) for view, generation in found if generation is not None]
            self._state = STANDING_BY
            stop.wait(LOOK_UP)

    def _work(self, stop: Stop) -> None:
        self._open()
        log.info("views.leading", views=[view.name for view in self.views])
        while not stop.is_set() and self.leads():
            if len(self._levels()) > 1:
                self._bring_together()
            else:
                self._follow(stop)

    def _open(self) -> None:
        """Look up or begin each view's generation. One that had stopped is tried again."""
        self._state = "catching up"
        registry.prepare(self.engine)
        with self.engine.begin() as connection:
            found = [_generation(connection, view) for view in self.views]
        self._batches.forget()
        self._projected = [Projected(view, generation) for view, generation in zip(self.views, found, strict=True)]
        if self.source.head() < (front := self._front()):
            raise StoreUnavailable(f"the log ends before position {front}")

    def _follow(self, stop: Stop) -> None:
        """All views are at one position: apply what comes, as it comes."""
        for item in self.source.follow(after=self._front(), batch=self._batch):
            if isinstance(item, CaughtUp):
                self._caught_up()
            else:
                with undisturbed():
                    self._batches.apply(self._running(), item)
            if stop.is_set() or not self.leads():
                return

    def _bring_together(self) -> None:
        """One step for the views in front, so that they stay up to date, and one for those behind."""
        last, following, *_ = self._levels()
        with undisturbed():
            self._batches.apply(self._at(last), self.source.read(after=last, limit=self._batch, until=following))
        front = self._front()
        self._batches.apply(self._at(front), self.source.read(after=front, limit=self._batch))
        self._follow_erasures()

    def _caught_up(self) -> None:
        for one in self._projected:
            if not one.whole:
                self._complete(one)
        self._follow_erasures()
        self._state = READY

    def _complete(self, one: Projected) -> None:
        switches = one.stopped is None and not one.generation.live
        try:
            with self.engine.begin() as connection:
                registry.hold(connection, one.generation)
                registry.complete(connection, one.view, one.generation)
                if switches:
                    one.generation = registry.switch(connection, one.generation)
        except DBAPIError as error:
            if is_away(error, self.engine.dialect):
                raise
            one.stop(error)
            switches = False
        one.whole = True
        if switches:
            log.info("view.switched", view=one.view.name, version=one.view.version)

    def _follow_erasures(self) -> None:
        """Delete plain rows of erased subjects and every trace of them; only then are the erasures done.

        The stopped views, too: they are still read.
        """
        able = [one for one in self._projected if one.erases]
        followed = min((one.generation.erasures for one in able), default=0)
        if not able or not (erasures := self.erasures(followed)):
            return
        deleted = [self._batches.erase(one, erasures) for one in able]
        touched = [table for one, any_ in zip(able, deleted, strict=True) if any_ for table in one.all_tables]
        if touched and not forget_deleted(self.engine, touched):
            return  # a reader holds on to it: all of it again at the next mark
        able = [one for one in able if one.erases]
        with self.engine.begin() as connection:
            done = [registry.change(connection, one.generation, erasures=erasures[-1].number) for one in able]
        for one, generation in zip(able, done, strict=True):
            one.generation = generation

    def _running(self) -> list[Projected]:
        return [one for one in self._projected if one.stopped is None]

    def _at(self, position: int) -> list[Projected]:
        return [one for one in self._running() if one.generation.position == position]

    def _levels(self) -> list[int]:
        """The positions at which views are, lowest first."""
        return sorted({one.generation.position for one in self._running()})

    def _front(self) -> int:
        return max((one.generation.position for one in self._running() or self._projected), default=0)


def _generation(connection: Connection, view: View[Any]) -> Generation:
    """The live generation of this version; else the one begun to replace another version's; else a new one."""
    known = registry.generations(connection, view.name)
    found = _found(known, view)
    if found is None or found.version != view.version:
        found = registry.create(connection, view, live=not known)
    return registry.change(connection, found, stopped_by=None, stopped_at=None)


def _found(known: Sequence[Generation], view: View[Any]) -> Generation | None:
    """The one that is followed: of this version rather than another, live rather than begun to replace it."""
    return max(known, key=lambda g: (g.version == view.version, g.live, g.generation), default=None)
