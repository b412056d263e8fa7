"""Every benchmark still runs and says what it is documented to say. How fast it is, is no matter here.

Those that start a platform only with ``--soak``: each has its own command.
"""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from benchmarks import commands, entry, figures, lag, pages, rebuild, stores
from benchmarks.tools.http_load import Address
from benchmarks.tools.small_office import set_up
from benchmarks.tools.steady_load import LoadBroke, steady_load
from deploy.one_machine import OneMachine
from scenarios.small_office import AGS, CLERK, HEAD, LEAD, MANAGER
from services.reporting.figures import FIGURES
from shared.api import roles
from shared.database.postgres import connect
from tests.waiting import until
from wegmarken.demo_accounts import Login

MEASURED = {"rps", "p50_ms", "p95_ms", "p99_ms"}
LAGS = {"view_p50_ms", "view_p99_ms", "reaction_p50_ms", "reaction_p99_ms"}


def on_a_thread(benchmark: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A benchmark with a browser of its own: on this thread one of other tests may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(benchmark).result()


@pytest.mark.platform
@pytest.mark.soak
def test_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"CONNECTIONS": (1, 2), "ROUNDS": 1, "SECONDS": 0.2, "WARM_UP": 0.1}
    for name, value in small.items():
        monkeypatch.setattr(commands, name, value)
    found = commands.run()
    assert found.keys() == {"bench", "ours", "peer", "ratio"}
    assert found["bench"] == "commands"
    assert found["ratio"].keys() == {"1", "2"}
    for side in ("ours", "peer"):
        assert {connections: values.keys() for connections, values in found[side].items()} == {
            "1": MEASURED,
            "2": MEASURED,
        }


@pytest.mark.platform
@pytest.mark.soak
def test_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lag, "CAPACITY_SECONDS", 0.2)
    found = lag.run(samples=3)
    assert found.keys() == {"bench", "idle", "loaded"}
    assert found["bench"] == "lag"
    for state in ("idle", "loaded"):
        assert found[state].keys() == LAGS
        assert all(milliseconds >= 0 for milliseconds in found[state].values())


@pytest.mark.platform
@pytest.mark.soak
def test_entry() -> None:
    found = on_a_thread(lambda: entry.run(runs=1, model=entry.Model(key=0.01, look=0.0, think=0.0)))
    assert found.keys() == {"bench", "goal_seconds", "model", "runs", "form", "line"}
    assert found["bench"] == "entry"
    for way in ("form", "line"):
        assert found[way].keys() == {"seconds_p50", "seconds_max", "waiting_p50", "keystrokes", "within_goal"}
        assert found[way]["within_goal"]


@pytest.mark.platform
@pytest.mark.soak
def test_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "VIEWS", 1)
    found = on_a_thread(lambda: pages.run(persons=30, rounds=1, fill=a_small_office))
    assert found.keys() == {"bench", "goal_ms", "pages", "large"}
    assert found["bench"] == "pages"
    for name, taken in found["pages"].items():
        assert taken["p95_ms"] >= taken["p50_ms"] > 0
        assert (taken["first_view_ms"] or 0) > 0 or "letters" in name or "alike" in name
    assert found["large"]["persons"] >= 30
    assert found["large"]["pages"].keys() == found["pages"].keys()
    assert all(taken["times"] > 0 for taken in found["large"]["pages"].values())


def a_small_office(machine: OneMachine) -> list[Login]:
    set_up(machine)
    accounts = {
        roles.INTEGRATION_MANAGER: MANAGER,
        roles.TEAM_LEAD: LEAD,
        roles.INTAKE_CLERK: CLERK,
        roles.HEAD_OF_OFFICE: HEAD,
        roles.AUDITOR: "auditor",
        roles.DATA_PROTECTION_OFFICER: "datenschutz",
    }
    return [Login(role, account, account) for role, account in accounts.items()] + [
        Login(roles.MUNICIPAL_STAFF, "rathaus", "rathaus", ags=AGS)
    ]


def test_rebuild(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rebuild.GIVEN, postgres)
    found = rebuild.run(sizes=(500, 1500))
    assert found.keys() == {"bench", "sizes"}
    assert found["bench"] == "rebuild"
    assert list(found["sizes"]) == ["500", "1500"]
    for size in found["sizes"].values():
        assert size.keys() == {"events_per_s", "peak_mb", "postgresql"}
        for each in (size, size["postgresql"]):
            assert each["events_per_s"] > 0 < each["peak_mb"]
    with closing(connect(postgres)) as connection:
        assert connection.execute("select 1 from pg_namespace where nspname = 'reporting'").fetchone() is None


def test_views_that_are_there_already_are_not_dropped(postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rebuild.GIVEN, postgres)
    with closing(connect(f"{postgres}?schema=reporting", autocommit=True)) as connection:
        connection.execute("create table kept (number integer)")
        with pytest.raises(rebuild.InUse):
            rebuild.run(sizes=(500,))
        assert connection.execute("select * from kept").fetchall() == []


def test_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(stores.GIVEN, raising=False)
    clients = {"1": stores.Clients(1, 1, 20), "2 processes": stores.Clients(2, 4, 80)}
    small = stores.History(clients=clients, streams=3, live=5)
    found = stores.run(small, rounds=1)
    assert found.keys() == {"bench", "events", "server", "sqlite", "kurrentdb"}
    assert (found["bench"], found["events"], found["server"]) == ("stores", 135, "stand-in")
    for store in ("sqlite", "kurrentdb"):
        measured = found[store]
        assert measured["append"].keys() == clients.keys()
        assert all(one.keys() == {"appends_per_s", "p50_ms", "p99_ms"} for one in measured["append"].values())
        assert measured["read"].keys() == {"streams_per_s", "events_per_s"}
        assert measured["subscribe"].keys() == {"events_per_s", "p50_ms", "p99_ms"}
        assert measured["ledger"].keys() == {"events_per_s", "rebuild_events_per_s"}
        for figures_of in (*measured["append"].values(), measured["read"], measured["subscribe"], measured["ledger"]):
            assert all(figure > 0 for figure in figures_of.values())


def test_figures() -> None:
    found = figures.run(size=500, rounds=1)
    assert found.keys() == {"bench", "events", "persons", "ms"}
    assert found["bench"] == "figures" and found["persons"] > 10 and found["events"] > 500
    assert found["ms"].keys() == FIGURES.keys()
    for name, taken in found["ms"].items():
        assert taken["day"] > 0
        assert (taken["36_months"] or 0) > 0 or not FIGURES[name].over_time


def test_a_load_that_ended_early_is_not_taken_for_one() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # not listening: the load is refused
        address = Address(*nobody.getsockname())
        with pytest.raises(LoadBroke), steady_load(address, "/", "token", b"", per_second=10):
            until(lambda: not multiprocessing.active_children(), "the load has ended")
