"""Posts a scenario through the public HTTP API, day by day, as the people of the office would.

Lanes (households, the office) run beside each other over several connections; within a lane order is
kept, and a day begins when all of the day before is recorded. A command that meets a busy or absent
service is sent again under the same idempotency key: so it has its effect once, whatever happens.
"""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import orjson
import urllib3

from scenarios.steps import CaseOf, Post, Ref, Scenario

PATIENCE = 120.0
"""Seconds in which a service may be away, or a reaction may need, before the load gives up."""
TOKEN_LIFE = 240.0
"""Seconds after which a five-minute token is replaced."""
TokenIssuer = Callable[[str, Sequence[str]], str]


class LoadFailed(Exception):
    """A command was refused, or a service stayed away. The text names command and problem."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was posted: commands, the highest position answered, seconds."""

    commands: int
    position: int
    seconds: float


class Api:
    """The platform as a program sees it: an address per service, and a token per account."""

    def __init__(self, addresses: Mapping[str, str], issue: TokenIssuer, roles: Mapping[str, Sequence[str]]) -> None:
        self._addresses, self._issue, self._roles = addresses, issue, roles
        self._pool = urllib3.PoolManager(num_pools=8, maxsize=32, retries=False, timeout=urllib3.Timeout(15.0))
        self._tokens: dict[str, tuple[float, str]] = {}
        self.repeated = 0
        """How often a request was sent again, because its connection was cut off or the service busy or away."""
        self._lock = threading.Lock()

    def token(self, account: str) -> str:
        with self._lock:
            issued_at, token = self._tokens.get(account, (0.0, ""))
            if time.monotonic() - issued_at > TOKEN_LIFE or not token:
                token = self._issue(account, self._roles[account])
                self._tokens[account] = time.monotonic(), token
            return token

    def call(
        self,
        method: str,
        path: str,
        account: str,
        *,
        body: Any = None,
        service: str | None = None,
        key: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """One request, patiently: status and answer. Raises LoadFailed when the service stays away."""
        url = self._addresses[service or path.split("/")[1]] + path
        data = None if body is None else orjson.dumps(body)
        deadline = time.monotonic() + PATIENCE
        while True:
            headers = {"Authorization": f"Bearer {self.token(account)}", "Content-Type": "application/json"}
            if key is not None:
                headers["Idempotency-Key"] = key
            try:
                response = self._pool.request(method, url, body=data, headers=headers)
                status, answer = response.status, response.data
            except urllib3.exceptions.HTTPError as error:
                status, answer = 503, str(type(error).__name__).encode()
            if status != 503:
                return status, orjson.loads(answer)
            if time.monotonic() > deadline:
                raise LoadFailed(f"{method} {path}: the service stays away ({answer[:200]!r})")
            with self._lock:
                self.repeated += 1
            time.sleep(0.05)


class Loader:
    """Loads one scenario. ``tell`` is called after each command with how many are done, and the day."""

    def __init__(
        self,
        scenario: Scenario,
        api: Api,
        *,
        connections: int = 8,
        tell: Callable[[int, date], None] = lambda done, day: None,
    ) -> None:
        self._scenario, self._api, self._tell, self._connections = scenario, api, tell, connections
        self._ids: dict[str, str] = {}
        self._households: dict[str, str] = {}
        self._cases: dict[CaseOf, str] = {}
        self._lock = threading.Lock()
        self._done = self._position = 0

    def run(self) -> Loaded:
        """Post everything; then let the last day begin. Raises LoadFailed at the first refusal."""
        started = time.monotonic()
        with ThreadPoolExecutor(self._connections) as pool:
            numbered = enumerate(self._scenario.posts)
            for day, of_day in groupby(numbered, key=lambda entry: entry[1].day):
                self._begin(day)
                lanes: dict[str, list[tuple[int, Post]]] = defaultdict(list)
                for number, post in of_day:
                    lanes[post.lane].append((number, post))
                for finished in [pool.submit(self._post_all, lane) for lane in lanes.values()]:
                    finished.result()
        self._begin(self._scenario.ends_on)
        return Loaded(self._done, self._position, time.monotonic() - started)

    @property
    def ids(self) -> Mapping[str, str]:
        """The ids answered so far, by the names the scenario gave them."""
        return self._ids

    def case(self, wanted: CaseOf) -> str:
        """The id of a household's open case. Raises LoadFailed when there is none in time."""
        return self._case(wanted, time.monotonic() + PATIENCE)

    def _begin(self, day: date) -> None:
        status, answer = self._api.call("POST", "/clock", "operator", body={"today": day}, service="intake")
        if status >= 400:
            raise LoadFailed(f"the clock did not go on to {day}: {answer}")

    def _post_all(self, posts: Iterable[tuple[int, Post]]) -> None:
        for number, post in posts:
            self._post(number, post)

    def _post(self, number: int, post: Post) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            case = None if post.case is None else self._case(post.case, deadline)
            status, answer = self._send(number, post, case)
            if status < 400:
                break
            if post.case is None or not self._may_pass(answer) or time.monotonic() > deadline:
                raise LoadFailed(f"command {number} ({post.path}, {post.day}) was refused with {status}: {answer}")
            self._cases.pop(post.case, None)
            time.sleep(0.05)
        with self._lock:
            if post.name is not None:
                self._ids[post.name] = answer["id"]
                if "household_id" in answer:
                    self._households[post.name] = answer["household_id"]
            self._done += 1
            self._position = max(self._position, answer["position"])
            self._tell(self._done, post.day)

    def _send(self, number: int, post: Post, case_id: str | None) -> tuple[int, dict[str, Any]]:
        path = post.path if case_id is None else post.path.replace("{case}", case_id)
        path = re.sub(r"\{([^}]+)\}", lambda found: self._ids[found[1]], path)
        key = f"{self._scenario.name}-{self._scenario.seed}-{number}"
        return self._api.call("POST", path, post.account, body=self._filled(post.body, case_id), key=key)

    @staticmethod
    def _may_pass(problem: Mapping[str, Any]) -> bool:
        """A case that reactions are still opening or closing looks shut for a moment."""
        return str(problem.get("type", "")).rpartition(":")[2] in {"case-not-open", "not-a-member", "unknown-case"}

    def _case(self, wanted: CaseOf, deadline: float) -> str:
        """The household's open case with all the members wanted, as soon as reactions have made it so."""
        if (known := self._cases.get(wanted)) is not None:
            return known
        members = {self._ids[member] for member in wanted.members}
        path = f"/casework/v1/cases?household_id={self._households[wanted.household]}"
        while True:
            status, answer = self._api.call("GET", path, "head")
            if status >= 400:
                raise LoadFailed(f"the case of {wanted.household} cannot be looked up: {answer}")
            for case in answer["cases"]:
                if case["status"] == "open" and members <= set(case["members"]):
                    return self._cases.setdefault(wanted, case["case_id"])
            if time.monotonic() > deadline:
                raise LoadFailed(f"no open case of {wanted.household} with all its members")
            time.sleep(0.02)

    def _filled(self, value: Any, case_id: str | None) -> Any:
        """A body with its references replaced by ids."""
        match value:
            case Ref(name):
                return self._ids[name]
            case "{case}":
                return case_id
            case dict():
                return {key: self._filled(part, case_id) for key, part in value.items()}
            case list() | tuple():
                return [self._filled(part, case_id) for part in value]
            case _:
                return value
