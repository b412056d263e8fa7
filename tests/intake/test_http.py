"""Intake as it runs: its two processes, asked over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests

from deploy.supervisor import Child, Supervisor, inherited
from shared.api.roles import IMPORTER, INTAKE_CLERK, INTEGRATION_MANAGER, OPERATOR, REPORTING, TEAM_LEAD
from shared.contracts.model import PersonalClass
from shared.privacy.access_log import FileAccessLog
from shared.privacy.keyring import open_keyring
from shared.privacy.secrets import ISSUER_PRIVATE, create_secrets, load_masters
from shared.service.tokens import issue
from tests.waiting import until

TODAY = "2018-11-05"
CLERK, READER, OTHER = (INTAKE_CLERK,), (INTEGRATION_MANAGER,), (REPORTING,)
IMPORT = (IMPORTER,)
SEARCH = "/intake/v1/persons/search"
ANNA = {
    "family_name": "Muster",
    "given_name": "Anna",
    "file_number": "GP-2015/0042",
    "phone": "07161 000",
    "category": "asylum",
    "born_on": "1990-05-17",
    "sex": "female",
    "nationality": "Syria",
    "language": "Arabic",
    "interpreter_needed": True,
    "state_entry_on": "2015-09-01",
    "district_intake_on": "2015-09-10",
    "registered_on": "2015-09-10",
}
CARLA = {
    "family_name": "Muster",
    "given_name": "Carla",
    "born_on": "2016-03-01",
    "sex": "female",
    "nationality": "Syria",
}
HOME = {
    "kind": "shared_accommodation",
    "ags": "08117001",
    "accommodation": "Probehaus",
    "address": "Beispielweg 1",
    "moved_in_on": "2015-09-10",
}


@dataclass
class Caller:
    """Somebody with roles at the service's door."""

    url: str
    data: Path
    session: requests.Session = field(default_factory=requests.Session)

    def token(self, *roles: str) -> str:
        return issue((self.data / "secrets" / ISSUER_PRIVATE).read_bytes(), "probe", roles)

    def post(self, path: str, body: Any, roles: tuple[str, ...] = CLERK, **headers: str) -> requests.Response:
        return self.session.post(
            self.url + path,
            data=body if isinstance(body, bytes) else orjson.dumps(body),
            headers={
                "Authorization": f"Bearer {self.token(*roles)}",
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            timeout=20,
        )

    def get(self, path: str, roles: tuple[str, ...] = READER, *, after: int = 0, **query: Any) -> requests.Response:
        """``after``: the position that must be in the views."""
        headers = {"Authorization": f"Bearer {self.token(*roles)}", "Accept-Language": "en"}
        if after:
            headers["Min-Position"] = str(after)
        return self.session.get(self.url + path, params=query, headers=headers, timeout=20)

    def done(self, path: str, body: Any, roles: tuple[str, ...] = CLERK, **headers: str) -> Any:
        """The answer to a command that must be accepted."""
        answer = self.post(path, body, roles, **headers)
        assert answer.status_code == 201, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    data = tmp_path_factory.mktemp("intake")
    create_secrets(data / "secrets")
    children = [child(data, "http"), child(data, "projector")]
    supervisor = Supervisor(children)
    supervisor.start()
    try:
        caller = Caller(children[0].url, data)
        assert caller.post("/clock", {"today": TODAY}, (OPERATOR,)).status_code == 201
        yield caller
    finally:
        supervisor.stop()
    assert [c.process.returncode for c in children if c.process] == [0, 0]


def child(data: Path, kind: str) -> Child:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Child(
        name=kind,
        command=("services.intake", kind),
        port=port,
        environment=inherited(WEGMARKEN_DATA=str(data), WEGMARKEN_CLOCK="manual", WEGMARKEN_PORT=str(port)),
        log=data / f"{kind}.log",
    )


def path_of(person_id: str) -> str:
    return f"/intake/v1/persons/{person_id}"


def test_a_household_is_registered_found_and_shown(intake: Caller) -> None:
    anchor = intake.done("/intake/v1/persons", {**ANNA, "residence": HOME})
    assert (anchor["stream"], anchor["revision"]) == (f"person-{anchor['id']}", 1)
    spouse = intake.done(
        "/intake/v1/persons",
        {**ANNA, "given_name": "Bruno", "file_number": None, "anchor_id": anchor["id"], "relation": "spouse"},
    )
    child = intake.done("/intake/v1/births", {**CARLA, "anchor_id": anchor["id"]})
    assert anchor["household_id"] == spouse["household_id"] == child["household_id"]

    household = intake.get(f"/intake/v1/households/{anchor['household_id']}", after=child["position"]).json()
    assert [(m["person_id"], m["given_name"], m["relation"]) for m in household["members"]] == [
        (anchor["id"], "Anna", None),
        (spouse["id"], "Bruno", "spouse"),
        (child["id"], "Carla", "minor_child"),
    ]
    for q, expected in (("muster b", [spouse]), ("gp-2015/0042", [anchor]), ("carl", [child])):
        hits = found(intake, q, after=child["position"])
        assert {p["id"] for p in expected} <= {p["person_id"] for p in hits}

    record = intake.get(path_of(anchor["id"])).json()
    assert {name: record[name] for name in ANNA} == ANNA
    assert record["residence"]["address"] == "Beispielweg 1"
    assert (record["valid_at"], record["known_at"], record["revision"]) == (TODAY, None, 1)


def test_a_household_is_told_as_it_was_known(intake: Caller) -> None:
    anchor = intake.done("/intake/v1/persons", {**ANNA, "family_name": "Wissen"})
    spouse = intake.done(
        "/intake/v1/persons",
        {**ANNA, "given_name": "Bruno", "file_number": None, "anchor_id": anchor["id"], "relation": "spouse"},
    )
    home = f"/intake/v1/households/{anchor['household_id']}"
    now = intake.get(home, after=spouse["position"]).json()
    left = intake.done(f"{path_of(spouse['id'])}/household", {"joined_on": "2018-01-15"})
    master_data = {name: value for name, value in ANNA.items() if name != "registered_on"}
    renamed = {**master_data, "family_name": "Wissend", "corrected_on": TODAY}
    last = intake.done(f"{path_of(anchor['id'])}/corrections/master-data", renamed)
    (alone,) = intake.get(home, after=last["position"]).json()["members"]
    assert (alone["person_id"], alone["family_name"]) == (anchor["id"], "Wissend")

    then = intake.get(home, known_at=str(spouse["position"])).json()
    assert then["members"] == now["members"] and now["members"][0]["family_name"] == "Wissen"
    assert then["known_at"] == str(spouse["position"])
    only_anchor = intake.get(home, known_at=str(anchor["position"])).json()["members"]
    assert [member["person_id"] for member in only_anchor] == [anchor["id"]]
    before_they_left = intake.get(home, known_at=str(left["position"]), valid_at="2018-01-14").json()
    assert before_they_left["members"] == now["members"]
    assert intake.get(home, known_at="2001-01-01").json()["members"] == []


def test_a_persons_way_through_the_office(intake: Caller) -> None:
    """Every command once, each accepted; then the record tells it all."""
    anchor = intake.done("/intake/v1/persons", {**ANNA, "family_name": "Bezug"})
    person = intake.done("/intake/v1/persons", {**ANNA, "family_name": "Weg", "residence": HOME})
    path = path_of(person["id"])
    procedure = intake.done(f"{path}/procedures", {"kind": "first", "opened_on": "2015-10-01"})["id"]
    intake.done(f"{path}/procedures/{procedure}/decision", {"outcome": "positive", "decided_on": "2016-08-01"})
    intake.done(f"{path}/procedures/{procedure}/finality", {"outcome": "positive", "final_on": "2016-09-01"})
    title = intake.done(f"{path}/titles", {"section": "25(2)", "valid_until": "2019-09-30", "granted_on": "2016-10-01"})
    toleration = intake.done(f"{path}/tolerations", {"section": "60a", "issued_on": "2015-11-01"})
    move = intake.done(f"{path}/residences", {**HOME, "kind": "private", "moved_in_on": "2016-11-01"})
    gone = intake.done(f"{path}/departure", {"destination": "abroad", "moved_out_on": "2018-10-01"})
    intake.done(f"{path}/withdrawals", {"entry_id": gone["id"], "reason": "not_true", "withdrawn_on": TODAY})
    corrected = {**HOME, "kind": "follow_up_housing", "moved_in_on": "2016-11-15"}
    intake.done(f"{path}/corrections/residences/{move['id']}", corrected)
    master_data = {name: value for name, value in ANNA.items() if name != "registered_on"}
    intake.done(f"{path}/corrections/master-data", {**master_data, "family_name": "Wege", "corrected_on": TODAY})
    intake.done(f"{path}/household", {"anchor_id": anchor["id"], "relation": "other", "joined_on": "2018-01-01"})
    intake.done(f"{path}/household", {"joined_on": "2018-02-01"})
    intake.done(f"{path}/notices", {"language": "Arabic", "given_on": "2018-02-01"})
    intake.done(f"{path}/consents", {"scope": "disclosure", "given_on": "2018-02-01"})
    intake.done(f"{path}/consent-withdrawals", {"scope": "disclosure", "withdrawn_on": "2018-03-01"})
    settlement = {"phase": "follow_up", "since": "2018-02-01", "legal_basis": "§ 9 (2) FlüAG", "reason": "Probe"}
    doubted = [str(uuid4())]
    body = {**settlement, "settles": doubted, "settled_on": TODAY}
    review = intake.done(f"{path}/reviews", body, (TEAM_LEAD,))["id"]
    last = intake.done(f"{path}/refusals", {"scope": "advice_documentation", "refused_on": "2018-03-01"})

    record = intake.get(path).json()
    assert record["revision"] == last["revision"] == 18
    assert record["reviews"] == [{"review_id": review, **body}]
    assert record["family_name"] == "Wege"
    assert record["household_id"] not in (anchor["household_id"], person["household_id"])
    assert record["residence"] == {"residence_id": move["id"], **corrected}
    assert len(record["residences"]) == 2
    assert record["procedures"][0]["final"] == {"outcome": "positive", "final_on": "2016-09-01"}
    assert [t["title_id"] for t in record["titles"]] == [title["id"]]
    assert [t["toleration_id"] for t in record["tolerations"]] == [toleration["id"]]
    assert record["consents"] == {
        "advice_documentation": {"answer": "refused", "since": "2018-03-01"},
        "disclosure": {"answer": "withdrawn", "since": "2018-03-01"},
    }
    then = intake.get(path, valid_at="2018-01-15").json()
    assert (then["household_id"], then["relation"]) == (anchor["household_id"], "other")
    first = intake.get(path, known_at=str(person["position"])).json()
    assert (first["family_name"], first["procedures"]) == ("Weg", [])

    hits = found(intake, "wege", after=last["position"])
    assert [p["person_id"] for p in hits] == [person["id"]]
    assert found(intake, "weg anna") == hits


def test_what_was_learnt_late_is_not_known_before(intake: Caller) -> None:
    person = intake.done("/intake/v1/persons", ANNA, roles=IMPORT, Learnt_On="2015-09-10")
    path = path_of(person["id"])
    move = {**HOME, "moved_in_on": "2015-12-01"}
    intake.done(f"{path}/residences", move, roles=IMPORT, Learnt_On="2016-05-01")
    assert intake.get(path, valid_at="2016-01-01").json()["residence"]["address"] == "Beispielweg 1"
    assert intake.get(path, valid_at="2016-01-01", known_at="2016-04-30").json()["residence"] is None
    assert intake.get(path, known_at="2015-09-09").status_code == 404


def test_a_repeated_command_gets_its_first_answer(intake: Caller) -> None:
    key: Any = {"Idempotency_Key": str(uuid4())}
    first = intake.post("/intake/v1/persons", {**ANNA, "residence": HOME}, **key)
    again = intake.post("/intake/v1/persons", {**ANNA, "residence": HOME}, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = intake.post("/intake/v1/persons", {**ANNA, "given_name": "Anders"}, **key)
    assert (other.status_code, problem(other)) == (422, "key-reused")


def found(intake: Caller, q: str, after: int = 0) -> list[dict[str, Any]]:
    answer = intake.post(SEARCH, {"q": q}, READER, Min_Position=str(after))
    assert answer.status_code == 200, answer.text
    persons: list[dict[str, Any]] = answer.json()["persons"]
    return persons


def asked(intake: Caller, path: str, body: Any, after: int = 0, roles: tuple[str, ...] = READER) -> Any:
    """The answer to a question."""
    answer = intake.post(path, body, roles, Min_Position=str(after))
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_may_be_meant_by_a_name(intake: Caller) -> None:
    youssef = {**ANNA, "family_name": "Aehnlich", "given_name": "Youssef", "residence": HOME}
    person = intake.done("/intake/v1/persons", youssef)
    sought = {"q": "Yusuf Ähnlch", "similar": True, "born_on": ANNA["born_on"]}
    (likeliest, *_) = asked(intake, SEARCH, sought, person["position"])["persons"]
    assert likeliest == {
        "person_id": person["id"],
        "family_name": "Aehnlich",
        "given_name": "Youssef",
        "file_number": ANNA["file_number"],
        "phone": ANNA["phone"],
        "born_on": ANNA["born_on"],
        "residence": {"residence_id": likeliest["residence"]["residence_id"], **HOME},
        "same_name": False,
        "same_birthday": True,
    }
    exactly = {"q": "youssef ähnlich", "born_on": ANNA["born_on"]}
    assert [p["person_id"] for p in asked(intake, SEARCH, exactly)["persons"]] == [person["id"]]
    assert asked(intake, SEARCH, {**exactly, "born_on": "1990-05-18"})["persons"] == []
    assert asked(intake, SEARCH, {"q": "Yusuf Ähnlch"})["persons"] == []


def a_family(intake: Caller, key: str) -> list[Any]:
    """A family of three as a page registers it: the anchor first, each under a key made of the page's own."""
    anchor = intake.done("/intake/v1/persons", {**ANNA, "residence": HOME}, Idempotency_Key=f"{key}-0")
    others = [
        intake.done(
            "/intake/v1/persons",
            {**ANNA, "given_name": name, "anchor_id": anchor["id"], "relation": relation, "residence": HOME},
            Idempotency_Key=f"{key}-{n}",
        )
        for n, (name, relation) in enumerate((("Bruno", "spouse"), ("Carla", "minor_child")), 1)
    ]
    return [anchor, *others]


def test_a_family_is_registered_by_one_command_each_and_may_be_sent_again(intake: Caller) -> None:
    key = uuid4().hex
    family = a_family(intake, key)
    head = family[-1]["position"]
    assert a_family(intake, key) == family, "who was cut off in the middle sends everything again"
    household_id = family[0]["household_id"]
    assert {member["household_id"] for member in family} == {household_id}
    (card,) = asked(intake, "/intake/v1/households/search", {"household_ids": [household_id]}, head)["households"]
    assert [member["person_id"] for member in card["members"]] == [member["id"] for member in family]


def test_households_as_one_visits_them(intake: Caller) -> None:
    anchor = intake.done("/intake/v1/persons", {**ANNA, "residence": HOME})
    elsewhere = {**HOME, "address": "Anderswo 2", "kind": "private", "accommodation": None}
    spouse = intake.done(
        "/intake/v1/persons",
        {
            **ANNA,
            "given_name": "Bruno",
            "file_number": None,
            "anchor_id": anchor["id"],
            "relation": "spouse",
            "residence": elsewhere,
        },
    )
    alone = intake.done("/intake/v1/persons", {**ANNA, "given_name": "Dora"})
    unknown = str(uuid4())
    ids = [alone["household_id"], anchor["household_id"], unknown]
    found = asked(intake, "/intake/v1/households/search", {"household_ids": ids}, alone["position"])["households"]
    assert [card["household_id"] for card in found] == ids
    names = ("family_name", "given_name", "born_on", "sex", "phone", "language", "interpreter_needed", "file_number")
    expected = {name: ANNA[name] for name in names}
    home = {"residence_id": found[1]["residence"]["residence_id"], **HOME}
    assert found[1]["members"][0] == {"person_id": anchor["id"], "relation": None, **expected}
    assert [member["given_name"] for member in found[1]["members"]] == [ANNA["given_name"], "Bruno"]
    assert (found[1]["anchor_id"], found[1]["residence"]) == (anchor["id"], home), "where its anchor lives"
    assert (found[0]["residence"], found[0]["members"][0]["given_name"]) == (None, "Dora")
    assert found[2] == {"household_id": unknown, "anchor_id": None, "residence": None, "members": []}
    for read in (spouse["id"], alone["id"]):
        assert reads(intake, read) == ["intake.find_households"]
    for roles in (OTHER, IMPORT):
        assert intake.post("/intake/v1/households/search", {"household_ids": ids}, roles).status_code == 403
    many = intake.post("/intake/v1/households/search", {"household_ids": [str(uuid4()) for _ in range(501)]}, READER)
    assert (many.status_code, problem(many)) == (422, "invalid-fields")


def test_what_falls_due(intake: Caller) -> None:
    anchor = intake.done("/intake/v1/persons", ANNA)
    child = intake.done("/intake/v1/births", {**CARLA, "anchor_id": anchor["id"]})
    permit = {"section": "60a", "issued_on": "2018-05-01"}
    toleration = intake.done(f"{path_of(anchor['id'])}/tolerations", {**permit, "valid_until": "2018-11-15"})
    granted = {"section": "25(2)", "granted_on": "2017-11-01", "valid_until": "2018-11-01"}
    title = intake.done(f"{path_of(child['id'])}/titles", granted)
    expected = [
        {
            "person_id": child["id"],
            "kind": "title_expires",
            "on": "2018-11-01",
            "section": "25(2)",
            "entry_id": title["id"],
        },
        {
            "person_id": anchor["id"],
            "kind": "toleration_expires",
            "on": "2018-11-15",
            "section": "60a",
            "entry_id": toleration["id"],
        },
    ]
    due = "/intake/v1/due/search"
    of = {"household_ids": [anchor["household_id"]], "until": "2018-11-19"}
    answer = asked(intake, due, of, title["position"])
    assert (answer["due"], answer["until"]) == (expected, "2018-11-19")
    assert asked(intake, due, {"person_ids": [child["id"]], "until": "2018-11-19"})["due"] == expected[:1]
    assert asked(intake, due, {**of, "until": "2018-11-14"})["due"] == expected[:1]
    assert asked(intake, due, {"until": "2018-11-14"})["due"] == []
    assert reads(intake, child["id"]) == ["intake.find_due"] * 3


def test_a_persons_timeline(intake: Caller) -> None:
    key = uuid4().hex
    person = intake.done("/intake/v1/persons", {**ANNA, "residence": HOME}, Idempotency_Key=key)
    path = path_of(person["id"])
    residence_id = intake.get(path).json()["residence"]["residence_id"]
    intake.done(f"{path}/corrections/residences/{residence_id}", {**HOME, "address": "Beispielweg 2"})
    timeline = intake.get(f"{path}/history").json()
    first, second = timeline["entries"]
    assert [event["type"] for event in first["events"]] == ["PersonRegistered", "MovedIn"]
    (corrected,) = second["events"]
    assert (corrected["corrects"], corrected["changed"]) == (first["events"][1]["event_id"], ["address"])
    assert first["events"][1]["corrected_by"] == corrected["event_id"]
    assert first["events"][0]["fields"]["family_name"] == ANNA["family_name"]
    assert (first["learnt_on"], first["occurred_on"], first["own"]) == (TODAY, ANNA["registered_on"], True)
    then = intake.get(f"{path}/history", known_at=str(person["position"])).json()
    assert len(then["entries"]) == 1 and then["entries"][0]["events"][1]["corrected_by"] is None
    assert intake.get(f"{path}/history", known_at="2018-11-04").status_code == 404
    assert problem(intake.get(f"{path_of(str(uuid4()))}/history")) == "unknown-person"
    assert intake.get(f"{path}/history", OTHER).status_code == 403
    assert reads(intake, person["id"]) == ["intake.get_person", "intake.get_history", "intake.get_history"]


def reads(intake: Caller, subject: str) -> list[str]:
    """By which questions the subject's data were read."""
    accesses = FileAccessLog(intake.data / "access-log")
    return [access.purpose for month in accesses.months() for access in accesses.accesses(month, subject=subject)]


# --- what is refused --------------------------------------------------------------------------


def problem(answer: requests.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    name: str = answer.json()["type"].removeprefix("urn:wegmarken:problem:")
    return name


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"nickname": "Anni"}, "nickname"),
        ({"sex": 1}, "sex"),
        ({"sex": "unknowable"}, "sex"),
        ({"interpreter_needed": "yes"}, "interpreter_needed"),
        ({"family_name": " "}, "family_name"),
        ({"family_name": None}, "family_name"),
        ({"family_name": "x" * 101}, "family_name"),
        ({"given_name": "Zeile\nZeile"}, "given_name"),
        ({"born_on": "17.05.1990"}, "born_on"),
        ({"born_on": "1990-02-30"}, "born_on"),
        ({"registered_on": "2018-11-06"}, "registered_on"),
        ({"anchor_id": "anna"}, "anchor_id"),
        ({"residence": {**HOME, "ags": "08118001"}}, "residence.ags"),
        ({"residence": {**HOME, "moved_in_on": "2018-11-06"}}, "residence.moved_in_on"),
        ({"residence": {**HOME, "floor": 3}}, "residence.floor"),
        ({"residence": []}, "residence"),
        ({"person_id": str(uuid4())}, "person_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_field_is_named(intake: Caller, change: dict[str, Any], path: str) -> None:
    answer = intake.post("/intake/v1/persons", {**ANNA, **change}, Accept_Language="en")
    assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_a_missing_field_is_named(intake: Caller) -> None:
    answer = intake.post("/intake/v1/persons", {})
    missing = {error["path"] for error in answer.json()["errors"]}
    assert missing == {
        "family_name", "given_name", "category", "born_on", "sex", "nationality", "registered_on"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status", "rule"),
    [
        ({"anchor_id": str(uuid4()), "relation": "spouse"}, 404, "unknown-person"),
        ({"anchor_id": str(uuid4())}, 409, "relation-required"),
        ({"relation": "spouse"}, 409, "relation-without-anchor"),
        ({"born_on": "2016-01-01"}, 409, "born-after-registration"),
        ({"residence": {**HOME, "moved_in_on": "2015-09-09"}}, 409, "moved-in-before-registration"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_rule_that_refuses_is_named_in_both_languages(
    intake: Caller, change: dict[str, Any], status: int, rule: str
) -> None:
    sentences = set()
    for language in ("de", "en"):
        answer = intake.post("/intake/v1/persons", {**ANNA, **change}, Accept_Language=language)
        assert (answer.status_code, problem(answer)) == (status, rule)
        sentences.add(answer.json()["title"])
    assert len(sentences) == 2
    assert not any(secret in sentence for sentence in sentences for secret in ("Muster", "1990", "2016"))


def test_moves_out_of_order_are_refused(intake: Caller) -> None:
    path = path_of(intake.done("/intake/v1/persons", ANNA)["id"])
    departure = {"destination": "abroad", "moved_out_on": "2015-12-01"}
    assert problem(intake.post(f"{path}/departure", departure)) == "departure-without-residence"
    intake.done(f"{path}/residences", {**HOME, "moved_in_on": "2016-01-01"})
    assert problem(intake.post(f"{path}/departure", departure)) == "moved-out-before-moved-in"
    assert intake.get(path).json()["revision"] == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("residences", HOME),
        ("procedures", {"kind": "first", "opened_on": TODAY}),
        ("notices", {"language": "Arabic", "given_on": TODAY}),
        ("withdrawals", {"entry_id": str(uuid4()), "reason": "not_true", "withdrawn_on": TODAY}),
    ],
)
def test_nothing_is_recorded_about_somebody_unknown(intake: Caller, path: str, body: dict[str, Any]) -> None:
    answer = intake.post(f"{path_of(str(uuid4()))}/{path}", body)
    assert (answer.status_code, problem(answer)) == (404, "unknown-person")


def test_what_does_not_exist_is_not_found(intake: Caller) -> None:
    for path, rule in (
        (path_of(str(uuid4())), "unknown-person"),
        (f"/intake/v1/households/{uuid4()}", "unknown-household"),
        ("/intake/v1/person", "not-found"),
    ):
        answer = intake.get(path)
        assert (answer.status_code, problem(answer)) == (404, rule)
    person = path_of(intake.done("/intake/v1/persons", ANNA)["id"])
    decision = {"outcome": "positive", "decided_on": TODAY}
    answer = intake.post(f"{person}/procedures/{uuid4()}/decision", decision)
    assert (answer.status_code, problem(answer)) == (404, "unknown-procedure")
    assert intake.get(path_of("anna")).status_code == 422


def test_names_are_looked_for_in_a_body_and_never_in_a_url(intake: Caller) -> None:
    answer = intake.get("/intake/v1/persons", q="muster")
    assert (answer.status_code, problem(answer)) == (405, "method-not-allowed")
    answer = intake.get(SEARCH)  # it is nobody's id
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    answer = intake.post(f"{SEARCH}?q=muster", {"q": "muster"}, READER)
    assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
    for body, path in (({}, "q"), ({"q": " "}, "q"), ({"q": "x", "limit": "5"}, "limit"), ({"q": "x", "by": 1}, "by")):
        answer = intake.post(SEARCH, body, READER)
        assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
        assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize(
    "query",
    [{"valid_at": "yesterday"}, {"known_at": "2018-02-30"}, {"known_at": "-1"}, {"until": TODAY}],
    ids=lambda query: next(iter(query.values())),
)
def test_a_wrong_question_is_named(intake: Caller, query: dict[str, Any]) -> None:
    answer = intake.get(path_of(str(uuid4())), **query)
    assert (answer.status_code, problem(answer)) == (422, "invalid-fields")
    assert [error["path"] for error in answer.json()["errors"]] == list(query)


def test_who_may_read_may_not_write_and_others_may_neither(intake: Caller) -> None:
    assert intake.post("/intake/v1/persons", ANNA, READER).status_code == 403
    assert intake.post("/intake/v1/persons", ANNA, OTHER).status_code == 403
    assert intake.post(SEARCH, {"q": "muster"}, OTHER).status_code == 403
    answer = requests.post(intake.url + SEARCH, json={"q": "muster"}, timeout=20)
    assert (answer.status_code, problem(answer)) == (401, "unauthenticated")


def test_what_is_no_json_is_malformed(intake: Caller) -> None:
    for body, rule in ((b"{", "malformed-json"), (b'{"family_name": "\xff"}', "not-utf-8")):
        answer = intake.post("/intake/v1/persons", body)
        assert (answer.status_code, problem(answer)) == (400, rule)


# --- personal data ----------------------------------------------------------------------------


def test_every_read_of_a_record_is_recorded(intake: Caller) -> None:
    person = intake.done("/intake/v1/persons", {**ANNA, "family_name": "Einsicht"})
    intake.get(path_of(person["id"]))
    intake.get(f"/intake/v1/households/{person['household_id']}", after=person["position"])
    found(intake, "einsicht", after=person["position"])
    accesses = FileAccessLog(intake.data / "access-log")
    read = [a for month in accesses.months() for a in accesses.accesses(month, subject=person["id"])]
    assert [(a.actor, a.purpose) for a in read] == [
        ("probe", "intake.get_person"),
        ("probe", "intake.get_household"),
        ("probe", "intake.find_persons"),
    ]


def test_an_erased_person_is_neither_found_nor_recorded_about(intake: Caller) -> None:
    person = intake.done("/intake/v1/persons", {**ANNA, "family_name": "Geloescht"})
    path = path_of(person["id"])
    assert len(found(intake, "geloescht", after=person["position"])) == 1
    classes = frozenset({PersonalClass.IDENTITY, PersonalClass.STATISTICS})
    keyring = open_keyring(f"sqlite:///{intake.data}/keys.db", load_masters(intake.data / "secrets", classes))
    keyring.destroy(person["id"], classes, "test")
    keyring.close()
    record = intake.get(path).json()
    assert record["erased"] is True
    assert record["family_name"] is record["born_on"] is None
    answer = intake.post(f"{path}/notices", {"language": "Arabic", "given_on": TODAY})
    assert (answer.status_code, problem(answer)) == (409, "person-erased")
    until(lambda: not found(intake, "geloescht"), "the view has followed the erasure")
    (member,) = intake.get(f"/intake/v1/households/{person['household_id']}").json()["members"]
    assert (member["person_id"], member["family_name"]) == (person["id"], None)


def test_no_name_reaches_a_log(intake: Caller) -> None:
    for name in ("http", "projector"):
        written = (intake.data / f"{name}.log").read_text()
        assert not any(secret in written for secret in ("Muster", "muster", "GP-2015", "Beispielweg", "07161 000"))


def test_openapi_tells_what_can_be_asked(intake: Caller) -> None:
    paths = requests.get(f"{intake.url}/openapi.json", timeout=20).json()["paths"]
    mine = [path for path in paths if path.startswith("/intake/v1/")]
    assert len(mine) == 24
    assert set(paths["/intake/v1/persons"]) == set(paths[SEARCH]) == {"post"}
