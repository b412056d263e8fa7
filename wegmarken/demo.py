"""``./dev demo``: the whole platform on the demonstration county, from nothing to the report."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from deploy.one_machine import OneMachine
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loaded, Loader
from scenarios.steps import Scenario
from services.reporting.table import table
from shared.api.roles import AUDITOR, REPORTING
from shared.eventstore.opening import open_store
from shared.eventstore.port import StoreUnavailable
from shared.runtime.config import ConfigurationError
from shared.runtime.terminal import progress
from wegmarken import demo_accounts

ROLES = (REPORTING, AUDITOR)
"""Reads figures and looks at the ledger."""


@dataclass(frozen=True, slots=True)
class Demonstrated:
    """What the demonstration found: the JSON object of ``--json``."""

    report: dict[str, Any]
    loaded: Loaded
    catch_up: float
    events: int

    def as_json(self, name: str) -> dict[str, Any]:
        return {
            "scenario": name,
            "figures": self.report["figures"],
            "position": self.report["position"],
            "events": self.events,
            "seconds": {"load": round(self.loaded.seconds, 2), "catch_up": round(self.catch_up, 2)},
        }


@contextmanager
def throw_away() -> Iterator[Path]:
    """A data directory that is gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="wegmarken-demo-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def load(machine: OneMachine, of: Scenario, *, to: Console) -> Loaded:
    """Post the scenario with visible progress. Raises LoadFailed."""
    with progress(to) as bar:
        task = bar.add_task(f"{of.begins_on:%d.%m.%Y}", total=len(of.posts))

        def tell(done: int, day: date) -> None:
            bar.update(task, completed=done, description=f"{day:%d.%m.%Y}")

        return Loader(of, Api(machine.addresses, machine.token, of.roles), tell=tell).run()


def report(machine: OneMachine) -> dict[str, Any]:
    """The report as reporting answers it."""
    answer = get(machine, "/reporting/v1/report")
    assert isinstance(answer, dict)
    return answer


def get(machine: OneMachine, path: str) -> Any:
    """What reporting answers to somebody of the reporting office."""
    headers = {"Authorization": f"Bearer {machine.token('reporting', ROLES)}"}
    response = requests.get(machine.addresses["reporting"] + path, headers=headers, timeout=60)
    response.raise_for_status()
    return response.json()


def demonstrate(machine: OneMachine, of: Scenario, *, to: Console) -> Demonstrated:
    """Load, wait until every reaction and view is done, and ask for the report."""
    loaded = load(machine, of, to=to)
    to.print("waiting for the last reactions and views …")
    started = time.monotonic()
    machine.wait_quiet(timeout=180)
    catch_up = time.monotonic() - started
    return Demonstrated(report(machine), loaded, catch_up, get(machine, "/reporting/v1/ledger")["seq"])


class StoreUnusable(Exception):
    """The event store that was named cannot be used. The text says why, and shows nothing of its URL."""


def refuse_a_store_in_use(url: str) -> None:
    """Raises StoreUnusable unless there is an empty store."""
    try:
        with closing(open_store(url)) as store:
            if store.head():
                raise StoreUnusable("the store holds a history already: the demonstration needs an empty one")
    except ConfigurationError as error:
        raise StoreUnusable(str(error)) from None
    except StoreUnavailable as error:
        raise StoreUnusable(f"the store does not answer ({error})") from None


def demo(*, once: bool, as_json: bool, seed: int, broker: str | None, store: str | None) -> None:
    """Run the demonstration; see ``./dev demo --help``."""
    to = Console(stderr=True)
    of = scenario(seed)
    settings = {}
    if store is not None:
        refuse_a_store_in_use(store)
        settings["WEGMARKEN_EVENTSTORE"] = store
    with (
        throw_away() as data,
        OneMachine(data, clock="manual", broker=broker, settings=settings, say=to.print) as machine,
    ):
        found = demonstrate(machine, of, to=to)
        if as_json:
            print(json.dumps(found.as_json(of.name), ensure_ascii=False))
            return
        Console().print(table(found.report))
        to.print(
            f"{found.loaded.commands:,} commands in {found.loaded.seconds:.1f} s, {found.events:,} events;"
            f" all reactions and views {found.catch_up:.1f} s later."
        )
        if once:
            return
        show_addresses(machine, to)
        to.print(demo_accounts.make(machine.data / "portal.db"))
        to.print("Ctrl-C stops everything and throws the demonstration's data away.")
        machine.supervisor.watch()


def show_addresses(machine: OneMachine, to: Console) -> None:
    """Where the platform answers, and how to ask."""
    to.print(f"  the pages    {machine.portal}", highlight=False)
    for service, url in machine.addresses.items():
        to.print(f"  {service:<12} {url}/openapi.json", highlight=False)
    to.print(
        f"  a token      ./dev wegmarken token NAME --role reporting --data {machine.data}",
        highlight=False,
        soft_wrap=True,
    )
