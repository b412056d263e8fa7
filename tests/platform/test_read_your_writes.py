"""Who has just recorded something sees it, or is told when to come again."""

from __future__ import annotations

import signal
from functools import partial

import pytest

from scenarios.small_office import CLERK, HEAD
from tests.platform.asking import Look
from tests.platform.office import SEARCH, RunningOffice, problem
from tests.waiting import until

pytestmark = pytest.mark.platform

LOOKED_AT = (
    Look(SEARCH, CLERK, {"q": "muster"}),
    Look("/eligibility/v1/due", CLERK),
    Look("/casework/v1/cases", HEAD),
    Look("/reporting/v1/figures/teams", HEAD),
)


@pytest.mark.parametrize("look", LOOKED_AT, ids=str)
def test_a_position_beyond_the_end_of_the_log_is_nobody_s_to_wait_for(office: RunningOffice, look: Look) -> None:
    for position in (str(office.rest() + 1), "-1", "soon"):
        answer = look.at(office, Min_Position=position)
        assert problem(answer, 422) == "invalid-fields"
        assert [error["path"] for error in answer.json()["errors"]] == ["Min-Position"]


def test_a_view_that_is_behind_asks_to_come_again(office: RunningOffice) -> None:
    office.rest()
    projector = office.machine.supervisor.children["projector"]
    projector.send(signal.SIGSTOP)
    try:
        position = str(office.register()["position"])
        for look in LOOKED_AT:
            answer = look.at(office, Min_Position=position, Accept_Language="en")
            assert problem(answer, 503) == "view-behind"
            assert int(answer.headers["Retry-After"]) > 0
            assert look.at(office).ok, "who does not ask for the newest is answered"
    finally:
        projector.send(signal.SIGCONT)
    for look in LOOKED_AT:
        until(partial(is_shown, look, office, position), str(look))


def is_shown(look: Look, office: RunningOffice, position: str) -> bool:
    return look.at(office, Min_Position=position).ok
