"""The running portal as tests use it: over HTTP like a browser without scripts, or in a real browser."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from deploy.one_machine import OneMachine
from scenarios.small_office import AGS, CLERK, HEAD, LEAD, MANAGER
from services.portal.login.accounts import Accounts, made_password
from services.portal.login.database import open_database
from services.portal.login.sessions import Sessions
from services.portal.web.visit import SESSION
from shared.api.roles import (
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    HEAD_OF_OFFICE,
    IMPORTER,
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    MUNICIPAL_STAFF,
    OPERATOR,
    REPORTING,
    TEAM_LEAD,
)
from shared.database.plain import Database, Row
from tests.platform.office import OTHER, RunningOffice

NAMES: Final[Mapping[str, str]] = {
    INTEGRATION_MANAGER: "Anis Probe",
    TEAM_LEAD: "Linde Muster",
    INTAKE_CLERK: "Erle Beispiel",
    HEAD_OF_OFFICE: "Ahorn Probe",
    REPORTING: "Eibe Muster",
    AUDITOR: "Ulme Beispiel",
    DATA_PROTECTION_OFFICER: "Espe Probe",
    MUNICIPAL_STAFF: "Esche Muster",
    OPERATOR: "Fichte Beispiel",
    IMPORTER: "Tanne Probe",
}
ACCOUNTS: Final[Mapping[str, str]] = {
    INTEGRATION_MANAGER: MANAGER,
    TEAM_LEAD: LEAD,
    INTAKE_CLERK: CLERK,
    HEAD_OF_OFFICE: HEAD,
    REPORTING: "reporting",
    AUDITOR: "auditor",
    DATA_PROTECTION_OFFICER: "datenschutz",
    MUNICIPAL_STAFF: "rathaus",
    OPERATOR: "operator",
    IMPORTER: "importer",
}
"""The account of each role; casework knows those of its employees by these names."""
REASON: Final = "Jahresprüfung 2018"
"""Why the auditor looks, where no test says otherwise."""
IDLE: Final = 1800.0
HIDDEN = re.compile(r'name="(_\w+)" value="([^"]*)"')


@dataclass(frozen=True)
class RunningPortal:
    """The portal over a small office (tests/platform/office.py), with an account for each role and for ``OTHER``."""

    machine: OneMachine
    office: RunningOffice
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, machine: OneMachine) -> RunningPortal:
        portal = cls(machine, RunningOffice.open(machine))
        for role, account in ACCOUNTS.items():
            portal.add(account, role, shown_as=NAMES[role], ags=AGS if role == MUNICIPAL_STAFF else None)
        portal.add(OTHER, INTEGRATION_MANAGER)
        return portal

    @property
    def url(self) -> str:
        return self.machine.portal

    def add(self, account: str, *roles: str, shown_as: str | None = None, ags: str | None = None) -> str:
        """A further account; its password."""
        self.passwords[account] = made_password()
        self._accounts.add(account, roles, self.passwords[account], shown_as=shown_as, ags=ags)
        return self.passwords[account]

    def stored(self, statement: str, **parameters: Any) -> list[Row]:
        """Look into the portal's own file, or change it."""
        return self._database.read(statement, **parameters)

    def session_of(self, account: str) -> str:
        """The id of a new session, as after a log-in, but without hashing a password: that has tests of its own."""
        (known,) = (each for each in self._accounts.all() if each.name == account)
        return Sessions(self._database, IDLE).begin(known).id

    def visitor(self, role: str | None = None, *, language: str = "de") -> Visitor:
        """A browser without scripts; logged in as the account of a role, if one is named, and on the help page."""
        visitor = Visitor(self)
        visitor.session.headers["Accept-Language"] = language
        if role is not None:
            host = urlsplit(self.url).hostname
            visitor.session.cookies.set(SESSION, self.session_of(ACCOUNTS[role]), domain=host, path="/")
            assert NAMES[role] in visitor.get("/hilfe").text
        return visitor

    @cached_property
    def _database(self) -> Database:
        return open_database(self.machine.data / "portal.db")

    @cached_property
    def _accounts(self) -> Accounts:
        return Accounts(self._database)


class Visitor:
    """Keeps cookies, and sends with each form what the page has hidden in its forms."""

    def __init__(self, portal: RunningPortal) -> None:
        self.portal = portal
        self.session = requests.Session()
        self.last: requests.Response | None = None

    def get(self, path: str, *, follow: bool = True, **headers: str) -> requests.Response:
        """Open a page. ``headers`` with underscores for dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.last = self.session.get(self.portal.url + path, headers=sent, allow_redirects=follow, timeout=30)
        return self.last

    def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, follow: bool = True, **headers: str
    ) -> requests.Response:
        """Send a form of the page that was opened last; given fields win over hidden ones, None leaves one out."""
        hidden: dict[str, Any] = self.hidden()
        data = {name: value for name, value in {**hidden, **(fields or {})}.items() if value is not None}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.session.post(self.portal.url + path, data=data, headers=sent, allow_redirects=follow, timeout=30)
        if "text/html" in answer.headers.get("Content-Type", ""):
            self.last = answer
        return answer

    def hidden(self) -> dict[str, str]:
        """The hidden fields of the page that was opened last; of several forms, the last one's key."""
        return {} if self.last is None else {name: unescape(value) for name, value in HIDDEN.findall(self.last.text)}

    def log_in(self, account: str, password: str | None = None, **fields: str) -> requests.Response:
        if self.last is None or "/anmelden" not in self.last.url:
            self.get("/anmelden")
        given = {"name": account, "password": self.portal.passwords.get(account, "") if password is None else password}
        return self.post("/anmelden", {**given, **fields})

    def cookie(self, name: str) -> str | None:
        return self.session.cookies.get(name)


def everybody(portal: RunningPortal) -> Mapping[str, Visitor]:
    """Somebody of each role, logged in; the auditor has said why."""
    found = {role: portal.visitor(role) for role in ACCOUNTS}
    found[AUDITOR].get("/pruefung/grund")
    found[AUDITOR].post("/pruefung/grund", {"reason": REASON})
    return found


@contextmanager
def frozen(portal: RunningPortal, process: str) -> Iterator[None]:
    """Within this context a process says nothing; what it is asked meanwhile it does afterwards."""
    child = portal.machine.supervisor.children[process]
    child.send(signal.SIGSTOP)
    try:
        yield
    finally:
        child.send(signal.SIGCONT)
        portal.machine.supervisor.wait_ready(process)


@contextmanager
def down(portal: RunningPortal, process: str) -> Iterator[None]:
    """Within this context a process is not there."""
    portal.machine.supervisor.kill(process, hold=True)
    try:
        yield
    finally:
        portal.machine.supervisor.release(process)
        portal.machine.supervisor.wait_ready(process)
