"""Every figure, at every pair of dates, says what the plainest computation says: over any history."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.figures import FIGURES
from shared.contracts.envelope import KnownAt
from tests.reporting.any_history import any_history, day
from tests.reporting.histories import History, ask
from tests.reporting.oracle import Oracle


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(any_history(), day, st.data())
def test_figures_say_what_the_plainest_computation_says(history: History, valid_at: date, data: st.DataObject) -> None:
    positions = st.integers(0, len(history.stored) + 1)
    known_at: KnownAt = data.draw(st.none() | day | positions)
    oracle = Oracle(history, valid_at, known_at)
    with history.folded() as engine:
        for name in FIGURES:
            expected = getattr(oracle, name.replace("-", "_"))()
            value = ask(engine, name, valid_at, known_at)
            assert [(key, value[key]) for key in expected] == list(expected.items()), name
