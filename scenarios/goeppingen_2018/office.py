"""What the head of office records: who serves which municipality, teams, staff, contracts, the grant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import County, Manager
from scenarios.goeppingen_2018.households import add_months
from scenarios.steps import Post, Ref

HEAD = "head"
BASE = "/casework/v1"
FORMED_ON = date(2018, 1, 15)


def lead_account(team: str) -> str:
    return f"lead-{team.split()[0].lower()}"


def team_key(team: str) -> str:
    return f"team:{team}"


def employee_key(account: str) -> str:
    return f"employee:{account}"


def office(county: County) -> Iterator[Post]:
    """Everything of the office, in one lane."""
    for ags in (*county.served, *county.own_service):
        service = "own" if ags in county.own_service else "district"
        yield _post(date(2015, 1, 2), f"municipalities/{ags}/service", service=service, since=plan.BEGINS_ON)
    yield _post(
        date(2018, 1, 3),
        "grants",
        name="grant",
        amount=plan.GRANT,
        awarded_on=date(2018, 1, 1),
        until=date(2018, 12, 31),
        rate_graduate=plan.RATE_GRADUATE,
        rate_intermediate=plan.RATE_INTERMEDIATE,
    )
    for team in county.teams:
        yield _post(FORMED_ON, "teams", name=team_key(team.name), name_=team.name, formed_on=FORMED_ON)
        yield _post(FORMED_ON, f"teams/{{{team_key(team.name)}}}/area", municipalities=team.area, since=FORMED_ON)
        yield from _employee(lead_account(team.name), f"Leitung {team.name}", "graduate", team.name, FORMED_ON)
    for manager in county.staff:
        yield from _manager(manager)
    yield from _posts_and_holders(county)
    for cover in county.covers:
        yield _post(
            cover.from_on - timedelta(days=3),
            "covers",
            employee_id=Ref(employee_key(cover.covered)),
            deputy_id=Ref(employee_key(cover.deputy)),
            from_on=cover.from_on,
            until=cover.until,
        )


def _employee(account: str, name: str, qualification: str, team: str, day: date) -> Iterator[Post]:
    key = employee_key(account)
    yield _post(day, "employees", name=key, account=account, name_=name, qualification=qualification, joined_on=day)
    yield _post(day, f"employees/{{{key}}}/team", team_id=Ref(team_key(team)), since=day)


def _manager(manager: Manager) -> Iterator[Post]:
    key = employee_key(manager.account)
    hired_on = max(FORMED_ON, manager.starts_on - timedelta(days=10))
    yield from _employee(manager.account, manager.name, manager.qualification, manager.team, hired_on)
    contract: dict[str, Any] = {"fte": manager.fte, "starts_on": manager.starts_on}
    if not manager.permanent:
        contract["ends_on"] = add_months(manager.starts_on, 24) - timedelta(days=1)
    yield _post(hired_on, f"employees/{{{key}}}/contracts", name=f"contract:{manager.account}", **contract)
    if manager.left_on is not None:
        path = f"employees/{{{key}}}/contracts/{{contract:{manager.account}}}/end"
        yield _post(manager.left_on, path, ended_on=manager.left_on, reason="own_wish")


def _posts_and_holders(county: County) -> Iterator[Post]:
    """A post each for those who stay; who left had held the post of the successor with the same share."""
    leavers = {manager.fte: manager for manager in county.staff if manager.left_on is not None}
    for manager in county.staff:
        if manager.left_on is not None:
            continue
        key = f"post:{manager.account}"
        yield _post(
            FORMED_ON,
            "grants/{grant}/posts",
            name=key,
            qualification=manager.qualification,
            fte=manager.fte,
            created_on=FORMED_ON,
        )
        before = leavers.get(manager.fte) if manager.starts_on > date(2018, 9, 1) and not manager.permanent else None
        if before is not None and before.left_on is not None:
            yield _holder(key, before)
            yield _post(before.left_on, f"grants/{{grant}}/posts/{{{key}}}/vacancy", vacated_on=before.left_on)
        yield _holder(key, manager)


def _holder(post: str, manager: Manager) -> Post:
    path = f"grants/{{grant}}/posts/{{{post}}}/holder"
    employee = Ref(employee_key(manager.account))
    return _post(manager.starts_on, path, employee_id=employee, filled_on=manager.starts_on)


def _post(day: date, path: str, *, name: str | None = None, name_: str | None = None, **body: Any) -> Post:
    """``name`` is the reference under which the answer is kept; ``name_`` a field called name."""
    fields = body if name_ is None else body | {"name": name_}
    return Post(day=day, lane="office", account=HEAD, path=f"{BASE}/{path}", body=fields, name=name)
