"""What the district's report of 2018 says. Beside the generator's plan, the only place that knows it."""

from __future__ import annotations

from typing import Any


def assert_reported(figures: dict[str, Any]) -> None:
    """Exact where the report gives an exact number; rounding to the same statement where it says "about"."""
    assert figures["persons_in_care"] == {"2017-09-15": 1024, "2018-05-31": 1395, "2018-07-31": 1402}
    contacted = figures["persons_contacted"]["2018-07-31"]
    assert contacted == {"total": 915, "single": 304, "family": 611}
    assert round(contacted["single"] / contacted["total"], 2) == 0.33, "about a third of them single persons"
    assert round(figures["outreach_share"], 2) == 0.33, "about a third as outreach"
    per_case = figures["consultations_per_case"]
    assert round(per_case["ratio"]) == 4, "families about four times as often"
    frequent = {topic for topic, _ in figures["topics"][:5]}
    assert frequent == {"children", "housing", "language", "work", "social_participation"}
    assert figures["staff"] == {
        "2018-08-01": {"persons": 10, "fte": 8.05},
        "2018-11-01": {"persons": 16, "fte": 13.45},
    }
    grant = figures["grant"]
    assert (grant["total"], grant["committed"]) == ("815185.00", "815170.00")
    assert (grant["fte_graduate"], grant["fte_intermediate"]) == (9.94, 3.51)
    caseload = figures["caseload_per_fte"]
    assert round(caseload["2018-08-01"], 1) == 174.2
    assert round(caseload["2018-11-01"]["housed"], 1) == 104.4
    assert round(caseload["2018-11-01"]["with_overdue_occupants"], 1) == 150.0
    assert figures["overdue_occupants"] == {"2018-11-01": 614}
    assert figures["teams"] == 5
    assert figures["municipalities"] == {"district": 33, "own": 5}
