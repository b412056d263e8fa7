"""A command over real HTTP: from the request to the stored events and the answer."""

from __future__ import annotations

import json
import sqlite3
from uuid import UUID, uuid4

import orjson
import pytest

from shared.api.roles import IMPORTER
from tests.api.conftest import CASE, TALK, Running

TALKS = "/sample/v1/talks"


def test_a_command_is_accepted_and_says_where_its_events_stand(sample: Running) -> None:
    answer = sample.post(TALKS, TALK)
    assert answer.status_code == 201
    said = answer.json()
    assert set(said) == {"id", "case_id", "stream", "revision", "position"}
    assert said["stream"] == f"consultation-{said['id']}"
    assert (said["revision"], said["position"]) == (0, sample.head())
    assert UUID(said["id"]).version == 5
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_envelope_names_who_asked_and_under_which_ids(sample: Running) -> None:
    correlation_id = str(uuid4())
    said = sample.post(TALKS, TALK, headers={"Correlation-Id": correlation_id.upper(), "Idempotency-Key": "k-1"})
    assert said.headers["Correlation-Id"] == correlation_id
    with sqlite3.connect(sample.data / "events.db") as db:
        row = db.execute("select metadata from events where stream = ?", (said.json()["stream"],)).fetchone()
    meta = orjson.loads(row[0])
    assert meta["actor"] == "probe.clerk"
    assert meta["correlation_id"] == correlation_id
    assert meta["causation_id"] == meta["command_id"]
    assert (meta["occurred_on"], meta["learnt_on"]) == ("2018-11-05", "2018-11-05")
    assert len(bytes.fromhex(meta["body_digest"])) == 32


def test_a_repeated_command_gets_the_first_answer_again(sample: Running) -> None:
    headers = {"Idempotency-Key": "the-same"}
    first = sample.post(TALKS, TALK, headers=headers)
    head = sample.head()
    second = sample.post(TALKS, TALK, headers=headers)
    assert second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert sample.head() == head


def test_a_key_belongs_to_its_actor(sample: Running) -> None:
    headers = {"Idempotency-Key": "shared"}
    mine = sample.post(TALKS, TALK, headers=headers)
    other = {**headers, "Authorization": f"Bearer {sample.token('clerk', account='probe.other')}"}
    theirs = sample.post(TALKS, TALK, headers=other)
    assert mine.json()["id"] != theirs.json()["id"]


def test_a_key_used_again_for_another_body_is_refused(sample: Running) -> None:
    headers = {"Idempotency-Key": "reused"}
    first = sample.post(TALKS, TALK, headers=headers)
    path = f"{TALKS}/{first.json()['id']}/withdrawal"
    body = {"reason": "wrong_case", "withdrawn_on": "2018-11-05"}
    assert sample.post(path, body, headers={"Idempotency-Key": "w"}).status_code == 201
    head = sample.head()
    again = sample.post(path, {**body, "reason": "entered_twice"}, headers={"Idempotency-Key": "w"})
    assert again.status_code == 422
    assert again.json()["type"] == "urn:wegmarken:problem:key-reused"
    assert sample.head() == head


def test_a_command_that_changes_nothing_is_accepted_where_the_stream_stands(sample: Running) -> None:
    talk = sample.post(TALKS, TALK).json()
    path, body = f"{TALKS}/{talk['id']}/withdrawal", {"reason": "wrong_case", "withdrawn_on": "2018-11-05"}
    assert sample.post(path, body).json()["revision"] == 1
    answer = sample.post(path, body)
    assert answer.status_code == 201
    assert answer.json() == {"id": talk["id"], "stream": talk["stream"], "revision": 1, "position": 0}


def test_an_importer_says_when_the_office_learnt_of_it(sample: Running) -> None:
    said = sample.post(TALKS, {**TALK, "held_on": "2016-01-01"}, IMPORTER, headers={"Learnt-On": "2016-02-01"})
    assert said.status_code == 201
    with sqlite3.connect(sample.data / "events.db") as db:
        row = db.execute("select metadata from events where stream = ?", (said.json()["stream"],)).fetchone()
    assert orjson.loads(row[0])["learnt_on"] == "2016-02-01"


@pytest.mark.parametrize(
    ("roles", "day", "status"),
    [(("clerk",), "2016-02-01", 403), ((IMPORTER,), "2018-11-06", 422), ((IMPORTER,), "yesterday", 422)],
)
def test_not_everybody_says_when_and_nobody_says_nonsense(
    sample: Running, roles: tuple[str, ...], day: str, status: int
) -> None:
    answer = sample.post(TALKS, TALK, *roles, headers={"Learnt-On": day})
    assert answer.status_code == status
    if status == 422:
        assert answer.json()["errors"][0]["path"] == "Learnt-On"


def test_a_domain_rule_refuses_by_name(sample: Running) -> None:
    head = sample.head()
    answer = sample.post(TALKS, {**TALK, "minutes": 481})
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == "urn:wegmarken:problem:talk-too-long"
    assert said["title"] == "481 minutes are too long."
    assert said["facts"] == {"minutes": 481}
    assert said["instance"] == f"urn:uuid:{answer.headers['Correlation-Id']}"
    assert sample.head() == head


def test_what_does_not_exist_is_not_found(sample: Running) -> None:
    path = f"{TALKS}/{uuid4()}/withdrawal"
    answer = sample.post(path, {"reason": "wrong_case", "withdrawn_on": "2018-11-05"})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:wegmarken:problem:unknown-talk")


def test_problems_are_said_in_german_unless_english_is_preferred(sample: Running) -> None:
    german = sample.post(TALKS, {**TALK, "minutes": 0}, headers={"Accept-Language": None})
    assert german.headers["Content-Language"] == "de"
    assert german.json()["title"] == "Angaben sind unvollständig oder ungültig."
    assert german.json()["errors"] == [{"path": "minutes", "message": "liegt nicht zwischen 1 und 600"}]
    english = sample.post(TALKS, {**TALK, "minutes": 0}, headers={"Accept-Language": "fr, en-GB;q=0.8, de;q=0.5"})
    assert english.headers["Content-Language"] == "en"
    assert english.json()["errors"] == [{"path": "minutes", "message": "is not between 1 and 600"}]


def test_every_wrong_field_is_named(sample: Running) -> None:
    head = sample.head()
    body = {
        **TALK,
        "held_on": "2018-11-06",
        "minutes": "45",
        "took_part": [CASE, "nobody"],
        "steps": [{"action_field": "housing", "step": "leap", "size": 1}],
        "ags": "08117000",
        "mood": "good",
        "consultation_id": CASE,
    }
    del body["topics"]
    said = sample.post(TALKS, body)
    assert said.status_code == 422
    # what the platform gives is checked first
    assert said.json()["errors"] == [{"path": "consultation_id", "message": "is given by the platform"}]
    del body["consultation_id"]
    errors = {error["path"]: error["message"] for error in sample.post(TALKS, body).json()["errors"]}
    assert errors == {
        "ags": "is not the key (AGS) of a municipality of the district",
        "held_on": "is after today (2018-11-05)",
        "minutes": "is not a whole number",
        "mood": "is not a known field",
        "steps.0.size": "is not a known field",
        "steps.0.step": "is none of: need, progress, success",
        "took_part.1": "is not a UUID",
        "topics": "is missing",
    }
    assert sample.head() == head


def test_fields_are_checked_against_each_other(sample: Running) -> None:
    said = sample.post(TALKS, {**TALK, "next_on": "2018-11-04"})
    assert said.status_code == 422
    assert said.json()["errors"] == [{"path": "next_on", "message": "is before the talk"}]


def test_what_the_path_says_is_not_said_again(sample: Running) -> None:
    body = {"consultation_id": CASE, "reason": "wrong_case", "withdrawn_on": "2018-11-05"}
    said = sample.post(f"{TALKS}/{CASE}/withdrawal", body)
    assert said.status_code == 422
    assert said.json()["errors"] == [{"path": "consultation_id", "message": "is given by the path already"}]


def test_a_path_that_holds_no_id_is_refused_by_name(sample: Running) -> None:
    said = sample.post(f"{TALKS}/17/withdrawal", {"reason": "wrong_case", "withdrawn_on": "2018-11-05"})
    assert said.status_code == 422
    assert said.json()["errors"] == [{"path": "consultation_id", "message": "is not a UUID"}]


def test_a_failure_says_nothing_and_its_text_is_not_logged(sample: Running) -> None:
    answer = sample.post("/sample/v1/failure", {"seconds": 0, "note": "Beispiel, Erika"})
    assert answer.status_code == 500
    assert answer.json()["title"] == "An unexpected error occurred."
    assert "Erika" not in answer.text and "RuntimeError" not in answer.text
    (line,) = [line for line in sample.said("failed") if line["correlation_id"] == answer.headers["Correlation-Id"]]
    assert line["exception"] == "RuntimeError"
    assert line["place"].startswith("__main__:")
    assert "Erika" not in sample.log.read_text()


def test_one_line_per_request_with_ids_and_route_only(sample: Running) -> None:
    key = str(uuid4())
    answer = sample.post(TALKS, TALK, headers={"Idempotency-Key": key})
    (line,) = [line for line in sample.said("answered") if line["correlation_id"] == answer.headers["Correlation-Id"]]
    assert {"method": "POST", "route": TALKS, "status": 201, "process": "sample.http"}.items() <= line.items()
    assert line["ms"] > 0
    log = sample.log.read_text()
    assert "Muster" not in log and key not in log and "probe.clerk" not in log
    assert answer.json()["id"] not in json.dumps(line)


def test_the_store_holds_no_plain_personal_text(sample: Running) -> None:
    sample.post(TALKS, {**TALK, "note": "Ein auffälliges Wort: Kirschkernkissen"})
    found = b"".join(path.read_bytes() for path in sample.data.glob("events.db*"))
    assert b"Kirschkernkissen" not in found
    assert "Kirschkernkissen" not in sample.log.read_text()
