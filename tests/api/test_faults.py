"""The service while its surroundings fail, and afterwards."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from shared.api.problems import PLATFORM
from shared.api.roles import OPERATOR
from shared.eventstore.sqlite import SqliteEventStore
from tests.api.conftest import TALK, Running, running
from tests.bus.events import append, new_event
from tests.waiting import until

TALKS = "/sample/v1/talks"


def test_a_full_disk_refuses_commands_until_there_is_room(tmp_path: Path) -> None:
    """No file of the process may grow any more: the store answers 503, nothing is half-written, and it lives on."""
    with running("http", tmp_path, WEGMARKEN_CLOCK="system") as process:
        before = process.post(TALKS, TALK).json()
        limit = 256 * 1024
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        answers = [process.post(TALKS, TALK | {"note": "x" * 2000}) for _ in range(300)]
        refused = [answer for answer in answers if answer.status_code != 201]
        assert refused, "the limit was never reached"
        assert {answer.status_code for answer in refused} == {503}
        assert refused[0].headers["Retry-After"] == "1"
        assert refused[0].json()["type"] == "urn:wegmarken:problem:store-unavailable"
        assert f"wegmarken_store_unavailable_total {len(refused)}.0" in process.get("/metrics").text
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, unlimited)
        accepted = len(answers) - len(refused)
        after = process.post(TALKS, TALK)
        assert after.status_code == 201
        assert after.json()["position"] == before["position"] + accepted + 1
        assert process.head() == accepted + 2
        assert process.stop() == 0


def test_a_store_that_cannot_write_at_all_is_away_and_comes_back(tmp_path: Path) -> None:
    with running("http", tmp_path, WEGMARKEN_CLOCK="manual") as process:
        assert process.post("/clock", {"today": "2018-11-05"}, OPERATOR).status_code == 201
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        answer = process.post(TALKS, TALK)
        assert answer.status_code == 503
        assert process.get("/health/live").ok
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(process.process.pid, resource.RLIMIT_FSIZE, unlimited)
        until(lambda: process.post(TALKS, TALK).status_code == 201, "commands are accepted again")


def test_a_stream_with_an_event_of_a_newer_release_is_left_to_a_process_of_that(sample: Running) -> None:
    """The connection is closed, so that whoever asks again may meet another process."""
    talk = sample.post(TALKS, TALK).json()
    with closing(SqliteEventStore(sample.data / "events.db")) as store:
        append(store, talk["stream"], new_event("casework.ConsultationHeld", version=99))
    head = sample.head()
    withdrawn = {"reason": "wrong_case", "withdrawn_on": "2018-11-05"}
    for language, answer in (
        ("de", sample.get(f"{TALKS}/{talk['id']}", headers={"Accept-Language": "de"})),
        ("en", sample.post(f"{TALKS}/{talk['id']}/withdrawal", withdrawn)),
    ):
        assert (answer.status_code, answer.headers["Retry-After"], answer.headers["Connection"]) == (503, "1", "close")
        assert answer.json()["type"] == "urn:wegmarken:problem:newer-release"
        assert answer.json()["title"] == PLATFORM["newer-release"].says(language, {})
    assert sample.head() == head
    assert "wegmarken_newer_events_total 2.0" in sample.get("/metrics").text
    assert sample.post(TALKS, TALK).status_code == 201, "all else goes on"


@pytest.mark.parametrize("key", [f"moment-{n}" for n in range(5)])
def test_the_same_command_at_the_same_moment_has_its_effect_once(sample: Running, key: str) -> None:
    head = sample.head()
    headers = {"Idempotency-Key": key}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sample.post(TALKS, TALK, headers=headers), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert [answer.headers.get("Idempotency-Replayed") for answer in answers].count("true") == 7
    assert sample.head() == head + 1


def test_two_commands_on_one_stream_at_once(sample: Running) -> None:
    talk = sample.post(TALKS, TALK).json()
    path, body = f"{TALKS}/{talk['id']}/withdrawal", {"reason": "wrong_case", "withdrawn_on": "2018-11-05"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sample.post(path, body), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["revision"] for answer in answers} == {1}
    assert sum(answer.json()["position"] > 0 for answer in answers) == 1


def test_a_caller_who_goes_away_harms_nobody(sample: Running) -> None:
    import socket

    host, port = sample.url.removeprefix("http://").split(":")
    head = f"POST {TALKS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n"
    for part in (b"", b"PO", head.encode(), f"{head}Authorization: Bearer {sample.token()}\r\n\r\n{{".encode()):
        for _ in range(5):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(part)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert sample.post(TALKS, TALK).status_code == 201
    assert not sample.said("failed")
    assert not sample.said("connection-failed")
    assert not sample.said("uncaught")
