"""Contracts that run out are announced 180, 90 and 30 days ahead, once, also after downtime."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import isnan

from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from services.casework.metrics import observe_contracts
from shared.contracts.casework import (
    ContractConcluded,
    ContractEnded,
    EmployeeJoined,
    employee_stream,
)
from shared.contracts.model import EmployeeId, PersonalClass
from tests.bus.events import append, new_event
from tests.casework.examples import DAY, HALF, MANAGER, START, an_id
from tests.casework.office import Office

CONTRACT = an_id("contract")
ENDS = date(2020, 1, 31)
DUE = {180: date(2019, 8, 4), 90: date(2019, 11, 2), 30: date(2020, 1, 1)}
IN_TIME = [(DUE[180], 180), (DUE[90], 90), (DUE[30], 30)]

hired = EmployeeJoined(
    occurred_on=START, employee_id=MANAGER, account="muster", name="Mara Muster", qualification="graduate"
)
concluded = ContractConcluded(occurred_on=START, employee_id=MANAGER, contract_id=CONTRACT, fte=HALF, ends_on=ENDS)


def employ(office: Office, *, known_on: date = START) -> None:
    office.record(employee_stream(MANAGER), hired, concluded, learnt_on=known_on)
    office.catch_up()


def test_each_threshold_is_announced_on_its_day_and_once(office: Office) -> None:
    employ(office)
    for ahead, day in DUE.items():
        office.beat(day - DAY)
        assert (day, ahead) not in office.announced(MANAGER)
        office.beat(day)
        office.beat(day)  # the view does not know of it yet
        office.catch_up()
        office.beat(day + DAY)
    assert office.announced(MANAGER) == IN_TIME


def test_downtime_delays_announcements_and_loses_none(office: Office) -> None:
    employ(office)
    office.beat(ENDS + 10 * DAY)
    office.catch_up()
    office.beat(ENDS + 11 * DAY)
    assert office.announced(MANAGER) == IN_TIME
    *_, last = office.history(employee_stream(MANAGER))
    assert last.envelope.learnt_on == ENDS + 10 * DAY


def test_views_built_anew_announce_nothing_again(office: Office) -> None:
    employ(office)
    office.beat(DUE[90])
    fresh = office.store.head()
    office.catch_up()
    office.beat(DUE[90])
    assert office.store.head() == fresh and office.announced(MANAGER) == IN_TIME[:2]


def test_of_passed_thresholds_only_the_nearest_is_announced(office: Office) -> None:
    employ(office, known_on=date(2019, 12, 1))
    office.beat(date(2019, 12, 1))
    office.catch_up()
    office.beat(DUE[30])
    assert office.announced(MANAGER) == IN_TIME[1:]


def test_a_contract_that_ended_early_is_not_announced(office: Office) -> None:
    employ(office)
    ended = ContractEnded(occurred_on=date(2018, 7, 15), employee_id=MANAGER, contract_id=CONTRACT, reason="own_wish")
    office.record(employee_stream(MANAGER), ended)
    office.beat(DUE[180])  # the view does not know of it yet, the stream does
    office.catch_up()
    office.beat(ENDS)
    assert office.announced(MANAGER) == []


def test_a_contract_without_end_or_of_an_erased_employee_is_not_announced(office: Office) -> None:
    employ(office)
    office.keyring.destroy(MANAGER, {PersonalClass.EMPLOYEE}, "test")
    office.catch_up()
    office.beat(ENDS)
    assert office.announced(MANAGER) == []


def test_somebody_of_whom_a_newer_release_knows_more_is_left_to_that_and_keeps_back_nobody(office: Office) -> None:
    employ(office)
    other = EmployeeId(an_id("other"))
    office.record(
        employee_stream(other),
        replace(hired, employee_id=other, account="beispiel"),
        replace(concluded, employee_id=other, contract_id=an_id("other contract")),
    )
    office.catch_up()
    append(office.store, employee_stream(MANAGER), new_event("casework.Unheard"))
    before = newer_met()
    with capture_logs() as told:
        office.beat(DUE[180])
    assert [(each["event"], each["log_level"]) for each in told] == [("newer-release", "warning")]
    assert newer_met() == before + 1
    assert office.announced(other) == IN_TIME[:1]


def newer_met() -> float:
    """How often this process has met something newer than its code."""
    return REGISTRY.get_sample_value("wegmarken_newer_events_total") or 0.0


def test_how_many_contracts_end_soon_is_told_to_whoever_watches(office: Office) -> None:
    def ending(within: int, on: date) -> float | None:
        observe_contracts(office.reader, lambda: on)
        return REGISTRY.get_sample_value("wegmarken_contracts_ending", {"within_days": str(within)})

    assert isnan(ending(30, ENDS) or 0), "its view is not there yet"
    employ(office)
    assert [ending(within, ENDS - 60 * DAY) for within in (30, 90, 180)] == [0, 1, 1]
    assert [ending(30, ENDS - 30 * DAY), ending(30, ENDS), ending(30, ENDS + DAY)] == [1, 1, 0]
    early = ContractEnded(occurred_on=START + DAY, employee_id=MANAGER, contract_id=CONTRACT, reason="own_wish")
    office.record(employee_stream(MANAGER), early)
    office.catch_up()
    assert ending(180, ENDS - 60 * DAY) == 0, "it ended early"
