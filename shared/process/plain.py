"""Running work on plain threads, without eventlet: the projector and the relay."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from typing import Final

from shared.api.health import Ready, serve_on_thread
from shared.runtime.logs import get_logger
from shared.runtime.native import Stop, threading, time

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
