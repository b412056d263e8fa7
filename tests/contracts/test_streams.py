"""Names of streams are stored: they are for ever, as the events in them are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts import casework, eligibility, intake, reporting, runtime
from shared.contracts.model import subject_of

ID = "0b2cbd9c-5f3f-4c43-9d5f-0d6f2a3a6b7c"
KINDS: dict[str, Callable[[Any], str]] = {
    "person": intake.person_stream,
    "eligibility": eligibility.eligibility_stream,
    "municipality": casework.municipality_stream,
    "team": casework.team_stream,
    "employee": casework.employee_stream,
    "cover": casework.cover_stream,
    "grant": casework.grant_stream,
    "case": casework.case_stream,
    "consultation": casework.consultation_stream,
    "report": reporting.report_stream,
}


@pytest.mark.parametrize(("kind", "stream"), KINDS.items())
def test_a_streams_name_is_its_kind_and_its_subject(kind: str, stream: Callable[[Any], str]) -> None:
    assert stream(ID) == f"{kind}-{ID}"
    assert subject_of(stream(ID)) == ID


def test_there_is_one_clock() -> None:
    assert subject_of(runtime.CLOCK) == runtime.CLOCK == "clock"
