"""Who asks: from the account alone where that suffices, never refused by a table that lags behind."""

from __future__ import annotations

from threading import Thread

import pytest

from services.casework import colleagues
from services.casework.colleagues import Colleagues
from services.casework.standing import Colleague
from shared.api.roles import IMPORTER, INTEGRATION_MANAGER, TEAM_LEAD
from shared.contracts.casework import (
    CoverBegan,
    EmployeeJoined,
    TeamJoined,
    cover_stream,
    employee_stream,
)
from shared.contracts.model import EmployeeId
from shared.projections.registry import ViewNotReady
from shared.service.tokens import Actor
from tests.casework.examples import DAY, DEPUTY, MANAGER, START, TEAM, TODAY, an_id
from tests.casework.office import Office

manager = Actor("manager", frozenset({INTEGRATION_MANAGER}))
deputy = Actor("deputy", frozenset({INTEGRATION_MANAGER}))
lead = Actor("deputy", frozenset({TEAM_LEAD}))
importer = Actor("import", frozenset({IMPORTER}))
nobody = Actor("nobody", frozenset({INTEGRATION_MANAGER}))


@pytest.fixture
def who(office: Office) -> Colleagues:
    for employee_id, account in ((MANAGER, "manager"), (DEPUTY, "deputy")):
        hire(office, employee_id, account)
    office.catch_up()
    return Colleagues(office.reader, office.store)


def hire(office: Office, employee_id: EmployeeId, account: str) -> None:
    office.record(
        employee_stream(employee_id),
        EmployeeJoined(
            occurred_on=START, employee_id=employee_id, account=account, name="Probe", qualification="graduate"
        ),
        TeamJoined(occurred_on=START, employee_id=employee_id, team_id=TEAM),
    )


def cover(office: Office) -> None:
    cover_id = an_id("cover")
    began = CoverBegan(occurred_on=TODAY, cover_id=cover_id, employee_id=MANAGER, deputy_id=DEPUTY, until=TODAY + DAY)
    office.record(cover_stream(cover_id), began)


def is_somebody(known: Colleague) -> bool:
    return known.employee_id is not None


def covers(known: Colleague) -> bool:
    return MANAGER in known.covers


def test_account_team_and_covers_come_from_the_table(office: Office, who: Colleagues) -> None:
    cover(office)
    office.catch_up()
    expected = Colleague(employee_id=DEPUTY, team_id=TEAM, covers=frozenset({MANAGER}))
    assert who.look_up(deputy, TODAY) == expected
    assert who.look_up(deputy, TODAY + 2 * DAY).covers == frozenset(), "the cover is over"
    assert who.look_up(deputy, TODAY - DAY).covers == frozenset(), "the cover is still to come"
    assert who.look_up(lead, TODAY).leads == TEAM
    assert who.look_up(manager, START - DAY).team_id is None
    assert who.look_up(nobody, TODAY) == Colleague()


def test_a_known_account_is_not_looked_up_again(
    office: Office, who: Colleagues, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert who.who(manager, TODAY, is_somebody).employee_id == MANAGER
    monkeypatch.setattr(office.reader, "snapshot", None)
    assert who.who(manager, TODAY, is_somebody) == Colleague(employee_id=MANAGER)
    assert who.who(importer, TODAY, lambda known: known.imports) == Colleague(imports=True)


def test_a_cover_recorded_a_moment_ago_counts(office: Office, who: Colleagues) -> None:
    cover(office)
    projector = Thread(target=office.catch_up)
    projector.start()
    assert covers(who.who(deputy, TODAY, covers))
    projector.join()


def test_who_is_turned_away_is_turned_away_by_an_up_to_date_table(office: Office, who: Colleagues) -> None:
    assert not covers(who.who(deputy, TODAY, covers))


def test_nobody_is_turned_away_by_a_table_that_stands_still(
    office: Office, who: Colleagues, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(colleagues, "PATIENCE", 0.02)
    cover(office)
    with pytest.raises(ViewNotReady):
        who.who(deputy, TODAY, covers)
    with pytest.raises(ViewNotReady):
        who.all_teams()


def test_what_rules_rest_on(office: Office, who: Colleagues) -> None:
    cover(office)
    office.catch_up()
    assert who.covers(MANAGER, DEPUTY) == [(TODAY, TODAY + DAY)]
    assert who.covers(DEPUTY, MANAGER) == []
    assert who.all_teams() == []


def test_only_so_many_accounts_are_remembered(office: Office, who: Colleagues, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colleagues, "REMEMBERED", 1)
    for actor in (manager, deputy, manager):
        assert is_somebody(who.who(actor, TODAY, is_somebody))
