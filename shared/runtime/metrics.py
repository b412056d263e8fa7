"""The metrics of one process, as Prometheus reads them, and those that belong to every kind of process.

Update them from the process's own (green) threads only: under eventlet their locks are green, so a native
thread must not touch them. What native threads count is a ``Tally``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class Tally(Collector):
    """A counter without a lock: may be updated from native threads, too."""

    def __init__(self, name: str, documentation: str) -> None:
        self._name, self._documentation = name, documentation
        self._next, self.value = count(1), 0
        REGISTRY.register(self)

    def inc(self) -> None:
        self.value = next(self._next)

    def collect(self) -> Iterable[CounterMetricFamily]:
        yield CounterMetricFamily(self._name, self._documentation, value=self.value)


STORE_UNAVAILABLE: Final = Counter(
    "wegmarken_store_unavailable_total", "Requests, messages and looks of timers that failed because a store was away."
)
NEWER_EVENTS: Final = Counter(
    "wegmarken_newer_events_total",
    "Requests, messages and looks of timers left to a newer release, whose events this code does not know.",
)
EVENTSTORE_RECONNECTIONS: Final = Tally(
    "wegmarken_eventstore_reconnections", "Connections to the event store that were made anew."
)
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All metrics of this process in Prometheus's text format."""
    return generate_latest(REGISTRY)
