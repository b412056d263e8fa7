"""One command, one effect: sent again, at the same moment, or by somebody whom ``kill -9`` left without an answer."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
import requests

from scenarios.small_office import CLERK, HEAD, MANAGER
from tests.platform import invariants
from tests.platform.asking import AT_ONCE, Series, at_once
from tests.platform.office import DAY, HOME, IMPORTER, PERSONS, TALKS, RunningOffice, person, problem, talk
from tests.waiting import until

pytestmark = pytest.mark.platform

SERIES = (
    Series(PERSONS, CLERK, person(residence=HOME), person(residence=HOME, given_name="Anders")),
    Series(TALKS, MANAGER, talk(note="Erstes Gespräch."), talk(note="Ein anderes.")),
    Series("/reporting/v1/reports", HEAD, {}, {"report": "goeppingen-2018"}),
)
each_series = pytest.mark.parametrize("series", SERIES, ids=str)


@each_series
def test_the_same_command_again_gets_the_first_answer(office: RunningOffice, series: Series) -> None:
    key, body = str(uuid4()), office.filled(series.body)
    first = office.post(series.path, body, series.account, Idempotency_Key=key)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None)
    with office.nothing_stored():
        again = office.post(series.path, body, series.account, Idempotency_Key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"


@each_series
def test_a_key_used_again_for_another_body_is_refused(office: RunningOffice, series: Series) -> None:
    key = str(uuid4())
    assert office.post(series.path, office.filled(series.body), series.account, Idempotency_Key=key).ok
    with office.nothing_stored():
        for language, title in (("de", "gehört zu einer anderen Anfrage"), ("en", "belongs to another request")):
            other = office.filled(series.other)
            answer = office.post(series.path, other, series.account, Idempotency_Key=key, Accept_Language=language)
            assert problem(answer, 422) == "key-reused"
            assert title in answer.json()["title"]


def test_a_key_is_its_account_s_own(office: RunningOffice) -> None:
    key = str(uuid4())
    ids = [office.done(PERSONS, person(), account, Idempotency_Key=key)["id"] for account in (CLERK, IMPORTER)]
    assert len(set(ids)) == 2


def test_the_key_of_a_refused_command_is_free(office: RunningOffice) -> None:
    key = str(uuid4())
    assert office.post(PERSONS, person(sex=1), CLERK, Idempotency_Key=key).status_code == 422
    assert office.post(PERSONS, person(), CLERK, Idempotency_Key=key).status_code == 201


@each_series
def test_the_same_command_at_the_same_moment_has_one_effect(office: RunningOffice, series: Series) -> None:
    key, body, before = str(uuid4()), office.filled(series.body), office.rest()
    answers = at_once(lambda _: office.post(series.path, body, series.account, Idempotency_Key=key))
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    assert len({answer.text for answer in answers}) == 1
    replayed = Counter(answer.headers.get("Idempotency-Replayed") for answer in answers)
    assert replayed == {None: 1, "true": AT_ONCE - 1}
    (accepted, *_) = [answer.json() for answer in answers]
    stored = office.stored("select stream, revision, position from events where position > ?", before)
    ours = [(revision, position) for stream, revision, position in stored if stream == accepted["stream"]]
    assert [revision for revision, _ in ours] == list(range(accepted["revision"] + 1))
    assert ours[-1][1] == accepted["position"]


def test_different_commands_under_one_key_at_the_same_moment_have_one_effect(office: RunningOffice) -> None:
    key, bodies = str(uuid4()), [office.filled(talk(minutes=10 + n)) for n in range(AT_ONCE)]
    before = office.rest()
    answers = at_once(lambda n: office.post(TALKS, bodies[n], MANAGER, Idempotency_Key=key))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: AT_ONCE - 1}
    assert {problem(answer, 422) for answer in answers if not answer.ok} == {"key-reused"}
    assert office.head() == before + 1


def test_commands_on_one_stream_at_the_same_moment_all_have_their_effect(office: RunningOffice) -> None:
    registered = office.register()
    path = f"{PERSONS}/{registered['id']}/notices"
    answers = at_once(lambda n: office.post(path, {"language": f"x-{n}", "given_on": DAY}, CLERK))
    assert [answer.status_code for answer in answers] == [201] * AT_ONCE
    revisions = sorted(answer.json()["revision"] for answer in answers)
    assert all(b == a + 1 for a, b in pairwise(revisions))


def test_a_killed_service_repeats_by_key_what_it_had_answered(office: RunningOffice) -> None:
    """kill -9 in the middle of a series: who was not answered asks again, and each has had its effect once."""
    office.rest()
    before, commands = office.head(), 120
    keys = [str(uuid4()) for _ in range(commands)]
    answered: dict[str, dict[str, Any]] = {}
    supervisor = office.machine.supervisor

    def record(key: str) -> None:
        body = office.filled(talk(minutes=20, note=f"Gespräch {key}"))

        def accepted() -> dict[str, Any] | None:
            try:
                answer = office.post(TALKS, body, MANAGER, Idempotency_Key=key)
            except requests.RequestException:
                return None
            assert answer.status_code in (201, 503), answer.text
            return answer.json() if answer.ok else None

        answered[key] = until(accepted, "the command is accepted", 60)

    with ThreadPoolExecutor(4) as pool:
        recording = [pool.submit(record, key) for key in keys]
        until(lambda: len(answered) >= commands // 3, "a part of the series is done")
        supervisor.kill("casework-http")
        assert len(answered) < commands, "it was killed in the middle"
        supervisor.wait_ready("casework-http")
        for one in recording:
            one.result()
    stored = office.stored("select type, stream from events where position > ?", before)
    assert len(stored) == len(set(stored)) == commands
    assert {stream for _, stream in stored} == {answer["stream"] for answer in answered.values()}
    with office.nothing_stored():
        for key in keys:
            body = office.filled(talk(minutes=20, note=f"Gespräch {key}"))
            again = office.post(TALKS, body, MANAGER, Idempotency_Key=key)
            assert (again.json(), again.headers["Idempotency-Replayed"]) == (answered[key], "true")


def test_in_the_end_every_view_equals_a_fresh_fold_and_every_event_had_its_effect_once(office: RunningOffice) -> None:
    invariants.assert_every_reaction_happened(office.machine)
    invariants.assert_all(office.data)
