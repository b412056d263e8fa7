"""Time alone may change a phase: whoever falls due is looked at again, once, also after downtime."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, NamedTuple

from services.eligibility.assessing import Assessor, Cause
from services.eligibility.views import DUE
from services.eligibility.views.when_to_look_again import Look, due_by
from shared.contracts.registry import NewerThanThisCode
from shared.execute import derived_id
from shared.projections.engine import UNAVAILABLE
from shared.projections.read import ViewReader
from shared.runtime.logs import bound, get_logger
from shared.runtime.metrics import NEWER_EVENTS

AT_ONCE: Final = 500
"""Looks taken from the view at a time."""


class Failure(NamedTuple):
    attempts: int
    again_at: float


class LookingAgain:
    """The timer's memory: what was looked at stays due until the view has read the new determination.

    Losing it with the process costs nothing: the command ids are the same again.
    """

    def __init__(
        self,
        assessor: Assessor,
        reader: ViewReader,
        retry_delays: Sequence[float],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._assessor, self._reader = assessor, reader
        self._retry_delays, self._now = retry_delays, now
        self._done: set[Look] = set()
        self._failed: dict[Look, Failure] = {}
        self._waits_for: str | None = None

    def look(self) -> None:
        """Assess everybody who has fallen due by today and was not looked at since.

        What fails is tried again after growing delays, without keeping the others waiting. While store
        or view are away nobody can be assessed: then the next tick is soon enough.
        """
        try:
            due = self._due(self._assessor.clock.today())
            self._forget_all_but(due)
            for look in due:
                if look not in self._done and self._may_try(look):
                    self._assess(look)
            self._waits_for = None
        except UNAVAILABLE as error:
            self._say_once(type(error).__name__)

    def _due(self, today: date) -> list[Look]:
        """What is due; more than ``AT_ONCE`` only while as many have been seen to already."""
        with self._reader.snapshot() as now:
            limit = AT_ONCE + len(self._done) + len(self._failed)
            return due_by(now.connection, now.tables(DUE), today, limit)

    def _assess(self, look: Look) -> None:
        command_id = derived_id(look.person_id, f"{look.due_on} look again")
        cause = Cause(command_id=command_id, correlation_id=command_id, causation_id=command_id)
        with bound(correlation_id=command_id, causation_id=command_id):
            try:
                self._assessor.assess(look.person_id, cause)
            except UNAVAILABLE:
                raise
            except NewerThanThisCode:
                NEWER_EVENTS.inc()
                get_logger().warning("newer-release", attempts=self._put_off(look))
            except Exception as error:
                get_logger().error("look-failed", attempts=self._put_off(look), exc_info=error)
            else:
                self._done.add(look)

    def _put_off(self, look: Look) -> int:
        """Until later, after a growing delay; how often it was tried."""
        attempts = self._failed[look].attempts if look in self._failed else 0
        delay = self._retry_delays[min(attempts, len(self._retry_delays) - 1)]
        self._failed[look] = Failure(attempts + 1, self._now() + delay)
        return attempts + 1

    def _may_try(self, look: Look) -> bool:
        return look not in self._failed or self._failed[look].again_at <= self._now()

    def _forget_all_but(self, due: Sequence[Look]) -> None:
        """What is not due any more needs no memory."""
        self._done.intersection_update(due)
        for look in self._failed.keys() - set(due):
            del self._failed[look]

    def _say_once(self, exception: str) -> None:
        """Not at every tick."""
        if exception != self._waits_for:
            get_logger().warning("looking-again-waits", exception=exception)
        self._waits_for = exception
