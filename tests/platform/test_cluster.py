"""A broker of three nodes: any one of them may die while the platform works, and so may the relay that leads."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from deploy.one_machine import OneMachine
from deploy.processes import RELAY
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from shared.bus import topology
from shared.bus.connection import LOST, connected
from shared.contracts.subscriptions import SUBSCRIPTIONS
from tests.broker import BrokerCluster, freeze, kill, restart, thaw
from tests.bus.conftest import Bus
from tests.bus.events import store_events
from tests.platform import invariants
from tests.platform.county import SAMPLED, RunningCounty, machine, sample
from tests.platform.figures import assert_reported
from tests.platform.trouble import Trouble
from tests.waiting import until

pytestmark = [pytest.mark.platform, pytest.mark.timeout(1800)]

QUEUE = "casework"
"""Whose leader's node is lost."""
FOUND_AGAIN = 15.0
"""Seconds, on a machine that does all this at once and other work besides; where there is room it is about two."""

STILL_FOUND_OUT = 40.0
"""Seconds, of which the nodes of ``deploy.broker`` take up to 19 to notice."""
QUEUES = [topology.UNREAD] + [
    queue
    for service in SUBSCRIPTIONS
    for queue in (*topology.queues_of(service, topology.DELAYS), topology.parked_queue(service))
]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerCluster]:
    with BrokerCluster(tmp_path_factory.mktemp("brokers")) as cluster:
        yield cluster


def test_every_queue_has_a_member_on_each_node_and_those_of_a_single_node_can_grow(brokers: BrokerCluster) -> None:
    with connected(brokers.url) as connection:
        topology.declare(connection.channel())
    names = {node.name for node in brokers.nodes}
    assert {name: set(queue["members"]) for name, queue in brokers.queues().items()} == dict.fromkeys(QUEUES, names)
    first, *others = brokers.nodes
    for node in others:
        brokers.tool("rabbitmq-queues", "shrink", node.name)
    assert all(queue["members"] == [first.name] for queue in brokers.queues().values()), "as with a single node"
    for node in others:
        brokers.tool("rabbitmq-queues", "grow", node.name, "all")
    assert all(set(queue["members"]) == names for queue in brokers.queues().values())


def test_a_lost_node_and_a_lost_relay_in_the_middle_lose_and_repeat_nothing(
    brokers: BrokerCluster, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    soak = pytestconfig.getoption("soak")
    of = scenario(1) if soak else sample(scenario(1))
    with machine(tmp_path / "data", broker=brokers.url, replicas={RELAY.name: 2}) as running:
        accidents, eighth = Accidents(brokers, running), len(of.posts) // 8
        plan = [
            (eighth, "kill the node that leads a queue", accidents.lose_the_queue_s_node),
            (3 * eighth, "bring it back", accidents.bring_back),
            (4 * eighth, "kill the relay that leads", accidents.lose_the_relay),
            (5 * eighth, "kill the node of the relay that now leads", accidents.lose_the_relay_s_node),
        ]
        trouble = Trouble(running, plan)
        loader = Loader(of, Api(running.addresses, running.token, of.roles), tell=trouble.tell)
        loader.run()
        trouble.over()
        running.wait_quiet(timeout=120)  # with two nodes of three
        invariants.assert_every_reaction_happened(running)
        invariants.assert_all(running.data, commands=len(of.posts))
        figures = RunningCounty(running, of).figures()
        if soak:
            assert_reported(figures)
        else:
            assert figures == SAMPLED
        accidents.bring_back()
        assert len(set(accidents.lost)) == 2, accidents.lost


def test_a_relay_on_a_node_that_stands_still_is_replaced_and_nothing_is_left_out(
    brokers: BrokerCluster, tmp_path: Path
) -> None:
    still, *others = brokers.nodes
    with ExitStack() as processes:
        bus = Bus(still, tmp_path, processes)
        processes.callback(bus.store.close)
        ids = store_events(bus.store, 20)
        with bus.relay() as first:
            until(lambda: first.status().position == 20, "the first has published all")
            with bus.relay(";".join(node.url for node in others)) as second:
                until(lambda: second.status().connected, "the second is connected")
                freeze(still)
                began = time.monotonic()
                try:
                    ids += store_events(bus.store, 20)
                    until(lambda: second.status().leader, "the second leads", STILL_FOUND_OUT)
                    print(f"after {time.monotonic() - began:.1f} s")
                    until(lambda: second.status().position == 40, "the second has published the rest")
                    arrived: list[str] = []
                    until(lambda: set(taken(others[0].url, "eligibility", arrived)) == set(ids), "all have arrived")
                finally:
                    thaw(still)
    assert list(dict.fromkeys(arrived)) == ids


def taken(url: str, queue: str, arrived: list[str]) -> list[str]:
    """Take what is in a queue, and add the ids of its events to those that were taken before.

    The queue's new leader is not known everywhere at once. What was taken goes back as the connection ends.
    """
    with suppress(*LOST), connected(url) as connection:
        channel = connection.channel()
        while (message := channel.basic_get(queue)) is not None:
            arrived.append(message.message_id)
    return arrived


class Accidents:
    """What befalls a cluster and the relays on it."""

    def __init__(self, brokers: BrokerCluster, running: OneMachine) -> None:
        self._brokers, self._running = brokers, running
        self.lost: list[str] = []

    def lose_the_queue_s_node(self) -> None:
        self._lose(self._brokers.queues()[QUEUE]["leader"])

    def lose_the_relay_s_node(self) -> None:
        """Everybody left the node that was lost before, so it is another one."""
        until(lambda: len(self._brokers.queues()[QUEUE]["online"]) == len(self._brokers.nodes), "every node is back")
        self._lose(self._brokers.holder(topology.LEADER))

    def bring_back(self) -> None:
        restart(self._brokers.node(self.lost[-1]))

    def lose_the_relay(self) -> None:
        """It is held down: the one that stood by has to lead."""
        leader = self._leaders()[0]
        self._running.supervisor.kill(leader, hold=True)
        self._found_again(f"{leader} is lost")
        assert self._leaders() != [leader]
        self._running.supervisor.release(leader)

    def _lose(self, name: str) -> None:
        """As in a power cut; everybody finds another node soon."""
        self.lost.append(name)
        kill(self._brokers.node(name))
        self._found_again(f"{name} is lost")

    def _found_again(self, what: str) -> None:
        began = time.monotonic()
        until(lambda: self._leaders() and self._subscribed(), "a relay leads and all reactions are subscribed")
        seconds = time.monotonic() - began
        print(f"{what}: a relay leads and all reactions are subscribed after {seconds:.1f} s")
        assert seconds < FOUND_AGAIN

    def _leaders(self) -> list[str]:
        relays = [child for name, child in self._running.supervisor.children.items() if name.startswith(RELAY.name)]
        return [relay.name for relay in relays if (relay.said() or {}).get("leader")]

    def _subscribed(self) -> bool:
        return self._running.supervisor.children["react"].ready()
