"""How far views are behind, for Prometheus; worked out when it is asked for, so a hanging view shows, too."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.projections.engine import UNAVAILABLE
from shared.projections.source import Source


class Observed(Protocol):
    """What is asked of a runner of views."""

    @property
    def source(self) -> Source: ...

    def positions(self) -> Mapping[str, int]:
        """Up to where each view has read."""
        ...

    def stopped(self) -> Container[str]:
        """The views that stand still."""
        ...


class ViewMetrics(Collector):
    """Per view: its position, the distance to the head, the age of the oldest event not yet folded, and whether one
    of them stopped it."""

    def __init__(self) -> None:
        self.runners: set[Observed] = set()

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return _families()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        position, events, seconds, stopped = families = _families()
        for runner in list(self.runners):
            stands, positions = runner.stopped(), runner.positions()
            for view in positions:
                stopped.add_metric([view], view in stands)
            try:
                behind = runner.source.facts_after
                for view, at in positions.items():
                    position.add_metric([view], at)
                    events.add_metric([view], behind(at))
                    seconds.add_metric([view], _age_of_next(runner, at))
            except UNAVAILABLE:
                continue  # what cannot be known is not reported
        return families


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily("wegmarken_view_position", "Position up to which the view has read", labels=["view"]),
        GaugeMetricFamily(
            "wegmarken_view_lag_events",
            "Events that the view has not folded; of many at least so many",
            labels=["view"],
        ),
        GaugeMetricFamily(
            "wegmarken_view_lag_seconds", "Age of the oldest event the view has not folded", labels=["view"]
        ),
        GaugeMetricFamily(
            "wegmarken_view_stopped", "1 while the view stands before an event that it cannot fold", labels=["view"]
        ),
    )


def _age_of_next(runner: Observed, position: int) -> float:
    following = runner.source.read(after=position, limit=1)
    return max(0.0, time.time() - following[0].recorded_us / 1e6) if following else 0.0


_views = ViewMetrics()
REGISTRY.register(_views)


@contextmanager
def observed(runner: Observed) -> Iterator[None]:
    """Report this runner's views while it runs."""
    _views.runners.add(runner)
    try:
        yield
    finally:
        _views.runners.discard(runner)
