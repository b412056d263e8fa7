"""Nothing is lost and nothing takes effect twice, whatever dies or stands still in the middle."""

from __future__ import annotations

import signal
import time
from functools import partial

import pytest

from tests.broker import freeze, kill, restart, thaw
from tests.bus.conftest import Bus
from tests.bus.events import store_events
from tests.waiting import until

pytestmark = pytest.mark.platform


def test_a_killed_broker_loses_nothing(bus: Bus) -> None:
    ids = [event_id for _ in range(25) for event_id in store_events(bus.store, 100)]
    bus.reacting()
    with bus.relay() as relay:
        until(lambda: len(bus.handled()) > 500, "some are handled")
        kill(bus.broker)
        try:
            until(lambda: not relay.status().connected, "the relay notices")
            ids += [event_id for _ in range(25) for event_id in store_events(bus.store, 100)]
            latecomer = bus.reacting()
            assert latecomer.stdout is not None
            assert latecomer.stdout.readline() == "started\n"
            latecomer.send_signal(signal.SIGTERM)
            assert latecomer.wait(10) == 0, "a process without a broker starts and stops in order"
        finally:
            restart(bus.broker)
        came_back = time.monotonic()
        until(lambda: relay.status().connected, "the relay is back")
        assert time.monotonic() - came_back < 2
        until(lambda: bus.answered() == len(ids), "all are answered")
    assert bus.answers() == dict.fromkeys(ids, 1)


def test_a_frozen_broker_loses_nothing(bus: Bus) -> None:
    ids = store_events(bus.store, 500)
    bus.reacting()
    with bus.relay():
        until(lambda: len(bus.handled()) > 50, "some are handled")
        freeze(bus.broker)
        try:
            over = time.monotonic() + 3
            ids += store_events(bus.store, 500)  # commands are accepted meanwhile
            until(lambda: time.monotonic() > over, "the broker stood still for long enough")
            assert bus.answered() < 500
        finally:
            thaw(bus.broker)
        until(lambda: bus.answered() == len(ids), "all are answered")
    assert bus.answers() == dict.fromkeys(ids, 1)


def test_a_killed_consumer_loses_nothing(bus: Bus) -> None:
    ids = [event_id for _ in range(10) for event_id in store_events(bus.store, 100)]
    with bus.relay():
        for handled in (200, 500):
            process = bus.reacting()
            until(partial(more_than, bus, handled), "more are handled")
            process.kill()
            process.wait()
        bus.reacting()
        until(lambda: bus.answered() == len(ids), "all are answered")
    assert bus.answers() == dict.fromkeys(ids, 1)
    assert len(bus.handled()) > len(ids), "what was in hand came again"


def more_than(bus: Bus, handled: int) -> bool:
    return len(bus.handled()) > handled


def test_a_second_relay_takes_over_from_a_killed_one(bus: Bus) -> None:
    ids = store_events(bus.store, 100)
    first = bus.relaying()
    until(lambda: bus.messages_in("eligibility") == 100, "the first has published all")
    with bus.relay() as second:
        until(lambda: second.status().connected, "the second is connected")
        assert not second.status().leader
        ids += store_events(bus.store, 100)
        until(lambda: bus.messages_in("eligibility") == 200, "the first has published more")
        first.kill()
        died = time.monotonic()
        ids += store_events(bus.store, 100)
        until(lambda: second.status().leader, "the second leads")
        assert time.monotonic() - died < 2
        until(lambda: bus.messages_in("eligibility") >= 300, "the second has published the rest")
        bus.reacting()
        until(lambda: bus.answered() == len(ids), "all are answered")
    assert bus.answers() == dict.fromkeys(ids, 1)


def test_a_process_asked_to_stop_settles_what_it_has_in_hand(bus: Bus) -> None:
    ids = store_events(bus.store, 300)
    with bus.relay():
        process = bus.reacting()
        until(lambda: len(bus.handled()) > 50, "some are handled")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert len(bus.handled()) == len(set(bus.handled())) == len(bus.answers())
        assert bus.messages_in("eligibility") == len(ids) - len(bus.handled())
