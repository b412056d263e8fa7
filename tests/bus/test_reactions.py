"""What becomes of a message: handled, tried again, parked, replayed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shared.bus import parked
from shared.bus.cli import parked as parked_command
from shared.bus.connection import Outgoing, Publisher, connected
from shared.bus.nudge import STORE, message
from tests.bus.conftest import DELAYS, Bus
from tests.bus.events import QUESTION, UNHEARD, store_events
from tests.waiting import until

pytestmark = pytest.mark.platform

SERVICE = "eligibility"


def test_a_poison_message_is_parked_while_the_rest_flows(bus: Bus) -> None:
    before, [poison], after = (
        store_events(bus.store, 20),
        store_events(bus.store, mood="poison"),
        store_events(bus.store, 20),
    )
    bus.reacting()
    with bus.relay():
        until(lambda: bus.answered() == 40, "all others are answered")
        until(lambda: bus.messages_in("eligibility.parked") == 1, "one is parked")
    assert bus.answers() == dict.fromkeys(before + after, 1)
    assert bus.handled().count(poison) == 1 + len(DELAYS)
    [one] = parked.look(bus.broker.url, SERVICE)
    assert (one.event_id, one.error, one.attempts) == (poison, "ValueError", 3)
    assert one.nudge is not None and one.nudge.type == "intake.PersonRegistered"
    assert "Erika" not in bus.log() and "Erika" not in f"{one.headers}"
    assert "reaction.parked" in bus.log()


@pytest.mark.parametrize(
    ("mood", "until_there_is"), [("store-away", "store-is-back"), ("view-behind", "view-is-there")]
)
def test_a_store_that_is_away_parks_nothing_nor_does_a_view_that_is_behind(
    bus: Bus, mood: str, until_there_is: str
) -> None:
    """But only the store's absence is counted as one."""
    ids = store_events(bus.store, 5, mood=mood)
    bus.reacting("--status")
    with bus.relay():
        until(
            lambda: len(bus.handled()) > len(ids) * (len(DELAYS) + 3), "each is tried more often than there are delays"
        )
        assert bus.messages_in("eligibility.parked") == 0
        (bus.directory / until_there_is).touch()
        until(lambda: bus.answered() == len(ids), "all are answered")
    handled = f'wegmarken_reactions_handled_total{{service="{SERVICE}"}}'
    until(lambda: bus.counted(handled) == len(ids), "what is counted is told")
    assert bus.counted("wegmarken_store_unavailable_total") == bus.log().count("StoreUnavailable")
    assert ("StoreUnavailable" in bus.log()) == (mood == "store-away")


@pytest.mark.parametrize(("type", "mood"), [(UNHEARD, "calm"), (QUESTION, "newer")], ids=["type", "version"])
def test_what_is_newer_than_the_code_is_left_to_a_process_of_the_next_release(bus: Bus, type: str, mood: str) -> None:
    """An unknown type never reaches a handler: it would find nothing to do about it."""
    older, [newer] = store_events(bus.store, 3), store_events(bus.store, type=type, mood=mood)
    bus.reacting("--status")
    with bus.relay():
        until(lambda: bus.answered() == len(older), "what it knows is answered")
        until(lambda: bus.counted("wegmarken_newer_events_total") > len(DELAYS) + 2, "the rest is put back, and again")
        assert (newer in bus.handled()) == (type == QUESTION)
        bus.reacting("--next-release")
        until(lambda: bus.answered() == len(older) + 1, "the next release answers, beside the old one")
    assert bus.answers() == dict.fromkeys([*older, newer], 1)
    assert bus.messages_in("eligibility.parked") == 0
    assert "reaction.parked" not in bus.log()


def test_what_an_earlier_platform_left_on_the_broker_has_no_effect(bus: Bus, tmp_path: Path) -> None:
    with ExitStack() as opened:
        earlier = Bus(bus.broker, tmp_path / "earlier", opened)
        opened.callback(earlier.store.close)
        store_events(earlier.store, 5)
        with earlier.relay():
            until(lambda: bus.messages_in(SERVICE) == 5, "all are in the queue")
    bus.reacting("--status")
    until(
        lambda: bus.status() == {"connected": True, "in_hand": 0, "waiting": 0, "foreign": 5},
        "the other store's are put aside",
    )
    ids = store_events(bus.store, 3)
    with bus.relay():
        until(lambda: bus.answered() == len(ids), "all are answered")
    assert (bus.answers(), sorted(bus.handled())) == (dict.fromkeys(ids, 1), sorted(ids))
    assert bus.status()["foreign"] == 5 and bus.log().count("reaction.foreign") == 1
    assert bus.messages_in("eligibility.parked") == 0


def test_a_message_that_does_not_say_of_which_store_it_is_is_handled(bus: Bus) -> None:
    [event_id] = store_events(bus.store)
    with bus.relay():
        until(lambda: bus.messages_in(SERVICE) == 1, "it is in the queue")
    with connected(bus.broker.url) as connection:
        delivery = connection.channel().basic_get(SERVICE, no_ack=True)
        headers = {k: v for k, v in delivery.properties["application_headers"].items() if k != STORE}
        Publisher(connection).publish([Outgoing("", SERVICE, message(delivery.body, delivery.message_id, headers))])
    bus.reacting()
    until(lambda: bus.answers() == {event_id: 1}, "it is answered")


def test_a_message_that_comes_twice_and_out_of_order_reaches_the_handler_as_it_is(bus: Bus) -> None:
    ids = store_events(bus.store, 5)
    with bus.relay():
        until(lambda: bus.messages_in(SERVICE) == 5, "all are in the queue")
    with connected(bus.broker.url) as connection:
        channel = connection.channel()
        taken = [channel.basic_get(SERVICE, no_ack=True) for _ in ids]
        publisher = Publisher(connection)
        for delivery in (*reversed(taken), *taken):
            again = message(delivery.body, delivery.message_id, delivery.properties["application_headers"])
            publisher.publish([Outgoing("", SERVICE, again)])
    bus.reacting()
    until(lambda: len(bus.handled()) == 10 and bus.answered() == len(ids), "each is handled twice and answered")
    assert bus.handled_revisions() == [4, 3, 2, 1, 0, 0, 1, 2, 3, 4]
    assert bus.answers() == dict.fromkeys(ids, 1)


def test_what_is_no_nudge_is_parked_at_once(bus: Bus) -> None:
    ids = store_events(bus.store, 3)
    with bus.relay() as relay:
        until(lambda: relay.status().position == 3, "all are published")
    with connected(bus.broker.url) as connection:
        publisher = Publisher(connection)
        for body in (b"\xff\xfe", b"[]", b'{"id": 7}'):
            publisher.publish([Outgoing("", SERVICE, message(body, "alien", {"x-attempt": "many"}))])
    bus.reacting()
    until(lambda: bus.messages_in("eligibility.parked") == 3, "all are parked")
    until(lambda: bus.answered() == len(ids), "all others are answered")
    assert {one.error for one in parked.look(bus.broker.url, SERVICE)} == {"Malformed"}


def test_what_exceeds_the_delivery_limit_is_replayed_once_by_itself(bus: Bus) -> None:
    [innocent] = store_events(bus.store)
    with bus.relay():
        until(lambda: bus.messages_in(SERVICE) == 1, "it is in the queue")
        with connected(bus.broker.url) as connection:
            channel = connection.channel()
            while (delivery := channel.basic_get(SERVICE)) is not None:  # what processes that die amount to
                channel.basic_reject(delivery.delivery_tag, requeue=True)
        until(lambda: bus.messages_in("eligibility.crashed") == 1, "it is put aside as crashed")
        bus.reacting()
        until(lambda: bus.answers() == {innocent: 1}, "it is answered")
    assert bus.messages_in("eligibility.parked") == 0


def test_what_exceeds_the_delivery_limit_twice_is_parked(bus: Bus) -> None:
    [deadly] = store_events(bus.store, mood="deadly")
    with bus.relay():
        until(lambda: bus.messages_in(SERVICE) == 1, "it is in the queue")
    with connected(bus.broker.url) as connection:
        delivery = connection.channel().basic_get(SERVICE, no_ack=True)
        headers = delivery.properties["application_headers"] | {"x-replayed": 1}
        again = message(delivery.body, delivery.message_id, headers)
        Publisher(connection).publish([Outgoing("", "eligibility.crashed", again)])
    bus.reacting()
    until(lambda: bus.messages_in("eligibility.parked") == 1, "it is parked")
    assert [(one.event_id, one.error) for one in parked.look(bus.broker.url, SERVICE)] == [(deadly, "delivery-limit")]


def test_parked_messages_can_be_listed_shown_replayed_and_discarded(bus: Bus) -> None:
    healing, hopeless, other = store_events(bus.store, 3, mood="deadly")
    with bus.relay():
        until(lambda: bus.messages_in(SERVICE) == 3, "all are in the queue")
    with connected(bus.broker.url) as connection:
        channel, publisher = connection.channel(), Publisher(connection)
        for _ in range(3):
            delivery = channel.basic_get(SERVICE, no_ack=True)
            headers = delivery.properties["application_headers"] | {"x-error": "ValueError", "x-attempt": 3}
            again = message(delivery.body, delivery.message_id, headers)
            publisher.publish([Outgoing("", "eligibility.parked", again)])
    (bus.directory / "healed").touch()
    bus.reacting()

    listed = run(bus, "list")
    assert listed.exit_code == 0
    assert all(event_id in listed.stdout for event_id in (healing, hopeless, other))
    assert "ValueError" in listed.stdout and "intake.PersonRegistered" in listed.stdout

    shown = run(bus, "show", hopeless)
    assert shown.exit_code == 0
    assert "x-attempt" in shown.stdout and "cloudEvents:time" in shown.stdout and other not in shown.stdout
    assert run(bus, "show", "unknown").exit_code == 1

    assert run(bus, "replay", healing, "--service", SERVICE).exit_code == 0
    until(lambda: bus.answers() == {healing: 1}, "it is answered")
    assert run(bus, "replay", healing, "--service", SERVICE).exit_code == 1
    assert run(bus, "replay", "--service", SERVICE).exit_code == 2

    assert run(bus, "discard", hopeless, "--service", SERVICE, "--yes").exit_code == 0
    assert hopeless not in run(bus, "list", "--service", SERVICE).stdout
    assert run(bus, "replay", "--all", "--service", SERVICE).stdout == "1 message replayed.\n"
    until(lambda: bus.answers() == {healing: 1, other: 1}, "the other is answered, too")
    assert run(bus, "list").stdout == "Nothing is parked.\n"


def test_the_status_counts_what_is_in_hand_and_what_waits(bus: Bus) -> None:
    ids = store_events(bus.store, 3, mood="store-away")
    bus.reacting("--status")
    with bus.relay():
        until(lambda: len(bus.handled()) > len(ids), "some are tried again")
        until(lambda: bus.status()["in_hand"] + bus.status()["waiting"] == len(ids), "all of them wait")
        assert bus.status()["connected"]
        metrics = (bus.directory / "metrics").read_text()
        assert 'wegmarken_reactions_subscribed{service="eligibility"} 1.0' in metrics
        assert "wegmarken_store_unavailable_total 0.0" not in metrics, "each failure for want of the store counts"
        (bus.directory / "store-is-back").touch()
        until(
            lambda: bus.status() == {"connected": True, "in_hand": 0, "waiting": 0, "foreign": 0},
            "nothing is left to do",
        )
    assert bus.answers() == dict.fromkeys(ids, 1)


def run(bus: Bus, *arguments: str) -> Result:
    env = {"WEGMARKEN_BROKER": bus.broker.url, "WEGMARKEN_DATA": str(bus.directory)}
    return CliRunner().invoke(parked_command, arguments, env=env)
