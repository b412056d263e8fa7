"""What a broker may deliver: the same once more, older after newer, and what nobody can make anything of."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress

import orjson

from deploy.broker import PrivateBroker
from deploy.one_machine import OneMachine
from shared.bus.connection import LOST, Outgoing, Publisher, connected
from shared.bus.nudge import CAUSATION, CORRELATION, message, message_of
from shared.bus.topology import EVENTS
from shared.eventstore.identity import identity
from shared.eventstore.sqlite import SqliteEventStore
from tests.waiting import until

AGAIN = 300
"""Of so many events, the newest, messages come again."""
POISONED = "eligibility"
"""The service that gets the poison."""
POISON = {"no-nudge": "Malformed", "no-uuid": "ValueError"}
"""Two messages, and what they fail of: the one at once, the other whenever it is tried."""


def deliver_again(running: OneMachine, broker: PrivateBroker) -> None:
    """Announce the newest events once more: the newest first, and each twice."""
    with closing(SqliteEventStore(running.data / "events.db")) as store:
        events, store_id = store.read_all(after=max(0, store.head() - AGAIN), limit=AGAIN), identity(store)
    assert store_id is not None
    twice = [event for event in reversed(events) for _ in range(2)]
    _send(broker, [Outgoing(EVENTS, event.type, message_of(event, store_id)) for event in twice])


def deliver_poison(broker: PrivateBroker) -> None:
    nobody = {
        "id": "no-uuid",
        "type": "intake.PersonRegistered",
        "stream": "person-nobody",
        "revision": 0,
        "position": 1,
    }
    headers = {CORRELATION: "poison", CAUSATION: "poison"}
    bodies = zip(POISON, (b"\xff\xfe", orjson.dumps(nobody)), strict=True)
    _send(broker, [Outgoing("", POISONED, message(body, name, headers)) for name, body in bodies])


def _send(broker: PrivateBroker, messages: Sequence[Outgoing]) -> None:
    """All together; if the broker is lost meanwhile, all of them once more."""

    def sent() -> bool:
        with suppress(*LOST), connected(broker.url) as connection:
            Publisher(connection).publish(messages)
            return True
        return False

    until(sent, "the broker takes the messages")
