"""The county's year 2018: loaded through the public API, reported from projections."""

from __future__ import annotations

import pytest

from services.reporting.figures import OVER_TIME
from tests.platform import invariants
from tests.platform.county import RunningCounty
from tests.platform.figures import assert_reported

pytestmark = pytest.mark.platform


def test_the_platform_reports_what_the_district_reported(platform: RunningCounty) -> None:
    assert_reported(platform.figures())


def test_nothing_was_parked_and_every_view_is_live(platform: RunningCounty) -> None:
    status = platform.machine.status()
    assert status["projector"] is not None and status["projector"]["stopped"] == {}
    for name, child in platform.machine.supervisor.children.items():
        log = child.log.read_text()
        assert '"level":"error"' not in log, name
        assert "reaction.parked" not in log


def test_the_invariants_hold(platform: RunningCounty) -> None:
    invariants.assert_all(platform.machine.data, commands=len(platform.scenario.posts))


def test_figures_are_explained_by_as_many_contributions_as_they_count(platform: RunningCounty) -> None:
    path = "/reporting/v1/figures/persons-in-care?valid_at=2018-05-31&explain=true&limit=1000"
    first = platform.get(path)
    rest = platform.get(f"{path}&after={first['explanation']['next']}&known_at={first['position']}")["explanation"]
    contributions = first["explanation"]["entries"] + rest["entries"]
    assert first["value"]["persons"] == first["explanation"]["total"] == len(contributions) == 1395
    assert rest["next"] is None and len({each["person"] for each in contributions}) == 1395
    assert all(contribution["events"] for contribution in contributions)


def test_every_series_says_at_each_point_what_the_figure_says(platform: RunningCounty) -> None:
    for name in OVER_TIME:
        series = platform.get(f"/reporting/v1/series/{name}?since=2016-01-01&until=2018-12-31&every=quarter")
        assert len(series["points"]) == 12
        for point in series["points"]:
            asked = f"valid_at={point['valid_at']}&known_at={series['position']}"
            assert point["value"] == platform.get(f"/reporting/v1/figures/{name}?{asked}")["value"], name


def test_a_figure_as_it_was_known_is_smaller_when_things_were_learnt_late(platform: RunningCounty) -> None:
    path = "/reporting/v1/figures/persons-in-care?valid_at=2017-09-15"
    now = platform.get(path)["value"]["persons"]
    then = platform.get(f"{path}&known_at=2017-09-15")["value"]["persons"]
    assert then != now == 1024


def test_the_ledgers_chain_verifies(platform: RunningCounty) -> None:
    answer = platform.get("/reporting/v1/ledger?verify=true", "auditor")
    events = len(invariants.history(platform.machine.data))
    assert answer["seq"] == events
    assert answer["verified"] == {"first": 1, "last": events, "broken": None}
