"""A query over real HTTP, and a question with a body: parameters, views, access log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map

from shared.api.ask import Ask
from shared.api.entrypoint import HttpEntrypoint
from shared.api.roles import OPERATOR
from shared.privacy.access_log import FileAccessLog
from tests.api.conftest import CASE, PERSON, TALK, Running, running
from tests.waiting import until

TALKS = "/sample/v1/talks"


@pytest.fixture(scope="module")
def projector(sample: Running) -> Iterator[Running]:
    with running("projector", sample.data) as process:
        yield process


def test_read_your_writes(sample: Running, projector: Running) -> None:
    for _ in range(20):
        position = sample.post(TALKS, TALK).json()["position"]
        found = sample.get(TALKS, params={"limit": 1}, headers={"Min-Position": str(position)})
        assert found.status_code == 200
        assert found.json()["position"] >= position


def test_parameters_are_read_as_what_they_are(sample: Running, projector: Running) -> None:
    position = sample.post(TALKS, {**TALK, "case_id": (case := str(uuid4()))}).json()["position"]
    parameters = {"case_id": case.upper(), "withdrawn": "false", "limit": "5", "settings": ["office", "remote"]}
    found = sample.get(TALKS, params=parameters, headers={"Min-Position": str(position)}).json()
    assert len(found["talks"]) == 1
    assert found["settings"] == ["office", "remote"]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("limit=0", "limit"),
        ("limit=ten", "limit"),
        ("limit=1&limit=2", "limit"),
        ("limit=", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("withdrawn=yes", "withdrawn"),
        ("case_id=17", "case_id"),
        ("settings=office&settings=office", "settings"),
        ("settings=pub", "settings.0"),
        ("place=08117000", "place"),
        ("q=x", "q"),
        ("%00=x", "\x00"),
    ],
)
def test_a_wrong_parameter_is_named(sample: Running, query: str, path: str) -> None:
    answer = sample.get(f"{TALKS}?{query}")
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_very_many_parameters_are_refused(sample: Running) -> None:
    assert sample.get(f"{TALKS}?" + "&".join(f"a{n}=1" for n in range(60))).status_code == 400


@pytest.mark.parametrize("position", ["-1", "1.0", "x", "", "9" * 15, "9" * 30, "١"])
def test_a_minimal_position_is_one_that_exists(sample: Running, position: str) -> None:
    answer = sample.get(TALKS, headers={"Min-Position": position.encode()})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Min-Position"


def test_a_view_that_is_behind_asks_to_come_back(tmp_path: Path) -> None:
    with running("http", tmp_path, WEGMARKEN_CLOCK="system") as alone:
        position = alone.post(TALKS, TALK).json()["position"]
        answer = alone.get(TALKS, headers={"Min-Position": str(position)})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["type"] == "urn:wegmarken:problem:view-behind"
        assert alone.get(TALKS).json()["type"] == "urn:wegmarken:problem:view-behind"


def test_head_is_like_get_without_a_body(sample: Running, projector: Running) -> None:
    answer = sample.ask("HEAD", TALKS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def _accesses(sample: Running) -> list[tuple[str, str, str, str | None]]:
    log = FileAccessLog(sample.data / "access-log")
    try:
        reads = (read for month in log.months() for read in log.accesses(month))
        return [(read.actor, read.subject, read.purpose, read.reason) for read in reads]
    finally:
        log.close()


def test_reading_a_persons_record_is_recorded(sample: Running) -> None:
    talk = sample.post(TALKS, TALK).json()
    answer = sample.get(f"{TALKS}/{talk['id']}", "clerk")
    assert answer.json() == {
        "case_id": CASE, "held_on": "2018-11-05", "minutes": 45, "note": "Familie Muster sucht eine Wohnung."
    }  # fmt: skip
    assert _accesses(sample)[-2:] == [
        ("probe.clerk", CASE, "sample.get_talk", None),
        ("probe.clerk", PERSON, "sample.get_talk", None),
    ]


def test_what_was_not_read_is_not_recorded(sample: Running) -> None:
    before = _accesses(sample)
    assert sample.get(f"{TALKS}/{uuid4()}").status_code == 404
    assert sample.get(f"{TALKS}/{uuid4()}", "nobody").status_code == 403
    assert _accesses(sample) == before


def test_a_read_that_cannot_be_recorded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "access-log").write_text("a file where a directory should be")
    with running("http", tmp_path, WEGMARKEN_CLOCK="system") as process:
        talk = process.post(TALKS, TALK).json()
        answer = process.get(f"{TALKS}/{talk['id']}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        assert answer.json()["type"] == "urn:wegmarken:problem:access-not-recorded"
        assert "Muster" not in answer.text
        until(lambda: bool(process.said("access-not-recorded")), "the log says so")


# --- a question with a body -----------------------------------------------------------------------

SEARCH = f"/sample/v1/cases/{CASE}/talks/search"
WHY = {"reason": "Probe der Muster"}


def test_a_question_is_answered_as_a_query_and_stores_nothing(sample: Running, projector: Running) -> None:
    position = sample.post(TALKS, {**TALK, "case_id": (case := str(uuid4()))}).json()["position"]
    head, path = sample.head(), f"/sample/v1/cases/{case.upper()}/talks/search"
    asked = {**WHY, "settings": ["office"], "limit": 5}
    for _ in range(2):  # a key means nothing here: the same key may come with another body
        headers = {"Min-Position": str(position), "Idempotency-Key": "the same"}
        found = sample.post(path, asked, headers=headers)
        assert (found.status_code, found.headers.get("Idempotency-Replayed")) == (200, None)
        assert (len(found.json()["talks"]), found.json()["settings"]) == (1, ["office"])
        asked["limit"] = 6
    assert sample.head() == head


def test_a_question_is_checked_in_the_order_of_a_command(sample: Running) -> None:
    """Each request is wrong in everything that follows, too."""

    def ask(body: bytes = b"\xff", **headers: str) -> tuple[int, str]:
        headers |= {"Min-Position": "x"}
        answer = requests.post(f"{sample.url}{SEARCH}?q=x", data=body, headers=headers, timeout=10)
        return answer.status_code, answer.json()["type"].rpartition(":")[2]

    json, bearer = {"Content-Type": "application/json"}, f"Bearer {sample.token('nobody')}"
    assert ask(**{"Content-Type": "text/plain"}) == (415, "unsupported-media-type")
    assert ask(**json) == (401, "unauthenticated")
    assert ask(**json, Authorization=bearer) == (403, "forbidden")
    assert ask(**json, Authorization=f"Bearer {sample.token()}") == (400, "not-utf-8")
    assert ask(b"{", **json, Authorization=f"Bearer {sample.token()}") == (400, "malformed-json")
    assert ask(b"[]", **json, Authorization=f"Bearer {sample.token()}") == (422, "invalid-fields")


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (SEARCH, {}, "reason"),
        (SEARCH, {"reason": " "}, "reason"),
        (SEARCH, {**WHY, "limit": "5"}, "limit"),
        (SEARCH, {**WHY, "settings": "office"}, "settings"),
        (SEARCH, {**WHY, "q": "x"}, "q"),
        (SEARCH, {**WHY, "case_id": CASE}, "case_id"),
        (SEARCH, [WHY], ""),
        (f"{SEARCH}?reason=x", WHY, "reason"),
        (f"{SEARCH}?Muster", WHY, "Muster"),
        ("/sample/v1/cases/17/talks/search", WHY, "case_id"),
    ],
)
def test_a_wrong_field_of_a_question_is_named(sample: Running, path: str, body: object, named: str) -> None:
    answer = sample.post(path, body)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [named]


@pytest.mark.parametrize(
    ("method", "path", "matches"),
    [
        ("GET", "/a/search", None),
        ("POST", "/a/search", "/a/search"),
        ("GET", "/a/searches", "/a/<case_id>"),
        ("GET", "/a/re-search", "/a/<case_id>"),
        ("POST", "/a/1/search", "/a/<case_id>/search"),
        ("POST", "/a/search/search", None),
        ("GET", "/a/b/c", None),
    ],
)
def test_no_placeholder_stands_for_the_word_of_a_question(method: str, path: str, matches: str | None) -> None:
    asks = (
        Ask(kind="query", path="/a/<case_id>", form=GetCase, public=True),
        Ask(kind="question", path="/a/search", form=GetCase, public=True),
        Ask(kind="question", path="/a/<case_id>/search", form=GetCase, public=True),
    )
    routes = Map([HttpEntrypoint(ask).get_url_rule() for ask in asks]).bind("")
    try:
        found, _ = routes.match(path, method, return_rule=True)
    except HTTPException:
        assert matches is None
    else:
        assert found.rule == matches


@dataclass(frozen=True)
class GetCase:
    case_id: str


def test_a_question_waits_for_its_views(sample: Running, projector: Running) -> None:
    for position in ("x", str(sample.head() + 1)):
        answer = sample.post(SEARCH, WHY, headers={"Min-Position": position})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "Min-Position")
    for _ in range(10):
        position = sample.post(TALKS, TALK).json()["position"]
        assert sample.post(SEARCH, WHY, headers={"Min-Position": str(position)}).json()["position"] >= position


def test_a_reason_is_recorded_with_the_read_and_each_subject_once(sample: Running, projector: Running) -> None:
    before = _accesses(sample)
    assert sample.post(SEARCH, {"q": "x"}).status_code == 422
    assert _accesses(sample) == before
    assert sample.post(SEARCH, WHY).status_code == 200
    assert _accesses(sample)[len(before) :] == [("probe.clerk", CASE, "sample.search_talks", "Probe der Muster")]


def test_who_is_bound_to_a_municipality_asks_only_what_is_kept_within_it(sample: Running, projector: Running) -> None:
    bound = {"Authorization": f"Bearer {sample.token(ags='08117026')}"}
    assert sample.post(SEARCH, WHY, headers=bound).json()["ags"] == "08117026"
    assert sample.get(TALKS, headers=bound).status_code == 403
    assert sample.post(TALKS, TALK, headers=bound).status_code == 403


# --- what everybody may ask -----------------------------------------------------------------------


def test_the_day_in_the_office_is_public(sample: Running) -> None:
    answer = sample.get("/clock", headers={"Authorization": None})
    assert answer.json() == {"today": "2018-11-05", "clock": "manual"}


def test_only_the_operator_advances_the_clock_and_never_back(sample: Running) -> None:
    assert sample.post("/clock", {"today": "2018-11-05"}, "clerk").status_code == 403
    again = sample.post("/clock", {"today": "2018-11-05"}, OPERATOR)
    assert again.status_code == 201
    back = sample.post("/clock", {"today": "2018-11-04"}, OPERATOR)
    assert (back.status_code, back.json()["type"]) == (409, "urn:wegmarken:problem:clock-goes-back")
    assert sample.get("/clock").json()["today"] == "2018-11-05"


def test_health_and_metrics_need_no_token(sample: Running) -> None:
    bare = {"Authorization": None}
    assert sample.get("/health/live", headers=bare).json() == {"status": "live"}
    ready = sample.get("/health/ready", headers=bare)
    assert (ready.status_code, ready.json()["status"], list(ready.json()["views"])) == (200, "ready", ["sample.talks"])
    metrics = sample.get("/metrics", headers=bare)
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert 'wegmarken_http_requests_total{method="POST",route="/sample/v1/talks",status="201"}' in metrics.text
    assert CASE not in metrics.text
