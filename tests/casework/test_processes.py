"""Casework's reacting process, between a real broker and a real store."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.broker import PrivateBroker
from shared.contracts.casework import (
    ContractConcluded,
    EmployeeJoined,
    employee_stream,
)
from shared.service.clock import advance
from tests.casework.examples import ANNA, BEN, CASE, DAY, HALF, HOUSEHOLD, MANAGER, START, an_id
from tests.casework.processes import office_of
from tests.processes import running
from tests.waiting import until

ENDS = date(2018, 12, 31)


@pytest.mark.platform
def test_cases_are_opened_and_contracts_announced_by_themselves(tmp_path: Path, broker: PrivateBroker) -> None:
    with (
        running("casework", tmp_path, "projector", "relay", "react", WEGMARKEN_BROKER=broker.url) as (_, _, react),
        closing(office_of(tmp_path)) as office,
    ):
        advance(office.store, office.sealer, START, "probe")
        for person in (ANNA, BEN):
            office.determine(person, HOUSEHOLD, "district", START)
        until(lambda: office.case(CASE).members == {ANNA, BEN}, "the case has both members")
        assert office.case(CASE).status == "open"

        office.record(
            employee_stream(MANAGER),
            EmployeeJoined(
                occurred_on=START, employee_id=MANAGER, account="m", name="Mara Muster", qualification="graduate"
            ),
            ContractConcluded(
                occurred_on=START, employee_id=MANAGER, contract_id=an_id("contract"), fte=HALF, ends_on=ENDS
            ),
        )
        advance(office.store, office.sealer, ENDS - 90 * DAY, "probe")
        until(lambda: len(office.announced(MANAGER)) == 2, "two announcements")
        advance(office.store, office.sealer, ENDS - 30 * DAY, "probe")
        until(lambda: len(office.announced(MANAGER)) == 3, "three announcements")
        assert office.announced(MANAGER) == [(ENDS - ahead * DAY, ahead) for ahead in (180, 90, 30)]
        until(lambda: nothing_left(react.url), "nothing is left to do")
        assert 'wegmarken_contracts_ending{within_days="30"}' in requests.get(f"{react.url}/metrics", timeout=10).text


def nothing_left(url: str) -> bool:
    ready: Any = requests.get(f"{url}/health/ready", timeout=10).json()
    return (ready["in_hand"], ready["waiting"], ready["due"]) == (0, 0, 0)
