"""Running nameko services on eventlet: tuned for latency, watched by signals, stopped cleanly."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import eventlet
import eventlet.debug
from eventlet import wsgi
from eventlet.event import Event
from eventlet.hubs import trampoline
from nameko.runners import ServiceRunner

from shared.api.health import Page, Ready, application
from shared.runtime.logs import get_logger

SWITCH_INTERVAL: Final = 1e-4
"""Seconds after which a running thread offers the interpreter's lock: the store's writer waits for it at every
append, and Python's 5 ms would be most of a command's time."""
GC_THRESHOLDS: Final = (50_000, 50, 50)
"""What lives after start is frozen; what requests make dies young. So the collector seldom has to look."""
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
STOP_SECONDS: Final = 9.0
"""A clean stop takes no longer; less than a supervisor waits before it kills."""


def run_until_stopped(services: Sequence[type], configuration: Mapping[str, Any], listener: socket.socket) -> bool:
    """Run nameko services until SIGTERM or SIGINT, then stop them; False when one died before."""
    eventlet.debug.hub_exceptions(False)  # the hub would print the texts of exceptions
    over = Event()
    eventlet.spawn(_await_signal, over)
    runner = ServiceRunner(dict(configuration))
    for service in services:
        runner.add_service(service)
    running = eventlet.spawn(_run, runner, listener, over)
    signalled: bool = over.wait()
    with eventlet.Timeout(STOP_SECONDS, False):
        runner.stop()
    running.kill()
    get_logger().info("stopped")
    return signalled


def serve_health(listener: socket.socket, ready: Ready, pages: Mapping[str, Page]) -> None:
    """Serve health, metrics and pages on a green thread of their own, for a process without an HTTP service."""
    site = application(ready, pages)
    eventlet.spawn(wsgi.server, listener, site, log_output=False, socket_timeout=5, keepalive=5)


def _run(runner: ServiceRunner, listener: socket.socket, over: Event) -> None:
    try:
        runner.start()
        _settle()
        host, port = listener.getsockname()[:2]
        get_logger().info("started", host=host, port=port, pid=os.getpid())
        runner.wait()
    except Exception as error:
        get_logger().error("service-failed", exc_info=error)
    if not over.ready():
        over.send(False)


def _settle() -> None:
    """What start has built stays: keep it out of every collection, and let threads take turns quickly."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _await_signal(over: Event) -> None:
    """A signal's handler may run at any moment, even while the hub sleeps in the kernel, so it only writes a
    byte, its number: that wakes the hub, and this green thread does the rest."""
    read_end, write_end = os.pipe()
    for end in (read_end, write_end):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    for number in STOPPING:
        signal.signal(number, lambda *_: None)
    numbers = b""
    while not any(number in numbers for number in STOPPING):
        trampoline(read_end, read=True)
        numbers = os.read(read_end, 64)
    if not over.ready():
        over.send(True)
