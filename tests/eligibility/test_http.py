"""What can be asked of eligibility, over real HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.api.tokens import issue
from shared.contracts.model import PersonalClass, PersonId
from shared.privacy.masters import ISSUER_PRIVATE
from tests.eligibility.office import Office, open_office
from tests.eligibility.sentences import (
    AICHELBERG,
    ANCHOR,
    GOEPPINGEN,
    ME,
    left,
    lives,
    opened,
    registered,
    the,
    title,
)
from tests.processes import running

REVIEWED, IN_TOWN, ERASED = the("somebody to review"), the("somebody in town"), the("somebody erased")


@dataclass
class Desk:
    """A caller with a token, and what it asks."""

    url: str
    key: bytes
    office: Office
    before_the_title: int

    def get(
        self, path: str, role: str = "team-lead", ags: str | None = None, language: str = "de", **parameters: Any
    ) -> requests.Response:
        token = issue(self.key, "probe", [role], ags=ags)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        return requests.get(f"{self.url}/eligibility/v1{path}", params=parameters, headers=headers, timeout=30)

    def person(self, who: PersonId, **options: Any) -> Any:
        answer = self.get(f"/persons/{who}", **options)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data: Path = tmp_path_factory.mktemp("eligibility")
    with open_office(data) as office:
        office.today_is("2018-03-01")
        office.set_service(GOEPPINGEN, "own", "2018-02-01")
        office.record(registered(intake="2017-09-15"), lives("2017-09-15"))
        office.record(registered(intake="2017-10-20"), who=ANCHOR)
        office.record(registered(), lives("2016-06-01", "private", GOEPPINGEN), title("2016-05-02"), who=IN_TOWN)
        office.record(registered(), who=ERASED)
        office.keyring.destroy(ERASED, [PersonalClass.STATISTICS], "retention")
        housed = (registered(), lives("2016-06-01", "private"), title("2016-05-02"))
        office.record(*housed, who=REVIEWED)
        office.react()
        office.record(left("2018-02-20"), lives("2018-02-25", "private", entry="back"), who=REVIEWED)
        before_the_title = office.store.head()
        office.today_is("2018-04-10")
        office.record(title("2018-02-20"))
        office.react()
        with running("eligibility", data, "http") as (http,):
            yield Desk(http.url, (data / "secrets" / ISSUER_PRIVATE).read_bytes(), office, before_the_title)


def test_a_persons_phase_service_and_reasons(desk: Desk) -> None:
    found = desk.person(ME)
    assert found == {
        "person_id": ME,
        "household_id": f"household of {ME}",
        "phase": "follow_up",
        "since": "2018-02-20",
        "rule": "R3",
        "legal_basis": "§ 9 (1) Nr. 3 FlüAG",
        "rule_set": "flueag-2018.1",
        "reasons": [],
        "overdue_since": "2018-02-20",
        "next_look_on": "2018-10-01",
        "service_in_charge": {"integration_management": "none", "social_advice": "district", "ags": AICHELBERG},
        "rests_on": found["rests_on"],
        "valid_at": "2018-04-10",
        "known_at": None,
    }
    assert [(source["type"], source["occurred_on"], source["learnt_on"]) for source in found["rests_on"]] == [
        ("intake.PersonRegistered", "2017-09-15", "2018-03-01"),
        ("intake.TitleGranted", "2018-02-20", "2018-04-10"),
        ("intake.MovedIn", "2017-09-15", "2018-03-01"),
    ]


def test_the_past_as_it_is_known_now(desk: Desk) -> None:
    assert desk.person(ME, valid_at="2018-02-19")["phase"] == "provisional"
    assert desk.person(ME, valid_at="2018-02-20")["phase"] == "follow_up"


def test_the_past_as_it_was_known_then(desk: Desk) -> None:
    for known_at in ("2018-04-09", str(desk.before_the_title)):
        found = desk.person(ME, valid_at="2018-03-15", known_at=known_at)
        assert (found["phase"], found["known_at"]) == ("provisional", known_at)


def test_while_a_human_looks_the_service_goes_on_and_the_reason_is_said(desk: Desk) -> None:
    found = desk.person(REVIEWED)
    assert found["phase"] == "manual_review"
    assert found["reasons"] == [
        {"reason": "returned-after-abroad", "text": "Die Person ist aus dem Ausland zurückgekehrt."}
    ]
    assert found["service_in_charge"]["integration_management"] == "district"
    assert desk.person(REVIEWED, language="en")["reasons"][0]["text"] == "The person returned from abroad."


@pytest.mark.parametrize(
    ("path", "options", "status", "problem"),
    [
        (f"/persons/{the('nobody')}", {}, 404, "unknown-person"),
        (f"/persons/{ERASED}", {}, 404, "person-erased"),
        (f"/persons/{ME}", {"known_at": "2017-01-01"}, 404, "unknown-person"),
        (f"/persons/{ME}", {"known_at": "2018-02-30"}, 422, "invalid-fields"),
        (f"/persons/{ME}", {"known_at": "yesterday"}, 422, "invalid-fields"),
        ("/persons/17", {}, 422, "invalid-fields"),
        (f"/persons/{ME}", {"role": "reporting"}, 403, "forbidden"),
        (f"/persons/{IN_TOWN}", {"role": "integration-manager", "ags": AICHELBERG}, 403, "other-municipality"),
        ("/due", {"limit": 0}, 422, "invalid-fields"),
        ("/due", {"role": "integration-manager"}, 403, "forbidden"),
        ("/due", {"role": "team-lead", "ags": GOEPPINGEN}, 403, "forbidden"),
        ("/responsibility", {"ags": "08111000", "phase": "follow_up"}, 422, "invalid-fields"),
        ("/responsibility", {"ags": AICHELBERG, "phase": "unknown"}, 422, "invalid-fields"),
    ],
)
def test_what_is_refused(desk: Desk, path: str, options: dict[str, Any], status: int, problem: str) -> None:
    answer = desk.get(path, **options)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:wegmarken:problem:{problem}")


def test_municipal_staff_see_who_lives_in_their_municipality(desk: Desk) -> None:
    found = desk.person(IN_TOWN, role="integration-manager", ags=GOEPPINGEN)
    assert found["service_in_charge"]["integration_management"] == GOEPPINGEN


@pytest.mark.parametrize(
    ("ags", "phase", "on", "management", "sentence"),
    [
        (
            AICHELBERG,
            "follow_up",
            "2018-02-01",
            "district",
            "Zuständig ist das Integrationsmanagement des Landkreises.",
        ),
        (GOEPPINGEN, "follow_up", "2018-02-01", GOEPPINGEN, "Zuständig ist das Integrationsmanagement von Göppingen."),
        (
            AICHELBERG,
            "overdue_occupant",
            "2018-09-30",
            "none",
            "Zuständig ist der Flüchtlingssozialdienst des Landkreises.",
        ),
        (
            GOEPPINGEN,
            "overdue_occupant",
            "2018-10-01",
            "district",
            "Zuständig ist das Integrationsmanagement des Landkreises.",
        ),
        (GOEPPINGEN, "provisional", "2018-11-05", "none", "Zuständig ist der Flüchtlingssozialdienst des Landkreises."),
    ],
)
def test_anybody_may_ask_who_is_in_charge(
    desk: Desk, ags: str, phase: str, on: str, management: str, sentence: str
) -> None:
    answer = requests.get(
        f"{desk.url}/eligibility/v1/responsibility", params={"ags": ags, "phase": phase, "on": on}, timeout=30
    ).json()
    assert (answer["integration_management"], answer["sentence"]) == (management, sentence)
    assert (answer["social_advice"], answer["on"]) == ("district", on)


def test_who_is_due_by_a_day(desk: Desk) -> None:
    found = desk.get("/due", until="2019-11-01").json()
    assert found["due"] == [
        {"person_id": ME, "next_look_on": "2018-10-01"},
        {"person_id": ANCHOR, "next_look_on": "2019-10-20"},
    ]
    assert desk.get("/due").json()["due"] == []
    assert [row["person_id"] for row in desk.get("/due", until="2019-11-01", limit=1).json()["due"]] == [ME]


def test_who_looked_is_recorded(desk: Desk) -> None:
    someone = the("somebody looked at")
    desk.office.record(registered(), opened("2016-01-01"), who=someone)
    desk.person(someone, role="auditor")
    (book,) = (desk.office.directory / "access-log").glob("*.db")
    with sqlite3.connect(book) as db:
        (table,) = db.execute("select name from sqlite_master where type = 'table'").fetchone()
        found = db.execute(f"select count(*) from {table} where subject = ?", (someone,)).fetchone()
    assert found == (1,)
