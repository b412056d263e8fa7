"""The scenario while everything breaks: the same figures at the end, and every event had its effect once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from deploy.broker import PrivateBroker
from deploy.one_machine import OneMachine
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from tests.broker import freeze, kill, restart, thaw
from tests.platform import invariants
from tests.platform.conftest import Platform, machine
from tests.platform.figures import assert_reported

pytestmark = [pytest.mark.platform, pytest.mark.timeout(600)]

KILLS_EACH = 2
"""How often each process is killed while the scenario runs."""
AWAY = 3.0
"""Seconds for which the broker is stopped, frozen or dead."""
LOOK = 0.2
"""Seconds between two looks at what has died."""


class Trouble:
    """Things that go wrong when a certain number of commands is done."""

    def __init__(self, chance: random.Random, running: OneMachine, commands: int) -> None:
        self._running, self._over = running, threading.Event()
        self._errors: list[BaseException] = []
        broker = running.broker
        assert broker is not None
        troubles: list[tuple[str, Callable[[], None]]] = [
            (f"kill {name}", partial(running.supervisor.kill, name))
            for name in running.supervisor.children
            for _ in range(KILLS_EACH)
        ]
        troubles += [
            ("stop the broker", lambda: self._broker_away(broker, broker.stop)),
            ("freeze the broker", lambda: self._freeze(broker)),
            ("kill the broker", lambda: self._broker_away(broker, lambda: kill(broker))),
        ]
        moments = sorted(chance.sample(range(commands // 50, commands), len(troubles)))
        chance.shuffle(troubles)
        self.plan = [(moment, *trouble) for moment, trouble in zip(moments, troubles, strict=True)]
        self._due = list(self.plan)
        self._queue: list[Callable[[], None]] = []
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, done: int, day: date) -> None:
        """The loader's progress."""
        with self._wake:
            while self._due and self._due[0][0] <= done:
                self._queue.append(self._due.pop(0)[2])
                self._wake.notify()

    def over(self) -> None:
        """Wait until all trouble has happened and is mended."""
        assert not self._due
        with self._wake:
            self._over.set()
            self._wake.notify()
        self._thread.join()
        assert not self._errors, self._errors

    def _run(self) -> None:
        try:
            while not self._over.is_set() or self._queue:
                with self._wake:
                    self._wake.wait_for(lambda: self._queue or self._over.is_set(), LOOK)
                    trouble = self._queue.pop(0) if self._queue else None
                if trouble is not None:
                    trouble()
                self._running.supervisor.revive()  # again and again: what died just after its start waits a while
        except BaseException as error:
            self._errors.append(error)

    @staticmethod
    def _broker_away(broker: PrivateBroker, end: Callable[[], None]) -> None:
        end()
        time.sleep(AWAY)
        restart(broker)

    @staticmethod
    def _freeze(broker: PrivateBroker) -> None:
        freeze(broker)
        time.sleep(AWAY)
        thaw(broker)


def test_the_figures_survive_kills_and_a_broken_broker(tmp_path: Path, platform: Platform) -> None:
    seed = random.randrange(2**32)
    of = scenario(1)
    with machine(tmp_path / "data") as running:
        trouble = Trouble(random.Random(seed), running, len(of.posts))
        print("seed", seed, *(f"\n  after {moment} commands: {what}" for moment, what, _ in trouble.plan))
        loader = Loader(of, Api(running.addresses, running.token, of.roles), tell=trouble.tell)
        loader.run()
        trouble.over()
        running.wait_quiet(timeout=240)
        figures = Platform(running, of, loader.ids).figures()
        assert_reported(figures)
        assert figures == platform.figures()
        invariants.assert_all(running.data, of)
