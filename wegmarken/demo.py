"""``wegmarken demo``: the whole platform on the demonstration county, from nothing to the report."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import requests
from rich.console import Console

from deploy.one_machine import NotQuiet, OneMachine
from deploy.processes import PROJECTOR, REACT
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loaded, Loader, LoadFailed
from scenarios.steps import Scenario
from services.reporting.table import table
from shared.api.roles import AUDITOR, REPORTING
from shared.eventstore.opening import open_store
from shared.runtime.config import Settings
from shared.runtime.terminal import progress, refusing
from wegmarken import demo_accounts
from wegmarken.running import CANNOT_RUN, show_addresses

ROLES: Final = (REPORTING, AUDITOR)
"""Reads figures, looks at the ledger and at what is parked."""
PATIENCE: Final = 180.0
"""Seconds for the last reactions and views."""


class StoreInUse(Exception):
    """The store that was named has a history. The text shows nothing of its URL."""


class PutAside(Exception):
    """A reaction was parked, or a view has stopped: not everything worked. The text says whose."""


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


def load(machine: OneMachine, of: Scenario, *, to: Console) -> Loaded:
    """Post the scenario with visible progress. Raises LoadFailed."""
    with progress(to) as bar:
        task = bar.add_task(f"{of.begins_on:%d.%m.%Y}", total=len(of.posts))

        def tell(done: int, day: date) -> None:
            bar.update(task, completed=done, description=f"{day:%d.%m.%Y}")

        return Loader(of, Api(machine.addresses, machine.token, of.roles), tell=tell).run()


def report(machine: OneMachine) -> dict[str, Any]:
    """The report as reporting answers it."""
    answer = get(machine, f"{machine.addresses['reporting']}/reporting/v1/report")
    assert isinstance(answer, dict)
    return answer


def get(machine: OneMachine, url: str) -> Any:
    """What a process answers to somebody of the reporting office. Raises requests.RequestException."""
    headers = {"Authorization": f"Bearer {machine.token('reporting', ROLES)}"}
    response = requests.get(url, headers=headers, timeout=60)
    response.raise_for_status()
    return response.json()


def demonstrate(machine: OneMachine, of: Scenario, *, to: Console) -> Demonstrated:
    """Load, wait until every reaction and view is done, and ask for the report.

    Raises LoadFailed, NotQuiet, PutAside, requests.RequestException.
    """
    loaded = load(machine, of, to=to)
    to.print("waiting for the last reactions and views …")
    started = time.monotonic()
    settle(machine)
    catch_up = time.monotonic() - started
    events = get(machine, f"{machine.addresses['reporting']}/reporting/v1/ledger")["seq"]
    return Demonstrated(report(machine), loaded, catch_up, events)


def settle(machine: OneMachine) -> None:
    """Wait until every reaction and view is done; what was put aside never will be. Raises NotQuiet, PutAside."""
    try:
        machine.wait_quiet(timeout=PATIENCE)
    except NotQuiet:
        refuse_what_was_put_aside(machine)
        raise
    refuse_what_was_put_aside(machine)


def refuse_what_was_put_aside(machine: OneMachine) -> None:
    """Raises PutAside unless nothing is parked and every view goes on; NotQuiet where nobody says so."""
    parked = get(machine, f"{machine.supervisor.children[REACT.name].url}/parked")["parked"]
    if (views := machine.supervisor.children[PROJECTOR.name].said()) is None:
        raise NotQuiet(f"{PROJECTOR.name} does not answer")
    lines = [f"{count} parked of {service}" for service, count in sorted(Counter(p["service"] for p in parked).items())]
    lines += [f"the view {name} has stopped" for name in sorted(views["stopped"])]
    if lines:
        raise PutAside(f"not everything worked: {', '.join(lines)}")


def refuse_a_store_in_use(url: str) -> None:
    """Raises StoreInUse unless there is an empty store; ConfigurationError, StoreUnavailable."""
    with closing(open_store(url)) as store:
        if store.head():
            raise StoreInUse("the store holds a history already: the demonstration needs an empty one")


@click.command()
@click.option("--once", is_flag=True, help="Stop after the report; exit 0 only if everything worked.")
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object on standard output, nothing else.")
@click.option("--seed", default=1, show_default=True, help="Another seed: another population, the same figures.")
@click.option("--store", metavar="URL", help="An event store of your own, empty: kurrentdb://… (docs/configuration.md)")
def demo(once: bool, as_json: bool, seed: int, store: str | None) -> None:
    """The platform on the demonstration county: starts everything, posts the scenario, prints the report."""
    if as_json and not once:
        raise click.UsageError("--json goes with --once")
    to = Console(stderr=True)
    broker = Settings.from_environment().broker
    with refusing(*CANNOT_RUN, StoreInUse, LoadFailed, NotQuiet, PutAside, requests.RequestException):
        settings = {}
        if store is not None:
            refuse_a_store_in_use(store)
            settings["WEGMARKEN_EVENTSTORE"] = store
        of = scenario(seed)
        with (
            TemporaryDirectory(prefix="wegmarken-demo-", ignore_cleanup_errors=True) as data,
            OneMachine(Path(data), clock="manual", broker=broker, settings=settings, say=to.print) as machine,
        ):
            show(machine, demonstrate(machine, of, to=to), of, once=once, as_json=as_json, to=to)


def show(machine: OneMachine, found: Demonstrated, of: Scenario, *, once: bool, as_json: bool, to: Console) -> None:
    """Print what was found; unless that was all, leave the platform to whoever wants to look, until Ctrl-C."""
    if as_json:
        click.echo(json.dumps(found.as_json(of.name), ensure_ascii=False))
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
