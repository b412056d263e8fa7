"""How long a person takes to record a talk with a known family, by keyboard alone, in a real browser.

A script sits where the person would: it presses one key after the other as fast as somebody does who writes with some
fingers, and pauses where a person looks before going on. The clock runs from My day, read and with the family in sight,
until the page says that the talk is recorded. Everything between is real: browser, portal, services, store.

The talk: a home visit of 45 minutes with an interpreter, two members of the family took part as last time; housing and
language, a need in the one, progress in the other; a note of one sentence.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from benchmarks.tools.browser import chromium
from benchmarks.tools.percentiles import percentile
from benchmarks.tools.small_office import set_up
from deploy.one_machine import OneMachine
from scenarios.loader import Api
from scenarios.small_office import MANAGER, Office
from services.portal.login.accounts import Accounts, made_password
from services.portal.login.database import open_database
from shared.api.roles import INTEGRATION_MANAGER

GOAL: Final = 45.0
"""Seconds."""
RUNS: Final = 5
PATIENCE: Final = 15_000
"""Milliseconds until what does not appear counts as broken."""
NOTE: Final = "Wohnung besichtigt, Kurs ab Montag."


@dataclass(frozen=True, slots=True)
class Model:
    """How fast a person is, in seconds. ``key``: between two keys, 60 words a minute. ``look``: at a page that has just
    appeared. ``think``: before what is to be decided: where, how long, the topics, the steps, what to write."""

    key: float = 0.2
    look: float = 2.0
    think: float = 1.0


HUMAN: Final = Model()


@dataclass(slots=True)
class Person:
    """Somebody at the keyboard; counts the keys."""

    page: Page
    model: Model
    keys: int = 0
    paused: float = 0.0
    _began: float = field(default_factory=time.perf_counter)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.keys += 1
            self._pause(self.model.key)
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        for letter in text:
            self.keys += 1
            self._pause(self.model.key)
            self.page.keyboard.type(letter)

    def look(self, selector: str) -> None:
        """Wait until something is there, and look at it."""
        self.page.wait_for_selector(selector, timeout=PATIENCE)
        self._pause(self.model.look)

    def think(self) -> None:
        self._pause(self.model.think)

    def seconds(self) -> float:
        return time.perf_counter() - self._began

    def _pause(self, seconds: float) -> None:
        self.paused += seconds
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds and keys of one entry; ``waiting``: the seconds in which the person waited for the platform."""

    seconds: float
    keys: int
    waiting: float


def run(runs: int = RUNS, model: Model = HUMAN) -> dict[str, Any]:
    """The form and the line, each several times; the median and the slowest."""
    with (
        tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory,
        OneMachine(Path(directory), clock="manual") as machine,
    ):
        office, password = set_up(machine), made_password()
        _meet(machine, office)
        with closing(open_database(machine.data / "portal.db")) as database:
            Accounts(database).add(MANAGER, [INTEGRATION_MANAGER], password, shown_as="Mess Beispiel")
        with chromium() as browser:
            page = browser.new_page(base_url=machine.portal, locale="de-DE")
            _log_in(page, password)
            taken = {"form": _several(page, runs, model, by_form), "line": _several(page, runs, model, by_line)}
    return {
        "bench": "entry",
        "goal_seconds": GOAL,
        "model": asdict(model),
        "runs": runs,
        **{way: _summary(each) for way, each in taken.items()},
    }


def by_form(person: Person) -> None:
    """From the marked stop of My day through the form."""
    person.press("b")
    person.look("form.talk [data-gridded]")  # who came last is ticked: that is right
    person.press("Tab")
    person.think()
    person.press("a", "Tab")  # at home; the day stays today
    person.press("Tab")
    person.think()
    person.write("45")
    person.press("Tab", "Space", "Tab")  # with an interpreter
    person.think()
    person.write("wo")
    person.press("Enter")
    person.write("spr")
    person.press("Tab")
    person.think()
    person.press("ArrowDown", "Space", "ArrowUp", "ArrowRight", "Space", "Tab")
    person.think()
    person.write(NOTE)
    person.press("Control+Enter")
    person.look(".note.ok")


def by_line(person: Person) -> None:
    """The same talk in one line, without steps and note."""
    person.press("/")
    person.think()
    person.write("b mess wohn spra 45 haus dolm")
    person.look("#understood b")
    person.press("Enter")
    person.look(".note.ok")


def _meet(machine: OneMachine, office: Office) -> None:
    """The family is known: two of them were there last time."""
    api = Api(machine.addresses, machine.token, {MANAGER: (INTEGRATION_MANAGER,)})
    status, answer = api.call("POST", "/casework/v1/consultations", MANAGER, body=office.consultation, key="known")
    if status != 201:
        raise RuntimeError(f"the family could not be met: {answer}")
    machine.wait_quiet()


def _log_in(page: Page, password: str) -> None:
    page.goto("/anmelden")
    page.fill("[name=name]", MANAGER)
    page.fill("[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/mein-tag", timeout=PATIENCE)


def _several(page: Page, runs: int, model: Model, record: Callable[[Person], None]) -> list[Taken]:
    taken, way = [], record.__name__
    for _ in range(runs):
        page.goto("/mein-tag")
        page.wait_for_selector(".stop[aria-current]", timeout=PATIENCE)
        person = Person(page, model)
        record(person)
        seconds = person.seconds()
        taken.append(Taken(seconds, person.keys, seconds - person.paused))
        print(f"  {way}: {seconds:.1f} s, {person.keys} keys", file=sys.stderr, flush=True)
    return taken


def _summary(taken: list[Taken]) -> dict[str, Any]:
    seconds = sorted(each.seconds for each in taken)
    return {
        "seconds_p50": round(percentile(seconds, 0.5), 1),
        "seconds_max": round(seconds[-1], 1),
        "waiting_p50": round(statistics.median(each.waiting for each in taken), 2),
        "keystrokes": taken[-1].keys,
        "within_goal": seconds[-1] < GOAL,
    }
