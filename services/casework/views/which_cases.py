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
    Label,
    MetaData,
    String,
    Subquery,
    Table,
    and_,
    exists,
    false,
    func,
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
    openings: Table
    members: Table
    assignments: Table


class WhichCases(View[CaseTables]):
    name, version = "casework.cases", 3
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
            openings=self.table(
                metadata,
                suffix,
                "openings",  # the days on which somebody joined in the present or latest spell
                Column("case_id", String, primary_key=True),
                Column("since", Day, primary_key=True),
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
                yield Delete(tables.openings, case)
                yield from _joined(tables, case, data["member_id"], fact.occurred_on)
            case "CaseMemberJoined":
                yield from _joined(tables, case, data["member_id"], fact.occurred_on)
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


def _joined(tables: CaseTables, case: dict[str, str], person_id: str, since: str) -> Iterator[Change]:
    yield Upsert(tables.members, ("case_id", "person_id"), case | {"person_id": person_id})
    yield Upsert(tables.openings, ("case_id", "since"), case | {"since": since})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a search asks for; None: it does not matter. ``of`` are managers, ``manager_id`` is one."""

    household_id: HouseholdId | None = None
    status: str | None = None
    unassigned: bool | None = None
    of: frozenset[EmployeeId] | None = None
    manager_id: EmployeeId | None = None


def find(
    connection: Connection, tables: CaseTables, sought: Sought, scope: Scope, day: date, limit: int
) -> list[dict[str, Any]]:
    """Cases in the scope, as they are assigned on the day, in order of their ids.

    ``opened_on``: the first day of the present or latest spell, in whatever order its members came to be known.
    """
    cases, assignment = tables.cases, assigned(tables, day)
    held = assignment.c
    found = (
        select(cases, _opened_on(tables), held.team_id, held.manager_id, held.since.label("assigned_on"))
        .join(assignment, assignment.c.case_id == cases.c.case_id, isouter=True)
        .where(_within(scope, assignment), *_matching(sought, cases, assignment))
        .order_by(cases.c.case_id)
        .limit(limit)
    )
    those = rows(connection, found)
    members = _members(connection, tables, [row["case_id"] for row in those])
    return [{**row, "members": members.get(row["case_id"], [])} for row in those]


def caseloads(connection: Connection, tables: CaseTables, day: date) -> list[dict[str, Any]]:
    """How many open cases each manager (None: nobody yet) looks after on the day, by the team in which they do."""
    cases, held = tables.cases, assigned(tables, day)
    found = (
        select(held.c.team_id, held.c.manager_id.label("employee_id"), func.count().label("cases"))
        .select_from(cases)
        .join(held, held.c.case_id == cases.c.case_id, isouter=True)
        .where(cases.c.status == "open")
        .group_by(held.c.team_id, held.c.manager_id)
        .order_by(held.c.team_id, held.c.manager_id)
    )
    return rows(connection, found)


def _opened_on(tables: CaseTables) -> Label[date]:
    opening = tables.openings.c
    first = select(func.min(opening.since, type_=opening.since.type)).where(opening.case_id == tables.cases.c.case_id)
    return first.scalar_subquery().label("opened_on")


def _matching(sought: Sought, cases: Table, assignment: Subquery) -> Iterator[ColumnElement[bool]]:
    if sought.household_id is not None:
        yield cases.c.household_id == sought.household_id
    if sought.status is not None:
        yield cases.c.status == sought.status
    if sought.unassigned is not None:
        yield assignment.c.manager_id.is_(None) == sought.unassigned
    if sought.of is not None:
        yield assignment.c.manager_id.in_(sought.of)
    if sought.manager_id is not None:
        yield assignment.c.manager_id == sought.manager_id


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
    found = connection.execute(
        select(members).where(members.c.case_id.in_(case_ids)).order_by(members.c.case_id, members.c.person_id)
    )
    return {case_id: [person_id for _, person_id in group] for case_id, group in groupby(found, key=itemgetter(0))}
