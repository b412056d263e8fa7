"""What is turned away before a service sees it, in order; and nothing is stored."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from shared.api.roles import OPERATOR, REPORTING
from shared.privacy.secrets import ISSUER_PRIVATE, ISSUER_PUBLIC
from tests.api.conftest import CASE, TALK, Running

TALKS = "/sample/v1/talks"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def nothing_is_stored(sample: Running) -> Iterator[None]:
    head = sample.head()
    yield
    assert sample.head() == head
    assert sample.get("/health/live").ok


def slug(answer: requests.Response) -> str:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"]).removeprefix("urn:wegmarken:problem:")


def raw_answer(sample: Running, head: str, body: bytes = b"") -> tuple[int, dict[str, str], dict[str, object]]:
    """Status, headers and problem for a request written by hand."""
    found = sample.raw(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
    top, _, rest = found.partition(b"\r\n\r\n")
    status, *lines = top.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, json.loads(rest) if rest else {}


# --- size -----------------------------------------------------------------------------------------


def test_a_large_body_is_refused_before_anything_else(sample: Running) -> None:
    answer = requests.post(sample.url + TALKS, data=b"x" * 100_000, timeout=10)
    assert (answer.status_code, slug(answer)) == (413, "body-too-large")


def test_a_huge_body_is_refused_without_being_read(sample: Running) -> None:
    status, headers, problem = raw_answer(
        sample, f"POST {TALKS} HTTP/1.1\nHost: x\nAccept-Language: en\nContent-Length: 99999999999", b"{" * 200_000
    )
    assert status == 413
    assert headers["connection"] == "close"
    assert problem["title"] == "The body is too large, or its length is missing."


@pytest.mark.parametrize(
    ("length", "status", "rule"),
    [
        ("", 413, "body-too-large"),
        ("Transfer-Encoding: chunked", 413, "body-too-large"),
        ("Transfer-Encoding: chunked\nContent-Length: 2", 400, "malformed-request"),
        ("Content-Length: 2\nTransfer-Encoding: chunked", 400, "malformed-request"),
        ("Transfer-Encoding: gzip", 413, "body-too-large"),
        ("Content-Length: -1", 400, "malformed-request"),
        ("Content-Length: +2", 400, "malformed-request"),
        ("Content-Length: 2_0", 400, "malformed-request"),
        ("Content-Length: two", 400, "malformed-request"),
        ("Content-Length: 2\nContent-Length: 3", 400, "malformed-request"),
        ("Content-Length: 2, 2", 400, "malformed-request"),
        ("Content-Length: 99999999999999999999999", 400, "malformed-request"),
    ],
)
def test_a_body_must_say_where_it_ends_once_and_clearly(sample: Running, length: str, status: int, rule: str) -> None:
    head = f"POST {TALKS} HTTP/1.1\nHost: x" + (f"\n{length}" if length else "")
    found, headers, problem = raw_answer(sample, head, b"{}")
    assert (found, problem["type"]) == (status, f"urn:wegmarken:problem:{rule}")
    assert headers["connection"] == "close"


def test_requests_sent_at_once_are_answered_in_order(sample: Running) -> None:
    first, second, last = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode()
        for path, more in (("/health/live", ""), ("/nothing", ""), ("/clock", "Connection: close\r\n"))
    )
    found = sample.raw(first + second + last)
    assert re.findall(rb"HTTP/1\.1 (\d+)", found) == [b"200", b"404", b"200"]
    assert found.index(b'"live"') < found.index(b"not-found") < found.index(b'"today"')


def test_what_came_whole_is_answered_before_what_cannot_be_read(sample: Running) -> None:
    found = sample.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in found


def test_nothing_is_read_behind_what_is_refused(sample: Running) -> None:
    refused = f"POST {TALKS} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    found = sample.raw(refused + b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", found) == [b"413"]


def test_a_request_may_come_byte_by_byte(sample: Running) -> None:
    whole = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert sample.raw(whole[:1], more=[whole[n : n + 1] for n in range(1, len(whole))]).startswith(b"HTTP/1.1 200")


def test_a_caller_who_asks_first_is_told_to_go_on(sample: Running) -> None:
    import socket

    host, port = sample.url.removeprefix("http://").split(":")
    head = f"POST {TALKS} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: "
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"{head}2\r\n\r\n".encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 415")
    assert sample.raw(f"{head}99999999\r\n\r\n".encode()).startswith(b"HTTP/1.1 413")


def test_an_upgrade_is_not_taken_up(sample: Running) -> None:
    found = sample.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200")


def test_a_body_that_ends_early_is_refused(sample: Running) -> None:
    import socket

    host, port = sample.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST {TALKS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {sample.token()}\r\n"
        connection.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")


# --- content type ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "", None])
def test_only_json_is_accepted(sample: Running, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = requests.post(sample.url + TALKS, data=b"{}", headers=headers, timeout=10)
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")


def test_parameters_of_the_content_type_do_not_matter(sample: Running) -> None:
    answer = sample.ask("POST", TALKS, data=b"{}", headers={"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 422


# --- token and role -------------------------------------------------------------------------------


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer not.a.token"])
def test_without_a_token_nobody_gets_in(sample: Running, header: str | None) -> None:
    answer = sample.post(TALKS, TALK, headers={"Authorization": header})
    assert (answer.status_code, slug(answer)) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_token_says_so(sample: Running) -> None:
    answer = sample.post(TALKS, TALK, headers={"Authorization": f"Bearer {sample.token(minutes=-1)}"})
    assert (answer.status_code, slug(answer)) == (401, "token-expired")


def _b64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # which is why it is refused
def test_forged_tokens_are_refused(sample: Running) -> None:
    header, claims, signature = sample.token().split(".")
    everything = json.loads(base64.urlsafe_b64decode(claims + "=="))
    stranger = OKPKey.generate_key("Ed25519")
    public = (sample.data / "secrets" / ISSUER_PUBLIC).read_bytes()
    confused = OctKey.import_key(base64.b64encode(public))
    ours = OKPKey.import_key((sample.data / "secrets" / ISSUER_PRIVATE).read_bytes())
    forged = {
        "other claims under the signature": f"{header}.{_b64({**everything, 'roles': ['operator']})}.{signature}",
        "no signature": f"{_b64({'alg': 'none'})}.{claims}.",
        "no algorithm, signature kept": f"{_b64({'alg': 'none'})}.{claims}.{signature}",
        "another key": jwt.encode({"alg": "Ed25519"}, everything, stranger, algorithms=["Ed25519"]),
        "the public key as a secret": jwt.encode({"alg": "HS256"}, everything, confused, algorithms=["HS256"]),
        "the deprecated name of the algorithm": jwt.encode({"alg": "EdDSA"}, everything, ours, algorithms=["EdDSA"]),
        "another issuer": sample.token(issuer="elsewhere"),
        "truncated": f"{header}.{claims}",
        "longer than any token": f"{header}.{claims}.{signature}" + "A" * 5000,
    }
    for what, token in forged.items():
        answer = sample.post(TALKS, TALK, headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated"), what


def test_a_role_that_may_not_is_forbidden(sample: Running) -> None:
    answer = sample.post(TALKS, TALK, OPERATOR, REPORTING)
    assert (answer.status_code, slug(answer)) == (403, "forbidden")


def test_the_order_of_checks(sample: Running) -> None:
    """Each request is wrong in everything that follows, too."""

    def post(**headers: str) -> int:
        return requests.post(sample.url + TALKS, data=b"\xff", headers=headers, timeout=10).status_code

    bearer = f"Bearer {sample.token('nobody')}"
    assert post(**{"Content-Type": "text/plain"}) == 415
    assert post(**JSON) == 401
    assert post(**JSON, Authorization=bearer) == 403
    assert post(**JSON, Authorization=f"Bearer {sample.token()}") == 400


# --- JSON and text --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "malformed-json"),
        (b"{", "malformed-json"),
        (b"{} {}", "malformed-json"),
        (b'{"minutes": NaN}', "malformed-json"),
        (b'{"minutes": 1' + b"0" * 400 + b"}", "malformed-json"),
        (b'{"minutes": Infinity}', "malformed-json"),
        (b"\xef\xbb\xbf{}", "malformed-json"),
        (b'{"note": "\\ud800"}', "malformed-json"),
        (b'{"note": "tab\there"}', "malformed-json"),
        (b"[" * 20_000 + b"]" * 20_000, "malformed-json"),
        (b'{"note": "\xff"}', "not-utf-8"),
        ('{"note": "Müller"}'.encode("latin-1"), "not-utf-8"),
        (b'{"note": "\xed\xa0\x80"}', "not-utf-8"),
    ],
)
def test_what_is_not_json_in_utf_8_is_malformed(sample: Running, body: bytes, problem: str) -> None:
    answer = sample.ask("POST", TALKS, data=body, headers=JSON)
    assert (answer.status_code, slug(answer)) == (400, problem)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"17", b"true", b"[" * 500 + b"]" * 500])
def test_json_that_is_no_object_is_invalid(sample: Running, body: bytes) -> None:
    answer = sample.ask("POST", TALKS, data=body, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"path": "", "message": "is not an object"}]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minutes", -(10**30)),
        ("minutes", 1e300),
        ("minutes", 45.5),
        ("minutes", True),
        ("minutes", "45"),
        ("minutes", None),
        ("minutes", [45]),
        ("interpreter", "true"),
        ("interpreter", 1),
        ("interpreter", None),
        ("note", "a\x00b"),
        ("note", "a\x1bb"),
        ("note", "a\x85b"),
        ("note", "   "),
        ("note", ""),
        ("note", "x" * 2001),
        ("note", {"a": 1}),
        ("held_on", "2018-13-01"),
        ("held_on", "20181105"),
        ("held_on", "2018-W45-1"),
        ("held_on", "2018-11-05T00:00:00"),
        ("held_on", "٢٠١٨-11-05"),
        ("held_on", "1899-12-31"),
        ("held_on", "0001-01-01"),
        ("held_on", 20181105),
        ("next_on", "9999-12-31"),
        ("case_id", "6F1B5B0E1E0A4C7B9C651F6D8F6D2F3A"),
        ("case_id", "{6f1b5b0e-1e0a-4c7b-9c65-1f6d8f6d2f3a}"),
        ("case_id", 17),
        ("setting", "Office"),
        ("setting", ["office"]),
        ("setting", {}),
        ("topics", "housing"),
        ("topics", {"housing": 1}),
        ("topics", ["housing", "housing"]),
        ("topics", []),
        ("topics", [["housing"]]),
        ("took_part", [CASE] * 2),
        ("took_part", [None]),
        ("took_part", ["x"] * 21),
        ("steps", [{}]),
        ("steps", [17]),
        ("steps", {"action_field": "housing", "step": "need"}),
        ("first", []),
        ("first", {"action_field": "housing"}),
        ("fee", "1e3"),
        ("fee", "NaN"),
        ("fee", "1.005"),
        ("fee", 0.001),
        ("fee", 1e-300),
        ("fee", 1000.01),
        ("fee", True),
        ("room", "a123"),
        ("ags", "99999999"),
        ("urgency", "middle"),
        ("urgency", []),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name(sample: Running, name: str, value: object) -> None:
    answer = sample.post(TALKS, {**TALK, name: value})
    assert answer.status_code == 422
    assert {error["path"].split(".")[0] for error in answer.json()["errors"]} == {name}


def test_an_unknown_field_of_any_length_is_named_briefly(sample: Running) -> None:
    answer = sample.post(TALKS, {**TALK, "x" * 60_000: 1})
    assert answer.status_code == 422
    assert len(answer.content) < 2000


def test_thousands_of_errors_make_a_short_answer(sample: Running) -> None:
    answer = sample.post(TALKS, {**TALK, **{f"f{n}": 1 for n in range(4000)}})
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 50


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "ü"])
def test_an_idempotency_key_is_visible_ascii(sample: Running, key: str) -> None:
    answer = sample.post(TALKS, TALK, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


def test_a_command_has_no_query_string(sample: Running) -> None:
    answer = sample.post(f"{TALKS}?minutes=3&note=x", TALK)
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["minutes", "note"]


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/sample", "/sample/v1/talks/", "/sample/v1/talks/a%2Fb/withdrawal", "/sample/v1/TALKS",
     "/sample/../sample/v1/talks", "/%00", "/openapi.json/"],
)  # fmt: skip
def test_an_unknown_address_is_not_found(sample: Running, path: str) -> None:
    status, headers, problem = raw_answer(sample, f"GET {path} HTTP/1.1\nHost: x\nConnection: close")
    assert (status, problem["type"]) == (404, "urn:wegmarken:problem:not-found")
    assert headers["content-language"] == "de"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_wrong_method_says_which_are_right(sample: Running, method: str) -> None:
    answer = sample.ask(method, TALKS)
    assert (answer.status_code, slug(answer)) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("target", ["/%ff", "?case_id=%ff", "?%C3"])
def test_an_address_that_is_not_utf_8_is_refused(sample: Running, target: str) -> None:
    head = f"GET {TALKS}{target} HTTP/1.1\nHost: x\nConnection: close\nAuthorization: Bearer {sample.token()}"
    status, _, problem = raw_answer(sample, head)
    assert (status, problem["type"]) == (400, "urn:wegmarken:problem:not-utf-8")


@pytest.mark.parametrize(
    "request_line",
    ["GET /", "GET / HTTP/9.9", "GET / FTP/1.0", "\x00\x01\x02 / HTTP/1.1", "GET  /a b HTTP/1.1", "FOO / HTTP/1.1",
     "GET /?q=\xff HTTP/1.1", "GET / HTTP/1.1\r\nX: \x7f", "GET / HTTP/1.1\r\nX : y", "GET / HTTP/1.1\r\nX"],
)  # fmt: skip
def test_what_is_not_http_is_refused(sample: Running, request_line: str) -> None:
    found = sample.raw(request_line.encode("latin-1") + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 400")
    assert b"urn:wegmarken:problem:malformed-request" in found


def test_a_very_long_address_or_header_is_refused(sample: Running) -> None:
    for long in (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n"):
        assert sample.raw(long + b"\r\n").startswith(b"HTTP/1.1 400")
