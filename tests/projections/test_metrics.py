"""How far a view is behind, also when nothing moves."""

from __future__ import annotations

from prometheus_client import REGISTRY

from tests.projections.office import PEOPLE, Office, PickyHomes, moved, running
from tests.waiting import until


def metric(name: str, view: str) -> float | None:
    return REGISTRY.get_sample_value(f"wegmarken_view_{name}", {"view": view})


def test_lag_in_events_and_seconds(office: Office) -> None:
    office.history(2)
    office.register("Beispiel", moved("Beispiel", "poison"))
    runner = office.runner(PEOPLE, PickyHomes("poison"))
    with running(runner):
        until(lambda: metric("position", "probe.people") == 10, "the view has followed")
        assert metric("lag_events", "probe.people") == metric("lag_seconds", "probe.people") == 0
        assert metric("position", "probe.homes") == 9
        assert metric("lag_events", "probe.homes") == 1
        assert (metric("stopped", "probe.people"), metric("stopped", "probe.homes")) == (0, 1)
        assert 0 < (metric("lag_seconds", "probe.homes") or 0) < 60
    assert metric("position", "probe.people") is None
