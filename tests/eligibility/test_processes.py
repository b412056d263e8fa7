"""Eligibility between a real broker and a real store: what is recorded is determined, and time passes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.broker import PrivateBroker
from tests.bus.conftest import empty
from tests.eligibility.office import open_office
from tests.eligibility.sentences import ANCHOR, ME, lives, registered, title
from tests.processes import running
from tests.waiting import until


@pytest.mark.platform
def test_phases_are_determined_by_themselves(tmp_path: Path, broker: PrivateBroker) -> None:
    empty(broker)
    with (
        running("eligibility", tmp_path, "projector", "relay", "react", WEGMARKEN_BROKER=broker.url) as (_, _, react),
        open_office(tmp_path) as office,
    ):
        office.today_is("2017-06-01")
        office.record(registered(intake="2015-09-15"), lives("2015-09-15"), who=ANCHOR)
        office.record(registered(intake=None, on="2015-09-15", anchor=ANCHOR, relation="spouse"), who=ME)
        until(lambda: nothing_left(react.url) and len(office.determinations(ME)) == 2, "both phases are determined")
        assert {office.phase(who)[0] for who in (ME, ANCHOR)} == {"provisional"}

        office.today_is("2017-09-15")
        until(lambda: nothing_left(react.url) and office.phase(ME)[0] == "follow_up", "the phase has changed")
        assert office.phase(ME)[:2] == office.phase(ANCHOR)[:2] == ("follow_up", "2017-09-15")

        office.record(title("2016-05-02"), who=ANCHOR)
        until(lambda: office.phase(ME)[1] == "2016-05-02" == office.phase(ANCHOR)[1], "both phases begin earlier")
        until(lambda: nothing_left(react.url), "nothing is left to do")


def nothing_left(url: str) -> bool:
    ready: Any = requests.get(f"{url}/health/ready", timeout=10).json()
    return (ready["in_hand"], ready["waiting"], ready["due"]) == (0, 0, 0)
