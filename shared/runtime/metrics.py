"""Counters and histograms of one process, as Prometheus reads them.

Update them from the process's own (green) threads only: under eventlet their locks are green, so a native
thread must not touch them.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

REQUESTS: Final = Counter("wegmarken_http_requests", "Answered requests.", ("method", "route", "status"))
SECONDS: Final = Histogram(
    "wegmarken_http_seconds",
    "Time from the request's head to the answer, seconds.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
IN_FLIGHT: Final = Gauge("wegmarken_http_in_flight", "Requests under way.")
MEDIA_TYPE: Final = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All metrics of this process in Prometheus's text format."""
    return generate_latest(REGISTRY)
