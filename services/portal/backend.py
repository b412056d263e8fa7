"""The other services as the portal asks them: over HTTP, for somebody, in their language, with little patience."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

import eventlet
import orjson
import urllib3

from services.portal.login.accounts import Account
from shared.api.problems import TYPE
from shared.api.said import Language
from shared.service.tokens import issue

CONNECT: Final = 0.5
READ: Final = 6.0
"""Seconds until a service counts as not available; a view is given two of them to catch up."""
TOKEN_MINUTES: Final = 5.0
RENEWED_AFTER: Final = 240.0
"""Seconds after which a token is replaced; it is always good for the question it goes with."""
HEALTH: Final = 1.0
"""Seconds within which a process says how it is."""
MOST_CONNECTIONS: Final = 64
"""Per service."""
TODAY_FOR: Final = 2.0
"""Seconds for which the business clock's day is remembered."""
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_CODE_NAME: Final = re.compile(rf" \((?:{_ID}|[a-z]+(?:_[a-z]+)*)\)| {_ID}")
"""An id, or in brackets a name as programs have it, with the space before."""


class Unavailable(Exception):
    """A service does not answer, or cannot at the moment. ``outcome_unknown``: it may have done what was asked."""

    def __init__(self, service: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(service)
        self.service, self.outcome_unknown = service, outcome_unknown


class Refused(Exception):
    """A service says no, in a problem document (in the language of who asked)."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("type", "")).removeprefix(TYPE))
        self.problem = problem

    @property
    def slug(self) -> str:
        """The problem's name, like ``case-not-open``."""
        return str(self.args[0])

    @property
    def status(self) -> int:
        return int(self.problem.get("status", 500))

    @property
    def title(self) -> str:
        """The sentence for people: without the ids and code names that programs find in it."""
        return _CODE_NAME.sub("", str(self.problem.get("title", "")))

    @property
    def entry(self) -> str:
        """The field or entry that breaks the rule, if the refusal names one."""
        return str(self.problem.get("facts", {}).get("entry", ""))

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with which field, by its path."""
        return {str(error["path"]): str(error["message"]) for error in self.problem.get("errors", ())}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command's answer: ``id`` of what it is about, ``position`` of its newest event, and further ids."""

    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def position(self) -> int:
        return int(self.document["position"])

    def __getitem__(self, name: str) -> Any:
        return self.document[name]


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
        self._pool = urllib3.PoolManager(
            num_pools=16,
            maxsize=MOST_CONNECTIONS,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT, read=READ),
        )
        self._tokens: dict[str, tuple[float, Account, str]] = {}
        self._today: tuple[float, date] | None = None

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
        last: Unavailable | None = None
        for service in self._services:
            try:
                answer = self.request(service, "GET", "/clock", None, {})
            except Unavailable as unavailable:
                last = unavailable
            else:
                return date.fromisoformat(answer["today"])
        raise last or Unavailable("clock")

    def request(
        self, service: str, method: str, path: str, body: object | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """One request, sent once more if the connection breaks: all that is asked may be asked twice.

        Raises Unavailable, Refused.
        """
        if service not in self._addresses:
            raise Unavailable(service)
        url, data = self._addresses[service] + path, None if body is None else orjson.dumps(body)
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        try:
            try:
                response = self._pool.request(method, url, body=data, headers=headers)
            except urllib3.exceptions.ProtocolError:
                response = self._pool.request(method, url, body=data, headers=headers)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            raise Unavailable(service) from None
        except urllib3.exceptions.HTTPError:
            raise Unavailable(service, outcome_unknown=True) from None
        if response.status >= 500:
            raise Unavailable(service, outcome_unknown=response.status == 500)
        try:
            document: Mapping[str, Any] = orjson.loads(response.data)
        except orjson.JSONDecodeError:
            raise Unavailable(service) from None
        if response.status >= 400:
            raise Refused(document)
        return document

    def ready(self, process: str) -> Mapping[str, Any]:
        """What a process says of itself: ``status`` "ready" or "waiting", and details. Raises Unavailable."""
        try:
            response = self._pool.request("GET", f"{self._addresses[process]}/health/ready", timeout=HEALTH)
            document: Mapping[str, Any] = orjson.loads(response.data)
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

    def get(self, path: str, **parameters: object) -> Mapping[str, Any]:
        """Ask a query: ``get(f"/casework/v1/cases/{case_id}", valid_at=day)``. None is left out, a list repeated.

        Raises Unavailable, Refused.
        """
        given = {name: _as_text(value) for name, value in parameters.items() if value is not None}
        query = f"?{urlencode(given, doseq=True)}" if given else ""
        return self._request("GET", path + query, None, self._newest())

    def question(self, path: str, **body: object) -> Mapping[str, Any]:
        """Ask what may hold names or reasons, in a body; None is left out. Raises Unavailable, Refused."""
        given = {name: value for name, value in body.items() if value is not None}
        return self._request("POST", path, given, self._newest())

    def command(self, path: str, body: Mapping[str, Any], *, key: str) -> Accepted:
        """Have something recorded; ``key`` is the form's: sent twice, it happens once. Raises Unavailable, Refused."""
        accepted = Accepted(self._request("POST", path, body, {"Idempotency-Key": key}))
        self.position = max(self.position or 0, accepted.position)
        return accepted

    def parked(self, process: str) -> Mapping[str, Any]:
        """The messages that a process put aside. Raises Unavailable, Refused."""
        return self._services.request(process, "GET", "/parked", None, self._identified({}))

    def today(self) -> date:
        """The office's day. Raises Unavailable."""
        return self._services.today()

    def _newest(self) -> Mapping[str, str]:
        return {} if self.position is None else {"Min-Position": str(self.position)}

    def _request(self, method: str, path: str, body: object | None, headers: Mapping[str, str]) -> Mapping[str, Any]:
        return self._services.request(path.split("/")[1], method, path, body, self._identified(headers))

    def _identified(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers of a request in somebody's name."""
        who = {} if self._account is None else {"Authorization": f"Bearer {self._services.token(self._account)}"}
        return {**self._headers, **headers, **who}


def together(*questions: Callable[[], Any]) -> list[Any]:
    """Ask several questions at once; a page then takes as long as the slowest.

    The answers in order, with an ``Unavailable`` in the place of each that a service could not answer: that part of
    the page says so, the rest goes on. Raises what else a question raises.
    """
    asked = [eventlet.spawn(_answer_or_unavailable, question) for question in questions]
    return [each.wait() for each in asked]


def needed(*questions: Callable[[], Any]) -> list[Any]:
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
