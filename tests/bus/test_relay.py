"""The relay: what it publishes, where it stands, how it goes back."""

from __future__ import annotations

from contextlib import ExitStack, closing
from functools import partial
from typing import Any
from uuid import uuid4

import amqp
import pytest
from click.testing import CliRunner, Result
from prometheus_client import REGISTRY

from shared.bus import leading
from shared.bus.checkpoint import Checkpoint
from shared.bus.cli import relay as relay_command
from shared.bus.connection import connected
from shared.bus.depth import DepthGauge, messages_in
from shared.bus.nudge import Nudge, nudge_of
from shared.bus.relay import Relay
from shared.bus.topology import UNREAD
from shared.eventstore.identity import identity
from shared.eventstore.port import NO_STREAM, NewEvent
from tests.bus.conftest import DELAYS, Bus
from tests.bus.events import store_events
from tests.waiting import until

pytestmark = pytest.mark.platform


def test_a_message_names_the_event_and_carries_none_of_its_data(bus: Bus) -> None:
    store_events(bus.store, 1, mood="a secret")
    [event] = bus.stored()
    with bus.relay():
        until(lambda: bus.messages_in("eligibility") == 1, "it is published")
    with connected(bus.broker.url) as connection:
        delivery = connection.channel().basic_get("eligibility", no_ack=True)
    headers = delivery.properties["application_headers"]
    assert delivery.delivery_info["routing_key"] == "intake.PersonRegistered"
    assert (delivery.message_id, delivery.delivery_mode) == (event.event_id, 2)
    assert nudge_of(delivery.body, headers) == Nudge(
        event_id=event.event_id,
        type=event.type,
        stream=event.stream,
        revision=0,
        position=1,
        correlation_id=event.event_id,
        causation_id=event.event_id,
        store_id=identity(bus.store),
    )
    assert headers["cloudEvents:specversion"] == "1.0"
    assert headers["cloudEvents:id"] == event.event_id
    assert headers["cloudEvents:type"] == event.type
    assert headers["cloudEvents:source"] == "/wegmarken/intake"
    assert headers["cloudEvents:time"] == event.recorded_at.isoformat()
    assert "secret" not in f"{delivery.body!r} {headers}"


def test_events_go_to_whoever_subscribed(bus: Bus) -> None:
    with bus.relay() as relay:
        store_events(bus.store, 2, type="intake.MovedIn")
        store_events(bus.store, 3, type="intake.HouseholdJoined")
        store_events(bus.store, 4, type="eligibility.ServiceInChargeDetermined")
        store_events(bus.store, 5, type="casework.MunicipalServiceSet")
        until(lambda: relay.status().position == 14, "all are published")
    assert bus.messages_in("eligibility") == 2 + 3 + 5
    assert bus.messages_in("casework") == 4
    for service, waiting in (("eligibility", 10), ("intake", 0)):
        with closing(DepthGauge(bus.broker.url, service, DELAYS)) as depth:
            assert depth.read() == waiting


def test_who_asks_after_queues_that_are_not_there_opens_no_channel_for_each(bus: Bus) -> None:
    with connected(bus.broker.url) as connection:
        before = set(connection.channels)
        assert messages_in(connection, [f"nobody's.{number}" for number in range(5)]) == 0
        assert set(connection.channels) == before


def test_a_relay_that_stands_by_needs_one_channel_and_leaves_no_error_in_the_broker_s_log(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "LOOK_UP", 0.01)
    with ExitStack() as led, closing(Checkpoint(bus.directory / Checkpoint.FILE)) as checkpoint:
        assert leading.take_the_lead(led.enter_context(connected(bus.broker.url)).channel())
        refused, opened = refusals(bus), channels_opened(monkeypatch)
        with bus.relay() as relay:
            for look in range(1, 21):
                checkpoint.advance(look - 1, look)
                until(partial(stands_at, relay, look), "the relay has looked again")
            assert (relay.status().connected, relay.status().leader) == (True, False)
            assert len(opened) == 1
            led.close()
            until(lambda: relay.status().leader, "the relay leads")
    assert refusals(bus) == refused


def stands_at(relay: Relay, position: int) -> bool:
    return relay.status().position == position


def refusals(bus: Bus) -> int:
    """How often the broker has written down that it refused the place of the leader; it writes in order, but later."""
    log, last = bus.broker.directory / "log" / "broker.log", str(uuid4())
    assert bus.messages_in(last) == 0
    until(lambda: last in log.read_text(), "the log has come so far")
    return log.read_text().count("resource_locked")


def channels_opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """An entry for each channel that is opened from now on."""
    opened: list[object] = []
    channel: Any = amqp.Connection.channel

    def counted(*arguments: Any, **further: Any) -> Any:
        opened.append(channel(*arguments, **further))
        return opened[-1]

    monkeypatch.setattr(amqp.Connection, "channel", counted)
    return opened


def test_what_nobody_subscribes_to_is_unrouted(bus: Bus) -> None:
    with bus.relay() as relay:
        store_events(bus.store, 7, type="casework.ConsultationHeld")
        until(lambda: relay.status().position == 7, "all are published")
    assert bus.messages_in(UNREAD) == 7
    assert bus.messages_in("eligibility") == bus.messages_in("casework") == 0


def test_what_another_program_recorded_is_not_announced_and_holds_nobody_up(bus: Bus) -> None:
    store_events(bus.store, 2)
    theirs = NewEvent(event_id=str(uuid4()), type="intake.PersonRegistered", data=b"\xff", metadata=b"{}")
    bus.store.append("theirs", [theirs], expected=NO_STREAM, command_id=str(uuid4()), digest="")
    store_events(bus.store, 2)
    with bus.relay() as relay:
        until(lambda: relay.status().position == 5, "all are published")
    assert bus.messages_in("eligibility") == 4


def test_a_broken_topology_is_mended_and_the_batch_published_again(bus: Bus) -> None:
    redone = redone_batches()
    with bus.relay() as relay:
        until(lambda: relay.status().leader, "the relay leads")
        store_events(bus.store)
        until(lambda: relay.status().position == 1, "it is published")
        with connected(bus.broker.url) as connection:
            connection.channel().queue_delete(UNREAD)
        store_events(bus.store, 7, type="casework.ConsultationHeld")
        until(lambda: relay.status().position == 8, "all are published")
    assert bus.messages_in(UNREAD) == 7
    assert redone_batches() == redone + 1


def test_the_relay_goes_on_where_it_stopped(bus: Bus) -> None:
    for count in (3, 5):
        store_events(bus.store, count)
        with bus.relay() as relay:
            until(lambda: relay.status().position == relay.status().head, "all are published")
    assert bus.messages_in("eligibility") == 8


def test_rewind_publishes_again_also_while_the_relay_runs(bus: Bus) -> None:
    store_events(bus.store, 10)
    with bus.relay() as relay:
        until(lambda: relay.status().position == 10, "all are published")
        assert run(bus, "rewind", "--to", "4").exit_code == 0
        until(lambda: bus.messages_in("eligibility") == 16, "the rest is published again")
        until(lambda: relay.status().position == 10, "all are published")
        forward = run(bus, "rewind", "--to", "11")
    assert (forward.exit_code, forward.stderr) == (2, "the relay is at 10; it can go back, not forward to 11\n")


def test_a_store_restored_from_an_older_copy_is_announced_from_its_beginning(bus: Bus) -> None:
    store_events(bus.store, 3)
    with closing(Checkpoint(bus.directory / Checkpoint.FILE)) as checkpoint:
        checkpoint.advance(0, 1000)
    with bus.relay() as relay:
        until(lambda: relay.status().position == 3, "all are published")
        store_events(bus.store, 2)
        until(lambda: relay.status().position == 5, "what came later is published")
    assert bus.messages_in("eligibility") == 5


def test_the_status_of_the_relay_is_shown(bus: Bus) -> None:
    store_events(bus.store, 3)
    assert run(bus, "status").stdout.split() == ["position", "0", "head", "3", "behind", "3", "leader", "none"]
    Relay(bus.store, bus.broker.url, bus.directory / Checkpoint.FILE)
    assert lag("events") == 3
    assert 0 < lag("seconds") < 60
    with bus.relay() as relay:
        until(lambda: relay.status().position == 3, "all are published")
        assert run(bus, "status").stdout.split()[-2:] == ["at", "work"]
        assert (lag("events"), lag("seconds")) == (0, 0)
    away = CliRunner().invoke(relay_command, ["status"], env=environment(bus, "amqp://127.0.0.1:1/"))
    assert away.exit_code == 3


def lag(unit: str) -> float:
    return REGISTRY.get_sample_value(f"wegmarken_relay_lag_{unit}") or 0.0


def redone_batches() -> float:
    return REGISTRY.get_sample_value("wegmarken_relay_redone_batches_total") or 0.0


def run(bus: Bus, *arguments: str) -> Result:
    return CliRunner().invoke(relay_command, arguments, env=environment(bus, bus.broker.url))


def environment(bus: Bus, url: str) -> dict[str, str]:
    return {"WEGMARKEN_BROKER": url, "WEGMARKEN_DATA": str(bus.directory)}
