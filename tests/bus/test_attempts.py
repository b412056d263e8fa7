"""What becomes of a message whose handler failed."""

from __future__ import annotations

import pytest

from shared.bus.attempts import Place, after_delivery_limit, after_failure, parked, replayed
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.port import StoreUnavailable
from shared.projections.registry import ViewNotReady

DELAYS = (1.0, 0.5, 30.0)
NOW = "2018-11-05T10:00:00+00:00"
SENT = {"cloudEvents:id": "e1"}


def fail(headers: dict[str, object], error: type[Exception] = ValueError) -> Place:
    return after_failure("casework", headers, error, DELAYS, NOW)


def test_attempts_are_made_at_the_given_delays() -> None:
    assert fail(SENT) == Place("casework.retry.1", {**SENT, "x-attempt": 1, "x-error": "ValueError"})
    assert fail({**SENT, "x-attempt": 1}).queue == "casework.retry.0.5"
    assert fail({**SENT, "x-attempt": 2}).queue == "casework.retry.30"


def test_after_the_last_attempt_it_is_parked() -> None:
    assert fail({**SENT, "x-attempt": 3}, KeyError) == Place(
        "casework.parked",
        {**SENT, "x-attempt": 4, "x-error": "KeyError", "x-parked-at": NOW},
        parked=True,
    )


@pytest.mark.parametrize("error", [StoreUnavailable, ViewNotReady, NewerThanThisCode])
def test_neither_a_store_or_view_that_is_away_nor_code_that_is_too_old_costs_an_attempt(error: type[Exception]) -> None:
    away = fail({**SENT, "x-attempt": 2, "x-outage": 77}, error)
    assert away.queue == "casework.retry.30"
    assert (away.headers["x-attempt"], away.headers["x-outage"]) == (2, 78)


def test_a_counter_that_is_no_number_counts_as_none() -> None:
    assert fail({"x-attempt": "many"}).headers["x-attempt"] == 1


def test_the_marks_of_the_broker_do_not_travel_on() -> None:
    marks = {"x-death": [{}], "x-delivery-count": 7, "x-first-death-queue": "casework"}
    assert fail({**SENT, **marks}).headers.keys() == {"cloudEvents:id", "x-attempt", "x-error"}


def test_the_delivery_limit_parks_at_the_second_time() -> None:
    once = after_delivery_limit("casework", SENT, NOW)
    assert once == Place("casework", {**SENT, "x-replayed": 1})
    twice = after_delivery_limit("casework", once.headers, NOW)
    assert (twice.queue, twice.headers["x-error"], twice.parked) == ("casework.parked", "delivery-limit", True)


def test_a_replay_begins_anew() -> None:
    place = parked("casework", {**SENT, "x-attempt": 4, "x-outage": 1, "x-replayed": 1}, "KeyError", NOW)
    assert replayed("casework", place.headers) == Place("casework", SENT)
