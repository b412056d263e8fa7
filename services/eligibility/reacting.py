"""How eligibility's reactions are carried out: find out whom an event concerns, then assess each."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Final
from weakref import WeakValueDictionary

from services.eligibility.assessing import Assessor, Cause
from services.eligibility.commands import Assess
from services.eligibility.kin import Kin
from services.eligibility.reactions import when_intake_changed_then_assess as intake_changed
from services.eligibility.reactions import when_municipal_service_changed_then_assess as service_changed
from services.eligibility.views import HOUSEHOLDS
from services.eligibility.views.whom_it_may_concern import residents_of
from shared.bus.nudge import Nudge
from shared.contracts.casework import MunicipalServiceSet
from shared.contracts.model import Ags, PersonId, subject_of
from shared.contracts.registry import NewerThanThisCode, types_of
from shared.execute import derived_id
from shared.projections.read import ViewReader

PATIENCE: Final = 2.0
"""Seconds a reaction waits for the view of households to have read its event; then the message comes again later."""

CHANGES_A_SERVICE: Final = types_of(MunicipalServiceSet)
REMEMBERED: Final = 10_000
"""Commands whose events have been answered; forgotten ones are merely looked at again."""


class Reactions:
    """Carries out what nudges lead to; shared by all workers of a process."""

    def __init__(self, assessor: Assessor, reader: ViewReader) -> None:
        self._assessor, self._reader, self._kin = assessor, reader, Kin(reader)
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._answered: OrderedDict[tuple[str, str], None] = OrderedDict()

    def react(self, nudge: Nudge) -> None:
        """Raises ViewNotReady, and what assessing raises.

        Nudges about one stream take turns. Events of one command are one append, and whoever looks sees all of
        it; so the nudge about a registration has answered the one about the first residence, too.
        """
        change = (nudge.stream, nudge.causation_id)
        turn = self._turns.setdefault(nudge.stream, _Turn())
        with turn.lock:
            if change in self._answered:
                return
            reaction, commands = self._concerned(nudge)
            newer: list[NewerThanThisCode] = []
            for command in commands:
                try:
                    self._assessor.assess(command.person_id, _because_of(nudge, reaction, command.person_id))
                except NewerThanThisCode as error:  # the others need not wait for who knows more of this one
                    newer.append(error)
            if newer:
                raise newer[0]
            if commands:  # an event no rule reads answers nothing but itself
                self._answered[change] = None
            if len(self._answered) > REMEMBERED:
                self._answered.popitem(last=False)

    def _concerned(self, nudge: Nudge) -> tuple[str, list[Assess]]:
        """The reaction's name, and whom it looks at."""
        subject = subject_of(nudge.stream)
        if nudge.type in CHANGES_A_SERVICE:
            self._kin.wait_for(nudge.position, PATIENCE)
            with self._reader.snapshot() as now:
                residents = residents_of(now.connection, now.tables(HOUSEHOLDS), Ags(subject))
            return service_changed.NAME, service_changed.react(residents)
        person_id, members = PersonId(subject), list[PersonId]()
        if intake_changed.concerns_members(nudge.type):
            self._kin.wait_for(nudge.position, PATIENCE)
            members = self._kin.of(person_id)
        return intake_changed.NAME, intake_changed.react(nudge.type, person_id, members)


class _Turn:
    """Whose turn it is to look at a stream; gone when nobody waits."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


def _because_of(nudge: Nudge, reaction: str, person_id: PersonId) -> Cause:
    return Cause(
        command_id=derived_id(nudge.event_id, f"{reaction} {person_id}"),
        correlation_id=nudge.correlation_id,
        causation_id=nudge.event_id,
    )
