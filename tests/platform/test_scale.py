"""Everything by count: two of each process share the work, one of them may go at any time, and all are replaced
under load."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
import requests

from deploy.processes import HTTP, PORTAL, PROCESSES, PROJECTOR, REACT, RELAY
from scenarios.small_office import MANAGER
from tests.platform import invariants
from tests.platform.county import machine
from tests.platform.load import Load, usual
from tests.platform.office import RunningOffice, talk
from tests.waiting import until

pytestmark = [pytest.mark.platform, pytest.mark.timeout(400)]

TWICE = {process.name: 2 for process in PROCESSES}
TAKEN_OVER = 10.0
"""Seconds, on a machine that starts the lost process anew at the same time; else it is about one."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffice]:
    """A small platform on which two of each process run."""
    with machine(tmp_path_factory.mktemp("scale"), replicas=TWICE) as running:
        yield RunningOffice.open(running)


def test_two_processes_of_a_service_answer_on_one_port(office: RunningOffice) -> None:
    for process in (PORTAL, *HTTP):
        url = office.machine.supervisor.children[process.name].url
        assert office.machine.supervisor.children[f"{process.name}-2"].url == url
        answered: set[str] = set()
        until(partial(both, url, answered), f"both processes of {process.name}")


def both(url: str, answered: set[str]) -> bool:
    """Whether two processes have answered by now, each on a connection of its own; they differ by when they began to
    count: of when they started the kernel tells only hundredths of a second."""
    metrics = requests.get(f"{url}/metrics", headers={"Connection": "close"}, timeout=10).text
    answered.update(line for line in metrics.splitlines() if line.startswith("wegmarken_store_unavailable_created "))
    return len(answered) == 2


def test_two_reacting_processes_share_the_queues(office: RunningOffice) -> None:
    reacting = [office.machine.supervisor.children[name] for name in (REACT.name, f"{REACT.name}-2")]

    def both_have_handled_some() -> bool:
        office.register(given_name="Probe")
        office.rest()
        return all("reactions_handled_total{" in requests.get(f"{each.url}/metrics").text for each in reacting)

    until(both_have_handled_some, "both have handled messages")


def test_a_projector_that_stands_by_takes_over(office: RunningOffice) -> None:
    office.rest()
    supervisor = office.machine.supervisor
    pair = [supervisor.children[name] for name in (PROJECTOR.name, f"{PROJECTOR.name}-2")]
    views = {name for each in pair for name in (each.said() or {})["standing_by"]}
    assert views == set((pair[0].said() or {})["views"]), "each view has one that leads and one that stands by"
    leader, other = sorted(pair, key=lambda each: len((each.said() or {})["standing_by"]))
    supervisor.kill(leader.name, hold=True)
    try:
        position = office.done("/casework/v1/consultations", office.filled(talk()), MANAGER)["position"]

        def has_taken_over() -> bool:
            says = other.said() or {}
            return says.get("standing_by") == [] and min(says["views"].values()) >= position

        until(has_taken_over, "every view is followed again", TAKEN_OVER)
    finally:
        supervisor.release(leader.name)
        supervisor.wait_ready(leader.name)
    assert set((leader.said() or {})["standing_by"]) == views


def test_everything_is_restarted_under_load_without_a_failed_command(office: RunningOffice) -> None:
    office.rest()
    before = Counter(event.type for event in invariants.history(office.data))
    with Load(office.machine) as load:
        usual(load, office)
        for name in office.machine.supervisor.children:
            office.machine.supervisor.restart(name)
    restarted = len(office.machine.supervisor.children)
    print(f"{load.asked.total()} requests while {restarted} processes were restarted; {load.repeated} sent again")
    assert load.failures == []
    assert all(count > restarted for count in load.asked.values()), load.asked
    invariants.assert_every_reaction_happened(office.machine)
    added = Counter(event.type for event in invariants.history(office.data)) - before
    assert added["casework.ConsultationHeld"] == sum(load.asked[each] for each in ("talk-1", "talk-2", "form"))
    assert added["intake.PersonRegistered"] == load.asked["person"]
    invariants.assert_all(office.data)


def test_the_relay_that_leads_hands_over_when_it_is_told_to_stop(office: RunningOffice) -> None:
    relays = [office.machine.supervisor.children[name] for name in (RELAY.name, f"{RELAY.name}-2")]
    leader = next(relay for relay in relays if (relay.said() or {})["leader"])
    (other,) = (relay for relay in relays if relay is not leader)
    office.machine.supervisor.restart(leader.name)
    until(lambda: (other.said() or {})["leader"], "the other leads", TAKEN_OVER)
    assert not (leader.said() or {})["leader"]
    office.register(given_name="Probe")
    office.rest()
