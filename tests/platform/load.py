"""Callers that go on asking while something happens to the platform, and what becomes of their requests."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import urlsplit

import requests

from deploy.one_machine import OneMachine
from scenarios.loader import PATIENCE, Api
from scenarios.small_office import CLERK, HEAD, MANAGER
from shared.api.roles import INTEGRATION_MANAGER
from tests.platform.office import DAY, PERSONS, TALKS, WHO, RunningOffice, person, talk
from tests.portal.house import NAMES, RunningPortal, Visitor

PAUSE = 0.1
"""Seconds between a caller's requests, in which its connection lies idle."""
Answered: TypeAlias = tuple[int, dict[str, Any]]


@dataclass
class Load:
    """Callers on threads of their own, until the block ends. What is put off or cut off is sent again (see ``Api``).

    ``asked``: how often each was answered; ``failures``: every refusal, and whatever ended a caller.
    """

    machine: OneMachine
    asked: Counter[str] = field(default_factory=Counter)
    failures: list[object] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._shared = self._api()
        self._sent_again: list[int] = []
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def repeated(self) -> int:
        """How many requests were sent again."""
        return self._shared.repeated + sum(self._sent_again)

    def ask(self, name: str, method: str, path: str, account: str, **asked: Any) -> None:
        """Again and again, a command each time under a key of its own, on connections that all callers share."""
        call, key = partial(self._shared.call, method, path, account, **asked), f"{name}-{{}}".format
        self.repeat(name, lambda number: call(key=key(number) if method == "POST" else None))

    def repeat(self, name: str, act: Callable[[int], Answered]) -> None:
        """The same for whatever is counted from 0 on and answered."""
        thread = threading.Thread(target=self._repeat, args=(name, act))
        self._threads.append(thread)
        thread.start()

    def send(self, path: str, body: Any, account: str, key: str) -> Answered:
        """One command on a connection of its own, which any process of the service may get."""
        api = self._api()
        try:
            return api.call("POST", path, account, body=body, key=key)
        finally:
            self.sent_again(api.repeated)

    def sent_again(self, times: int = 1) -> None:
        """Whoever acts for themselves says how often they had to."""
        self._sent_again.append(times)

    def _api(self) -> Api:
        return Api({**self.machine.addresses, "portal": self.machine.portal}, self.machine.token, WHO)

    def _repeat(self, name: str, act: Callable[[int], Answered]) -> None:
        try:
            while not self._over.wait(PAUSE):
                status, answer = act(self.asked[name])
                self.asked[name] += 1
                if status >= 400:
                    self.failures.append((name, status, answer))
        except BaseException as error:
            self.failures.append(error)


class AtTheDesk:
    """Somebody who works with the pages: what is put off, or does not arrive, they send once more as it is."""

    def __init__(self, load: Load, office: RunningOffice, visitor: Visitor) -> None:
        self._load, self._visitor = load, visitor
        self._talk, self._file = f"/beratung/{office.ids['case']}", f"/akte/{office.ids['person']}"
        self._told = {"setting": "office", "topics": "housing", "took_part": office.ids["person"], "held_on": DAY}

    def opens_a_file(self, number: int) -> Answered:
        return self._came_to(self._file, lambda: self._visitor.get(self._file))

    def records_a_talk(self, number: int) -> Answered:
        """In the form, which holds the key; then the day is shown."""
        opened = self._came_to(self._talk, lambda: self._visitor.get(self._talk))
        form = {**self._visitor.hidden(), **self._told, "minutes": "30"}
        if opened[0] >= 400:
            return opened
        return self._came_to("/mein-tag", lambda: self._visitor.post(self._talk, form))

    def _came_to(self, path: str, send: Callable[[], requests.Response]) -> Answered:
        """What the page says to which sending led; 404 where that is another than was to come."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(requests.ConnectionError):
                answer = send()
                if answer.status_code != 503:
                    there = urlsplit(answer.url).path == path
                    return answer.status_code if there else 404, {"url": answer.url, "page": answer.text}
            self._load.sent_again()
            time.sleep(PAUSE)
        raise TimeoutError(path)


def usual(load: Load, office: RunningOffice) -> None:
    """What goes on all day: ``talk-1`` and ``talk-2``, ``person``, ``figure``, ``team`` and ``portal``; in the pages
    ``file`` and ``form``, which records a talk, too."""
    for number in (1, 2):
        load.ask(f"talk-{number}", "POST", TALKS, MANAGER, body=office.filled(talk()))
    load.ask("person", "POST", PERSONS, CLERK, body=person())
    load.ask("figure", "GET", "/reporting/v1/figures/persons-in-care?valid_at=2018-05-31", "reporting")
    load.ask("team", "GET", "/casework/v1/teams", HEAD)
    load.ask("portal", "GET", "/health/live", HEAD, service="portal")
    portal = RunningPortal(office.machine, office)
    portal.add(MANAGER, INTEGRATION_MANAGER, shown_as=NAMES[INTEGRATION_MANAGER])
    load.repeat("file", AtTheDesk(load, office, portal.visitor(INTEGRATION_MANAGER)).opens_a_file)
    load.repeat("form", AtTheDesk(load, office, portal.visitor(INTEGRATION_MANAGER)).records_a_talk)
