"""Which cases are there, who belongs to them, and who looks after them?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Subquery,
    Table,
    and_,
    exists,
    false,
    literal,
    or_,
    select,
    true,
)

from services.casework.standing import Scope
from shared.contracts.casework import CaseAssigned, CaseClosed, CaseMemberJoined, CaseMemberLeft, CaseOpened
from shared.contracts.model import EmployeeId, HouseholdId
from shared.contracts.registry import types_of
from shared.projections.read import rows
from shared.projections.view import Change, Day, Delete, Fact, Update, Upsert, View


@dataclass(frozen=True, slots=True)
class CaseTables:
    cases: Table
    members: Table
    assignments: Table


class WhichCases(View[CaseTables]):
    name, version = "casework.cases", 2
    types = types_of(CaseOpened, CaseMemberJoined, CaseMemberLeft, CaseAssigned, CaseClosed)

    def tables(self, metadata: MetaData, suffix: str) -> CaseTables:
        return CaseTables(
            cases=self.table(
                metadata,
                suffix,
                "cases",
                Column("case_id", String, primary_key=True),
                Column("household_id", String, nullable=False, index=True),
                Column("status", String, nullable=False),
            ),
            members=self.table(
                metadata,
                suffix,
                "members",
                Column("case_id", String, primary_key=True),
                Column("person_id", String, primary_key=True),
            ),
            assignments=self.table(
                metadata,
                suffix,
                "assignments",
                Column("case_id", String, primary_key=True),
                Column("since", Day, primary_key=True),
                Column("team_id", String, nullable=False),
                Column("manager_id", String, nullable=False, index=True),
            ),
        )

    def fold(self, tables: CaseTables, fact: Fact) -> Iterator[Change]:
        data = fact.data
        case = {"case_id": data["case_id"]}
        match fact.name:
            case "CaseOpened":
                row = case | {"household_id": data["household_id"], "status": "open"}
                yield Upsert(tables.cases, ("case_id",), row)
                yield _member(tables, case, data["member_id"])
            case "CaseMemberJoined":
                yield _member(tables, case, data["member_id"])
            case "CaseMemberLeft":
                yield Delete(tables.members, case | {"person_id": data["member_id"]})
            case "CaseAssigned":
                row = case | {
                    "since": fact.occurred_on,
                    "team_id": data["team_id"],
                    "manager_id": data["manager_id"],
                }
                yield Upsert(tables.assignments, ("case_id", "since"), row)
            case "CaseClosed":
                yield Update(tables.cases, case, {"status": "closed"})


def assigned(tables: CaseTables, on: date) -> Subquery:
    """Each case's assignment on a day: case_id, since, team_id, manager_id."""
    held, later = tables.assignments, tables.assignments.alias()
    superseded = exists().where(later.c.case_id == held.c.case_id, later.c.since > held.c.since, later.c.since <= on)
    return select(held).where(held.c.since <= on, ~superseded).subquery()


def _member(tables: CaseTables, case: dict[str, str], person_id: str) -> Upsert:
    return Upsert(tables.members, ("case_id", "person_id"), case | {"person_id": person_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a search asks for; None: it does not matter. ``of`` are managers."""

    household_id: HouseholdId | None = None
    status: str | None = None
    unassigned: bool | None = None
    of: frozenset[EmployeeId] | None = None


def find(
    connection: Connection, tables: CaseTables, sought: Sought, scope: Scope, day: date, limit: int
) -> list[dict[str, Any]]:
    """Cases in the scope, as they are assigned on the day, in order of their ids."""
    cases, assignment = tables.cases, assigned(tables, day)
    found = (
        select(cases, assignment.c.team_id, assignment.c.manager_id, assignment.c.since.label("assigned_on"))
        .join(assignment, assignment.c.case_id == cases.c.case_id, isouter=True)
        .where(_within(scope, assignment), *_matching(sought, cases, assignment))
        .order_by(cases.c.case_id)
        .limit(limit)
    )
    those = rows(connection, found)
    members = _members(connection, tables, [row["case_id"] for row in those])
    return [{**row, "members": members.get(row["case_id"], [])} for row in those]


def _matching(sought: Sought, cases: Table, assignment: Subquery) -> Iterator[ColumnElement[bool]]:
    if sought.household_id is not None:
        yield cases.c.household_id == sought.household_id
    if sought.status is not None:
        yield cases.c.status == sought.status
    if sought.unassigned is not None:
        yield assignment.c.manager_id.is_(None) == sought.unassigned
    if sought.of is not None:
        yield assignment.c.manager_id.in_(sought.of)


def _within(scope: Scope, assignment: Subquery) -> ColumnElement[bool]:
    """The scope as one predicate; says the same as ``Scope.includes``."""
    if scope.everything:
        return true()
    return or_(
        and_(assignment.c.manager_id.is_(None), literal(scope.unassigned)),
        assignment.c.manager_id.in_(scope.managers),
        assignment.c.team_id == scope.team_id if scope.team_id is not None else false(),
    )


def _members(connection: Connection, tables: CaseTables, case_ids: list[str]) -> dict[str, list[str]]:
    members = tables.members
    rows = connection.execute(
        select(members).where(members.c.case_id.in_(case_ids)).order_by(members.c.case_id, members.c.person_id)
    )
    return {case_id: [person_id for _, person_id in group] for case_id, group in groupby(rows, key=itemgetter(0))}
