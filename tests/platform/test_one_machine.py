"""Starting the platform on one machine: what stands in the way is one clear line."""

from __future__ import annotations

import random
import socket
from collections import defaultdict
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import PrivateBroker
from deploy.one_machine import BrokerUnusable, OneMachine, PortTaken, head_if_quiet
from deploy.processes import HTTP, PORTAL, PROCESSES, PROJECTOR, REACT, RELAY
from shared.bus import topology
from shared.bus.connection import connected


def test_a_broker_on_which_another_platform_runs_is_refused(broker: PrivateBroker, tmp_path: Path) -> None:
    url = broker.url
    with connected(url) as other:
        other.channel().queue_declare(topology.LEADER, exclusive=True, auto_delete=False)
        with pytest.raises(BrokerUnusable, match="another platform runs"), OneMachine(tmp_path, broker=url):
            pass


def test_a_broker_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    nowhere = "amqp://nobody@127.0.0.1:1/"
    with pytest.raises(BrokerUnusable, match="does not answer"), OneMachine(tmp_path, broker=nowhere):
        pass


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    named = f"port {PORTAL.default_port}, needed by {PORTAL.name}, is taken"
    with ExitStack() as somebody:
        with suppress(OSError):  # it may be taken as it is, by a platform of one's own
            somebody.enter_context(socket.create_server(("127.0.0.1", PORTAL.default_port)))
        with pytest.raises(PortTaken, match=named), OneMachine(tmp_path, ports="fixed"):
            pass
    assert not (tmp_path / "broker").exists()


def test_no_two_processes_are_given_one_free_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nobody listens yet on what was drawn before."""
    monkeypatch.setattr(random, "sample", lambda population, k: list(population))  # chance would hide it
    machine = OneMachine(tmp_path, replicas={process.name: 2 for process in PROCESSES})
    on = defaultdict(list)
    for child in machine.children("amqp://nobody@127.0.0.1:1/"):
        assert child.environment["WEGMARKEN_PORT"] == str(child.port)
        on[child.port].append(child.name.removesuffix("-2"))
    one_port, one_each = (PORTAL, *HTTP), (PROJECTOR, RELAY, REACT)
    expected = [[process.name] * 2 for process in one_port] + [[process.name] for process in one_each] * 2
    assert sorted(on.values()) == sorted(expected)


# --- at rest ----------------------------------------------------------------------------------------

AT_REST: dict[str, dict[str, Any] | None] = {
    "relay": {"position": 7, "head": 7},
    "react": {"in_hand": 0, "waiting": 0, "due": 0},
    "projector": {"views": {"persons": 7, "cases": 8}},
}


def test_at_rest_the_newest_position_is_told() -> None:
    assert head_if_quiet(AT_REST) == 7
    assert head_if_quiet(AT_REST | {"react-2": AT_REST["react"]}) == 7


@pytest.mark.parametrize("name", AT_REST)
def test_who_does_not_answer_is_not_at_rest(name: str) -> None:
    assert head_if_quiet(AT_REST | {name: None}) is None
    assert head_if_quiet(AT_REST | {f"{name}-2": None}) is None
    assert head_if_quiet({other: says for other, says in AT_REST.items() if other != name}) is None


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("relay", {"position": 6, "head": 7}),
        ("relay", {"position": 6, "head": None}),
        ("react", {"in_hand": 1, "waiting": 0, "due": 0}),
        ("react", {"in_hand": 0, "waiting": 1, "due": 0}),
        ("react", {"in_hand": 0, "waiting": None, "due": 0}),
        ("react", {"in_hand": 0, "waiting": 0, "due": 1}),
        ("react", {"status": "starting"}),
        ("projector", {"views": {"persons": 7, "cases": 6}}),
        ("projector", {"views": {}}),
    ],
)
def test_what_is_under_way_or_not_known_is_no_rest(name: str, says: dict[str, Any]) -> None:
    assert head_if_quiet(AT_REST | {name: says}) is None
