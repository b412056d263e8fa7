"""What can be asked of eligibility, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from shared.api.roles import AUDITOR, INTEGRATION_MANAGER, MUNICIPAL_STAFF, REPORTING, TEAM_LEAD
from shared.contracts.model import PersonalClass, PersonId
from shared.privacy.access_log import FileAccessLog
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.tokens import issue
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
MOVED = the("somebody who moved")


@dataclass
class Desk:
    """A caller with a token, and what it asks."""

    url: str
    key: bytes
    office: Office
    before_the_title: int

    def get(
        self, path: str, role: str = TEAM_LEAD, ags: str | None = None, language: str = "de", **parameters: Any
    ) -> requests.Response:
        token = issue(self.key, "probe", [role], ags=ags)
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        return requests.get(f"{self.url}/eligibility/v1{path}", params=parameters, headers=headers, timeout=30)

    def post(self, path: str, body: Any, role: str = TEAM_LEAD, ags: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {issue(self.key, 'probe', [role], ags=ags)}"}
        return requests.post(f"{self.url}/eligibility/v1{path}", json=body, headers=headers, timeout=30)

    def due(self, until: str, *who: PersonId) -> Any:
        """What time alone brings these persons."""
        answer = self.post("/due/search", {"person_ids": who, "until": until}, INTEGRATION_MANAGER)
        assert answer.status_code == 200, answer.text
        return answer.json()["due"]

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
        homes = (lives("2016-06-01", "private", GOEPPINGEN), lives("2018-02-05", "private", entry="flat"))
        office.record(registered(), *homes, who=MOVED)
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
        (f"/persons/{ME}", {"role": REPORTING}, 403, "forbidden"),
        (f"/persons/{IN_TOWN}", {"role": INTEGRATION_MANAGER, "ags": AICHELBERG}, 403, "other-municipality"),
        ("/due", {"limit": 0}, 422, "invalid-fields"),
        ("/due", {"role": INTEGRATION_MANAGER}, 403, "forbidden"),
        ("/due", {"role": TEAM_LEAD, "ags": GOEPPINGEN}, 403, "forbidden"),
        ("/responsibility", {"ags": "08111000", "phase": "follow_up"}, 422, "invalid-fields"),
        ("/responsibility", {"ags": AICHELBERG, "phase": "unknown"}, 422, "invalid-fields"),
    ],
)
def test_what_is_refused(desk: Desk, path: str, options: dict[str, Any], status: int, problem: str) -> None:
    answer = desk.get(path, **options)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:wegmarken:problem:{problem}")


@pytest.mark.parametrize("role", [MUNICIPAL_STAFF, INTEGRATION_MANAGER])
def test_municipal_staff_see_who_lives_in_their_municipality(desk: Desk, role: str) -> None:
    found = desk.person(IN_TOWN, role=role, ags=GOEPPINGEN)
    assert found["service_in_charge"]["integration_management"] == GOEPPINGEN


@pytest.mark.parametrize("person", [ERASED, "7f8e1c8e-9a4b-5d0e-8a25-0a4f4e6d3a11"])
def test_municipal_staff_learn_of_nobody_that_they_were_erased_or_never_known(desk: Desk, person: str) -> None:
    answer = desk.get(f"/persons/{person}", role=MUNICIPAL_STAFF, ags=GOEPPINGEN)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:wegmarken:problem:other-municipality")


def test_municipal_staff_who_are_bound_to_no_municipality_see_nobody(desk: Desk) -> None:
    answer = desk.get(f"/persons/{IN_TOWN}", role=MUNICIPAL_STAFF)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:wegmarken:problem:forbidden")


@pytest.mark.parametrize(
    ("ags", "valid_at", "status"),
    [
        (None, "2018-02-04", 200),
        (GOEPPINGEN, None, 403),
        (GOEPPINGEN, "2018-02-04", 403),  # lived there then, but no longer does
        (AICHELBERG, "2018-02-04", 403),  # lives there now, but did not then
        (AICHELBERG, "2018-02-05", 200),
        (AICHELBERG, None, 200),
    ],
)
def test_municipal_staff_see_nobody_who_has_moved_away_and_no_time_elsewhere(
    desk: Desk, ags: str | None, valid_at: str | None, status: int
) -> None:
    parameters = {} if valid_at is None else {"valid_at": valid_at}
    answer = desk.get(f"/persons/{MOVED}", role=INTEGRATION_MANAGER, ags=ags, **parameters)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["type"] == "urn:wegmarken:problem:other-municipality"


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


def test_what_time_alone_brings_some_persons(desk: Desk) -> None:
    soon = {
        "person_id": ME,
        "kind": "service_changes",
        "on": "2018-10-01",
        "phase": "follow_up",
        "rule": "R3",
        "legal_basis": "§ 9 (1) Nr. 3 FlüAG",
        "integration_management": "district",
    }
    later = {
        "person_id": ANCHOR,
        "kind": "phase_changes",
        "on": "2019-10-20",
        "phase": "follow_up",
        "rule": "R6",
        "legal_basis": "§ 9 (1) Nr. 4 FlüAG",
        "integration_management": "none",
    }
    assert desk.due("2019-11-01", ANCHOR, ME, IN_TOWN) == [soon, later]
    assert desk.due("2019-10-19", ANCHOR, ME) == [soon]
    assert desk.due("2019-11-01", ANCHOR) == [later]
    assert desk.due("2019-11-01", IN_TOWN, ERASED, the("nobody")) == []
    asked = {"person_ids": [ME], "until": "2019-11-01"}
    for role, ags in ((REPORTING, None), (TEAM_LEAD, AICHELBERG)):
        assert desk.post("/due/search", asked, role, ags).status_code == 403


def test_the_phases_of_several_persons(desk: Desk) -> None:
    asked = {"person_ids": [IN_TOWN, ERASED, the("nobody"), ANCHOR]}
    answer = desk.post("/persons/search", asked, INTEGRATION_MANAGER)
    assert answer.status_code == 200, answer.text
    for found, person_id in zip(answer.json()["persons"], (IN_TOWN, ANCHOR), strict=True):
        alone = desk.person(person_id)
        assert found == {name: alone[name] for name in ("person_id", "phase", "since", "overdue_since")}
    for role, ags in ((REPORTING, None), (TEAM_LEAD, AICHELBERG)):
        assert desk.post("/persons/search", asked, role, ags).status_code == 403
    assert desk.post("/persons/search", {"person_ids": []}).status_code == 422


def test_what_was_determined_and_when(desk: Desk) -> None:
    history = desk.get(f"/persons/{ME}/history", role=INTEGRATION_MANAGER).json()
    first, second = history["entries"]
    assert [(each["as_of"], each["learnt_on"]) for each in (first, second)] == [
        ("2018-03-01",) * 2,
        ("2018-04-10",) * 2,
    ]
    assert first["determined"] == {
        "household_id": f"household of {ME}",
        "rule_set": "flueag-2018.1",
        "phase": "provisional",
        "since": "2017-09-15",
        "rule": "R11",
        "legal_basis": first["determined"]["legal_basis"],
        "reasons": [],
        "overdue_since": None,
        "next_look_on": "2019-09-15",
        "integration_management": "none",
        "social_advice": "district",
        "ags": AICHELBERG,
    }
    assert (second["determined"]["phase"], second["determined"]["rule"]) == ("follow_up", "R3")
    assert set(second["changed"]) == {"phase", "since", "rule", "legal_basis", "overdue_since", "next_look_on"}
    events = [desk.office.store.read(f"person-{ME}")[n].event_id for n in (0, 2)]
    assert [first["caused_by"], second["caused_by"]] == events, "the registration, then the title"
    then = desk.get(f"/persons/{ME}/history", known_at="2018-04-09").json()
    assert then["entries"] == [first]


def test_a_history_says_reasons_in_words_and_shows_nothing_of_whom_was_erased(desk: Desk) -> None:
    *_, reviewed = desk.get(f"/persons/{REVIEWED}/history", language="en").json()["entries"]
    assert reviewed["determined"]["reasons"] == [
        {"reason": "returned-after-abroad", "text": "The person returned from abroad."}
    ]
    assert desk.get(f"/persons/{ERASED}/history").json()["entries"] == []
    unknown = desk.get(f"/persons/{the('nobody')}/history")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:wegmarken:problem:unknown-person")
    assert desk.get(f"/persons/{ME}/history", role=REPORTING).status_code == 403
    assert desk.get(f"/persons/{ME}/history", ags=AICHELBERG).status_code == 403


def test_who_looked_is_recorded(desk: Desk) -> None:
    someone = the("somebody looked at")
    desk.office.record(registered(), opened("2016-01-01"), who=someone)
    desk.person(someone, role=AUDITOR)
    with closing(FileAccessLog(desk.office.directory / "access-log")) as log:
        (month,) = log.months()
        assert len(log.accesses(month, subject=someone)) == 1
