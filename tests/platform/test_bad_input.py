"""What must not be stored is refused by its name, in the caller's language, and leaves nothing behind.

Over real HTTP against the services as they run. What each field refuses in detail is in ``tests/api``; what each
rule refuses, beside the service it belongs to. Here: that each service really stands behind this door.
"""

from __future__ import annotations

import base64
import json
import re
import resource
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from benchmarks.office import AGS, CLERK, HEAD, LEAD, MANAGER
from deploy.processes import SERVICES
from shared.api.roles import OPERATOR
from shared.bus import topology
from shared.bus.connection import connected
from shared.privacy.masters import ISSUER_PRIVATE, ISSUER_PUBLIC
from shared.service.tokens import issue
from tests.platform.office import (
    DAY,
    HOME,
    IMPORTER,
    OTHER,
    PERSON,
    RunningOffice,
    person,
    problem,
    talk,
    until,
)

pytestmark = pytest.mark.platform

PERSONS, CLOCK = "/intake/v1/persons", "/clock"
SEARCH, EVENTS, STREAMS = f"{PERSONS}/search", "/reporting/v1/events/search", "/reporting/v1/streams"
TALKS, VISITS = "/casework/v1/consultations", "/casework/v1/attempted-visits"
CASE = "/casework/v1/cases/{case}"
YESTERDAY, TOMORROW = "2018-05-31", "2018-06-02"
ELSEWHERE = "08118001"
"""A municipality of another district."""
NOBODY = "00000000-0000-4000-8000-000000000bad"
AT_ONCE = 8
"""Commands sent at the same moment."""


# --- the right status, and field or rule by name ----------------------------------------------------


@dataclass(frozen=True)
class Bad:
    """A request that must be refused. ``named``: the field at fault; None where a rule (``slug``) says it all.

    ``ask`` is method and path; its placeholders and those of texts in ``body`` are ids of the office.
    """

    ask: str
    status: int
    slug: str
    named: str | None = None
    body: Any = None
    account: str = HEAD
    headers: Mapping[str, str] = field(default_factory=dict)
    service: str | None = None

    def __str__(self) -> str:
        return f"{self.ask.split('?')[0]}: {self.named or self.slug}"


def invalid(ask: str, named: str, body: Any = None, account: str = HEAD, **more: Any) -> Bad:
    return Bad(ask, 422, "invalid-fields", named, body, account, **more)


REFUSED = (
    # unknown field
    invalid(f"POST {PERSONS}", "nickname", person(nickname="Probe"), CLERK),
    invalid(f"POST {PERSONS}", "residence.floor", person(residence={**HOME, "floor": 3}), CLERK),
    invalid(f"POST {TALKS}", "mood", talk(mood="good"), MANAGER),
    invalid("POST /reporting/v1/reports", "colour", {"colour": "red"}),
    invalid(f"POST {SEARCH}", "sort", {"q": "probe", "sort": "name"}, CLERK),
    invalid(f"POST {SEARCH}?q=probe", "q", {"q": "probe"}, CLERK),
    invalid("GET /eligibility/v1/due?sort=day", "sort", account=CLERK),
    invalid("GET /casework/v1/cases?sort=day", "sort"),
    invalid("GET /reporting/v1/report?sort=day", "sort"),
    *(invalid(f"POST {CLOCK}", "zone", {"today": DAY, "zone": 1}, OPERATOR, service=s) for s in SERVICES),
    # what the platform gives itself
    invalid(f"POST {PERSONS}", "person_id", person(person_id=NOBODY), CLERK),
    invalid(f"POST {CASE}/closure", "case_id", {"case_id": NOBODY, "reason": "wish"}, MANAGER),
    # wrong type or value
    invalid(f"POST {PERSONS}", "sex", person(sex=1), CLERK),
    invalid(f"POST {PERSONS}", "interpreter_needed", person(interpreter_needed="yes"), CLERK),
    invalid(f"POST {PERSONS}", "born_on", person(born_on="17.05.1990"), CLERK),
    invalid(f"POST {TALKS}", "minutes", talk(minutes="30"), MANAGER),
    invalid(f"POST {TALKS}", "took_part", talk(took_part=[]), MANAGER),
    invalid(f"POST {TALKS}", "topics.1", talk(topics=["housing", "weather"]), MANAGER),
    invalid(f"POST {TALKS}", "steps.0.step", talk(steps=[{"action_field": "work", "step": 1}]), MANAGER),
    invalid("POST /reporting/v1/reports", "report", {"report": 2018}),
    invalid(f"GET {PERSONS}/probe", "person_id", account=CLERK),
    invalid(f"POST {SEARCH}", "limit", {"q": "probe", "limit": 0}, CLERK),
    invalid("GET /eligibility/v1/persons/{person}?valid_at=heute", "valid_at", account=CLERK),
    invalid("GET /eligibility/v1/persons/{person}?known_at=2018-02-30", "known_at", account=CLERK),
    invalid(f"GET /eligibility/v1/responsibility?ags={AGS}&phase=asleep", "phase", account=CLERK),
    invalid("GET /casework/v1/cases?unassigned=perhaps", "unassigned"),
    invalid("GET /reporting/v1/figures/weather", "figure"),
    invalid("GET /reporting/v1/figures/teams?explain=1", "explain"),
    invalid(f"POST {EVENTS}", "reason", {"actor": "clerk"}, "auditor"),
    invalid(f"POST {STREAMS}/person-{{person}}/replay", "reason", {}, "auditor"),
    invalid(f"POST {STREAMS}/Muster/replay", "stream", {"reason": "probe"}, "auditor"),
    # date in the future
    invalid(f"POST {PERSONS}", "registered_on", person(registered_on=TOMORROW), CLERK),
    invalid(f"POST {PERSONS}", "residence.moved_in_on", person(residence={**HOME, "moved_in_on": TOMORROW}), CLERK),
    invalid(f"POST {PERSONS}", "Learnt-On", person(), IMPORTER, headers={"Learnt-On": TOMORROW}),
    invalid(f"POST {TALKS}", "held_on", talk(held_on=TOMORROW), MANAGER),
    invalid(f"POST {VISITS}", "visited_on", {"case_id": "{case}", "visited_on": TOMORROW}, MANAGER),
    # unknown municipality
    invalid(f"POST {PERSONS}", "residence.ags", person(residence={**HOME, "ags": ELSEWHERE}), CLERK),
    invalid(f"POST {PERSONS}/{{person}}/residences", "ags", {**HOME, "ags": ELSEWHERE}, CLERK),
    invalid(f"GET /eligibility/v1/responsibility?ags={ELSEWHERE}&phase=follow_up", "ags", account=CLERK),
    invalid("POST /casework/v1/teams/{team}/area", "municipalities.0", {"municipalities": [ELSEWHERE], "since": DAY}),
    Bad(
        f"POST /casework/v1/municipalities/{ELSEWHERE}/service",
        404,
        "unknown-municipality",
        body={"service": "own", "since": DAY},
    ),
    # who or what does not exist
    Bad(f"GET {PERSONS}/{NOBODY}", 404, "unknown-person", account=CLERK),
    Bad(
        f"POST {PERSONS}/{NOBODY}/notices", 404, "unknown-person", None, {"language": "ar", "given_on": DAY}, CLERK
    ),
    Bad(f"POST {PERSONS}", 404, "unknown-person", None, person(anchor_id=NOBODY, relation="spouse"), CLERK),
    Bad(f"GET /intake/v1/households/{NOBODY}", 404, "unknown-household", account=CLERK),
    Bad(f"GET /eligibility/v1/persons/{NOBODY}", 404, "unknown-person", account=CLERK),
    Bad(f"POST {TALKS}", 409, "not-a-member", None, talk(took_part=[NOBODY]), MANAGER),
    Bad(f"POST {TALKS}", 404, "unknown-case", None, talk(case_id=NOBODY), MANAGER),
    Bad(f"POST {TALKS}/{NOBODY}/correction", 404, "unknown-consultation", None, talk(), MANAGER),
    Bad(f"GET /reporting/v1/reports/{NOBODY}", 404, "unknown-report"),
    Bad(f"POST {STREAMS}/person-{NOBODY}/replay", 404, "unknown-stream", None, {"reason": "probe"}, "auditor"),
    Bad(f"POST {TALKS}/search", 404, "unknown-case", None, {"case_id": NOBODY}, MANAGER),
    # what contradicts what is known
    Bad(
        f"POST {PERSONS}/{{person}}/departure",
        409,
        "moved-out-before-moved-in",
        body={"destination": "abroad", "moved_out_on": "2016-01-15"},
        account=CLERK,
    ),
    *(Bad(f"POST {CLOCK}", 409, "clock-goes-back", None, {"today": YESTERDAY}, OPERATOR, service=s) for s in SERVICES),
    # a case that is not yours
    Bad(f"POST {TALKS}", 403, "not-your-case", None, talk(), OTHER),
    Bad(f"POST {VISITS}", 403, "not-your-case", None, {"case_id": "{case}", "visited_on": DAY}, OTHER),
    Bad(f"POST {CASE}/closure", 403, "not-your-case", None, {"reason": "wish", "closed_on": DAY}, OTHER),
    Bad(f"POST {TALKS}/{{talk}}/correction", 403, "not-your-consultation", None, talk(), OTHER),
    Bad(
        f"POST {TALKS}/{{talk}}/withdrawal",
        403,
        "not-your-consultation",
        body={"reason": "not_held", "withdrawn_on": DAY},
        account=OTHER,
    ),
    Bad(f"GET {CASE}", 403, "not-your-case", account=OTHER),
    Bad(f"POST {TALKS}/search", 403, "not-your-case", None, {"case_id": "{case}", "reason": "probe"}, OTHER),
    Bad(f"POST {TALKS}/search", 403, "reason-required", None, {"case_id": "{case}"}, LEAD),
    # a role that may not
    Bad(f"POST {PERSONS}", 403, "forbidden", None, person(), MANAGER),
    Bad(f"POST {PERSONS}", 403, "forbidden", None, person(), CLERK, headers={"Learnt-On": DAY}),
    Bad(f"POST {TALKS}", 403, "forbidden", None, talk(), HEAD),
    Bad("GET /eligibility/v1/persons/{person}", 403, "forbidden", account=HEAD),
    Bad("GET /reporting/v1/report", 403, "forbidden", account=MANAGER),
    Bad(f"POST {EVENTS}", 403, "forbidden", None, {"reason": "probe"}, HEAD),
    *(Bad(f"POST {CLOCK}", 403, "forbidden", None, {"today": TOMORROW}, HEAD, service=s) for s in SERVICES),
)  # fmt: skip


@pytest.mark.parametrize("bad", REFUSED, ids=str)
def test_bad_input_is_refused_by_name_in_both_languages_and_nothing_is_stored(office: RunningOffice, bad: Bad) -> None:
    method, path = office.filled(bad.ask).split(" ")
    told = {}
    with office.nothing_stored():
        for language in ("de", "en"):
            headers = {**bad.headers, "Accept-Language": language}
            body = office.filled(bad.body)
            answer = office.ask(method, path, bad.account, body=body, service=bad.service, headers=headers)
            assert problem(answer, bad.status) == bad.slug
            assert answer.headers["Content-Language"] == language
            assert PERSON["family_name"] not in answer.text, "no problem repeats what was sent about a person"
            told[language] = answer.json()
    assert told["de"]["title"] != told["en"]["title"]
    if bad.named is not None:
        for errors in (told["de"]["errors"], told["en"]["errors"]):
            assert bad.named in [error["path"] for error in errors]
        assert told["de"]["detail"] != told["en"]["detail"]


# --- at the door of every service -------------------------------------------------------------------

each_service = pytest.mark.parametrize("service", SERVICES)


@each_service
@pytest.mark.parametrize(
    ("status", "slug", "request_"),
    [
        (400, "malformed-json", {"body": b'{"today": '}),
        (400, "malformed-json", {"body": b""}),
        (400, "not-utf-8", {"body": b'{"today": "\xff"}'}),
        (400, "not-utf-8", {"body": '{"today": "Müller"}'.encode("latin-1")}),
        (413, "body-too-large", {"body": b'{"today": "' + b"x" * 70_000 + b'"}'}),
        (415, "unsupported-media-type", {"body": b"today=2018-06-02", "headers": {"Content-Type": "text/plain"}}),
        (415, "unsupported-media-type", {"body": b"{}", "headers": {"Content-Type": None}}),
        (422, "invalid-fields", {"body": b"[]"}),
        (422, "invalid-fields", {"body": b"{}", "headers": {"Idempotency-Key": "x" * 129}}),
        (404, "not-found", {"path": "/clocks"}),
        (404, "not-found", {"path": "/clock/"}),
        (405, "method-not-allowed", {"method": "PUT"}),
        (405, "method-not-allowed", {"method": "DELETE"}),
        (400, "not-utf-8", {"method": "GET", "path": "/clock?%ff"}),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_what_is_no_proper_request_is_refused(
    office: RunningOffice, service: str, status: int, slug: str, request_: dict[str, Any]
) -> None:
    titles = set()
    with office.nothing_stored():
        for language in ("de", "en"):
            asked = {"method": "POST", "path": CLOCK, "body": b"{}", **request_}
            headers = {**asked.pop("headers", {}), "Accept-Language": language}
            answer = office.ask(**asked, account=OPERATOR, service=service, headers=headers)
            assert problem(answer, status) == slug
            titles.add(answer.json()["title"])
    assert len(titles) == 2


def forged(office: RunningOffice) -> dict[str, tuple[str, str | None]]:
    """Tokens that nobody may get in with, and the problem each leads to."""
    secrets = office.data / "secrets"
    ours, public = (secrets / ISSUER_PRIVATE).read_bytes(), (secrets / ISSUER_PUBLIC).read_bytes()
    header, claims, signature = office.token(OPERATOR).split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    stranger, confused = OKPKey.generate_key("Ed25519"), OctKey.import_key(base64.b64encode(public))
    nobody = "unauthenticated"
    return {
        "missing": (nobody, None),
        "not a token": (nobody, "Bearer probe"),
        "another scheme": (nobody, "Basic b3BlcmF0b3I6cHJvYmU="),
        "expired": ("token-expired", f"Bearer {issue(ours, OPERATOR, [OPERATOR], minutes=-1)}"),
        "another issuer": (nobody, f"Bearer {issue(ours, OPERATOR, [OPERATOR], issuer='elsewhere')}"),
        "another key": (nobody, f"Bearer {jwt.encode({'alg': 'Ed25519'}, said, stranger, algorithms=['Ed25519'])}"),
        "alg none": (nobody, f"Bearer {encoded({'alg': 'none'})}.{claims}."),
        "alg none, signature kept": (nobody, f"Bearer {encoded({'alg': 'none'})}.{claims}.{signature}"),
        "public key as secret": (
            nobody,
            f"Bearer {jwt.encode({'alg': 'HS256'}, said, confused, algorithms=['HS256'])}",
        ),
        "other claims": (nobody, f"Bearer {header}.{encoded({**said, 'sub': 'head'})}.{signature}"),
        "signature cut off": (nobody, f"Bearer {header}.{claims}"),
    }


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@each_service
def test_without_a_valid_token_nobody_gets_in(office: RunningOffice, service: str) -> None:
    with office.nothing_stored():
        for what, (slug, authorization) in forged(office).items():
            titles = set()
            for language in ("de", "en"):
                headers = {"Authorization": authorization, "Accept-Language": language}
                answer = office.ask("POST", CLOCK, None, body={"today": TOMORROW}, service=service, headers=headers)
                assert problem(answer, 401) == slug, what
                assert answer.headers["WWW-Authenticate"].startswith("Bearer"), what
                titles.add(answer.json()["title"])
            assert len(titles) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{PERSONS}/{{person}}", None),
        (SEARCH, {"q": "muster"}),
        ("/eligibility/v1/persons/{person}", None),
        (CASE, None),
        (f"{TALKS}/search", {"case_id": "{case}"}),
        ("/reporting/v1/figures/persons-in-care?explain=true", None),
        (EVENTS, {"reason": "probe"}),
    ],
)
def test_without_a_valid_token_nobody_reads(office: RunningOffice, path: str, body: Any) -> None:
    method, path, body = "GET" if body is None else "POST", office.filled(path), office.filled(body)
    for what, (slug, authorization) in forged(office).items():
        answer = office.ask(method, path, None, body=body, headers={"Authorization": authorization})
        assert problem(answer, 401) == slug, what


# --- one command, one effect ------------------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """A command that may be repeated: the same again, and the same with another body."""

    path: str
    account: str
    body: Mapping[str, Any]
    other: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path


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


def at_once(send: Callable[[int], requests.Response]) -> list[requests.Response]:
    """The answers to requests that start together, each on a connection of its own."""
    start = threading.Barrier(AT_ONCE)

    def sent(number: int) -> requests.Response:
        start.wait()
        return send(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(sent, range(AT_ONCE)))


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


# --- read your writes -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """Something that a view answers; with a body it is asked by POST."""

    path: str
    account: str
    body: Any = None

    def __str__(self) -> str:
        return self.path

    def at(self, office: RunningOffice, **headers: str) -> requests.Response:
        ask = partial(office.get, self.path) if self.body is None else partial(office.post, self.path, self.body)
        return ask(self.account, **headers)


LOOKED_AT = (
    Look(SEARCH, CLERK, {"q": "muster"}),
    Look("/eligibility/v1/due", CLERK),
    Look("/casework/v1/cases", HEAD),
    Look("/reporting/v1/figures/teams", HEAD),
)


@pytest.mark.parametrize("look", LOOKED_AT, ids=str)
def test_a_position_beyond_the_end_of_the_log_is_nobody_s_to_wait_for(office: RunningOffice, look: Look) -> None:
    for position in (str(office.rest() + 1), "-1", "soon"):
        answer = look.at(office, Min_Position=position)
        assert problem(answer, 422) == "invalid-fields"
        assert [error["path"] for error in answer.json()["errors"]] == ["Min-Position"]


def test_a_view_that_is_behind_asks_to_come_again(office: RunningOffice) -> None:
    office.rest()
    projector = office.machine.supervisor.children["projector"]
    projector.send(signal.SIGSTOP)
    try:
        position = str(office.register()["position"])
        for look in LOOKED_AT:
            answer = look.at(office, Min_Position=position, Accept_Language="en")
            assert problem(answer, 503) == "view-behind"
            assert int(answer.headers["Retry-After"]) > 0
            assert look.at(office).ok, "who does not ask for the newest is answered"
    finally:
        projector.send(signal.SIGCONT)
    for look in LOOKED_AT:
        until(lambda look=look: look.at(office, Min_Position=position).ok, str(look))  # type: ignore[misc]


# --- a full disk ------------------------------------------------------------------------------------


@contextmanager
def full_disk(office: RunningOffice, process: str, room: int) -> Iterator[None]:
    """Within, the process cannot write beyond the first ``room`` bytes of any file."""
    child = office.machine.supervisor.children[process].process
    assert child is not None
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, unlimited)


FULL = (
    Series(PERSONS, CLERK, person(residence=HOME)),
    Series(f"{PERSONS}/{{person}}/notices", CLERK, {"language": "ar", "given_on": DAY}),
    Series(TALKS, MANAGER, talk(note="Gespräch vor voller Platte.")),
    Series("/reporting/v1/reports", HEAD, {}),
)


@pytest.mark.parametrize("room", [0, 5_000, 10_000], ids=["nothing", "one page", "two pages"])
@pytest.mark.parametrize("series", FULL, ids=str)
def test_with_a_full_disk_nothing_is_half_written_and_later_all_is_well(
    office: RunningOffice, series: Series, room: int
) -> None:
    """A key of the person may be made before the append fails; an append that fails leaves nothing."""
    key, path, body = str(uuid4()), office.filled(series.path), office.filled(series.body)
    process = f"{path.split('/')[1]}-http"
    with office.nothing_stored(), full_disk(office, process, room):
        for answer in at_once(lambda _: office.post(path, body, series.account, Idempotency_Key=key)):
            assert problem(answer, 503) == "store-unavailable"
            assert int(answer.headers["Retry-After"]) > 0
    first = office.post(path, body, series.account, Idempotency_Key=key)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None), first.text
    assert office.stored("pragma integrity_check") == [("ok",)]
    positions = [position for (position,) in office.stored("select position from events order by position")]
    assert positions == list(range(1, len(positions) + 1))
    again = office.post(path, body, series.account, Idempotency_Key=key)
    assert again.json() == first.json()


def test_with_a_full_disk_what_needs_no_writing_goes_on(office: RunningOffice) -> None:
    """But personal records are shown only when the access log can say who read them."""
    looks = (
        Look(office.filled(f"{PERSONS}/{{person}}"), CLERK),
        Look(SEARCH, CLERK, {"q": "muster"}),
        Look("/casework/v1/cases", HEAD),
        Look(f"{TALKS}/search", MANAGER, office.filled({"case_id": "{case}"})),
    )
    with full_disk(office, "intake-http", 0), full_disk(office, "casework-http", 0):
        assert office.get("/casework/v1/teams", HEAD).ok
        assert office.ask("GET", "/health/ready", None, service="intake").ok
        for look in looks:
            answer = look.at(office)
            assert problem(answer, 503) == "access-not-recorded"
            assert PERSON["family_name"] not in answer.text and "cases" not in answer.json()
    assert all(look.at(office).ok for look in looks)


# --- no personal data where nobody looks for them ---------------------------------------------------

TELLING = {
    "family_name": "Quastenflosser",
    "given_name": "Xenophilia",
    "phone": "+49 7161 112358132134",
    "file_number": "QX-2016/314159265358979",
    "address": "Nirgendwogasse 97",
    "note": "Frau Quastenflosser erzählte vom Quittengelee.",
}
# Long enough not to turn up by chance among ids and timestamps.
TRACES = tuple(
    word.encode(coding)
    for word in ("quastenflosser", "xenophilia", "112358132134", "314159265358979", "nirgendwogasse", "quittengelee")
    for coding in ("utf-8", "utf-16-le")
)


def test_no_personal_data_in_logs_metrics_and_messages(office: RunningOffice) -> None:
    """Recorded, corrected, looked for, refused in every way: the names show nowhere but in the answers."""
    with tapped(office) as messages:
        recorded = tell(office)
        refuse(office, recorded)
        office.rest()
    assert {"intake.PersonRegistered", "casework.ConsultationHeld"} <= {m["type"] for m, _, _ in messages}
    for body, headers, routing_key in messages:
        assert set(body) == {"id", "type", "stream", "revision", "position"}
        assert routing_key == body["type"]
        assert all(name.startswith("cloudEvents:") for name in headers)
        assert traces(json.dumps([body, headers]).encode()) == set()
    for file in logs(office):
        content = file.read_bytes()
        assert traces(content) == set(), file
        if file.suffix == ".log" and file.parent.name == "logs":
            routes = {json.loads(line).get("route", "/") for line in content.splitlines() if b'"route"' in line}
            assert not re.search("[0-9a-f]{8}-|[?%]", "".join(routes)), "routes, never the URLs that were asked"
    for child in office.machine.supervisor.children.values():
        metrics = requests.get(f"{child.url}/metrics", timeout=10)
        assert metrics.ok and traces(metrics.content) == set(), child.name
        assert recorded["id"] not in metrics.text


def tell(office: RunningOffice) -> Any:
    """Everything that is done with a person: recorded, corrected, advised, looked for."""
    names = {name: TELLING[name] for name in ("family_name", "given_name", "phone", "file_number")}
    home = {**HOME, "address": TELLING["address"]}
    # A key is the caller's: should there be a name in it, it must not be kept.
    key = quote(f"{TELLING['family_name']}-{uuid4()}")
    recorded = office.done(PERSONS, {**PERSON, **names, "residence": home}, CLERK, Idempotency_Key=key)
    corrected = {name: value for name, value in {**PERSON, **names}.items() if name != "registered_on"}
    corrected |= {"category": "humanitarian", "corrected_on": DAY}
    office.done(f"{PERSONS}/{recorded['id']}/corrections/master-data", corrected, CLERK)
    office.advise(recorded, note=TELLING["note"])
    found = office.found(SEARCH, {"q": TELLING["family_name"]}, CLERK)["persons"]
    assert recorded["id"] in [one["person_id"] for one in found]
    assert office.get(f"{PERSONS}/{recorded['id']}", CLERK).json()["phone"] == TELLING["phone"]
    return recorded


def refuse(office: RunningOffice, recorded: Mapping[str, Any]) -> None:
    """The names wherever a caller can put them by mistake; each is refused, none may reach a log."""
    name, phone = TELLING["family_name"], TELLING["phone"]
    wrong: Sequence[tuple[int, requests.Response]] = (
        (422, office.post(PERSONS, {**PERSON, name: name}, CLERK)),
        (422, office.post(PERSONS, {**PERSON, "sex": name, "born_on": name}, CLERK)),
        (422, office.post(PERSONS, person(), CLERK, Idempotency_Key=TELLING["note"].encode().decode("latin-1"))),
        (422, office.post(f"{SEARCH}?{name}={quote(phone)}", {"q": "x"}, CLERK)),
        (422, office.post(SEARCH, {"q": name, "phone": phone}, CLERK)),
        (405, office.get(f"{PERSONS}?q={name}", CLERK)),
        (422, office.get(f"{PERSONS}/{name}", CLERK)),
        (404, office.get(f"/intake/v1/people/{name}", CLERK)),
        (405, office.ask("PUT", f"{PERSONS}/{name}", CLERK)),
        (415, office.post(PERSONS, name.encode(), CLERK, Content_Type=f"text/{name}")),
        (400, office.post(PERSONS, f'{{"family_name": "{name}'.encode(), CLERK)),
        (401, office.ask("POST", SEARCH, None, body={"q": name}, headers={"Authorization": f"Bearer {name}"})),
        (413, office.post(PERSONS, f'{{"family_name": "{name * 9000}"}}'.encode(), CLERK)),
        (200, office.post(SEARCH, {"q": name}, CLERK, Correlation_Id=name, Accept_Language=name)),
        (409, office.post(f"{PERSONS}/{recorded['id']}/residences", {**HOME, "address": TELLING["address"]}, CLERK)),
        (403, office.post(TALKS, office.filled(talk(note=TELLING["note"])), OTHER)),
        (422, office.post(TALKS, office.filled(talk(took_part=[name], setting=name)), MANAGER)),
        (422, office.get(f"/eligibility/v1/persons/{name}?valid_at={name}", CLERK)),
        (422, office.get(f"/reporting/v1/figures/{name}?valid_at={name}", HEAD)),
    )
    assert [answer.status_code for _, answer in wrong] == [status for status, _ in wrong]
    spoken_by_hand(office, f"GET /{name} HTTP/9.9\r\nHost: {name}\r\n{name}\r\n\r\n")


def spoken_by_hand(office: RunningOffice, request: str) -> None:
    """What is not even HTTP."""
    address = urlsplit(office.machine.addresses["intake"])
    with closing(HTTPConnection(address.hostname or "", address.port, timeout=10)) as connection:
        connection.connect()
        connection.sock.sendall(request.encode())
        assert b"malformed-request" in connection.sock.recv(65_536)


def logs(office: RunningOffice) -> list[Any]:
    """The logs of our processes and of the broker, and the access log."""
    found = [file for file in office.data.rglob("*") if file.is_file() and _tells(file.name, file.parent.name)]
    assert {"intake-http.log", "react.log"} <= {file.name for file in found}
    assert any(file.parent.name == "access-log" for file in found)
    return found


def _tells(name: str, folder: str) -> bool:
    return name.endswith(".log") or folder in ("logs", "access-log")


@contextmanager
def tapped(office: RunningOffice) -> Iterator[list[tuple[Any, Any, str]]]:
    """Fills on leaving with what the bus carried meanwhile: body, headers and routing key of each message."""
    messages: list[tuple[Any, Any, str]] = []
    broker = office.machine.broker
    assert broker is not None
    with connected(broker.url, heartbeat=0) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, topology.EVENTS, "#")
        yield messages
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            messages.append((json.loads(message.body), message.headers, message.delivery_info["routing_key"]))


def traces(content: bytes) -> set[bytes]:
    """Which of the telling words are in it, in any case."""
    lowered = content.lower()
    return {word for word in TRACES if word in lowered}
