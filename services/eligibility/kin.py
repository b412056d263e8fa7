"""Who belonged to whose household, read ahead from the view and kept: thousands of nudges, few questions.

The view's rows are never changed, only added to; so what was read stays true, and only what came since is read.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Final

from services.eligibility.views import HOUSEHOLDS
from services.eligibility.views.whom_it_may_concern import memberships_after
from shared.contracts.model import PersonId
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady

LOOK: Final = 0.003
"""Seconds between two looks at how far the view has read."""


class HouseholdsBehind(ViewNotReady):
    """The view of households has not read far enough yet: no message's fault, so it waits as long as it takes."""


class Kin:
    """Answers as of a position of the log; shared by all workers of a process."""

    def __init__(self, reader: ViewReader) -> None:
        self._reader = reader
        self._turn = threading.Lock()
        self._read_up_to = 0
        self._members: defaultdict[PersonId, dict[PersonId, None]] = defaultdict(dict)

    def of(self, anchor_id: PersonId) -> list[PersonId]:
        """Who belonged to the anchor's household, to theirs, and so on: whose phase may rest on the anchor's."""
        found: dict[PersonId, None] = {anchor_id: None}
        ahead = [anchor_id]
        while ahead:
            members = self._members.get(ahead.pop(), {})
            ahead += (member for member in members if member not in found)
            found |= members
        return [person_id for person_id in found if person_id != anchor_id]

    def wait_for(self, position: int, patience: float) -> None:
        """Wait until everything up to a position is known. One looks for all who wait.

        Raises HouseholdsBehind after ``patience`` seconds, and ViewNotReady at once where another release's version of
        the view is live.
        """
        deadline = time.monotonic() + patience
        while self._read_up_to < position:
            with self._turn:
                if self._read_up_to < position:
                    self._read_on()
            if self._read_up_to < position:
                if time.monotonic() >= deadline:
                    raise HouseholdsBehind(HOUSEHOLDS.name)
                time.sleep(LOOK)

    def _read_on(self) -> None:
        with self._reader.snapshot() as now:
            if (reached := now.reached(HOUSEHOLDS)) <= self._read_up_to:
                return
            new = memberships_after(now.connection, now.tables(HOUSEHOLDS), self._read_up_to)
        for person_id, anchor_id in new:
            self._members[anchor_id][person_id] = None
        self._read_up_to = reached
