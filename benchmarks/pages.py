"""How fast the pages are: on the server, at first sight in a browser, and when the county is seventy times as large.

*Server*: each page of the demonstration is asked again and again over one connection, as whom it is for; the time is
from the request's first byte to the answer's last. *First view*: a browser that has never been here opens the page;
the time is until it has painted something. *Large*: an invented log of some 100,000 persons is added to the same store
and everything is asked once more.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

import requests
from playwright.sync_api import Browser

from benchmarks.tools.browser import chromium
from benchmarks.tools.http_load import Address
from benchmarks.tools.ledger import settings
from benchmarks.tools.percentiles import percentile
from deploy.one_machine import OneMachine
from deploy.processes import SERVICES
from scenarios.goeppingen_2018.script import scenario
from scenarios.invented_log import invented_log
from scenarios.loader import Api, Loader
from services.portal.login.accounts import Accounts, made_password
from services.portal.login.database import open_database
from services.reporting.ledger import Ledger
from shared.api.roles import (
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    HEAD_OF_OFFICE,
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    MUNICIPAL_STAFF,
    TEAM_LEAD,
)
from shared.api.service import ServiceHttp
from shared.bus.checkpoint import Checkpoint
from shared.contracts.model import PersonalClass
from shared.eventstore.opening import open_store
from shared.projections.engine import open_engine
from shared.service.platform import Platform
from wegmarken.demo_accounts import Login, logins

GOAL_MS: Final = {"server_p50": 100, "first_view": 1000}
GOAL_TIMES: Final = 2.0
"""How much slower search and lists may be in the large county."""
PERSONS: Final = 100_000
EVENTS_PER_PERSON: Final = 10
"""Of the invented log, about."""
ROUNDS: Final = 40
VIEWS: Final = 3
"""First views of each page; the median counts."""
WRITTEN_AT_ONCE: Final = 20_000
LISTS: Final = ("find", "my-day", "colleagues", "file", "talk", "history", "register")
"""What the goal for the large county is about: pages whose names begin like this."""
PAINTED: Final = """() => new Promise((resolve) => {
    const seen = performance.getEntriesByName("first-contentful-paint")[0];
    if (seen) resolve(seen.startTime);
    else new PerformanceObserver((painted) => resolve(painted.getEntries()[0].startTime))
        .observe({type: "paint", buffered: true});
})"""
_TOKEN: Final = re.compile(r'data-csrf="([0-9a-f]+)"')

Fill = Callable[[OneMachine], Sequence[Login]]
"""Gives an empty platform its contents, and says who works with them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page as somebody asks for it; with ``fields`` it is a form, answered in part as a script asks."""

    name: str
    role: str | None
    path: str
    fields: Mapping[str, str] | None = None


def demonstration(machine: OneMachine) -> Sequence[Login]:
    """The demonstration county."""
    of = scenario(1)
    Loader(of, Api(machine.addresses, machine.token, of.roles)).run()
    return list(logins())


def run(persons: int = PERSONS, rounds: int = ROUNDS, fill: Fill = demonstration) -> dict[str, Any]:
    """Measure with the demonstration's data, then with ``persons`` more."""
    with tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory:
        data = Path(directory)
        with OneMachine(data, clock="manual") as machine:
            staff = fill(machine)
            machine.wait_quiet(timeout=300)
            passwords = _accounts(machine, staff)
            asked = list(pages(machine, staff))
            small = _on_the_server(machine, asked, staff, passwords, rounds)
            views = _first_views(machine, asked, staff, passwords)
        added = _grow(data, persons)
        with OneMachine(data, clock="manual") as machine:
            machine.supervisor.kill("react", hold=True)  # nobody is to react to what was invented
            large = _on_the_server(machine, asked, staff, passwords, rounds)
    times = {name: round(found["p50_ms"] / small[name]["p50_ms"], 2) for name, found in large.items()}
    return {
        "bench": "pages",
        "goal_ms": GOAL_MS,
        "pages": {name: found | {"first_view_ms": views.get(name)} for name, found in small.items()},
        "large": {
            "persons": added,
            "goal_times": GOAL_TIMES,
            "pages": {name: found | {"times": times[name]} for name, found in large.items()},
            "lists_times": max(times[name] for name in large if name.startswith(LISTS)),
        },
    }


def pages(machine: OneMachine, staff: Sequence[Login]) -> Iterator[Asked]:
    """Every page, about somebody and something that is there."""
    account_of = {login.role: login.account for login in staff}

    def ask(service: str, path: str, role: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {machine.token(account_of[role], [role])}"}
        url = machine.addresses[service] + path
        answer = requests.post(url, json=body, headers=headers) if body else requests.get(url, headers=headers)
        answer.raise_for_status()
        return answer.json()

    case = ask("casework", "/casework/v1/cases?manager=me", INTEGRATION_MANAGER)["cases"][0]["case_id"]
    person = ask("casework", f"/casework/v1/cases/{case}", INTEGRATION_MANAGER)["members"][0]
    name = ask("intake", f"/intake/v1/persons/{person}", INTAKE_CLERK)["family_name"]
    (entry,) = ask(
        "reporting", "/reporting/v1/events/search", AUDITOR, reason="Messung", stream=f"person-{person}", limit=1
    )["events"]
    yield Asked("login", None, "/anmelden")
    yield Asked("help", None, "/hilfe")
    yield Asked("responsibility", None, "/zustaendigkeit?gemeinde=08117024&status=follow_up")
    yield Asked("my-day", INTEGRATION_MANAGER, "/mein-tag")
    yield Asked("my-day of a team", TEAM_LEAD, "/mein-tag")
    yield Asked("colleagues", TEAM_LEAD, "/mein-tag/kollegen")
    yield Asked("talk", INTEGRATION_MANAGER, f"/beratung/{case}")
    yield Asked("find", INTAKE_CLERK, "/personen")
    for letters in (2, 4, len(name)):
        yield Asked(f"find by {letters} letters", INTAKE_CLERK, "/personen", {"q": name[:letters]})
    yield Asked("register", INTAKE_CLERK, "/personen/neu")
    yield Asked("register, alike", INTAKE_CLERK, "/personen/aehnliche", {"family_name": name, "given_name": "Probe"})
    yield Asked("file", INTAKE_CLERK, f"/akte/{person}")
    yield Asked("office of a lead", TEAM_LEAD, "/buero")
    yield Asked("office", HEAD_OF_OFFICE, "/buero")
    yield Asked("dashboard", HEAD_OF_OFFICE, "/lage")
    for figure in ("persons-in-care", "population", "consultations", "caseload-by-team"):
        yield Asked(f"figure {figure}", HEAD_OF_OFFICE, f"/lage/{figure}")
    yield Asked("report", HEAD_OF_OFFICE, "/lage/bericht")
    yield Asked("history", AUDITOR, "/pruefung")
    yield Asked("act", AUDITOR, f"/pruefung/vorgang/{entry['envelope']['correlation_id']}")
    yield Asked("replay", AUDITOR, f"/pruefung/verlauf/person-{person}")
    yield Asked("operations", AUDITOR, "/pruefung/betrieb")
    yield Asked("data protection", DATA_PROTECTION_OFFICER, "/datenschutz")
    yield Asked("erasures", DATA_PROTECTION_OFFICER, "/datenschutz/loeschungen")
    yield Asked("municipality", MUNICIPAL_STAFF, "/gemeinde")


# --- on the server ------------------------------------------------------------------------------------


class Visitor:
    """Somebody's browser, as far as the server can tell: a connection that stays open, and a cookie."""

    def __init__(self, machine: OneMachine, role: str | None, account: str, password: str) -> None:
        self._connection = HTTPConnection(*Address.of(machine.portal), timeout=60)
        self.cookie, self._token = "", ""
        if role is not None:
            session = requests.Session()
            (token,) = _TOKEN.findall(session.get(f"{machine.portal}/anmelden").text)
            session.post(f"{machine.portal}/anmelden", data={"_csrf": token, "name": account, "password": password})
            (self._token,) = _TOKEN.findall(session.get(f"{machine.portal}/hilfe").text)
            self.cookie = session.cookies["wegmarken"]
        if role == AUDITOR:
            self.ask("/pruefung/grund", {"reason": "Messung"})

    def ask(self, path: str, fields: Mapping[str, str] | None = None) -> float:
        """Seconds for an answer. Raises RuntimeError when the page was not shown."""
        headers = {"Cookie": f"wegmarken={self.cookie}"} if self.cookie else {}
        body = None
        if fields is not None:
            headers |= {"HX-Request": "true", "X-CSRF-Token": self._token}
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(fields).encode()
        started = time.perf_counter()
        self._connection.request("GET" if fields is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        seconds = time.perf_counter() - started
        if answer.status not in (200, 204):
            raise RuntimeError(f"{path} gave {answer.status}: the figure would mean nothing")
        return seconds

    def close(self) -> None:
        self._connection.close()


def _on_the_server(
    machine: OneMachine, asked: Sequence[Asked], staff: Sequence[Login], passwords: Mapping[str, str], rounds: int
) -> dict[str, dict[str, float]]:
    """Milliseconds of each page. The pages take turns, so that a busy moment meets all of them."""
    taken: dict[str, list[float]] = {each.name: [] for each in asked}
    with _visitors(machine, staff, passwords) as visitors:
        for n in range(rounds + 1):
            for each in asked:
                seconds = visitors[each.role].ask(each.path, each.fields)
                if n:  # the first round warms up
                    taken[each.name].append(seconds * 1000)
    for name, each_taken in taken.items():
        each_taken.sort()
        print(f"  {name}: {percentile(each_taken, 0.5):.1f} ms", file=sys.stderr, flush=True)
    return {
        name: {"p50_ms": round(percentile(each, 0.5), 1), "p95_ms": round(percentile(each, 0.95), 1)}
        for name, each in taken.items()
    }


@contextmanager
def _visitors(
    machine: OneMachine, staff: Sequence[Login], passwords: Mapping[str, str]
) -> Iterator[Mapping[str | None, Visitor]]:
    """One for each role, and one who is not logged in."""
    with ExitStack() as opened:

        def visitor(role: str | None, account: str = "", password: str = "") -> Visitor:
            return opened.enter_context(closing(Visitor(machine, role, account, password)))

        yield {None: visitor(None)} | {
            login.role: visitor(login.role, login.account, passwords[login.account]) for login in staff
        }


def _accounts(machine: OneMachine, staff: Sequence[Login]) -> dict[str, str]:
    """Passwords by account."""
    passwords = {login.account: made_password() for login in staff}
    with closing(open_database(machine.data / "portal.db")) as database:
        for login in staff:
            Accounts(database).add(login.account, [login.role], passwords[login.account], ags=login.ags)
    return passwords


# --- at first sight -----------------------------------------------------------------------------------


def _first_views(
    machine: OneMachine, asked: Sequence[Asked], staff: Sequence[Login], passwords: Mapping[str, str]
) -> dict[str, float]:
    """Milliseconds until a browser without any cache has painted a page."""
    with _visitors(machine, staff, passwords) as visitors, chromium() as browser:
        return {
            each.name: round(
                median(_painted(browser, machine, each, visitors[each.role].cookie) for _ in range(VIEWS)), 1
            )
            for each in asked
            if each.fields is None
        }


def _painted(browser: Browser, machine: OneMachine, asked: Asked, cookie: str) -> float:
    with browser.new_context(base_url=machine.portal, locale="de-DE") as context:
        if cookie:
            context.add_cookies([{"name": "wegmarken", "value": cookie, "url": machine.portal}])
        page = context.new_page()
        page.goto(asked.path)
        return float(page.evaluate(PAINTED))


# --- the large county ---------------------------------------------------------------------------------


def _grow(data: Path, persons: int) -> int:
    """Write an invented log behind what is stored, and let the views read it; how many persons there are in it."""
    platform = Platform.open(settings(data), "benchmarks", frozenset(PersonalClass))
    engine, added = open_engine(settings(data).ledger, writing=True), 0
    try:
        with closing(open_store(settings(data).eventstore)) as store:
            end = store.head()
            ledger, events = Ledger(engine), invented_log(platform.sealer, after=end)
            while added < persons:
                some = list(islice(events, min(WRITTEN_AT_ONCE, EVENTS_PER_PERSON * (persons - added))))
                store.take_over(some)
                end = ledger.write(some).position
                added += sum(event.type == "intake.PersonRegistered" for event in some)
                print(f"  {added} of {persons} persons written", file=sys.stderr, flush=True)
    finally:
        engine.dispose()
        platform.close()
    with closing(Checkpoint(data / Checkpoint.FILE)) as announced:  # nobody is told of them
        announced.advance(announced.position(), end)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        for service in processes.map(partial(catch_up, data), SERVICES):
            print(f"  views of {service} are there", file=sys.stderr, flush=True)
    return added


def catch_up(data: Path, service: str) -> str:
    """Let the views of a service read all that is stored; its name."""
    http: type[ServiceHttp] = import_module(f"services.{service}.service").HTTP
    platform = Platform.open(settings(data), http.name, http.classes)
    try:
        http.projection(platform).runner.catch_up()
    finally:
        platform.close()
    return service
