"""Turns: so many at once, and nobody overtakes."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from shared.runtime.turns import Turns
from tests.waiting import until


def test_who_came_first_has_the_first_turn_and_who_asks_again_the_last() -> None:
    turns, served = Turns(1), list[int]()

    def ask(number: int) -> None:
        turns.take(20)
        served.append(number)
        turns.give_back()

    with ThreadPoolExecutor(8) as many:
        turns.take(0)
        asking = list[Future[None]]()
        for number in range(8):
            asking.append(many.submit(ask, number))
            until(lambda: turns.waiting == len(asking), "it waits")
        turns.give_back()
        turns.take(20)  # at once, before anybody woke up
    assert served == list(range(8))


def test_so_many_have_a_turn_at_once() -> None:
    turns = Turns(2)
    turns.take(0)
    turns.take(0)
    with pytest.raises(TimeoutError):
        turns.take(0.01)
    turns.give_back()
    turns.take(0)


def test_who_gave_up_waiting_takes_no_turn_along() -> None:
    turns = Turns(1)
    turns.take(0)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            turns.take(0.01)
    assert turns.waiting == 0
    turns.give_back()
    turns.take(0)
