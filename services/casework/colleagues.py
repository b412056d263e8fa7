"""Who asks, by the local access table: the account's employee, their team, whom they cover today.

Whom a case belongs to is never asked here but read from the case's own stream. So what can be out of
date for some milliseconds is only who covers whom. A cover that was recorded a moment ago must not be
refused: before anybody is turned away, the table is brought up to the log's end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from typing import Final

from sqlalchemy import select

from services.casework.standing import Colleague
from services.casework.views import ACCESS
from services.casework.views.who_may_act import covered_by, team_on
from shared.api.roles import IMPORTER, TEAM_LEAD
from shared.contracts.model import EmployeeId, TeamId
from shared.eventstore.port import EventStore
from shared.projections.read import Snapshot, ViewReader
from shared.projections.registry import ViewNotReady
from shared.service.tokens import Actor

REMEMBERED: Final = 4096
"""Accounts whose employee is kept; that never changes."""
PATIENCE: Final = 2.0
"""Seconds to wait for the access table before a command is put off (503)."""


class Colleagues:
    """Looks people up; shared by all workers of a process."""

    def __init__(self, reader: ViewReader, store: EventStore) -> None:
        self._reader, self._store = reader, store
        self._employees: OrderedDict[str, EmployeeId] = OrderedDict()

    def who(self, actor: Actor, today: date, suffices: Callable[[Colleague], bool]) -> Colleague:
        """Who asks, known just well enough to let them: ``suffices`` says when.

        The employee behind an account costs nothing to know; the rest is looked up only where that is
        not enough. Raises ViewNotReady while the table cannot be brought up to date.
        """
        if suffices(known := self._by_account(actor)) or suffices(known := self.look_up(actor, today)):
            return known
        self.catch_up()
        return self.look_up(actor, today)

    def catch_up(self) -> None:
        """Wait until the access table holds all that is recorded now. Raises ViewNotReady."""
        if not self._reader.wait_for([ACCESS.name], self._store.head(), PATIENCE):
            raise ViewNotReady(ACCESS.name)

    def _by_account(self, actor: Actor) -> Colleague:
        if (employee_id := self._employees.get(actor.account)) is not None:
            self._employees.move_to_end(actor.account)
        return Colleague(employee_id=employee_id, imports=IMPORTER in actor.roles)

    def look_up(self, actor: Actor, today: date) -> Colleague:
        """Who asks, as the access table has them just now. Raises ViewNotReady while there is none."""
        with self._reader.snapshot() as now:
            employee_id = self._employee_of(now, actor.account)
            if employee_id is None:
                return Colleague(imports=IMPORTER in actor.roles)
            access = now.tables(ACCESS)
            team_id = team_on(now.connection, access, employee_id, today)
            covers = covered_by(now.connection, access, employee_id, today)
        self._employees[actor.account] = employee_id
        if len(self._employees) > REMEMBERED:
            self._employees.popitem(last=False)
        return Colleague(
            employee_id=employee_id,
            team_id=team_id,
            covers=covers,
            leads=team_id if TEAM_LEAD in actor.roles else None,
            imports=IMPORTER in actor.roles,
        )

    def _employee_of(self, now: Snapshot, account: str) -> EmployeeId | None:
        accounts = now.tables(ACCESS).accounts
        found = now.connection.execute(select(accounts.c.employee_id).where(accounts.c.account == account)).scalar()
        return None if found is None else EmployeeId(found)

    # --- what rules rest on ---------------------------------------------------------------------

    def all_teams(self) -> list[TeamId]:
        """Every team that was ever formed, as of now."""
        self.catch_up()
        with self._reader.snapshot() as now:
            return [TeamId(team_id) for (team_id,) in now.connection.execute(select(now.tables(ACCESS).teams))]

    def covers(self, employee_id: EmployeeId, deputy_id: EmployeeId) -> list[tuple[date, date]]:
        """First and last days of all covers of this employee by this deputy, as of now."""
        self.catch_up()
        with self._reader.snapshot() as now:
            covers = now.tables(ACCESS).covers
            of_the_pair = (covers.c.employee_id == employee_id) & (covers.c.deputy_id == deputy_id)
            rows = now.connection.execute(select(covers.c.from_on, covers.c.until).where(of_the_pair))
            return [(from_on, until) for from_on, until in rows]
