"""Casework as it runs: its http and projector processes, asked over HTTP; the reaction driven by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests

from shared.api.tokens import issue
from shared.contracts.casework import ConsultationHeld, case_of
from shared.contracts.model import Hidden, HouseholdId, PersonalClass, PersonId
from shared.execute import load
from shared.privacy.access_log import AccessLog
from shared.privacy.masters import ISSUER_PRIVATE
from shared.runtime.clock import advance
from tests.casework.processes import world_of
from tests.casework.world import World
from tests.processes import running

TODAY = "2018-07-31"
HEAD, LEAD, MANAGER, IMPORTER = ("head-of-office",), ("team-lead",), ("integration-manager",), ("importer",)
ADELBERG, AICHELBERG, EISLINGEN = "08117001", "08117002", "08117019"


@dataclass
class Casework:
    """The running service, somebody at its door, and the world it shares with the others."""

    url: str
    world: World
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
        headers["Min-Position"] = str(self.world.store.head())
        return self.session.get(f"{self.url}/casework/v1{path}", params=query, headers=headers, timeout=20)

    def shown(self, path: str, account: str = "head", roles: tuple[str, ...] = HEAD, **query: Any) -> Any:
        answer = self.get(path, account, roles, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()


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
    with running("casework", data, "http", "projector") as (http, _), closing(world_of(data)) as world:
        advance(world.store, world.sealer, date.fromisoformat(TODAY), "probe")
        key = (data / "secrets" / ISSUER_PRIVATE).read_bytes()
        yield Casework(http.url, world, AccessLog(data / "access-log"), key)


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
        casework.world.determine(person_id, HouseholdId(household_id), "district", date(2018, 2, 1))
        casework.world.nudge(person_id, date.fromisoformat(TODAY))
    return case_of(HouseholdId(household_id))


def assign(casework: Casework, case_id: str, team: Team, account: str | None = None) -> Any:
    manager_id = team.ids[account or team.manager]
    body = {"team_id": team.team_id, "manager_id": manager_id, "assigned_on": "2018-02-01"}
    return casework.do(f"/cases/{case_id}/assignment", body, team.lead, LEAD)


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


def test_an_account_belongs_to_one_employee(casework: Casework) -> None:
    team = a_team(casework)
    again = {"account": team.manager, "name": "Max Muster", "qualification": "graduate", "joined_on": TODAY}
    refused = casework.ask("/employees", again)
    assert (refused.status_code, problem(refused)) == (409, "account-taken")


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
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)
    assert talk["stream"] == f"consultation-{talk['id']}" and talk["revision"] == 0
    visit = casework.do("/attempted-visits", {"case_id": case_id, "visited_on": TODAY}, team.manager, MANAGER)
    casework.do(f"/consultations/{talk['id']}/correction", a_talk(case_id, anna, minutes=60), team.manager, MANAGER)

    told, attempted = casework.shown("/consultations", team.manager, MANAGER, case_id=case_id)["consultations"]
    assert {name: told[name] for name in a_talk(case_id)} == a_talk(case_id, anna, minutes=60)
    assert (told["status"], told["corrected"], told["held_by"]) == ("held", True, team.ids[team.manager])
    assert (attempted["consultation_id"], attempted["status"]) == (visit["id"], "attempted")
    first = casework.shown("/consultations", team.manager, MANAGER, case_id=case_id, known_at=str(talk["position"]))[
        "consultations"
    ]
    assert [each["minutes"] for each in first] == [45]

    withdrawal = {"reason": "entered_twice", "withdrawn_on": TODAY}
    casework.do(f"/consultations/{talk['id']}/withdrawal", withdrawal, team.manager, MANAGER)
    again = casework.ask(f"/consultations/{talk['id']}/withdrawal", withdrawal, team.manager, MANAGER)
    assert (again.status_code, problem(again)) == (409, "consultation-withdrawn")
    told, _ = casework.shown("/consultations", team.manager, MANAGER, case_id=case_id)["consultations"]
    assert told["status"] == "withdrawn"


def test_a_talk_is_sealed_with_the_cases_keys(casework: Casework) -> None:
    """Who lacks the master keys reads ids and days, and nothing of what was said."""
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)
    (stored,) = casework.world.store.read(talk["stream"])
    assert b"Probe" not in stored.data and b"outreach" not in stored.data and b"housing" not in stored.data
    casework.world.keyring.destroy(case_id, {PersonalClass.IDENTITY}, "test")
    (recorded,) = load(casework.world.store, casework.world.sealer, talk["stream"])
    assert isinstance(recorded.event, ConsultationHeld)
    assert recorded.event.note is Hidden.ERASED and recorded.event.minutes == 45
    (told,) = casework.shown("/consultations", team.manager, MANAGER, case_id=case_id)["consultations"]
    assert told["note"] is None and told["minutes"] == 45


# --- whose case it is -----------------------------------------------------------------------------


def test_a_case_that_is_not_yours(casework: Casework) -> None:
    team, other, anna = a_team(casework), a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.manager, MANAGER)["id"]
    strangers = [(team.deputy, MANAGER), (other.manager, MANAGER), (other.lead, LEAD), ("nobody", MANAGER)]
    head = casework.world.store.head()
    for account, roles in strangers:
        for path, body in (
            ("/consultations", a_talk(case_id, anna)),
            ("/attempted-visits", {"case_id": case_id, "visited_on": TODAY}),
            (f"/cases/{case_id}/closure", {"reason": "wish", "closed_on": TODAY}),
        ):
            refused = casework.ask(path, body, account, roles)
            assert (refused.status_code, problem(refused)) == (403, "not-your-case")
        refused = casework.ask(f"/consultations/{talk}/correction", a_talk(case_id, anna), account, roles)
        assert (refused.status_code, problem(refused)) == (403, "not-your-consultation")
        refused = casework.get("/consultations", account, roles, case_id=case_id)
        assert (refused.status_code, problem(refused)) == (403, "not-your-case")
    assert casework.world.store.head() == head, "nothing was recorded"
    assert casework.get(f"/cases/{case_id}", other.manager, MANAGER).status_code == 403
    assert casework.get(f"/cases/{case_id}", team.deputy, MANAGER).status_code == 200  # a walk-in: whose is it?
    assert casework.shown("/cases", other.manager, MANAGER)["cases"] == []
    assert casework.ask("/consultations", a_talk(case_id, anna), "clerk", ("intake-clerk",)).status_code == 403


def test_a_cover_opens_the_cases_and_its_end_closes_them(casework: Casework) -> None:
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    today = {"from_on": TODAY, "until": "2018-08-10"}
    pair = {"employee_id": team.ids[team.manager], "deputy_id": team.ids[team.deputy]}
    cover = casework.do("/covers", {**pair, **today}, team.deputy, MANAGER)
    talk = casework.do("/consultations", a_talk(case_id, anna), team.deputy, MANAGER)  # at once, no waiting
    (stored,) = load(casework.world.store, casework.world.sealer, talk["stream"])
    assert stored.envelope.actor == team.deputy
    assert stored.envelope.on_behalf_of == team.ids[team.manager]
    assert isinstance(stored.event, ConsultationHeld) and stored.event.held_by == team.ids[team.deputy]
    assert len(casework.shown("/cases", team.deputy, MANAGER, manager="me")["cases"]) == 1
    assert len(casework.shown("/consultations", team.deputy, MANAGER, case_id=case_id)["consultations"]) == 1

    overlapping = casework.ask("/covers", {**pair, **today}, team.lead, LEAD)
    assert (overlapping.status_code, problem(overlapping)) == (409, "cover-overlaps")
    casework.do(f"/covers/{cover['id']}/end", {"ended_on": TODAY}, team.manager, MANAGER)
    tomorrow = {"from_on": "2018-08-01", "until": "2018-08-10"}
    casework.do("/covers", {**pair, **tomorrow}, team.lead, LEAD)
    other = a_team(casework)
    strange = casework.ask("/covers", {**pair, **tomorrow}, other.manager, MANAGER)
    assert (strange.status_code, problem(strange)) == (403, "not-your-cover")


def test_a_lead_reads_with_a_reason_that_the_access_log_keeps(casework: Casework) -> None:
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    casework.do("/consultations", a_talk(case_id, anna), team.lead, LEAD)
    refused = casework.get("/consultations", team.lead, LEAD, case_id=case_id)
    assert (refused.status_code, problem(refused)) == (403, "reason-required")
    told = casework.shown("/consultations", team.lead, LEAD, case_id=case_id, reason="Beschwerde vom 30.07.")
    assert len(told["consultations"]) == 1
    log = casework.log
    reads = [access for month in log.months() for access in log.accesses(month, subject=case_id)]
    assert "Beschwerde vom 30.07." in [access.purpose for access in reads]
    assert {access.actor for access in reads} == {team.lead}


def test_an_import_records_for_whoever_had_the_case(casework: Casework) -> None:
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    refused = casework.ask("/consultations", a_talk(case_id, anna), "import", IMPORTER)
    assert (refused.status_code, problem(refused)) == (409, "case-not-assigned")
    assign(casework, case_id, team)
    talk = casework.do("/consultations", a_talk(case_id, anna), "import", IMPORTER, Learnt_On="2018-05-03")
    (stored,) = load(casework.world.store, casework.world.sealer, talk["stream"])
    assert isinstance(stored.event, ConsultationHeld) and stored.event.held_by == team.ids[team.manager]
    assert stored.envelope.learnt_on == date(2018, 5, 3)


# --- what comes twice, what is wrong --------------------------------------------------------------


def test_a_repeated_command_gets_its_first_answer_whatever_happened_since(casework: Casework) -> None:
    team, anna = a_team(casework), str(uuid4())
    case_id = a_household(casework, anna)
    assign(casework, case_id, team)
    key: Any = {"Idempotency_Key": str(uuid4())}
    first = casework.ask("/consultations", a_talk(case_id, anna), team.manager, MANAGER, **key)
    casework.do(f"/cases/{case_id}/closure", {"reason": "other", "closed_on": "2018-05-02"}, team.manager, MANAGER)
    assign_other = a_household(casework, anna)  # a fresh case, so that the account is known to be hers
    assign(casework, assign_other, team)
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
    head = casework.world.store.head()
    answer = casework.ask("/consultations", a_talk(str(uuid4()), str(uuid4()), **change), "import", IMPORTER)
    assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
    assert path in [error["path"] for error in answer.json()["errors"]]
    assert casework.world.store.head() == head


@pytest.mark.parametrize(
    ("path", "body", "rule"),
    [
        ("/municipalities/09162000/service", {"service": "own", "since": TODAY}, "unknown-municipality"),
        (f"/teams/{uuid4()}/area", {"municipalities": [ADELBERG], "since": TODAY}, "unknown-team"),
        (f"/employees/{uuid4()}/team", {"team_id": str(uuid4()), "since": TODAY}, "unknown-employee"),
        (f"/employees/{uuid4()}/contracts", {"fte": "1.00", "starts_on": TODAY}, "unknown-employee"),
        (f"/covers/{uuid4()}/end", {"ended_on": TODAY}, "unknown-cover"),
        (f"/grants/{uuid4()}/posts", {"qualification": "graduate", "fte": 1, "created_on": TODAY}, "unknown-grant"),
        (f"/cases/{uuid4()}/closure", {"reason": "wish", "closed_on": TODAY}, "unknown-case"),
        (
            f"/cases/{uuid4()}/assignment",
            {"team_id": str(uuid4()), "manager_id": str(uuid4()), "assigned_on": TODAY},
            "unknown-case",
        ),
        ("/consultations", a_talk(str(uuid4()), str(uuid4())), "unknown-case"),
        (
            f"/consultations/{uuid4()}/withdrawal",
            {"reason": "not_held", "withdrawn_on": TODAY},
            "unknown-consultation",
        ),
    ],
)
def test_what_does_not_exist_is_not_found(casework: Casework, path: str, body: Any, rule: str) -> None:
    answer = casework.ask(path, body, "import", IMPORTER)
    assert (answer.status_code, problem(answer)) == (404, rule)


def test_roles_keep_to_their_part(casework: Casework) -> None:
    team = {"name": "Probeteam", "formed_on": TODAY}
    for roles in (MANAGER, LEAD, ("intake-clerk",)):
        assert casework.ask("/teams", team, "somebody", roles).status_code == 403
    talk = a_talk(str(uuid4()), str(uuid4()))
    assert casework.ask("/consultations", talk, "head", HEAD).status_code == 403
    nobody = {"team_id": str(uuid4()), "manager_id": str(uuid4()), "assigned_on": TODAY}
    assert casework.ask(f"/cases/{uuid4()}/assignment", nobody, "somebody", MANAGER).status_code == 403
    assert casework.get("/consultations", "head", HEAD, case_id=str(uuid4())).status_code == 403
