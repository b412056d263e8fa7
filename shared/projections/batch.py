"""One batch: facts folded into changes, written together with the checkpoints in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Table

from shared.projections import registry
from shared.projections.changes import Change
from shared.projections.engine import UNAVAILABLE
from shared.projections.facts import Fact
from shared.projections.registry import Generation, Superseded
from shared.projections.source import Facts
from shared.projections.view import Erasure, View
from shared.projections.writer import Writer

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where a view stands still until its next start, and the event it cannot get past.

    ``event_id`` is None where no event is to blame: its tables are not what the program takes them for.
    """

    position: int
    event_id: str | None


@dataclass(slots=True, eq=False)
class Projected:
    """A view on its way: the generation it fills, and what the present batch changes."""

    view: View[Any]
    generation: Generation
    tables: Any = field(init=False)
    changes: list[Change] = field(default_factory=list)
    stopped: Stopped | None = None
    whole: bool = False
    """It has caught up since it was opened, and nothing of its tables is missing."""
    erases: bool = True
    """It follows erasures, as a stopped view does, too; False after it could not."""

    def __post_init__(self) -> None:
        self.tables = registry.build(self.view, self.generation.suffix).tables

    @property
    def all_tables(self) -> Sequence[Table]:
        """The physical ones."""
        return registry.build(self.view, self.generation.suffix).metadata.sorted_tables

    def fold(self, fact: Fact) -> None:
        before = len(self.changes)
        try:
            self.changes.extend(self.view.fold(self.tables, fact))
        except UNAVAILABLE:
            raise
        except Exception as error:
            del self.changes[before:]
            self.stop(error, fact)

    def stop(self, error: Exception, fact: Fact | None = None) -> None:
        """Stand still before this fact; without one, where it is."""
        if fact is not None:
            self.stopped = Stopped(fact.position, fact.event_id)
        elif self.stopped is None:
            self.stopped = Stopped(self.generation.position, None)
        # The text of an exception may quote the event's data; its type may not.
        log.error(
            "view.stopped",
            view=self.view.name,
            event_id=self.stopped.event_id,
            position=self.stopped.position,
            error=type(error).__name__,
        )

    def checkpoint(self, facts: Facts) -> dict[str, Any]:
        """The register's values after these facts."""
        if (poison := self.stopped) is None:
            return {"position": facts[-1].position}
        before = [fact.position for fact in facts if fact.position < poison.position]
        return {
            "position": before[-1] if before else self.generation.position,
            "stopped_by": poison.event_id,
            "stopped_at": poison.position,
        }


class RowsRefused(Exception):
    """The view cannot erase, or the database refuses its rows, and always will. The text holds no data of events."""

    def __init__(self, projected: Projected, error: Exception) -> None:
        why = f"cannot erase, or the database refuses its rows ({type(error).__name__})"
        super().__init__(f"{projected.view.name} {why}")
        self.projected, self.error = projected, error


class Batches:
    """Applies facts and erasures to views of one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writer = Writer(engine.dialect)

    def apply(self, projected: Sequence[Projected], facts: Facts) -> None:
        """Fold the next facts and move the checkpoints, all in one transaction.

        A view with a poison fact is written up to the fact before and then stands still; the others
        are not touched by that. Raises Superseded or one of ``UNAVAILABLE``: then nothing was written.
        """
        if not facts or not projected:
            return
        _fold(projected, facts)
        while True:
            try:
                with self.engine.begin() as connection:
                    moved = self._write(connection, projected, facts)
            except RowsRefused as refused:
                self._isolate(refused, facts)
            else:
                for one, generation in zip(projected, moved, strict=True):
                    one.generation = generation
                return

    def apply_within(self, connection: Connection, one: Projected, facts: Facts) -> None:
        """The same for one view within the caller's transaction; its rollback undoes it. Raises RowsRefused."""
        if facts:
            _fold([one], facts)
            (one.generation,) = self._write(connection, [one], facts)

    def erase(self, one: Projected, erasures: Iterable[Erasure]) -> bool:
        """Let the view delete its plain rows of erased subjects; one that cannot is stopped.

        Whether there was anything to do, now or the last time. Raises Superseded or one of ``UNAVAILABLE``.
        """
        try:
            with self.engine.begin() as connection:
                registry.hold(connection, one.generation)
                return self.erase_within(connection, one, erasures)
        except RowsRefused as refused:
            one.erases = False
            one.stop(refused.error)
            return False

    def erase_within(self, connection: Connection, one: Projected, erasures: Iterable[Erasure]) -> bool:
        """The same within the caller's transaction. Raises RowsRefused."""
        try:
            changes = [change for erasure in erasures for change in one.view.erase(one.tables, erasure)]
        except UNAVAILABLE:
            raise
        except Exception as error:
            raise RowsRefused(one, error) from error
        self._write_rows(connection, one, changes)
        return bool(changes)

    def forget(self) -> None:
        """Forget compiled statements, after tables were dropped."""
        self._writer.forget()

    def _write(self, connection: Connection, projected: Sequence[Projected], facts: Facts) -> list[Generation]:
        checkpoints = [one.checkpoint(facts) for one in projected]
        moves = [registry.changing(one.generation, to) for one, to in zip(projected, checkpoints, strict=True)]
        if self._writer.write(connection, moves) != len(moves):
            raise Superseded(", ".join(one.view.name for one in projected))
        for one in projected:
            self._write_rows(connection, one, one.changes)
        return [one.generation._replace(**to) for one, to in zip(projected, checkpoints, strict=True)]

    def _write_rows(self, connection: Connection, one: Projected, changes: Sequence[Change]) -> None:
        """Raises RowsRefused, or ConnectionError where the database is away for all."""
        try:
            self._writer.write(connection, changes)
        except ConnectionError:
            raise
        except Exception as error:
            raise RowsRefused(one, error) from error

    def _isolate(self, refused: RowsRefused, facts: Facts) -> None:
        """Find the fact whose rows the database refuses; keep the changes of those before it."""
        one = refused.projected
        end = facts[-1].position + 1 if one.stopped is None else one.stopped.position
        wanted = [fact for fact in facts if fact.type in one.view.types and fact.position < end]
        accepted: list[Change] = []
        with self.engine.connect() as connection, connection.begin() as trial:
            for fact in wanted:
                changes = list(one.view.fold(one.tables, fact))
                try:
                    self._write_rows(connection, one, changes)
                except RowsRefused as again:
                    one.stop(again.error, fact)
                    break
                accepted += changes
            else:  # refused together, though not one by one: stand still before all of them
                one.stop(refused.error, wanted[0])
                accepted.clear()
            trial.rollback()
        one.changes = accepted


def _fold(projected: Sequence[Projected], facts: Facts) -> None:
    readers: dict[str, list[Projected]] = {}
    for one in projected:
        one.changes = []
        for event_type in one.view.types:
            readers.setdefault(event_type, []).append(one)
    for fact in facts:
        for one in readers.get(fact.type, ()):
            if one.stopped is None:
                one.fold(fact)
