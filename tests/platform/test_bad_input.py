"""What must not be stored is refused by its name, in the caller's language, and leaves nothing behind.

Over real HTTP against the services as they run. What each field refuses in detail is in ``tests/api``; what each
rule refuses, beside the service it belongs to. Here: that each service really stands behind this door.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from deploy.processes import SERVICES
from scenarios.small_office import AGS, CLERK, HEAD, LEAD, MANAGER
from shared.api.roles import OPERATOR
from shared.privacy.secrets import ISSUER_PRIVATE, ISSUER_PUBLIC
from shared.service.tokens import issue
from tests.platform.office import (
    DAY,
    HOME,
    IMPORTER,
    NOBODY,
    OTHER,
    PERSON,
    PERSONS,
    SEARCH,
    TALKS,
    RunningOffice,
    person,
    problem,
    talk,
)

pytestmark = pytest.mark.platform

CLOCK, EVENTS, STREAMS = "/clock", "/reporting/v1/events/search", "/reporting/v1/streams"
CASE, VISITS = "/casework/v1/cases/{case}", "/casework/v1/attempted-visits"
YESTERDAY, TOMORROW = "2018-05-31", "2018-06-02"
ELSEWHERE = "08118001"
"""A municipality of another district."""


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
