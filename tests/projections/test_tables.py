"""What the tables of all views have in common."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql, sqlite

from services.casework.views import VIEWS as CASEWORK
from services.eligibility.views import VIEWS as ELIGIBILITY
from services.intake.views import VIEWS as INTAKE
from services.reporting.views import VIEWS as REPORTING
from shared.contracts.model import PersonalClass
from shared.contracts.registry import contracts
from shared.projections.registry import build
from shared.projections.view import PLAIN, View

NAMES = {
    name
    for contract in contracts().values()
    for name, protection in contract.protections.items()
    if protection.personal_class is PersonalClass.IDENTITY
}
each_view = pytest.mark.parametrize("view", [*CASEWORK, *ELIGIBILITY, *INTAKE, *REPORTING], ids=lambda view: view.name)


def columns(view: View[Any]) -> list[Column[Any]]:
    return [column for table in build(view, "probe").metadata.sorted_tables for column in table.columns]


@each_view
def test_positions_have_room_for_those_of_every_store(view: View[Any]) -> None:
    for column in columns(view):
        if column.name == "position":
            assert column.type.compile(postgresql.dialect()) == "BIGINT"
            assert column.type.compile(sqlite.dialect()) == "INTEGER", "SQLite's own row number"


@each_view
def test_postgresql_takes_no_samples_of_what_tells_who_somebody_is(view: View[Any]) -> None:
    assert "family_name" in NAMES
    for column in columns(view):
        assert column.name not in NAMES or PLAIN.items() <= column.info.items(), column
