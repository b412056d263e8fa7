"""On a full disk commands are refused and leave nothing half-written; what needs no writing goes on."""

from __future__ import annotations

from contextlib import AbstractContextManager
from uuid import uuid4

import pytest

from scenarios.small_office import CLERK, HEAD, MANAGER
from tests.full_disk import full_disk
from tests.platform import invariants
from tests.platform.asking import Look, Series, at_once
from tests.platform.office import DAY, HOME, PERSON, PERSONS, SEARCH, TALKS, RunningOffice, person, problem, talk

pytestmark = pytest.mark.platform


def full_for(office: RunningOffice, name: str, room: int) -> AbstractContextManager[None]:
    """Within, this process cannot write beyond the first ``room`` bytes of any file."""
    child = office.machine.supervisor.children[name].process
    assert child is not None
    return full_disk(child.pid, room=room)


FULL = (
    Series(PERSONS, CLERK, person(residence=HOME)),
    Series(f"{PERSONS}/{{person}}/notices", CLERK, {"language": "ar", "given_on": DAY}),
    Series(TALKS, MANAGER, talk(note="Gespräch vor voller Platte.")),
    Series("/reporting/v1/reports", HEAD, {}),
)


@pytest.mark.parametrize("room", [0, 5_000, 10_000], ids=["nothing", "one page", "two pages"])
@pytest.mark.parametrize("series", FULL, ids=str)
def test_with_a_full_disk_nothing_is_half_written_and_later_all_is_well(
    office: RunningOffice, series: Series, room: int
) -> None:
    """A key of the person may be made before the append fails; an append that fails leaves nothing."""
    key, path, body = str(uuid4()), office.filled(series.path), office.filled(series.body)
    process = f"{path.split('/')[1]}-http"
    with office.nothing_stored(), full_for(office, process, room):
        for answer in at_once(lambda _: office.post(path, body, series.account, Idempotency_Key=key)):
            assert problem(answer, 503) == "store-unavailable"
            assert int(answer.headers["Retry-After"]) > 0
    first = office.post(path, body, series.account, Idempotency_Key=key)
    assert (first.status_code, first.headers.get("Idempotency-Replayed")) == (201, None), first.text
    assert office.stored("pragma integrity_check") == [("ok",)]
    positions = [position for (position,) in office.stored("select position from events order by position")]
    assert positions == list(range(1, len(positions) + 1))
    again = office.post(path, body, series.account, Idempotency_Key=key)
    assert again.json() == first.json()


def test_with_a_full_disk_what_needs_no_writing_goes_on(office: RunningOffice) -> None:
    """But personal records are shown only when the access log can say who read them."""
    looks = (
        Look(office.filled(f"{PERSONS}/{{person}}"), CLERK),
        Look(SEARCH, CLERK, {"q": "muster"}),
        Look("/casework/v1/cases", HEAD),
        Look(f"{TALKS}/search", MANAGER, office.filled({"case_id": "{case}"})),
    )
    with full_for(office, "intake-http", 0), full_for(office, "casework-http", 0):
        assert office.get("/casework/v1/teams", HEAD).ok
        assert office.ask("GET", "/health/ready", None, service="intake").ok
        for look in looks:
            answer = look.at(office)
            assert problem(answer, 503) == "access-not-recorded"
            assert PERSON["family_name"] not in answer.text and "cases" not in answer.json()
    assert all(look.at(office).ok for look in looks)


def test_in_the_end_every_view_equals_a_fresh_fold_and_every_event_had_its_effect_once(office: RunningOffice) -> None:
    invariants.assert_every_reaction_happened(office.machine)
    invariants.assert_all(office.data)
