"""Erasure: who is erased in statistics is no longer counted, and the views are as a fresh fold makes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from services.reporting.views import VIEWS
from shared.contracts.model import PersonalClass
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from tests.folding import content, fresh_fold
from tests.reporting.histories import (
    ADELBERG,
    History,
    ask,
    case_of,
    case_opened,
    contract,
    contract_ended,
    employee,
    entry_withdrawn,
    id_of,
    joined,
    moved_in,
    phase,
    registered,
    serves,
    talk,
    talk_withdrawn,
)

SPRING, JULY = date(2018, 3, 1), date(2018, 7, 31)


@dataclass(frozen=True)
class Erased:
    number: int
    subject: str
    personal_class: PersonalClass
    erased_at: datetime = datetime(2018, 11, 5, tzinfo=UTC)
    reason: str = "probe"


@pytest.fixture
def history() -> History:
    history = History().day(SPRING)
    history.record(serves(ADELBERG))
    for person in ("ada", "ben"):
        history.record(registered(person, "one"), joined(person, "two", SPRING), phase(person, SPRING))
        history.record(moved_in(person, SPRING, "private"), moved_in(person, SPRING, entry=f"wrong {person}"))
        history.record(entry_withdrawn(person, SPRING, entry=f"wrong {person}"))
    history.record(case_opened("two"), talk("first", "two", SPRING, "ada", "ben", topics=("housing",)))
    history.record(talk("second", "two", SPRING, "ada"), talk_withdrawn("second", "two"))
    history.record(employee("eva"), contract("eva", "0.64", SPRING), contract_ended("eva", SPRING, JULY))
    return history


def erased(history: History, subject: str, personal_class: PersonalClass) -> dict[str, object]:
    """Some figures after the erasure; and that each view is as a fresh fold makes it."""
    erasures: list[Erased] = []
    engine = open_engine("sqlite://", writing=True)
    try:
        runner = Runner(engine, VIEWS, history, erasures=lambda after: erasures[after:])
        runner.catch_up()
        erasures.append(Erased(1, subject, personal_class))
        history.sealer.erased.add((personal_class, subject))
        runner.catch_up()
        fresh = fresh_fold(VIEWS, history, erasures=lambda after: erasures[after:])
        assert {view.name: content(engine, view) for view in VIEWS} == fresh
        return {
            "in care": ask(engine, "persons-in-care", JULY)["persons"],
            "contacted": tuple(ask(engine, "persons-contacted", JULY).values()),
            "talks": ask(engine, "outreach-share", JULY)["consultations"],
            "topics": dict(ask(engine, "topics", JULY)),
            "staff": ask(engine, "staff", JULY)["persons"],
        }
    finally:
        engine.dispose()


EVERYTHING = {"in care": 2, "contacted": (2, 0, 2), "talks": 1, "topics": {"housing": 1}, "staff": 1}


@pytest.mark.parametrize("personal_class", [PersonalClass.IDENTITY, PersonalClass.HEALTH])
def test_figures_stay_when_identity_or_health_are_erased(history: History, personal_class: PersonalClass) -> None:
    assert erased(history, id_of("ada"), personal_class) == EVERYTHING


def test_who_is_erased_in_statistics_is_not_counted_nor_anybodys_household(history: History) -> None:
    assert erased(history, id_of("ada"), PersonalClass.STATISTICS) == EVERYTHING | {
        "in care": 1,
        "contacted": (1, 1, 0),
    }


def test_the_talks_of_a_case_erased_in_statistics_are_not_counted(history: History) -> None:
    assert erased(history, case_of("two"), PersonalClass.STATISTICS) == EVERYTHING | {
        "contacted": (0, 0, 0),
        "talks": 0,
        "topics": {},
    }


def test_an_erased_employee_is_not_counted(history: History) -> None:
    assert erased(history, id_of("eva"), PersonalClass.EMPLOYEE) == EVERYTHING | {"staff": 0}


def test_a_view_stops_rather_than_count_too_little_without_its_master_keys(history: History) -> None:
    history.sealer.sealed.add(PersonalClass.STATISTICS)
    engine = open_engine("sqlite://", writing=True)
    try:
        runner = Runner(engine, VIEWS, history)
        runner.catch_up()
        assert set(runner.status().stopped) == {
            "reporting.who_lives_where",
            "reporting.who_belongs_together",
            "reporting.who_is_entitled",
            "reporting.who_was_advised",
        }
    finally:
        engine.dispose()
