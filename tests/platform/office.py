"""A small office at work: the whole platform, one family with an open case, and everybody's way to ask."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import requests

from benchmarks.tools.small_office import set_up
from deploy.one_machine import OneMachine
from scenarios.small_office import AGS, CLERK, HEAD, LEAD, MANAGER, ROLES, TODAY
from shared.api import roles

T = TypeVar("T")

OTHER = "other"
"""A manager of another team: the family's case is none of hers."""
IMPORTER = "importer"
WHO: Mapping[str, tuple[str, ...]] = {
    **ROLES,
    OTHER: (roles.INTEGRATION_MANAGER,),
    IMPORTER: (roles.IMPORTER,),
    "reporting": (roles.REPORTING,),
    "auditor": (roles.AUDITOR,),
}
"""The roles of each account."""
DAY = TODAY.isoformat()
"""The business clock's today, for as long as the office runs."""
PERSON: Mapping[str, Any] = {
    "family_name": "Muster",
    "given_name": "Probe",
    "category": "asylum",
    "born_on": "1990-05-17",
    "sex": "female",
    "nationality": "SY",
    "state_entry_on": "2016-01-05",
    "district_intake_on": "2016-02-01",
    "registered_on": "2016-02-01",
}
HOME: Mapping[str, Any] = {"kind": "follow_up_housing", "ags": AGS, "moved_in_on": "2016-02-01"}
PERSONS, TALKS = "/intake/v1/persons", "/casework/v1/consultations"
SEARCH = f"{PERSONS}/search"
NOBODY = "00000000-0000-4000-8000-000000000bad"
"""An id of nothing that was ever recorded."""
PROBLEM = "urn:wegmarken:problem:"


@dataclass
class RunningOffice:
    """The running platform and the ids of what was recorded at first."""

    machine: OneMachine
    ids: dict[str, str]
    """Of the family's case, manager, team and first consultation (``talk``), and of its first person."""
    session: requests.Session = field(default_factory=requests.Session)
    _rested: int | None = None

    @classmethod
    def open(cls, machine: OneMachine) -> RunningOffice:
        """Record the family and a consultation with it, and another team with a manager of its own."""
        family = set_up(machine)
        office = cls(machine, {"case": family.case_id, "person": family.persons[0]})
        case = office.shown(f"/casework/v1/cases/{family.case_id}")
        office.ids.update(team=case["team_id"], manager=case["manager_id"])
        office.ids["talk"] = office.done(TALKS, office.filled(talk()), MANAGER)["id"]
        team = office.done("/casework/v1/teams", {"name": "Nachbartrupp", "formed_on": DAY})["id"]
        hired = {"account": OTHER, "name": "Muster Beispiel", "qualification": "graduate", "joined_on": DAY}
        employee = office.done("/casework/v1/employees", hired)["id"]
        office.done(f"/casework/v1/employees/{employee}/team", {"team_id": team, "since": DAY})
        office.rest()
        return office

    # --- asking -----------------------------------------------------------------------------------

    def token(self, account: str) -> str:
        return self.machine.token(account, WHO[account])

    def url(self, path: str, service: str | None = None) -> str:
        """Where a path is served; ``service`` for those that every service serves."""
        return self.machine.addresses[service or path.split("/")[1]] + path

    def ask(
        self,
        method: str,
        path: str,
        account: str | None = HEAD,
        *,
        body: Any = None,
        service: str | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> requests.Response:
        """Whatever comes back. ``account`` None: without a token; a header None: not sent. Bytes go as they are."""
        asked: dict[str, str | None] = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        if account is not None:
            asked["Authorization"] = f"Bearer {self.token(account)}"
        asked.update(headers or {})
        return self.session.request(
            method,
            self.url(path, service),
            data=body if isinstance(body, bytes) else None,
            json=None if isinstance(body, bytes) else body,
            headers=asked,
            timeout=30,
        )

    def post(self, path: str, body: Any, account: str = HEAD, **headers: str) -> requests.Response:
        """``headers`` with underscores for dashes."""
        return self.ask("POST", path, account, body=body, headers=_dashed(headers))

    def get(self, path: str, account: str = HEAD, **headers: str) -> requests.Response:
        return self.ask("GET", path, account, headers=_dashed(headers))

    def done(self, path: str, body: Any, account: str = HEAD, **headers: str) -> Any:
        """The answer to a command that must be accepted."""
        answer = self.post(path, body, account, **headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def shown(self, path: str, account: str = HEAD, **headers: str) -> Any:
        """What a query answers, after everything that is stored now is in its views."""
        answer = self.get(path, account, Min_Position=str(self.head()), **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, path: str, body: Any, account: str = HEAD) -> Any:
        """The same for a question with a body."""
        answer = self.post(path, body, account, Min_Position=str(self.head()))
        assert answer.status_code == 200, answer.text
        return answer.json()

    # --- recording --------------------------------------------------------------------------------

    def register(self, **changes: Any) -> Any:
        """A person of one's own in follow-up housing; the answer has ``id`` and ``household_id``."""
        return self.done(PERSONS, person(residence=HOME, **changes), CLERK)

    def advise(self, registered: Mapping[str, Any], **changes: Any) -> str:
        """Let somebody be entitled, wait for the case, assign it and record a first consultation; the case's id."""
        self.done(f"{PERSONS}/{registered['id']}/titles", {"section": "25(2)", "granted_on": "2017-01-05"}, CLERK)
        self.rest()
        (case,) = self.shown(f"/casework/v1/cases?household_id={registered['household_id']}")["cases"]
        case_id: str = case["case_id"]
        assigned = {"team_id": "{team}", "manager_id": "{manager}", "assigned_on": DAY}
        self.done(f"/casework/v1/cases/{case_id}/assignment", self.filled(assigned), LEAD)
        self.done(TALKS, talk(case_id=case_id, took_part=[registered["id"]], **changes), MANAGER)
        return case_id

    def filled(self, value: Any) -> Any:
        """The same with ids in place of ``{case}``, ``{person}`` and the like."""
        match value:
            case str():
                return re.sub(r"\{(\w+)\}", lambda found: self.ids[found[1]], value)
            case dict():
                return {name: self.filled(inner) for name, inner in value.items()}
            case list():
                return [self.filled(inner) for inner in value]
            case _:
                return value

    # --- what is stored ---------------------------------------------------------------------------

    @property
    def data(self) -> Path:
        return self.machine.data

    def head(self) -> int:
        """The position of the newest event, as the store's file has it."""
        return int(self.stored("select coalesce(max(position), 0) from events")[0][0])

    def stored(self, query: str, *parameters: Any) -> list[Any]:
        """Rows of the store's file, opened only for reading."""
        with closing(sqlite3.connect(f"file:{self.data / 'events.db'}?mode=ro", uri=True)) as db:
            return db.execute(query, parameters).fetchall()

    def digest(self) -> str:
        """Over every stored event, byte for byte."""
        chain = sha256()
        for row in self.stored("select * from events order by position"):
            chain.update(repr(row).encode())
        return chain.hexdigest()

    def rest(self) -> int:
        """Wait until nothing is under way; the head. Nothing stirs by itself while the clock stands."""
        if self._rested is None or self._rested != self.head():
            self._rested = self.machine.wait_quiet()
        return self._rested

    @contextmanager
    def nothing_stored(self) -> Iterator[None]:
        """Fails if anything was stored within."""
        before = self.rest()
        yield
        assert self.head() == before, self.stored("select type, stream from events where position > ?", before)


def person(**changes: Any) -> dict[str, Any]:
    """A person to register, as a body."""
    return {**PERSON, **changes}


def talk(**changes: Any) -> dict[str, Any]:
    """A consultation with the family, as a body to be ``filled``."""
    told = {"case_id": "{case}", "held_on": DAY, "setting": "office", "minutes": 30, "interpreter": False}
    return {**told, "topics": ["housing"], "took_part": ["{person}"], **changes}


def problem(answer: requests.Response, status: int) -> str:
    """The name of the problem in a well-formed problem document of that status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    document = answer.json()
    assert document["status"] == status
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["instance"])
    name: str = document["type"]
    assert name.startswith(PROBLEM)
    return name.removeprefix(PROBLEM)


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
