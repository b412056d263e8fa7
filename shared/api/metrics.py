"""What is measured of HTTP, for Prometheus. Labels name routes, never what stands in their place."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUESTS: Final = Counter("wegmarken_http_requests", "Answered requests.", ("method", "route", "status"))
SECONDS: Final = Histogram(
    "wegmarken_http_seconds",
    "Time from the request's head to the answer, seconds.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
IN_FLIGHT: Final = Gauge("wegmarken_http_in_flight", "Requests under way.")
