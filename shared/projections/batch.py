"""One batch: facts folded into changes, written together with the checkpoints in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from shared.projections import registry
from shared.projections.changes import Change
from shared.projections.engine import UNAVAILABLE
from shared.projections.facts import Fact
from shared.projections.registry import Generation, Superseded
from shared.projections.source import Facts
from shared.projections.view import Erasure, View
from shared.projections.writer import Writer

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Projected:
    """A view on its way: the generation it fills, and what the present batch changes."""

    view: View[Any]
    generation: Generation
    tables: Any = field(init=False)
    changes: list[Change] = field(default_factory=list)
    stopped_at: Fact | None = None
    """The fact that could not be folded: the view stays where it is."""
    whole: bool = False
    """It has caught up since it was opened, and nothing of its tables is missing."""

    def __post_init__(self) -> None:
        self.tables = registry.build(self.view, self.generation.suffix).tables

    def fold(self, fact: Fact) -> None:
        before = len(self.changes)
        try:
            self.changes.extend(self.view.fold(self.tables, fact))
        except UNAVAILABLE:
            raise
        except Exception as error:
            del self.changes[before:]
            self.stop(fact, error)

    def stop(self, fact: Fact, error: Exception) -> None:
        self.stopped_at = fact
        # The text of an exception may quote the event's data; its type may not.
        log.error(
            "view.stopped",
            view=self.view.name,
            event_id=fact.event_id,
            position=fact.position,
            error=type(error).__name__,
        )

    def checkpoint(self, facts: Facts) -> dict[str, Any]:
        """The register's values after these facts."""
        if (poison := self.stopped_at) is None:
            return {"position": facts[-1].position}
        before = [fact.position for fact in facts if fact.position < poison.position]
        return {
            "position": before[-1] if before else self.generation.position,
            "stopped_by": poison.event_id,
            "stopped_at": poison.position,
        }


class _Refused(Exception):
    """The database refuses rows of a view: one of its facts is poison."""

    def __init__(self, projected: Projected, error: Exception) -> None:
        super().__init__(projected.view.name)
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
            except _Refused as refused:
                self._isolate(refused, facts)
            else:
                for one, generation in zip(projected, moved, strict=True):
                    one.generation = generation
                return

    def apply_within(self, connection: Connection, one: Projected, facts: Facts) -> None:
        """The same for one view within the caller's transaction; its rollback undoes it."""
        if facts:
            _fold([one], facts)
            (one.generation,) = self._write(connection, [one], facts)

    def erase_within(self, connection: Connection, one: Projected, erasures: Iterable[Erasure]) -> bool:
        """Let the view delete its plain rows of erased subjects, within the caller's transaction.

        Whether there was anything to do, now or the last time.
        """
        changes = [change for erasure in erasures for change in one.view.erase(one.tables, erasure)]
        self._writer.write(connection, changes)
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
            try:
                self._writer.write(connection, one.changes)
            except UNAVAILABLE:
                raise
            except Exception as error:
                raise _Refused(one, error) from error
        return [one.generation._replace(**to) for one, to in zip(projected, checkpoints, strict=True)]

    def _isolate(self, refused: _Refused, facts: Facts) -> None:
        """Find the fact whose rows the database refuses; keep the changes of those before it."""
        one = refused.projected
        end = facts[-1].position + 1 if one.stopped_at is None else one.stopped_at.position
        wanted = [fact for fact in facts if fact.type in one.view.types and fact.position < end]
        accepted: list[Change] = []
        with self.engine.connect() as connection, connection.begin() as trial:
            for fact in wanted:
                changes = list(one.view.fold(one.tables, fact))
                try:
                    self._writer.write(connection, changes)
                except UNAVAILABLE:
                    raise
                except Exception as error:
                    one.stop(fact, error)
                    break
                accepted += changes
            else:  # refused together, though not one by one: stand still before all of them
                one.stop(wanted[0], refused.error)
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
            if one.stopped_at is None:
                one.fold(fact)
