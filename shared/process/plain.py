"""Running work on plain threads, without eventlet: the projector and the relay."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from shared.api.health import Ready, Status, serve_on_thread
from shared.eventstore.lag import NONE, Lag, lags
from shared.eventstore.port import EventStore, StoreUnavailable
from shared.runtime.logs import get_logger
from shared.runtime.native import threading, time

if TYPE_CHECKING:
    from shared.bus.relay import Relay
    from shared.projections.runner import Runner, Stop

STOP_SECONDS: Final = 8.0
"""How long work may take to end once it is told to."""


def run_until_stopped(work: Sequence[Callable[[Stop], None]], listener: socket.socket, ready: Ready) -> bool:
    """Run each piece of work on a thread of its own until SIGTERM or SIGINT; False when one died before."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def run(one: Callable[[Stop], None]) -> None:
        try:
            one(stop)
        except Exception as error:
            get_logger().error("work-failed", exc_info=error)
            failed.append(error)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in work]
    for thread in threads:
        thread.start()
    stop_health = serve_on_thread(listener, ready)
    host, port = listener.getsockname()[:2]
    get_logger().info("started", host=host, port=port, pid=os.getpid())
    stop.wait()
    deadline = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    stop_health()
    get_logger().info("stopped")
    return not failed


def projecting(runners: Sequence[Runner], store: EventStore) -> Ready:
    """Ready while every runner follows its source, or stands by, and no view was stopped by an event.

    How far a view is behind is said against the store, also where the runner's source follows that itself.
    """
    from shared.projections.runner import STANDING_BY  # the relay needs no databases

    def ready() -> tuple[bool, Status]:
        found = [runner.status() for runner in runners]
        heads = [status["head"] for status in found if status["head"] is not None]
        views = {name: position for status in found for name, position in status["views"].items()}
        of = _lags(store, views)
        details = {
            "head": max(heads, default=None),
            "views": views,
            "lag": None if of is None else max(of.values(), default=NONE).as_json,
            "lags": None if of is None else {name: behind.as_json for name, behind in of.items()},
            "stopped": {name: event for status in found for name, event in status["stopped"].items()},
            "standing_by": [name for status in found if status["status"] == STANDING_BY for name in status["views"]],
        }
        return all(status["status"] in ("ready", STANDING_BY) for status in found), details

    return ready


def _lags(store: EventStore, views: Mapping[str, int]) -> dict[str, Lag] | None:
    """How far each view is behind the store; None while that is away."""
    try:
        of = lags(store, views.values())
    except StoreUnavailable:
        return None
    return {name: of[position] for name, position in views.items()}


def relaying(relay: Relay) -> Ready:
    """Ready while it leads, or stands by for the one that does."""

    def ready() -> tuple[bool, Status]:
        status = relay.status()
        behind = None if status.lag is None else status.lag.as_json
        details = {"position": status.position, "head": status.head, "lag": behind, "leader": status.leader}
        return status.connected and status.head is not None, details

    return ready
