"""A small office: one team, one manager, one family of nine with an open case of ten events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from scenarios.loader import Loader
from scenarios.steps import CaseOf, Post, Ref, Scenario
from shared.api.roles import HEAD_OF_OFFICE, INTAKE_CLERK, INTEGRATION_MANAGER, OPERATOR, TEAM_LEAD

TODAY = date(2018, 6, 1)
AGS = "08117024"
MEMBERS = 9
HEAD, LEAD, CLERK, MANAGER = "head", "lead", "clerk", "manager"
ROLES = {
    HEAD: (HEAD_OF_OFFICE,),
    LEAD: (TEAM_LEAD,),
    CLERK: (INTAKE_CLERK,),
    MANAGER: (INTEGRATION_MANAGER,),
    "operator": (OPERATOR,),
}


@dataclass(frozen=True, slots=True)
class Office:
    """What one needs to go on in it: ids, and the body of a consultation with the family."""

    case_id: str
    persons: tuple[str, ...]
    consultation: dict[str, Any]


def scenario() -> Scenario:
    """Its history, all on one day."""
    return Scenario("small-office", 1, TODAY, TODAY, ROLES, list(_posts()))


def recorded_by(loader: Loader) -> Office:
    """The office as a loader has recorded it. Raises LoadFailed when the family's case does not open in time."""
    persons = tuple(loader.ids[_key(n)] for n in range(MEMBERS))
    case_id = loader.case(_family())
    consultation = {
        "case_id": case_id,
        "held_on": TODAY,
        "setting": "outreach",
        "minutes": 45,
        "interpreter": True,
        "topics": ["housing", "language"],
        "took_part": persons[:2],
        "concerns": persons[2:4],
        "steps": [{"action_field": "housing", "step": "need"}, {"action_field": "language", "step": "progress"}],
        "health": ["need"],
        "note": "x" * 200,
    }
    return Office(case_id, persons, consultation)


def _key(number: int) -> str:
    return f"p{number}"


def _family() -> CaseOf:
    return CaseOf(_key(0), tuple(_key(n) for n in range(MEMBERS)))


def _posts() -> Iterator[Post]:
    yield from _team()
    yield from _people()
    yield _post(
        "/casework/v1/cases/{case}/assignment",
        {"team_id": Ref("team"), "manager_id": Ref(f"employee:{MANAGER}"), "assigned_on": TODAY},
        account=LEAD,
        case=_family(),
    )


def _team() -> Iterator[Post]:
    formed, joined = date(2018, 1, 15), date(2018, 2, 1)
    yield _post(f"/casework/v1/municipalities/{AGS}/service", {"service": "district", "since": date(2015, 1, 1)})
    yield _post("/casework/v1/teams", {"name": "Messtrupp", "formed_on": formed}, "team")
    yield _post("/casework/v1/teams/{team}/area", {"municipalities": [AGS], "since": formed})
    for account in (LEAD, MANAGER):
        who = {"account": account, "name": "Mess Beispiel", "qualification": "graduate", "joined_on": joined}
        yield _post("/casework/v1/employees", who, f"employee:{account}")
        path = f"/casework/v1/employees/{{employee:{account}}}/team"
        yield _post(path, {"team_id": Ref("team"), "since": joined})
    path = f"/casework/v1/employees/{{employee:{MANAGER}}}/contracts"
    yield _post(path, {"fte": "1.00", "starts_on": joined})


def _people() -> Iterator[Post]:
    intake = date(2016, 2, 1)
    person = {
        "family_name": "Messlatte",
        "given_name": "Probe",
        "category": "asylum",
        "born_on": date(1980, 1, 1),
        "sex": "unknown",
        "nationality": "SY",
        "state_entry_on": date(2016, 1, 5),
        "district_intake_on": intake,
        "registered_on": intake,
        "residence": {"kind": "follow_up_housing", "ags": AGS, "moved_in_on": intake},
    }
    child = {**person, "born_on": date(2008, 1, 1), "anchor_id": Ref(_key(0)), "relation": "minor_child"}
    for number in range(MEMBERS):
        yield _post("/intake/v1/persons", child if number else person, _key(number), account=CLERK)
    title = {"section": "25(2)", "granted_on": date(2017, 1, 5)}
    yield _post("/intake/v1/persons/{p0}/titles", title, account=CLERK)


def _post(
    path: str, body: dict[str, Any], name: str | None = None, *, account: str = HEAD, case: CaseOf | None = None
) -> Post:
    return Post(day=TODAY, lane="one", account=account, path=path, body=body, name=name, case=case)
