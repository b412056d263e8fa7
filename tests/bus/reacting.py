"""A process that reacts, for tests: ``python -m tests.bus.reacting DIRECTORY BROKER_URL [DELAYS]``.

Its reaction is what those of services are: it reads the event in the store and appends an answer under
a command id derived from it. The event's data say how it shall behave. With ``--next-release`` its code
knows what "newer" events say, and the type ``UNHEARD``.
"""

# ruff: noqa: E402  (eventlet patches first)
import eventlet

eventlet.monkey_patch()

import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from nameko.runners import ServiceRunner
from prometheus_client import REGISTRY

from shared.bus import consumer
from shared.bus.nudge import Nudge
from shared.contracts.model import Event
from shared.contracts.registry import NewerThanThisCode, published
from shared.eventstore.port import NO_STREAM, AlreadyAnswered, NotYet, StoreUnavailable
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime import logs
from shared.runtime.metrics import exposition
from tests.bus.events import ANSWER, UNHEARD, new_event

DIRECTORY, URL = Path(sys.argv[1]), sys.argv[2]
DELAYS = tuple(map(float, sys.argv[3].split(","))) if len(sys.argv) > 3 else (0.1, 0.2)
STORE = SqliteEventStore(DIRECTORY / "events.db")


class React:
    name = "eligibility"

    @consumer.reaction
    def on_nudge(self, nudge: Nudge) -> None:
        with (DIRECTORY / "handled").open("a") as handled:
            handled.write(f"{nudge.event_id} {nudge.revision}\n")
        (event,) = STORE.read(nudge.stream, after=nudge.revision - 1)[:1]
        match json.loads(event.data)["mood"]:
            case "poison":
                raise ValueError("Erika Probe cannot be handled")
            case "newer" if "--next-release" not in sys.argv:
                raise NewerThanThisCode("an event of its stream")
            case "view-behind" if not (DIRECTORY / "view-is-there").exists():
                raise NotYet("a view")
            case "store-away" if not (DIRECTORY / "store-is-back").exists():
                raise StoreUnavailable("away")
            case "deadly" if not (DIRECTORY / "healed").exists():
                os.kill(os.getpid(), signal.SIGKILL)
        with suppress(AlreadyAnswered):  # a nudge that came twice
            STORE.append(
                f"answer-{nudge.event_id}",
                [new_event(ANSWER, causation_id=nudge.event_id, correlation_id=nudge.correlation_id)],
                expected=NO_STREAM,
                command_id=str(uuid5(UUID(nudge.event_id), "answer")),
                digest="",
            )


def tell_status() -> None:
    while True:
        status = consumer.status(React.name)
        said = {"connected": status.connected, "in_hand": status.in_hand, "waiting": status.waiting}
        said["foreign"] = REGISTRY.get_sample_value("wegmarken_reactions_foreign_total", {"service": React.name})
        (DIRECTORY / "metrics").write_bytes(exposition())
        (DIRECTORY / "status.new").write_text(json.dumps(said))
        (DIRECTORY / "status.new").rename(DIRECTORY / "status.json")
        eventlet.sleep(0.05)


def become_the_next_release() -> None:
    service, _, name = UNHEARD.partition(".")
    published(version=1)(dataclass(frozen=True)(type(name, (Event,), {"__module__": service})))


def main() -> None:
    logs.configure("probe.react")
    if "--next-release" in sys.argv:
        become_the_next_release()
    runner = ServiceRunner(consumer.nameko_config(URL, STORE, DELAYS))
    runner.add_service(React)
    signal.signal(signal.SIGTERM, lambda number, frame: eventlet.spawn_n(runner.stop))
    runner.start()
    print("started", flush=True)
    if "--status" in sys.argv:
        eventlet.spawn_n(tell_status)
    runner.wait()


if __name__ == "__main__":
    main()
