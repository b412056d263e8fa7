"""The scenario while everything breaks: the same figures at the end, and every event had its effect once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from deploy.broker import PrivateBroker
from deploy.one_machine import OneMachine
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from tests.broker import freeze, kill, restart, thaw
from tests.platform import invariants
from tests.platform.conftest import SAMPLED, Platform, machine, sample
from tests.platform.figures import assert_reported
from tests.platform.trouble import Planned, Trouble

pytestmark = [pytest.mark.platform, pytest.mark.timeout(600)]

KILLS_EACH = 2
"""How often each process is killed while the scenario runs."""
AWAY = 3.0
"""Seconds for which the broker is stopped, frozen or dead."""


def planned(chance: random.Random, running: OneMachine, commands: int) -> list[Planned]:
    """Every process is killed ``KILLS_EACH`` times, and the broker is stopped, frozen and killed, at random moments."""
    broker = running.broker
    assert broker is not None
    troubles: list[tuple[str, Callable[[], None]]] = [
        (f"kill {name}", partial(running.supervisor.kill, name))
        for name in running.supervisor.children
        for _ in range(KILLS_EACH)
    ]
    troubles += [
        ("stop the broker", lambda: broker_away(broker, broker.stop)),
        ("freeze the broker", lambda: frozen(broker)),
        ("kill the broker", lambda: broker_away(broker, lambda: kill(broker))),
    ]
    moments = sorted(chance.sample(range(commands // 50, commands), len(troubles)))
    chance.shuffle(troubles)
    return [(moment, *trouble) for moment, trouble in zip(moments, troubles, strict=True)]


def broker_away(broker: PrivateBroker, end: Callable[[], None]) -> None:
    end()
    time.sleep(AWAY)
    restart(broker)


def frozen(broker: PrivateBroker) -> None:
    freeze(broker)
    time.sleep(AWAY)
    thaw(broker)


def test_the_figures_survive_kills_and_a_broken_broker(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Of the sample; with ``--soak`` of the whole county."""
    seed, soak = random.randrange(2**32), pytestconfig.getoption("soak")
    of = scenario(1) if soak else sample(scenario(1))
    with machine(tmp_path / "data") as running:
        plan = planned(random.Random(seed), running, len(of.posts))
        print("seed", seed, *(f"\n  after {moment} commands: {what}" for moment, what, _ in plan))
        trouble = Trouble(running, plan)
        loader = Loader(of, Api(running.addresses, running.token, of.roles), tell=trouble.tell)
        loader.run()
        trouble.over()
        running.wait_quiet(timeout=240)
        figures = Platform(running, of, loader.ids).figures()
        if soak:
            assert_reported(figures)
        else:
            assert figures == SAMPLED
        invariants.assert_all(running.data, of)
