"""Who is behind an account, in which team, and whom may they stand in for?

The local access table: authorisation asks here, never another service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, or_, select

from shared.contracts.casework import CoverBegan, CoverEnded, EmployeeJoined, TeamFormed, TeamJoined
from shared.contracts.model import EmployeeId, TeamId
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import Change, Day, Fact, Insert, Update, Upsert, View


@dataclass(frozen=True, slots=True)
class AccessTables:
    accounts: Table
    teams: Table
    memberships: Table
    covers: Table


class WhoMayAct(View[AccessTables]):
    name, version = "casework.access", 1
    types = types_of(EmployeeJoined, TeamFormed, TeamJoined, CoverBegan, CoverEnded)

    def tables(self, metadata: MetaData, suffix: str) -> AccessTables:
        return AccessTables(
            accounts=self.table(
                metadata,
                suffix,
                "accounts",
                Column("employee_id", String, primary_key=True),
                Column("account", String, nullable=False, index=True),
            ),
            teams=self.table(metadata, suffix, "teams", Column("team_id", String, primary_key=True)),
            memberships=self.table(
                metadata,
                suffix,
                "memberships",
                Column("employee_id", String, primary_key=True),
                Column("since", Day, primary_key=True),
                Column("team_id", String, nullable=False),
            ),
            covers=self.table(
                metadata,
                suffix,
                "covers",
                Column("cover_id", String, primary_key=True),
                Column("employee_id", String, nullable=False),
                Column("deputy_id", String, nullable=False, index=True),
                Column("from_on", Day, nullable=False),
                Column("until", Day, nullable=False),
            ),
        )

    def fold(self, tables: AccessTables, fact: Fact) -> Iterator[Change]:
        data, day = fact.data, fact.occurred_on
        match fact.name:
            case "EmployeeJoined":
                row = {"employee_id": data["employee_id"], "account": data["account"]}
                yield Insert(tables.accounts, row)
            case "TeamFormed":
                yield Insert(tables.teams, {"team_id": data["team_id"]})
            case "TeamJoined":
                membership = {"employee_id": data["employee_id"], "since": day, "team_id": data["team_id"]}
                yield Upsert(tables.memberships, ("employee_id", "since"), membership)
            case "CoverBegan":
                cover = {name: data[name] for name in ("cover_id", "employee_id", "deputy_id", "until")}
                yield Insert(tables.covers, cover | {"from_on": day})
            case "CoverEnded":
                yield Update(tables.covers, {"cover_id": data["cover_id"]}, {"until": day})


def accounts(connection: Connection, tables: AccessTables) -> dict[str, EmployeeId]:
    """The employee behind each account."""
    found = select(tables.accounts.c.account, tables.accounts.c.employee_id)
    return dict(connection.execute(found).tuples().all())


def team_on(connection: Connection, tables: AccessTables, employee_id: EmployeeId, day: date) -> TeamId | None:
    """The team to which the employee belongs on a day."""
    entries = tables.memberships
    newest = (
        select(entries.c.team_id)
        .where(entries.c.employee_id == employee_id, entries.c.since <= day)
        .order_by(entries.c.since.desc())
        .limit(1)
    )
    return connection.execute(newest).scalar()


def covered_by(connection: Connection, tables: AccessTables, deputy_id: EmployeeId, day: date) -> frozenset[EmployeeId]:
    """In whose cases the deputy may act on a day."""
    covers = tables.covers
    running = select(covers.c.employee_id).where(
        covers.c.deputy_id == deputy_id, covers.c.from_on <= day, covers.c.until >= day
    )
    return frozenset(connection.execute(running).scalars())


def covers_of(
    connection: Connection, tables: AccessTables, employee_id: EmployeeId, first: date, last: date
) -> list[dict[str, Any]]:
    """The covers in which the employee has a part, as the covered one or the deputy, and that run on a day from
    ``first`` to ``last``; in order of their beginnings."""
    covers = tables.covers
    found = select(covers).where(
        or_(covers.c.employee_id == employee_id, covers.c.deputy_id == employee_id),
        covers.c.from_on <= last,
        covers.c.until >= first,
    )
    return rows(connection, found.order_by(covers.c.from_on, covers.c.cover_id))
