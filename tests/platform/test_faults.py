"""The scenario while everything breaks: the same figures at the end, and every event had its effect once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import pytest
import requests
from click.testing import CliRunner

from deploy.broker import PrivateBroker
from scenarios.goeppingen_2018.plan import BEGINS_ON
from scenarios.goeppingen_2018.script import PERSONS, scenario
from scenarios.loader import Api, Loader
from shared.api.roles import INTAKE_CLERK
from shared.bus import parked
from shared.bus.cli import parked as parked_command
from tests.broker import freeze, kill, restart, thaw
from tests.platform import invariants
from tests.platform.county import SAMPLED, RunningCounty, machine, sample
from tests.platform.deliveries import POISON, POISONED, deliver_again, deliver_poison
from tests.platform.figures import assert_reported
from tests.platform.trouble import Planned, Trouble
from tests.waiting import until

pytestmark = [pytest.mark.platform, pytest.mark.timeout(1800)]

KILLS_EACH = 2
"""How often each process is killed while the scenario runs."""
AWAY = 3.0
"""Seconds for which the broker is stopped, frozen or dead."""
Change: TypeAlias = Callable[[PrivateBroker], None]
OUTAGES: tuple[tuple[Change, Change], ...] = (
    (PrivateBroker.stop, restart),
    (freeze, thaw),
    (kill, restart),
)
"""How the broker goes, and how it comes back."""
OUTSIDER = {
    "family_name": "Beispiel",
    "given_name": "Probe",
    "category": "asylum",
    "born_on": "1990-01-01",
    "sex": "female",
    "nationality": "SY",
    "registered_on": BEGINS_ON.isoformat(),
}
"""Somebody who lives nowhere in the district, and so is in no figure."""


def planned(chance: random.Random, county: RunningCounty, broker: PrivateBroker) -> list[Planned]:
    """At random moments every process is killed ``KILLS_EACH`` times, the broker is stopped, frozen and killed, and
    delivers again what it has delivered."""
    supervisor, commands = county.machine.supervisor, len(county.scenario.posts)
    troubles: list[tuple[str, Callable[[], None]]] = [
        (f"kill {name}", partial(supervisor.kill, name)) for name in supervisor.children for _ in range(KILLS_EACH)
    ]
    troubles += [
        (f"{end.__name__} the broker", partial(without_broker, county, broker, end, back)) for end, back in OUTAGES
    ]
    troubles += [("deliver the newest again", partial(deliver_again, county.machine, broker))]
    moments = sorted(chance.sample(range(commands // 50, commands), len(troubles)))
    chance.shuffle(troubles)
    return [(moment, *trouble) for moment, trouble in zip(moments, troubles, strict=True)]


def without_broker(county: RunningCounty, broker: PrivateBroker, end: Change, back: Change) -> None:
    """It is away for a while, and a command is accepted meanwhile."""
    end(broker)
    try:
        over = time.monotonic() + AWAY
        register_outsider(county)
        until(lambda: time.monotonic() > over, "it has been away for long enough")
    finally:
        back(broker)


def register_outsider(county: RunningCounty) -> None:
    """Under one key until it is accepted: who would answer may just have been killed."""
    key = str(uuid4())

    def accepted() -> bool:
        county.machine.supervisor.revive()
        with suppress(requests.RequestException):
            answer = county.post(PERSONS, OUTSIDER, INTAKE_CLERK, key=key)
            assert answer.status_code in (201, 503), answer.text
            return answer.ok
        return False

    until(accepted, "a command is accepted", 60)


def test_the_figures_survive_kills_and_a_broken_broker(tmp_path: Path, pytestconfig: pytest.Config, seed: int) -> None:
    """Of the sample; with ``--soak`` of a whole county, whose people are others each time."""
    soak = pytestconfig.getoption("soak")
    of = scenario(seed) if soak else sample(scenario(1))
    with machine(tmp_path / "data") as running:
        county, broker = RunningCounty(running, of), running.broker
        assert broker is not None
        deliver_poison(broker)
        plan = planned(random.Random(seed), county, broker)
        print(*(f"after {moment} commands: {what}" for moment, what, _ in plan), sep="\n")
        trouble = Trouble(running, plan)
        Loader(of, Api(running.addresses, running.token, of.roles), tell=trouble.tell).run()
        trouble.over()
        running.wait_quiet(timeout=240)
        if soak:
            assert_reported(county.figures())
        else:
            assert county.figures() == SAMPLED
        invariants.assert_every_reaction_happened(running, patience=900)
        invariants.assert_all(running.data, commands=len(of.posts) + len(OUTAGES))
        assert_only_poison_is_parked(broker)


def assert_only_poison_is_parked(broker: PrivateBroker) -> None:
    """It is in the operator's list, and gone when the operator has discarded it."""
    assert {one.event_id: one.error for one in parked.look(broker.url, POISONED)} == POISON
    assert all(name in parked_messages(broker, "list") for name in POISON)
    for name in POISON:
        parked_messages(broker, "discard", name, "--service", POISONED, "--yes")
    assert parked_messages(broker, "list") == "Nothing is parked.\n"


def parked_messages(broker: PrivateBroker, *arguments: str) -> str:
    """What ``wegmarken parked`` prints; it must work."""
    done = CliRunner().invoke(parked_command, arguments, env={"WEGMARKEN_BROKER": broker.url})
    assert done.exit_code == 0, done.output
    return done.stdout
