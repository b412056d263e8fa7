"""All that a cluster consists of, at once: three nodes that speak KurrentDB's protocol, PostgreSQL, a broker of three
nodes, two of each process. While the county's sample is recorded each of them fails and everything is restarted.
Then the drill: a backup, an erasure, and the platform on what comes back on other servers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from deploy.one_machine import OneMachine
from deploy.processes import PROCESSES, RELAY
from scenarios import loader as posting
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from scenarios.steps import Scenario
from shared.api.roles import INTAKE_CLERK
from tests.backup.installation import Installation, restored
from tests.broker import BrokerCluster, kill, restart
from tests.eventstore.served import Served, served, served_to
from tests.platform import invariants
from tests.platform.county import SAMPLED, SETTINGS, RunningCounty, sample
from tests.platform.trouble import Planned, Trouble
from tests.postgres import Cluster
from tests.servers.kept import kept
from tests.waiting import until
from wegmarken.backup.manifest import Manifest

pytestmark = [pytest.mark.platform, pytest.mark.soak, pytest.mark.timeout(1800)]

TWICE = {process.name: 2 for process in PROCESSES}
NODE = 1
"""The event store's node that becomes the leader; the first one then dies."""


@dataclass(frozen=True)
class Servers:
    """What the platform stands on."""

    store: Served
    cluster: Cluster
    database: str
    brokers: BrokerCluster

    @property
    def settings(self) -> dict[str, str]:
        return SETTINGS | kept(self.store.url, self.database)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Servers]:
    with served_to(nodes=3) as store, BrokerCluster(tmp_path_factory.mktemp("brokers")) as brokers:
        yield Servers(store, cluster, cluster.new_database(), brokers)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, servers: Servers) -> Iterator[RunningCounty]:
    of = sample(scenario(1))
    with (
        pytest.MonkeyPatch.context() as patience,
        OneMachine(
            tmp_path_factory.mktemp("together"),
            clock="manual",
            settings=servers.settings,
            broker=servers.brokers.url,
            replicas=TWICE,
            say=print,
        ) as running,
    ):
        patience.setattr(posting, "PATIENCE", 600.0)
        trouble = Trouble(running, planned(servers, running, of))
        loader = Loader(of, Api(running.addresses, running.token, of.roles), tell=trouble.tell)
        loader.run()
        trouble.over()
        running.wait_quiet(timeout=600)
        yield RunningCounty(running, of)


def planned(servers: Servers, running: OneMachine, of: Scenario) -> list[Planned]:
    """Each kind of failure, evenly over the commands."""
    lost = servers.brokers.nodes[0]
    troubles: list[tuple[str, Callable[[], object]]] = [
        ("kill a node of the broker", partial(kill, lost)),
        ("kill the relay that leads", partial(kill_the_leader, running)),
        ("bring the broker's node back", partial(restart, lost)),
        ("elect another leader of the event store", partial(servers.store.tell, "elect", NODE)),
        ("lose the event store's old leader", partial(servers.store.tell, "stop", 0)),
        ("cut all connections to PostgreSQL", partial(servers.cluster.cut_off, servers.database)),
        ("bring the event store's node back", partial(servers.store.tell, "start", 0)),
        ("lose answers of appends", partial(servers.store.tell, "lose_answers", 2)),
        ("restart all processes, one after the other", partial(restart_all, running)),
    ]
    step = len(of.posts) // (len(troubles) + 1)
    return [(number * step, what, told(what, trouble)) for number, (what, trouble) in enumerate(troubles, start=1)]


def told(what: str, trouble: Callable[[], object]) -> Callable[[], object]:
    def happening() -> None:
        began = time.monotonic()
        trouble()
        print(f"{what}: {time.monotonic() - began:.1f} s", flush=True)

    return happening


def restart_all(running: OneMachine) -> None:
    for name in running.supervisor.children:
        running.supervisor.restart(name)


def kill_the_leader(running: OneMachine) -> None:
    relays = [child for name, child in running.supervisor.children.items() if name.startswith(RELAY.name)]
    until(lambda: any((relay.said() or {}).get("leader") for relay in relays), "a relay leads")
    running.supervisor.kill(next(relay.name for relay in relays if (relay.said() or {}).get("leader")))


def test_it_reports_what_it_reports_on_files(county: RunningCounty) -> None:
    assert county.figures() == SAMPLED


def test_nothing_was_lost_parked_or_done_twice(county: RunningCounty, servers: Servers) -> None:
    invariants.assert_every_reaction_happened(county.machine)
    invariants.assert_all(
        county.machine.data, commands=len(county.scenario.posts), **kept(servers.store.url, servers.database)
    )
    for name, child in county.machine.supervisor.children.items():
        assert "reaction.parked" not in child.log.read_text(), name


def test_the_drill(county: RunningCounty, servers: Servers, tmp_path: Path) -> None:
    """A backup beside the working platform, an erasure, and the platform on what comes back elsewhere."""
    before = county.figures()
    here = Installation(county.machine.data, servers.settings)
    here.done("backup", "secrets", tmp_path / "safe")
    here.done("backup", "create", tmp_path / "backup")
    found = county.post("/intake/v1/persons/search", {"q": "a"}, INTAKE_CLERK).json()["persons"]
    gone, stays = found[0], found[1]
    here.done("erase", gone["person_id"], "--reason", "request", "--yes")
    with served() as elsewhere:
        there = Installation(tmp_path / "var", SETTINGS | kept(elsewhere, servers.cluster.new_database()))
        restored(there, tmp_path / "backup", tmp_path / "safe", "--erasures", here.settings.erasures)
        with OneMachine(there.data, clock="manual", settings=there.further, say=print) as running:
            running.wait_quiet(timeout=600)
            again = RunningCounty(running, county.scenario)
            assert again.figures() == before == SAMPLED
            assert again.get(f"/intake/v1/persons/{gone['person_id']}", INTAKE_CLERK)["erased"] is True
            shown = again.get(f"/intake/v1/persons/{stays['person_id']}", INTAKE_CLERK)
            assert shown["family_name"] == stays["family_name"]
            answer = again.get("/reporting/v1/ledger?verify=true", "auditor")
            assert answer["verified"]["broken"] is None
            assert answer["chain"] == Manifest.read(tmp_path / "backup").store.chain
