"""The accounts of the demonstration, with passwords made for this run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from scenarios.goeppingen_2018 import plan
from scenarios.goeppingen_2018.county import county
from scenarios.goeppingen_2018.office import HEAD, lead_account
from scenarios.goeppingen_2018.script import CLERKS
from services.portal.login.accounts import Accounts, made_password
from services.portal.login.database import open_database
from shared.api.roles import (
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    HEAD_OF_OFFICE,
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    MUNICIPAL_STAFF,
    REPORTING,
    TEAM_LEAD,
)


@dataclass(frozen=True, slots=True)
class Login:
    """How somebody invented logs in to the demonstration's pages."""

    role: str
    account: str
    shown_as: str
    ags: str | None = None


def logins() -> Iterator[Login]:
    """One for each role but operator and importer; the manager has cases in the scenario, the lead leads that
    manager's team."""
    manager = next(each for each in county().staff if each.works_on(plan.ENDS_ON))
    yield Login(INTEGRATION_MANAGER, manager.account, manager.name)
    yield Login(TEAM_LEAD, lead_account(manager.team), f"Leitung {manager.team}")
    yield Login(INTAKE_CLERK, CLERKS[0], "Linde Muster")
    yield Login(HEAD_OF_OFFICE, HEAD, "Ahorn Beispiel")
    yield Login(REPORTING, "reporting", "Erle Probe")
    yield Login(AUDITOR, "auditor", "Eibe Muster")
    yield Login(DATA_PROTECTION_OFFICER, "datenschutz", "Espe Probe")
    yield Login(
        MUNICIPAL_STAFF, "rathaus", "Esche Probe", ags=next(t.area[0] for t in county().teams if t.name == manager.team)
    )


def make(database: Path) -> Table:
    """Make the accounts in the portal's file; a table that shows how to log in."""
    table = Table("role", "name", "password", box=None, pad_edge=False, header_style="bold")
    with closing(open_database(database)) as opened:
        accounts = Accounts(opened)
        for login in logins():
            password = made_password()
            accounts.add(login.account, [login.role], password, shown_as=login.shown_as, ags=login.ags)
            table.add_row(login.role, login.account, password)
    return table
