"""The pauses of a follower."""

from __future__ import annotations

from shared.eventstore.pace import CROWD, Pace


def test_pauses_grow_while_deliveries_are_crowded_and_a_single_event_is_there_at_once() -> None:
    pace = Pace(1.0, 5.0)
    assert [pace.after(CROWD) for _ in range(4)] == [2.0, 4.0, 5.0, 5.0]
    assert [pace.after(CROWD - 1), pace.after(1), pace.after(CROWD)] == [1.0, 1.0, 2.0]
