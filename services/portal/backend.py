"""The other services as the portal asks them: over HTTP, for somebody, in their language, with little patience."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar, overload
from urllib.parse import quote, urlencode

import eventlet
import orjson
import urllib3

from services.portal import in_turn
from services.portal.answers import Accepted, Answer, Refused, Unavailable
from services.portal.login.accounts import Account
from shared.api.said import Language
from shared.service.tokens import issue

CONNECT: Final = 0.5
READ: Final = 6.0
"""Seconds until a service counts as not available; a view is given two of them to catch up."""
AT_ONCE: Final = 1.0
"""Seconds within which a process says that it is too old, or ends. What takes longer waits for what all wait for."""
TOKEN_MINUTES: Final = 5.0
RENEWED_AFTER: Final = 240.0
"""Seconds after which a token is replaced; it is always good for the question it goes with."""
HEALTH: Final = 1.0
"""Seconds within which a process says how it is."""
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
"""The header with which a command goes, and nothing else."""
TODAY_FOR: Final = 2.0
"""Seconds for which the business clock's day is remembered."""

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


class Services:
    """The way to the other services, for all visits of the process.

    ``addresses``: each service's base URL; ``processes``: that of each process which serves no API. ``private_key``:
    the issuer's, PEM; ``issuer``: its name.
    """

    def __init__(
        self, addresses: Mapping[str, str], private_key: bytes, issuer: str, *, processes: Mapping[str, str]
    ) -> None:
        self._services = tuple(addresses)
        self._addresses, self._private_key, self._issuer = {**addresses, **processes}, private_key, issuer
        self._pool = in_turn.connections()
        self._tokens: dict[str, tuple[float, Account, str]] = {}
        self._today: tuple[float, date] | None = None
        self._told_today = ""

    def token(self, account: Account) -> str:
        """A token for an account that lasts at least another minute."""
        issued_at, issued_for, token = self._tokens.get(account.id, (0.0, None, ""))
        if issued_for != account or time.monotonic() - issued_at > RENEWED_AFTER:
            token = issue(
                self._private_key, account.name, account.roles, TOKEN_MINUTES, account.ags, issuer=self._issuer
            )
            self._tokens[account.id] = time.monotonic(), account, token
        return token

    def today(self) -> date:
        """The business clock's day, as any service tells it. Raises Unavailable."""
        if self._today is None or time.monotonic() - self._today[0] > TODAY_FOR:
            self._today = time.monotonic(), self._ask_today()
        return self._today[1]

    def _ask_today(self) -> date:
        """As the first tells it that answers at once, beginning with who told it last."""
        last: Unavailable | None = None
        for service in sorted(self._services, key=lambda each: each != self._told_today):
            try:
                answer = self.request(service, "GET", "/clock", None, {}, patience=HEALTH)
            except Unavailable as unavailable:
                last = unavailable
            else:
                self._told_today = service
                return date.fromisoformat(answer["today"])
        raise last or Unavailable("clock")

    def request(
        self,
        service: str,
        method: str,
        path: str,
        body: object | None,
        headers: Mapping[str, str],
        *,
        patience: float = READ,
    ) -> Answer:
        """One request, sent once more on a connection of its own if the first breaks, or leads to a process that says
        at once to ask again: another may answer. All that is asked may be asked twice.

        ``patience``: seconds until a service that says nothing counts as not available. Raises Unavailable, Refused.
        """
        if service not in self._addresses:
            raise Unavailable(service)
        url, data = self._addresses[service] + path, None if body is None else orjson.dumps(body)
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        ask = partial(_ask, method, url, data, headers)
        is_command, may_be_done = IDEMPOTENCY_KEY in headers, False
        began = time.monotonic()
        try:
            try:
                response = ask(self._pool, patience)
            except urllib3.exceptions.ProtocolError:
                may_be_done = is_command  # the answer is lost, perhaps not the deed
                response = _anew(ask, patience)
            else:
                if _is_put_off(response) and (waited := time.monotonic() - began) < AT_ONCE:
                    response = _anew(ask, patience - waited)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            raise Unavailable(service, outcome_unknown=may_be_done) from None
        except urllib3.exceptions.HTTPError:
            raise Unavailable(service, outcome_unknown=is_command) from None
        if response.status >= 500:  # 503 is said before anything is done
            raise Unavailable(service, outcome_unknown=may_be_done if response.status == 503 else is_command)
        try:
            document: Answer = orjson.loads(response.data)
        except orjson.JSONDecodeError:
            raise Unavailable(service, outcome_unknown=is_command) from None
        if response.status >= 400:
            raise Refused(document)
        return document

    def ready(self, process: str) -> Answer:
        """What a process says of itself: ``status`` "ready" or "waiting", and details. Raises Unavailable."""
        try:
            response = self._pool.request("GET", f"{self._addresses[process]}/health/ready", timeout=HEALTH)
            document: Answer = orjson.loads(response.data)
        except (urllib3.exceptions.HTTPError, orjson.JSONDecodeError):
            raise Unavailable(process) from None
        return document

    def close(self) -> None:
        self._pool.clear()


class Backend:
    """The services as one visit asks them. ``account`` None: only what is public.

    ``position``: the newest event of which the visit knows; what is asked is at least that new.
    """

    def __init__(
        self,
        services: Services,
        account: Account | None,
        *,
        language: Language,
        correlation_id: str,
        position: int | None = None,
    ) -> None:
        self._services, self._account = services, account
        self.position = position
        self._headers = {"Accept-Language": language, "Correlation-Id": correlation_id}

    def get(self, path: str, **parameters: object) -> Answer:
        """Ask a query: ``get(f"/casework/v1/cases/{case_id}", valid_at=day)``. None is left out, a list repeated.

        Raises Unavailable, Refused.
        """
        given = {name: _as_text(value) for name, value in parameters.items() if value is not None}
        query = f"?{urlencode(given, doseq=True)}" if given else ""
        return self._request("GET", path + query, None, self._newest())

    def question(self, path: str, **body: object) -> Answer:
        """Ask what may hold names or reasons, in a body; None is left out. Raises Unavailable, Refused."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._request("POST", path, given, self._newest())

    def command(self, path: str, body: Mapping[str, Any], *, key: str) -> Accepted:
        """Have something recorded; ``key`` is the form's: sent twice, it happens once. Raises Unavailable, Refused."""
        accepted = Accepted(self._request("POST", path, body, {IDEMPOTENCY_KEY: key}))
        self.position = max(self.position or 0, accepted.position)
        return accepted

    def parked(self, process: str) -> Answer:
        """The messages that a process put aside. Raises Unavailable, Refused."""
        return self._services.request(process, "GET", "/parked", None, self._identified({}))

    def today(self) -> date:
        """The office's day. Raises Unavailable."""
        return self._services.today()

    def _newest(self) -> Mapping[str, str]:
        return {} if self.position is None else {"Min-Position": str(self.position)}

    def _request(self, method: str, path: str, body: object | None, headers: Mapping[str, str]) -> Answer:
        return self._services.request(path.split("/")[1], method, path, body, self._identified(headers))

    def _identified(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers of a request in somebody's name."""
        who = {} if self._account is None else {"Authorization": f"Bearer {self._services.token(self._account)}"}
        return {**self._headers, **headers, **who}


@overload
def together(a: Callable[[], A], b: Callable[[], B], /) -> tuple[A | Unavailable, B | Unavailable]: ...
@overload
def together(
    a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /
) -> tuple[A | Unavailable, B | Unavailable, C | Unavailable]: ...
@overload
def together(
    a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], d: Callable[[], D], e: Callable[[], E], /
) -> tuple[A | Unavailable, B | Unavailable, C | Unavailable, D | Unavailable, E | Unavailable]: ...
@overload
def together(*questions: Callable[[], A]) -> tuple[A | Unavailable, ...]: ...
def together(*questions: Callable[[], Any]) -> tuple[Any, ...]:
    """Ask several questions at once; a page then takes as long as the slowest.

    The answers in order, with an ``Unavailable`` in the place of each that a service could not answer: that part of
    the page says so, the rest goes on. Raises what else a question raises.
    """
    asked = [eventlet.spawn(_answer_or_unavailable, question) for question in questions]
    return tuple(each.wait() for each in asked)


@overload
def needed(a: Callable[[], A], b: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def needed(a: Callable[[], A], b: Callable[[], B], c: Callable[[], C], /) -> tuple[A, B, C]: ...
def needed(*questions: Callable[[], Any]) -> tuple[Any, ...]:
    """The same for a page that can do without none of them. Raises Unavailable, too."""
    answers = together(*questions)
    for answer in answers:
        if isinstance(answer, Unavailable):
            raise answer
    return answers


def _answer_or_unavailable(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except Unavailable as unavailable:
        return unavailable


def _ask(
    method: str,
    url: str,
    data: bytes | None,
    headers: Mapping[str, str],
    connections: urllib3.PoolManager,
    patience: float,
) -> urllib3.BaseHTTPResponse:
    timeout = urllib3.Timeout(connect=CONNECT, read=patience)
    return connections.request(method, url, body=data, headers=headers, timeout=timeout)


def _anew(
    ask: Callable[[urllib3.PoolManager, float], urllib3.BaseHTTPResponse], patience: float
) -> urllib3.BaseHTTPResponse:
    """On a connection of its own: those that are kept may lead to where the first did."""
    with in_turn.connections() as connections:
        return ask(connections, patience)


def _is_put_off(response: urllib3.BaseHTTPResponse) -> bool:
    return response.status == HTTPStatus.SERVICE_UNAVAILABLE and "Retry-After" in response.headers


def segment(value: str) -> str:
    """A value that came from outside as one segment of a path."""
    return quote(value, safe="")


def _as_text(value: object) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case list() | tuple() | set() | frozenset():
            return [_as_text(each) for each in value]
        case _:
            return str(value)
