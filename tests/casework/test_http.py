"""Casework as it runs: its http and projector processes, asked over HTTP; the reaction driven by hand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Barrier
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests

from shared.api.roles import HEAD_OF_OFFICE, IMPORTER, INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD
from shared.contracts.casework import ConsultationHeld, case_of, employee_stream
from shared.contracts.model import EmployeeId, Hidden, HouseholdId, PersonalClass, PersonId
from shared.privacy.access_log import AccessLog, FileAccessLog
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.clock import advance
from shared.service.tokens import issue
from tests.casework.office import Office
from tests.casework.processes import office_of
from tests.processes import running

TODAY = "2018-07-31"
HEAD, LEAD, MANAGER = (HEAD_OF_OFFICE,), (TEAM_LEAD,), (INTEGRATION_MANAGER,)
CLERK, IMPORT = (INTAKE_CLERK,), (IMPORTER,)
ADELBERG, AICHELBERG, EISLINGEN = "08117001", "08117002", "08117019"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""The id of nothing that was ever recorded."""


@dataclass
class Casework:
    """The running service, somebody at its door, and the office it shares with the others."""

    url: str
    office: Office
    log: AccessLog
    key: bytes
    session: requests.Session = field(default_factory=requests.Session)

    def ask(
        self, path: str, body: Any, account: str = "head", roles: tuple[str, ...] = HEAD, **headers: str
    ) -> requests.Response:
        return self.session.post(
            f"{self.url}/casework/v1{path}",
            data=orjson.dumps(body),
            headers={
                "Authorization": f"Bearer {issue(self.key, account, roles)}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=20,
        )

    def do(self, path: str, body: Any, account: str = "head", roles: tuple[str, ...] = HEAD, **headers: str) -> Any:
        """The answer to a command that must be accepted."""
        answer = self.ask(path, body, account, roles, **headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def get(self, path: str, account: str = "head", roles: tuple[str, ...] = HEAD, **query: Any) -> requests.Response:
        """Asked after everything that is recorded now is in the views."""
        headers = {"Authorization": f"Bearer {issue(self.key, account, roles)}", "Accept-Language": "en"}
        headers["Min-Position"] = str(self.office.store.head())
        return self.session.get(f"{self.url}/casework/v1{path}", params=query, headers=headers, timeout=20)

    def shown(self, path: str, account: str = "head", roles: tuple[str, ...] = HEAD, **query: Any) -> Any:
        answer = self.get(path, account, roles, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, account: str, roles: tuple[str, ...], case_id: str, **asked: Any) -> requests.Response:
        """The consultations of a case, after everything that is recorded now is in the views."""
        head = str(self.office.store.head())
        return self.ask("/consultations/search", {"case_id": case_id, **asked}, account, roles, Min_Position=head)

    def told(self, account: str, roles: tuple[str, ...], case_id: str, **asked: Any) -> list[Any]:
        answer = self.search(account, roles, case_id, **asked)
        assert answer.status_code == 200, answer.text
        consultations: list[Any] = answer.json()["consultations"]
        return consultations

    def reads(self, subject: str) -> list[tuple[str, str, str | None]]:
        """Who read the subject's data, by which question and why."""
        months = self.log.months()
        found = (access for month in months for access in self.log.accesses(month, subject=subject))
        return [(access.actor, access.purpose, access.reason) for access in found]


@dataclass(frozen=True)
class Team:
    team_id: str
    manager: str
    deputy: str
    lead: str
    """Account names; their employee ids are in ``ids``."""
    ids: dict[str, str]


@pytest.fixture(scope="module")
def casework(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casework]:
    data = tmp_path_factory.mktemp("casework")
    with running("casework", data, "http", "projector") as (http, _), closing(office_of(data)) as office:
        advance(office.store, office.sealer, date.fromisoformat(TODAY), "probe")
        key = (data / "secrets" / ISSUER_PRIVATE).read_bytes()
        yield Casework(http.url, office, FileAccessLog(data / "access-log"), key)


def a_team(casework: Casework) -> Team:
    """A team with a manager, a deputy and a lead, under accounts of their own."""
    mark = uuid4().hex[:8]
    team_id = casework.do("/teams", {"name": "Probeteam", "formed_on": "2018-01-15"})["id"]
    ids = {}
    for part in ("manager", "deputy", "lead"):
        account = f"{part}-{mark}"
        ids[account] = hire(casework, account, team_id)
    return Team(team_id, f"manager-{mark}", f"deputy-{mark}", f"lead-{mark}", ids)


def hire(casework: Casework, account: str, team_id: str) -> str:
    who = {"account": account, "name": "Mara Muster", "qualification": "graduate", "joined_on": "2018-02-01"}
    employee_id: str = casework.do("/employees", who)["id"]
    casework.do(f"/employees/{employee_id}/team", {"team_id": team_id, "since": "2018-02-01"})
    return employee_id


def a_household(casework: Casework, *persons: str) -> str:
    """Of whom the district is in charge; the id of their case."""
    household_id = str(uuid4())
    for person_id in map(PersonId, persons):
        casework.office.determine(person_id, HouseholdId(household_id), "district", date(2018, 2, 1))
        casework.office.nudge(person_id, date.fromisoformat(TODAY))
    return case_of(HouseholdId(household_id))


def assign(casework: Casework, case_id: str, team: Team, account: str | None = None) -> Any:
    manager_id = team.ids[account or team.manager]
    body = {"team_id": team.team_id, "manager_id": manager_id, "assigned_on": "2018-02-01"}
    return casework.do(f"/cases/{case_id}/assignment", body, team.lead, LEAD)


def a_case(casework: Casework) -> tuple[Team, str, str]:
    """A team, the case that its manager looks after, and whose it is."""
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    return team, case_id, anna


def a_talk(case_id: str, *took_part: str, **other: Any) -> dict[str, Any]:
    return {
        "case_id": case_id,
        "held_on": "2018-05-02",
        "setting": "outreach",
        "minutes": 45,
        "interpreter": True,
        "topics": ["children", "housing"],
        "took_part": list(took_part),
        "concerns": [],
        "steps": [{"action_field": "housing", "step": "need"}],
        "health": ["progress"],
        "note": "Frau Probe sucht\neine Wohnung.",
        **other,
    }


def problem(answer: requests.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    name: str = answer.json()["type"].removeprefix("urn:wegmarken:problem:")
    return name


# --- a day at the office --------------------------------------------------------------------------


def test_the_office_is_set_up(casework: Casework) -> None:
    casework.do(f"/municipalities/{EISLINGEN}/service", {"service": "own", "since": "2018-01-01"})
    team, other = a_team(casework), a_team(casework)
    area = {"municipalities": [ADELBERG, AICHELBERG], "since": "2018-02-01"}
    casework.do(f"/teams/{team.team_id}/area", area)
    for body, rule in (
        ({**area, "municipalities": [ADELBERG]}, "municipality-served-by-another-team"),
        ({**area, "municipalities": [EISLINGEN]}, "municipality-has-own-service"),
    ):
        refused = casework.ask(f"/teams/{other.team_id}/area", body)
        assert (refused.status_code, problem(refused)) == (409, rule)
    refused = casework.ask(f"/municipalities/{ADELBERG}/service", {"service": "own", "since": "2018-03-01"})
    assert (refused.status_code, problem(refused)) == (409, "municipality-in-team-area")

    manager_id = team.ids[team.manager]
    contract = casework.do(
        f"/employees/{manager_id}/contracts",
        {"fte": "0.64", "starts_on": "2018-02-01", "ends_on": "2020-01-31"},
    )
    grant = casework.do(
        "/grants",
        {
            "amount": "815185.00",
            "awarded_on": "2018-02-01",
            "until": "2019-01-31",
            "rate_graduate": "64000",
            "rate_intermediate": "51000",
        },
    )
    post = casework.do(
        f"/grants/{grant['id']}/posts", {"qualification": "graduate", "fte": "0.64", "created_on": "2018-02-01"}
    )
    holder = {"employee_id": manager_id, "filled_on": "2018-02-01"}
    casework.do(f"/grants/{grant['id']}/posts/{post['id']}/holder", holder)
    casework.do(f"/grants/{grant['id']}/posts/{post['id']}/vacancy", {"vacated_on": "2018-07-01"})
    casework.do(
        f"/employees/{manager_id}/contracts/{contract['id']}/end", {"ended_on": "2018-07-15", "reason": "own_wish"}
    )

    teams = {each["team_id"]: each for each in casework.shown("/teams")["teams"]}
    assert teams[team.team_id]["municipalities"] == [ADELBERG, AICHELBERG]
    assert teams[other.team_id]["municipalities"] == []
    assert casework.shown("/teams", valid_at="2018-01-14")["teams"] == []
    staff = {each["employee_id"]: each for each in casework.shown("/employees")["employees"]}
    assert (staff[manager_id]["name"], staff[manager_id]["team_id"]) == ("Mara Muster", team.team_id)
    assert staff[manager_id]["contracts"] == [
        {
            "contract_id": contract["id"],
            "fte": "0.64",
            "starts_on": "2018-02-01",
            "ends_on": "2020-01-31",
            "ended_on": "2018-07-15",
        }
    ]
    colleagues = casework.shown("/employees", team.deputy, MANAGER)["employees"]
    assert all("contracts" not in each for each in colleagues)


def test_who_distributes_cases_is_told_how_many_each_manager_has(casework: Casework) -> None:
    team, case_id, _ = a_case(casework)
    ours = {"team_id": team.team_id, "employee_id": team.ids[team.manager], "cases": 1}
    for account, roles in (("head", HEAD), (team.lead, LEAD)):
        assert ours in casework.shown("/employees", account, roles)["caseloads"]
    assert "caseloads" not in casework.shown("/employees", team.deputy, MANAGER)
    for account, expected in ((team.manager, [(case_id, "2018-02-01")]), (team.deputy, [])):
        cases = casework.shown("/cases", team.lead, LEAD, manager_id=team.ids[account])["cases"]
        assert [(each["case_id"], each["opened_on"]) for each in cases] == expected


def test_an_account_belongs_to_one_employee(casework: Casework) -> None:
    team = a_team(casework)
    again = {"account": team.manager, "name": "Max Muster", "qualification": "graduate", "joined_on": TODAY}
    refused = casework.ask("/employees", again)
    assert (refused.status_code, problem(refused)) == (409, "account-taken")


def test_of_many_hired_under_one_account_at_the_same_moment_one_is(casework: Casework) -> None:
    account, start = f"probe-{uuid4().hex[:8]}", Barrier(8)
    body = {"account": account, "name": "Mara Muster", "qualification": "graduate", "joined_on": TODAY}

    def hired(n: int) -> requests.Response:
        alone = replace(casework, session=requests.Session())
        start.wait()
        return alone.ask("/employees", {**body, "name": f"Mara Muster {n}"})

    with ThreadPoolExecutor(start.parties) as pool:
        answers = list(pool.map(hired, range(start.parties)))
    (taken_up,) = [answer.json() for answer in answers if answer.status_code == 201]
    assert [problem(answer) for answer in answers if answer.status_code != 201] == ["account-taken"] * 7
    employees = casework.shown("/employees")["employees"]
    assert [each["employee_id"] for each in employees if each["account"] == account] == [taken_up["id"]]


def test_an_account_is_not_used_again_after_its_employee_was_erased(casework: Casework) -> None:
    team = a_team(casework)
    casework.office.keyring.destroy(team.ids[team.deputy], {PersonalClass.EMPLOYEE}, "test")
    again = {"account": team.deputy, "name": "Max Muster", "qualification": "graduate", "joined_on": TODAY}
    assert problem(casework.ask("/employees", again)) == "account-taken"


def test_hiring_again_with_the_same_key_gives_the_first_answer(casework: Casework) -> None:
    body = {"account": f"probe-{uuid4()}", "name": "Mara Muster", "qualification": "graduate", "joined_on": TODAY}
    first, again = (casework.ask("/employees", body, Idempotency_Key=body["account"]) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json()["stream"] == employee_stream(EmployeeId(first.json()["id"]))


def test_who_was_erased_gets_nothing_more(casework: Casework) -> None:
    team = a_team(casework)
    case_id = a_household(casework, str(uuid4()))
    erased, deputy = team.ids[team.manager], team.ids[team.deputy]
    day = {"from_on": TODAY, "until": TODAY}
    running = casework.do("/covers", {"employee_id": erased, "deputy_id": deputy, **day})
    funds = {"amount": "64000", "awarded_on": "2018-02-01", "until": "2019-01-31"}
    grant = casework.do("/grants", {**funds, "rate_graduate": "64000", "rate_intermediate": "51000"})["id"]
    posts = f"/grants/{grant}/posts"
    post = casework.do(posts, {"qualification": "graduate", "fte": "0.64", "created_on": "2018-02-01"})["id"]
    casework.office.keyring.destroy(erased, {PersonalClass.EMPLOYEE}, "test")

    given = [
        (f"/employees/{erased}/team", {"team_id": team.team_id, "since": TODAY}),
        (f"/employees/{erased}/contracts", {"fte": "0.5", "starts_on": TODAY}),
        (f"{posts}/{post}/holder", {"employee_id": erased, "filled_on": TODAY}),
        ("/covers", {"employee_id": deputy, "deputy_id": erased, **day}),
        (
            f"/cases/{case_id}/assignment",
            {"team_id": team.team_id, "manager_id": erased, "assigned_on": TODAY},
        ),
    ]
    before = casework.office.store.head()
    for path, body in given:
        refused = casework.ask(path, body, "import", (IMPORTER,))
        assert (refused.status_code, problem(refused)) == (404, "unknown-employee"), path
    assert casework.office.store.head() == before
    casework.do(f"/covers/{running['id']}/end", {"ended_on": TODAY})  # what there was may be ended


def test_a_case_from_its_opening_to_its_end(casework: Casework) -> None:
    team = a_team(casework)
    anna, ben = str(uuid4()), str(uuid4())
    case_id = a_household(casework, anna, ben)
    unassigned = casework.shown("/cases", team.lead, LEAD, unassigned="true")["cases"]
    assert case_id in [each["case_id"] for each in unassigned]
    assign(casework, case_id, team)

    (mine,) = casework.shown("/cases", team.manager, MANAGER, manager="me")["cases"]
    assert (mine["case_id"], mine["status"], mine["members"]) == (case_id, "open", sorted([anna, ben]))
    case = casework.shown(f"/cases/{case_id}", team.manager, MANAGER)
    assert (case["team_id"], case["manager_id"]) == (team.team_id, team.ids[team.manager])
    before = casework.shown(f"/cases/{case_id}", team.manager, MANAGER, valid_at="2018-01-31")
    assert (before["status"], before["members"], before["manager_id"]) == ("not_opened", [], None)

    casework.do(f"/cases/{case_id}/closure", {"reason": "wish", "closed_on": TODAY}, team.manager, MANAGER)
    closed = casework.shown("/cases", team.manager, MANAGER, manager="me", status="closed")["cases"]
    assert [each["case_id"] for each in closed] == [case_id]
    refused = casework.ask("/consultations", a_talk(case_id, anna, held_on="2018-01-31"), team.manager, MANAGER)
    assert (refused.status_code, problem(refused)) == (409, "held-before-case-opened")


def test_a_talk_is_recorded_read_corrected_and_withdrawn(casework: Casework) -> None:
    team, case_id, anna = a_case(casework)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)
    assert talk["stream"] == f"consultation-{talk['id']}" and talk["revision"] == 0
    visit = casework.do("/attempted-visits", {"case_id": case_id, "visited_on": TODAY}, team.manager, MANAGER)
    casework.do(f"/consultations/{talk['id']}/correction", a_talk(case_id, anna, minutes=60), team.manager, MANAGER)

    told, attempted = casework.told(team.manager, MANAGER, case_id)
    assert {name: told[name] for name in a_talk(case_id)} == a_talk(case_id, anna, minutes=60)
    assert (told["status"], told["corrected"], told["held_by"]) == ("held", True, team.ids[team.manager])
    assert (attempted["consultation_id"], attempted["status"]) == (visit["id"], "attempted")
    first = casework.told(team.manager, MANAGER, case_id, known_at=str(talk["position"]))
    assert [each["minutes"] for each in first] == [45]

    withdrawal = {"reason": "entered_twice", "withdrawn_on": TODAY}
    casework.do(f"/consultations/{talk['id']}/withdrawal", withdrawal, team.manager, MANAGER)
    again = casework.ask(f"/consultations/{talk['id']}/withdrawal", withdrawal, team.manager, MANAGER)
    assert (again.status_code, problem(again)) == (409, "consultation-withdrawn")
    told, _ = casework.told(team.manager, MANAGER, case_id)
    assert told["status"] == "withdrawn"


def test_a_talk_is_sealed_with_the_cases_keys(casework: Casework) -> None:
    """Who lacks the master keys reads ids and days, and nothing of what was said."""
    team, case_id, anna = a_case(casework)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)
    (stored,) = casework.office.store.read(talk["stream"])
    assert b"Probe" not in stored.data and b"outreach" not in stored.data and b"housing" not in stored.data
    casework.office.keyring.destroy(case_id, {PersonalClass.IDENTITY}, "test")
    (recorded,) = casework.office.history(talk["stream"])
    assert isinstance(recorded.event, ConsultationHeld)
    assert recorded.event.note is Hidden.ERASED and recorded.event.minutes == 45
    (told,) = casework.told(team.manager, MANAGER, case_id)
    assert told["note"] is None and told["minutes"] == 45


# --- whose case it is -----------------------------------------------------------------------------


def test_a_case_that_is_not_yours(casework: Casework) -> None:
    (team, case_id, anna), other = a_case(casework), a_team(casework)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)["id"]
    strangers = [(team.deputy, MANAGER), (other.manager, MANAGER), (other.lead, LEAD), ("nobody", MANAGER)]
    head = casework.office.store.head()
    for account, roles in strangers:
        for path, body in (
            *((("/consultations", a_talk(case_id, anna)),) if account != team.deputy else ()),  # who may walk in there
            ("/attempted-visits", {"case_id": case_id, "visited_on": TODAY}),
            (f"/cases/{case_id}/closure", {"reason": "wish", "closed_on": TODAY}),
        ):
            refused = casework.ask(path, body, account, roles)
            assert (refused.status_code, problem(refused)) == (403, "not-your-case")
        refused = casework.ask(f"/consultations/{talk}/correction", a_talk(case_id, anna), account, roles)
        assert (refused.status_code, problem(refused)) == (403, "not-your-consultation")
        refused = casework.search(account, roles, case_id)
        assert (refused.status_code, problem(refused)) == (403, "not-your-case")
    assert casework.office.store.head() == head, "nothing was recorded"
    assert casework.get(f"/cases/{case_id}", other.manager, MANAGER).status_code == 403
    assert casework.get(f"/cases/{case_id}", team.deputy, MANAGER).status_code == 200  # a walk-in: whose is it?
    assert casework.shown("/cases", other.manager, MANAGER)["cases"] == []
    assert casework.ask("/consultations", a_talk(case_id, anna), "clerk", CLERK).status_code == 403


def test_a_walk_in_is_recorded_by_a_colleague_who_reads_nothing(casework: Casework) -> None:
    team, case_id, anna = a_case(casework)
    casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)
    (shown,) = casework.shown("/cases", team.deputy, MANAGER)["cases"]
    assert (shown["case_id"], shown["capacity"], shown["contact"]) == (case_id, "walk_in", None)

    walk_in = casework.do("/consultations", a_talk(case_id, anna, held_on=TODAY), team.deputy, MANAGER)
    (stored,) = casework.office.history(walk_in["stream"])
    assert isinstance(stored.event, ConsultationHeld) and stored.event.held_by == team.ids[team.deputy]
    assert stored.envelope.on_behalf_of is None, "nobody is covered"
    assert problem(casework.search(team.deputy, MANAGER, case_id)) == "not-your-case"
    assert len(casework.told(team.manager, MANAGER, case_id)) == 2
    mine = casework.shown("/cases", team.manager, MANAGER, manager="me")["cases"]
    assert [each["contact"]["last_seen_on"] for each in mine] == [TODAY]
    casework.do(
        f"/consultations/{walk_in['id']}/withdrawal",
        {"reason": "not_held", "withdrawn_on": TODAY},
        team.deputy,
        MANAGER,
    )


def test_who_looks_after_a_household(casework: Casework) -> None:
    """A name and no more, for everybody who may open a file; nothing for others."""
    team, other, anna = a_team(casework), a_team(casework), str(uuid4())
    household_id = str(uuid4())
    nobody = casework.shown(f"/households/{household_id}/case", "clerk", CLERK)
    assert (nobody["household_id"], nobody["case"]) == (household_id, None)
    casework.office.determine(PersonId(anna), HouseholdId(household_id), "district", date(2018, 2, 1))
    casework.office.nudge(PersonId(anna), date.fromisoformat(TODAY))
    case_id = case_of(HouseholdId(household_id))
    unassigned = casework.shown(f"/households/{household_id}/case", "clerk", CLERK)["case"]
    assert (unassigned["case_id"], unassigned["team"], unassigned["manager"]) == (case_id, None, None)
    assign(casework, case_id, team)
    who: list[tuple[str, tuple[str, ...], str | None]] = [
        ("clerk", CLERK, None),
        (team.manager, MANAGER, "manager"),
        (team.deputy, MANAGER, "walk_in"),
        (team.lead, LEAD, "lead"),
        (other.manager, MANAGER, None),
    ]
    for account, roles, capacity in who:
        assert casework.shown(f"/households/{household_id}/case", account, roles)["case"] == {
            "case_id": case_id,
            "status": "open",
            "members": [anna],
            "team": {"team_id": team.team_id, "name": "Probeteam"},
            "manager": {"employee_id": team.ids[team.manager], "name": "Mara Muster"},
            "assigned_on": "2018-02-01",
            "capacity": capacity,
        }
    assert casework.get(f"/households/{household_id}/case", "auditor", ("auditor",)).status_code == 403
    assert ("clerk", "casework.get_households_case", None) in casework.reads(team.ids[team.manager])
    assert ("clerk", "casework.get_households_case", None) in casework.reads(case_id)


def test_who_i_am_in_the_office(casework: Casework) -> None:
    team = a_team(casework)
    manager, deputy, lead = (team.ids[account] for account in (team.manager, team.deputy, team.lead))
    covers = [
        (manager, deputy, TODAY, "2018-08-10"),
        (lead, deputy, "2018-08-14", "2018-08-20"),
        (deputy, lead, "2018-08-15", "2018-08-20"),
    ]
    names = ("employee_id", "deputy_id", "from_on", "until")
    ids = [casework.do("/covers", dict(zip(names, each, strict=True)), team.lead, LEAD)["id"] for each in covers]
    mine = casework.shown("/me", team.deputy, MANAGER)
    assert mine == {
        "employee_id": deputy,
        "name": "Mara Muster",
        "team": {"team_id": team.team_id, "name": "Probeteam"},
        "leads": False,
        "covers": [
            {
                "cover_id": ids[0],
                "employee_id": manager,
                "name": "Mara Muster",
                "from_on": TODAY,
                "until": "2018-08-10",
                "running": True,
            },
            {
                "cover_id": ids[1],
                "employee_id": lead,
                "name": "Mara Muster",
                "from_on": "2018-08-14",
                "until": "2018-08-20",
                "running": False,
            },
        ],
        "covered_by": [],
        "today": TODAY,
        "position": mine["position"],
    }
    (covered,) = casework.shown("/me", team.manager, MANAGER)["covered_by"]
    assert (covered["employee_id"], covered["running"]) == (deputy, True)
    assert casework.shown("/me", team.lead, LEAD)["leads"] is True
    assert (team.deputy, "casework.get_me", None) in casework.reads(manager)
    stranger = casework.shown("/me", "head", HEAD)
    assert (stranger["employee_id"], stranger["name"], stranger["team"], stranger["covers"]) == (None, None, None, [])
    casework.do(f"/covers/{ids[0]}/end", {"ended_on": TODAY}, team.lead, LEAD)
    assert [each["until"] for each in casework.shown("/me", team.manager, MANAGER)["covered_by"]] == [TODAY]


def test_a_manager_sees_whom_to_visit(casework: Casework) -> None:
    team = a_team(casework)
    anna, ben, cem = (str(uuid4()) for _ in range(3))
    seen, attempted, never = (a_household(casework, each) for each in (anna, ben, cem))
    for case_id in (seen, attempted, never):
        assign(casework, case_id, team)
    casework.do("/consultations", a_talk(seen, anna, held_on="2018-07-20", setting="office"), team.manager, MANAGER)
    casework.do("/consultations", a_talk(seen, anna, held_on="2018-06-20"), team.manager, MANAGER)
    casework.do("/attempted-visits", {"case_id": seen, "visited_on": "2018-07-01"}, team.manager, MANAGER)
    last = a_talk(attempted, ben, held_on="2018-03-01")
    told = casework.do("/consultations", {**last, "concerns": [ben]}, team.manager, MANAGER)
    casework.do("/attempted-visits", {"case_id": attempted, "visited_on": "2018-07-02"}, team.manager, MANAGER)
    for account, roles in ((team.manager, MANAGER), (team.lead, LEAD)):
        query = {"manager": "me"} if roles == MANAGER else {"unassigned": "false"}
        cases = casework.shown("/cases", account, roles, **query)["cases"]
        assert [each["case_id"] for each in cases] == [never, attempted, seen]
        contacts = [each["contact"] for each in cases]
        assert [
            (each["last_seen_on"], each["last_attempt_on"], each["consultations_this_year"]) for each in contacts
        ] == [
            (None, None, 0),
            ("2018-03-01", "2018-07-02", 1),
            ("2018-07-20", None, 2),
        ]
        assert contacts[0]["last"] is None and contacts[2]["last"]["setting"] == "office"
        assert contacts[1]["last"] == {
            "consultation_id": told["id"],
            "setting": "outreach",
            "took_part": [ben],
            "concerns": [ben],
        }
    assert {each["capacity"] for each in cases} == {"lead"}


def test_a_cover_opens_the_cases_and_its_end_closes_them(casework: Casework) -> None:
    team, case_id, anna = a_case(casework)
    today = {"from_on": TODAY, "until": "2018-08-10"}
    pair = {"employee_id": team.ids[team.manager], "deputy_id": team.ids[team.deputy]}
    cover = casework.do("/covers", {**pair, **today}, team.deputy, MANAGER)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.deputy, MANAGER)  # at once, no waiting
    (stored,) = casework.office.history(talk["stream"])
    assert stored.envelope.actor == team.deputy
    assert stored.envelope.on_behalf_of == team.ids[team.manager]
    assert isinstance(stored.event, ConsultationHeld) and stored.event.held_by == team.ids[team.deputy]
    assert len(casework.shown("/cases", team.deputy, MANAGER, manager="me")["cases"]) == 1
    assert len(casework.told(team.deputy, MANAGER, case_id)) == 1

    overlapping = casework.ask("/covers", {**pair, **today}, team.lead, LEAD)
    assert (overlapping.status_code, problem(overlapping)) == (409, "cover-overlaps")
    casework.do(f"/covers/{cover['id']}/end", {"ended_on": TODAY}, team.manager, MANAGER)
    tomorrow = {"from_on": "2018-08-01", "until": "2018-08-10"}
    casework.do("/covers", {**pair, **tomorrow}, team.lead, LEAD)
    other = a_team(casework)
    strange = casework.ask("/covers", {**pair, **tomorrow}, other.manager, MANAGER)
    assert (strange.status_code, problem(strange)) == (403, "not-your-cover")


def test_a_lead_reads_with_a_reason_that_the_access_log_keeps(casework: Casework) -> None:
    team, case_id, anna = a_case(casework)
    casework.do("/consultations", a_talk(case_id, anna), team.lead, LEAD)
    refused = casework.search(team.lead, LEAD, case_id)
    assert (refused.status_code, problem(refused)) == (403, "reason-required")
    assert casework.reads(case_id) == [], "what was refused was not read"
    assert len(casework.told(team.lead, LEAD, case_id, reason="Beschwerde vom 30.07.")) == 1
    assert casework.reads(case_id) == [(team.lead, "casework.find_consultations", "Beschwerde vom 30.07.")]


def test_who_reads_a_case_or_a_list_of_cases_is_recorded(casework: Casework) -> None:
    team, case_id, _ = a_case(casework)
    casework.shown("/cases", team.manager, MANAGER, manager="me")
    casework.shown("/cases", team.manager, MANAGER, manager="me", status="closed")  # it is not among them
    casework.shown(f"/cases/{case_id}", team.deputy, MANAGER)
    casework.told(team.manager, MANAGER, case_id)
    assert casework.reads(case_id) == [
        (team.manager, "casework.find_cases", None),
        (team.deputy, "casework.get_case", None),
        (team.manager, "casework.find_consultations", None),
    ]


def test_an_import_records_for_whoever_had_the_case(casework: Casework) -> None:
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    refused = casework.ask("/consultations", a_talk(case_id, anna), "import", IMPORT)
    assert (refused.status_code, problem(refused)) == (409, "case-not-assigned")
    assign(casework, case_id, team)
    talk = casework.do("/consultations", a_talk(case_id, anna), "import", IMPORT, Learnt_On="2018-05-03")
    (stored,) = casework.office.history(talk["stream"])
    assert isinstance(stored.event, ConsultationHeld) and stored.event.held_by == team.ids[team.manager]
    assert stored.envelope.learnt_on == date(2018, 5, 3)


# --- what comes twice, what is wrong --------------------------------------------------------------


def test_a_repeated_command_gets_its_first_answer_whatever_happened_since(casework: Casework) -> None:
    team, case_id, anna = a_case(casework)
    key: Any = {"Idempotency_Key": str(uuid4())}
    first = casework.ask("/consultations", a_talk(case_id, anna), team.manager, MANAGER, **key)
    casework.do(f"/cases/{case_id}/closure", {"reason": "other", "closed_on": "2018-05-02"}, team.manager, MANAGER)
    fresh = a_household(casework, anna)  # another case, so that the account is known to be hers
    assign(casework, fresh, team)
    again = casework.ask("/consultations", a_talk(case_id, anna), team.manager, MANAGER, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json() and again.headers["Idempotency-Replayed"] == "true"
    other = casework.ask("/consultations", a_talk(case_id, anna, minutes=5), team.manager, MANAGER, **key)
    assert (other.status_code, problem(other)) == (422, "key-reused")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"held_on": "2018-08-01"}, "held_on"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 601}, "minutes"),
        ({"minutes": "45"}, "minutes"),
        ({"topics": []}, "topics"),
        ({"topics": ["weather"]}, "topics.0"),
        ({"took_part": []}, "took_part"),
        ({"steps": [{"action_field": "health", "step": "need"}]}, "steps.0.action_field"),
        ({"setting": "pub"}, "setting"),
        ({"note": "x" * 10_001}, "note"),
        ({"mood": "good"}, "mood"),
        ({"consultation_id": str(uuid4())}, "consultation_id"),
    ],
)
def test_invalid_fields_are_named(casework: Casework, change: dict[str, Any], path: str) -> None:
    head = casework.office.store.head()
    answer = casework.ask("/consultations", a_talk(str(uuid4()), str(uuid4()), **change), "import", IMPORT)
    assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
    assert path in [error["path"] for error in answer.json()["errors"]]
    assert casework.office.store.head() == head


@pytest.mark.parametrize(
    ("path", "body", "rule"),
    [
        ("/municipalities/09162000/service", {"service": "own", "since": TODAY}, "unknown-municipality"),
        (f"/teams/{NOBODY}/area", {"municipalities": [ADELBERG], "since": TODAY}, "unknown-team"),
        (f"/employees/{NOBODY}/team", {"team_id": NOBODY, "since": TODAY}, "unknown-employee"),
        (f"/employees/{NOBODY}/contracts", {"fte": "1.00", "starts_on": TODAY}, "unknown-employee"),
        (f"/covers/{NOBODY}/end", {"ended_on": TODAY}, "unknown-cover"),
        (f"/grants/{NOBODY}/posts", {"qualification": "graduate", "fte": 1, "created_on": TODAY}, "unknown-grant"),
        (f"/cases/{NOBODY}/closure", {"reason": "wish", "closed_on": TODAY}, "unknown-case"),
        (
            f"/cases/{NOBODY}/assignment",
            {"team_id": NOBODY, "manager_id": NOBODY, "assigned_on": TODAY},
            "unknown-case",
        ),
        ("/consultations", a_talk(NOBODY, NOBODY), "unknown-case"),
        (
            f"/consultations/{NOBODY}/withdrawal",
            {"reason": "not_held", "withdrawn_on": TODAY},
            "unknown-consultation",
        ),
    ],
)
def test_what_does_not_exist_is_not_found(casework: Casework, path: str, body: Any, rule: str) -> None:
    answer = casework.ask(path, body, "import", IMPORT)
    assert (answer.status_code, problem(answer)) == (404, rule)


def test_roles_keep_to_their_part(casework: Casework) -> None:
    team = {"name": "Probeteam", "formed_on": TODAY}
    for role in (MANAGER, LEAD, CLERK):
        assert casework.ask("/teams", team, "somebody", role).status_code == 403
    talk = a_talk(str(uuid4()), str(uuid4()))
    assert casework.ask("/consultations", talk, "head", HEAD).status_code == 403
    nobody = {"team_id": str(uuid4()), "manager_id": str(uuid4()), "assigned_on": TODAY}
    assert casework.ask(f"/cases/{uuid4()}/assignment", nobody, "somebody", MANAGER).status_code == 403
    assert casework.search("head", HEAD, str(uuid4())).status_code == 403
