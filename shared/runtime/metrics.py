"""Counters and histograms of one process, as Prometheus reads them.

Update them from the process's own (green) threads only: under eventlet their locks are green, so a native
thread must not touch them. What native threads count is a ``Tally``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest
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


REQUESTS: Final = Counter("wegmarken_http_requests", "Answered requests.", ("method", "route", "status"))
SECONDS: Final = Histogram(
    "wegmarken_http_seconds",
    "Time from the request's head to the answer, seconds.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
IN_FLIGHT: Final = Gauge("wegmarken_http_in_flight", "Requests under way.")
STORE_UNAVAILABLE: Final = Counter(
    "wegmarken_store_unavailable_total", "Requests, messages and looks of timers that failed because a store was away."
)
EVENTSTORE_RECONNECTIONS: Final = Tally(
    "wegmarken_eventstore_reconnections", "Connections to the event store that were made anew."
)
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All metrics of this process in Prometheus's text format."""
    return generate_latest(REGISTRY)
