"""Municipalities, teams, employees, grants, cover: what they may do next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.casework import cover, employee, grant, municipality, team
from services.casework.commands import (
    AnnounceContractExpiry,
    AwardGrant,
    BeginCover,
    ConcludeContract,
    CreatePost,
    EndContract,
    EndCover,
    FillPost,
    FormTeam,
    HireEmployee,
    JoinTeam,
    SetMunicipalService,
    SetTeamArea,
    VacatePost,
)
from services.casework.employee import Office, announcements
from services.casework.standing import Colleague
from services.casework.team import Neighbours
from services.casework.timeline import Timeline
from shared.contracts.casework import (
    ContractConcluded,
    ContractEnded,
    ContractExpiryAnnounced,
    CoverBegan,
    CoverEnded,
    EmployeeJoined,
    GrantAwarded,
    MunicipalServiceSet,
    PostCreated,
    PostFilled,
    PostVacated,
    TeamAreaSet,
    TeamFormed,
    TeamJoined,
)
from shared.contracts.model import Ags, EmployeeId, Hidden, TeamId
from tests.casework.examples import (
    ADELBERG,
    AICHELBERG,
    DAY,
    DEPUTY,
    EISLINGEN,
    GRANT,
    HALF,
    MANAGER,
    OTHER_TEAM,
    START,
    STRANGER,
    TEAM,
    TODAY,
    WHOLE,
    an_id,
    as_colleague,
    as_lead,
    as_nobody,
    as_stranger,
)
from tests.given import given

LATER = date(2018, 6, 1)

# --- municipality -------------------------------------------------------------------------------

no_areas = municipality.decider({})
own = MunicipalServiceSet(occurred_on=START, ags=EISLINGEN, service="own")


def area(*entries: tuple[date, set[Ags]]) -> Timeline[frozenset[Ags]]:
    return Timeline(tuple((since, frozenset(served)) for since, served in entries))


def test_a_town_sets_up_its_own_service() -> None:
    given(no_areas).when(SetMunicipalService(ags=EISLINGEN, service="own", since=START)).then(own)


def test_a_service_that_holds_already_needs_no_event() -> None:
    given(no_areas, own).when(SetMunicipalService(ags=EISLINGEN, service="own", since=LATER)).then_nothing()


def test_an_unknown_municipality_is_refused() -> None:
    given(no_areas).when(SetMunicipalService(ags=Ags("09162000"), service="own", since=START)).then_refused(
        "unknown-municipality", ags="09162000"
    )


def test_a_municipality_in_a_teams_area_cannot_have_its_own_service() -> None:
    own_from_start = SetMunicipalService(ags=ADELBERG, service="own", since=START)
    for served in (area((START, {ADELBERG})), area((START, set()), (LATER, {ADELBERG}))):
        given(municipality.decider({TEAM: served})).when(own_from_start).then_refused(
            "municipality-in-team-area", ags=ADELBERG, team=TEAM
        )


def test_a_municipality_that_has_left_the_area_can() -> None:
    left = municipality.decider({TEAM: area((date(2018, 1, 1), {ADELBERG}), (START, set()))})
    given(left).when(SetMunicipalService(ags=ADELBERG, service="own", since=START)).then(
        MunicipalServiceSet(occurred_on=START, ags=ADELBERG, service="own")
    )


# --- team ---------------------------------------------------------------------------------------

alone = team.decider(Neighbours(areas={}, services={}))
formed = TeamFormed(occurred_on=START, team_id=TEAM, name="Oberes Filstal")
serves = TeamAreaSet(occurred_on=START, team_id=TEAM, municipalities=(ADELBERG, AICHELBERG))
set_area = SetTeamArea(team_id=TEAM, municipalities=(AICHELBERG, ADELBERG), since=START)


def test_a_team_is_formed_and_gets_its_area() -> None:
    given(alone).when(FormTeam(team_id=TEAM, name="Oberes Filstal", formed_on=START)).then(formed)
    given(alone, formed).when(set_area).then(serves)


def test_an_area_that_holds_already_needs_no_event() -> None:
    given(alone, formed, serves).when(set_area).then_nothing()


def test_a_team_that_was_never_formed_has_no_area() -> None:
    given(alone).when(set_area).then_refused("unknown-team", team=TEAM)


def test_an_area_of_unknown_municipalities_is_refused() -> None:
    given(alone, formed).when(replace(set_area, municipalities=(Ags("09162000"),))).then_refused(
        "unknown-municipality", ags="09162000"
    )


@pytest.mark.parametrize(
    "theirs",
    [area((date(2017, 1, 1), {ADELBERG})), area((START, {ADELBERG})), area((START, set()), (LATER, {ADELBERG}))],
)
def test_a_municipality_belongs_to_one_team(theirs: Timeline[frozenset[Ags]]) -> None:
    beside = team.decider(Neighbours(areas={OTHER_TEAM: theirs}, services={}))
    given(beside, formed).when(set_area).then_refused(
        "municipality-served-by-another-team", ags=ADELBERG, team=OTHER_TEAM
    )


def test_areas_may_change_hands() -> None:
    gave_up = area((date(2017, 1, 1), {ADELBERG}), (START, set()))
    given(team.decider(Neighbours(areas={OTHER_TEAM: gave_up}, services={})), formed).when(set_area).then(serves)
    takes_over = area((LATER, {ADELBERG}))
    gives_up = TeamAreaSet(occurred_on=LATER, team_id=TEAM, municipalities=())
    given(team.decider(Neighbours(areas={OTHER_TEAM: takes_over}, services={})), formed, gives_up).when(set_area).then(
        serves
    )


def test_a_municipality_with_its_own_service_is_in_no_area() -> None:
    for services in (Timeline(((START, "own"),)), Timeline(((START, "district"), (LATER, "own")))):
        neighbours = Neighbours(areas={}, services={ADELBERG: services})  # type: ignore[dict-item]
        given(team.decider(neighbours), formed).when(set_area).then_refused(
            "municipality-has-own-service", ags=ADELBERG
        )


# --- employee -----------------------------------------------------------------------------------

office = employee.decider(Office(teams={TEAM, OTHER_TEAM}))
CONTRACT, SECOND = an_id("contract"), an_id("second contract")
ENDS = date(2020, 1, 31)
hired = EmployeeJoined(
    occurred_on=START, employee_id=MANAGER, account="muster", name="Mara Muster", qualification="graduate"
)
joined = TeamJoined(occurred_on=START, employee_id=MANAGER, team_id=TEAM)
concluded = ContractConcluded(occurred_on=START, employee_id=MANAGER, contract_id=CONTRACT, fte=HALF, ends_on=ENDS)
ended = ContractEnded(occurred_on=TODAY, employee_id=MANAGER, contract_id=CONTRACT, reason="own_wish")
conclude = ConcludeContract(employee_id=MANAGER, contract_id=CONTRACT, fte=HALF, starts_on=START, ends_on=ENDS)
end = EndContract(employee_id=MANAGER, contract_id=CONTRACT, ended_on=TODAY, reason="own_wish")
hire = HireEmployee(
    employee_id=MANAGER, account="muster", name="Mara Muster", qualification="graduate", joined_on=START
)


def test_somebody_is_hired_joins_a_team_and_gets_a_contract() -> None:
    given(office).when(hire).then(hired)
    given(office, hired).when(JoinTeam(employee_id=MANAGER, team_id=TEAM, since=START)).then(joined)
    given(office, hired, joined).when(conclude).then(concluded)
    given(office, hired, joined, concluded).when(end).then(ended)


def test_two_people_cannot_share_an_account() -> None:
    given(office, hired).when(hire).then_refused("account-taken")


def test_an_account_stays_its_employees_own_when_they_have_left_or_were_erased() -> None:
    erased = replace(hired, name=Hidden.ERASED, qualification=Hidden.ERASED)
    for story in ([hired, concluded, ended], [erased]):
        given(office, *story).when(hire).then_refused("account-taken")


@pytest.mark.parametrize("command", [JoinTeam(employee_id=MANAGER, team_id=TEAM, since=START), conclude])
def test_an_erased_employee_gets_nothing_more(command: employee.EmployeeCommand) -> None:
    erased = replace(hired, name=Hidden.ERASED, qualification=Hidden.ERASED)
    given(office, erased).when(command).then_refused("unknown-employee", employee=MANAGER)


@pytest.mark.parametrize("command", [JoinTeam(employee_id=MANAGER, team_id=TEAM, since=START), conclude, end])
def test_an_unknown_employee_is_refused(command: employee.EmployeeCommand) -> None:
    given(office).when(command).then_refused("unknown-employee", employee=MANAGER)


def test_an_unknown_team_cannot_be_joined() -> None:
    nowhere = TeamId(an_id("nowhere"))
    given(office, hired).when(JoinTeam(employee_id=MANAGER, team_id=nowhere, since=START)).then_refused(
        "unknown-team", team=nowhere
    )


def test_joining_the_own_team_needs_no_event() -> None:
    given(office, hired, joined).when(JoinTeam(employee_id=MANAGER, team_id=TEAM, since=TODAY)).then_nothing()


@pytest.mark.parametrize("fte", ["0", "-0.50", "1.01"])
def test_fte_is_above_zero_and_at_most_one(fte: str) -> None:
    given(office, hired).when(replace(conclude, fte=Decimal(fte))).then_refused("fte-out-of-range")


def test_a_contract_cannot_end_before_it_starts() -> None:
    given(office, hired).when(replace(conclude, ends_on=START - DAY)).then_refused("contract-ends-before-start")
    given(office, hired).when(replace(conclude, ends_on=START)).then(replace(concluded, ends_on=START))


def test_contracts_that_overlap_are_at_most_a_full_post() -> None:
    second = replace(conclude, contract_id=SECOND, fte=Decimal("0.51"))
    given(office, hired, concluded).when(replace(second, starts_on=ENDS, ends_on=None)).then_refused(
        "more-than-full-time", employee=MANAGER
    )
    given(office, hired, concluded).when(replace(second, fte=HALF)).then(replace(concluded, contract_id=SECOND))
    after = replace(second, starts_on=ENDS + DAY, ends_on=None)
    given(office, hired, concluded).when(after).then(
        replace(concluded, contract_id=SECOND, fte=Decimal("0.51"), occurred_on=ENDS + DAY, ends_on=None)
    )


def test_a_contract_that_ended_early_makes_room() -> None:
    given(office, hired, concluded, ended).when(
        replace(conclude, contract_id=SECOND, fte=WHOLE, starts_on=TODAY + DAY)
    ).then(replace(concluded, contract_id=SECOND, fte=WHOLE, occurred_on=TODAY + DAY))


def test_three_contracts_are_measured_on_their_worst_day() -> None:
    first = replace(concluded, contract_id="a", ends_on=LATER)
    second = replace(concluded, contract_id="b", occurred_on=LATER + DAY, ends_on=None)
    given(office, hired, first, second).when(replace(conclude, contract_id=SECOND, ends_on=None)).then(
        replace(concluded, contract_id=SECOND, ends_on=None)
    )


def test_a_contract_ends_once_within_its_time() -> None:
    given(office, hired).when(end).then_refused("unknown-contract", contract=CONTRACT)
    given(office, hired, concluded, ended).when(end).then_refused("contract-already-ended")
    for outside in (START - DAY, ENDS + DAY):
        given(office, hired, concluded).when(replace(end, ended_on=outside)).then_refused("ended-outside-running-time")
    for inside in (START, ENDS):
        given(office, hired, concluded).when(replace(end, ended_on=inside)).then(replace(ended, occurred_on=inside))


def test_an_erased_employees_contracts_can_still_be_ended() -> None:
    erased = replace(concluded, fte=Hidden.ERASED, ends_on=Hidden.ERASED)
    given(office, hired, erased).when(end).then(ended)


# --- announced expiry -----------------------------------------------------------------------------

DUE = {180: date(2019, 8, 4), 90: date(2019, 11, 2), 30: date(2020, 1, 1)}


def announce(days_ahead: int, today: date) -> AnnounceContractExpiry:
    return AnnounceContractExpiry(employee_id=MANAGER, contract_id=CONTRACT, days_ahead=days_ahead, today=today)


@pytest.mark.parametrize("days_ahead", DUE)
def test_expiry_is_announced_on_its_day_and_once(days_ahead: int) -> None:
    due = DUE[days_ahead]
    announced = ContractExpiryAnnounced(
        occurred_on=due, employee_id=MANAGER, contract_id=CONTRACT, days_ahead=days_ahead
    )
    given(office, hired, concluded).when(announce(days_ahead, due - DAY)).then_nothing()
    given(office, hired, concluded).when(announce(days_ahead, due)).then(announced)
    given(office, hired, concluded).when(announce(days_ahead, ENDS)).then(announced)
    given(office, hired, concluded, announced).when(announce(days_ahead, ENDS)).then_nothing()
    given(office, hired, concluded, ended).when(announce(days_ahead, due)).then_nothing()


def test_a_contract_without_end_or_unknown_is_not_announced() -> None:
    given(office, hired, replace(concluded, ends_on=None)).when(announce(30, ENDS)).then_nothing()
    given(office, hired, replace(concluded, ends_on=Hidden.ERASED)).when(announce(30, ENDS)).then_nothing()
    given(office, hired).when(announce(30, ENDS)).then_nothing()


def test_all_thresholds_of_a_contract_known_in_time_are_announced() -> None:
    assert announcements(ENDS, START) == DUE


def test_of_the_thresholds_passed_when_it_became_known_only_the_nearest_is_announced() -> None:
    assert announcements(ENDS, date(2019, 8, 4)) == DUE
    assert announcements(ENDS, date(2019, 11, 2)) == {90: DUE[90], 30: DUE[30]}
    assert announcements(ENDS, date(2020, 1, 15)) == {30: DUE[30]}
    assert announcements(ENDS, ENDS) == {30: DUE[30]}
    assert announcements(ENDS, ENDS + DAY) == {}


# --- grant and posts ------------------------------------------------------------------------------

POST, SECOND_POST = an_id("post"), an_id("second post")
granting = grant.decider({MANAGER})
UNTIL = date(2019, 1, 31)
awarded = GrantAwarded(
    occurred_on=START,
    grant_id=GRANT,
    amount=Decimal("100000.00"),
    until=UNTIL,
    rate_graduate=Decimal(64000),
    rate_intermediate=Decimal(51000),
)
created = PostCreated(occurred_on=START, grant_id=GRANT, post_id=POST, qualification="graduate", fte=WHOLE)
filled = PostFilled(occurred_on=LATER, grant_id=GRANT, post_id=POST, employee_id=MANAGER)
vacated = PostVacated(occurred_on=TODAY, grant_id=GRANT, post_id=POST)
award = AwardGrant(
    grant_id=GRANT,
    amount=awarded.amount,
    awarded_on=START,
    until=UNTIL,
    rate_graduate=awarded.rate_graduate,
    rate_intermediate=awarded.rate_intermediate,
)
create = CreatePost(grant_id=GRANT, post_id=POST, qualification="graduate", fte=WHOLE, created_on=START)
fill = FillPost(grant_id=GRANT, post_id=POST, employee_id=MANAGER, filled_on=LATER)
vacate = VacatePost(grant_id=GRANT, post_id=POST, vacated_on=TODAY)


def test_a_grant_pays_posts_that_are_filled_and_vacated() -> None:
    given(granting).when(award).then(awarded)
    given(granting, awarded).when(create).then(created)
    given(granting, awarded, created).when(fill).then(filled)
    given(granting, awarded, created, filled).when(vacate).then(vacated)
    given(granting, awarded, created, filled, vacated).when(replace(fill, filled_on=TODAY)).then(
        replace(filled, occurred_on=TODAY)
    )


def test_a_grant_runs_forward_and_pays_something() -> None:
    given(granting).when(replace(award, until=START - DAY)).then_refused("grant-ends-before-start")
    nothing: dict[str, Any]
    for nothing in ({"amount": Decimal(0)}, {"rate_graduate": Decimal(0)}, {"rate_intermediate": Decimal(-1)}):
        given(granting).when(replace(award, **nothing)).then_refused("amount-not-positive")


@pytest.mark.parametrize("command", [create, fill, vacate])
def test_an_unknown_grant_is_refused(command: grant.GrantCommand) -> None:
    given(granting).when(command).then_refused("unknown-grant", grant=GRANT)


@pytest.mark.parametrize("command", [fill, vacate])
def test_an_unknown_post_is_refused(command: grant.GrantCommand) -> None:
    given(granting, awarded).when(command).then_refused("unknown-post", post=POST)


def test_posts_commit_no_more_than_the_grant_pays() -> None:
    more = replace(create, post_id=SECOND_POST, qualification="intermediate", fte=Decimal("0.71"))
    given(granting, awarded, created).when(more).then_refused(
        "grant-exceeded", amount="100000.00", committed="100210.00"
    )
    given(granting, awarded, created).when(replace(more, fte=Decimal("0.70"))).then(
        replace(created, post_id=SECOND_POST, qualification="intermediate", fte=Decimal("0.70"))
    )


def test_the_grant_of_2018_pays_what_the_report_says() -> None:
    """9.94 FTE at 64,000 and 3.51 at 51,000 commit 815,170.00 of 815,185.00 euros; 15.00 remain."""
    the_grant = replace(awarded, amount=Decimal("815185.00"))
    graduates = [
        replace(created, post_id=str(n), fte=Decimal(fte))
        for n, fte in enumerate(["1", "1", "1", "1", "1", "1", "1", "1", "1", "0.94"])
    ]
    others = [
        replace(created, post_id=f"i{n}", qualification="intermediate", fte=Decimal(fte))
        for n, fte in enumerate(["1", "1", "1", "0.51"])
    ]
    sentence = given(granting, the_grant, *graduates, *others)
    assert sentence.state.committed(sentence.state.posts.values()) == Decimal("815170.00")
    sentence.when(replace(create, post_id=SECOND_POST, fte=Decimal("0.01"))).then_refused("grant-exceeded")


def test_a_post_is_a_part_of_one_person_within_the_grants_time() -> None:
    for fte in ("0", "1.01"):
        given(granting, awarded).when(replace(create, fte=Decimal(fte))).then_refused("fte-out-of-range")
    for day in (START - DAY, UNTIL + DAY):
        given(granting, awarded).when(replace(create, created_on=day)).then_refused("post-outside-grant")


def test_a_post_has_one_holder_at_a_time() -> None:
    given(granting, awarded, created, filled).when(replace(fill, filled_on=TODAY)).then_refused("post-already-filled")
    given(granting, awarded, created).when(vacate).then_refused("post-already-vacant")
    given(granting, awarded, created).when(replace(fill, filled_on=START - DAY)).then_refused("filled-too-early")
    given(granting, awarded, created, filled).when(replace(vacate, vacated_on=LATER - DAY)).then_refused(
        "vacated-too-early"
    )
    given(granting, awarded, created).when(replace(fill, employee_id=STRANGER)).then_refused(
        "unknown-employee", employee=STRANGER
    )


# --- cover ----------------------------------------------------------------------------------------

COVER = an_id("cover")
teams: dict[EmployeeId, TeamId | None] = {MANAGER: TEAM, DEPUTY: TEAM, STRANGER: OTHER_TEAM}
by_head = cover.decider(cover.Circumstances(teams))
began = CoverBegan(occurred_on=START, cover_id=COVER, employee_id=MANAGER, deputy_id=DEPUTY, until=LATER)
begin = BeginCover(cover_id=COVER, employee_id=MANAGER, deputy_id=DEPUTY, from_on=START, until=LATER)
end_cover = EndCover(cover_id=COVER, ended_on=LATER)


def test_a_cover_begins_and_ends_early() -> None:
    given(by_head).when(begin).then(began)
    given(by_head, began).when(replace(end_cover, ended_on=START)).then(CoverEnded(occurred_on=START, cover_id=COVER))


def test_nobody_covers_for_themselves_or_backwards() -> None:
    given(by_head).when(replace(begin, deputy_id=MANAGER)).then_refused("cover-of-oneself")
    given(by_head).when(replace(begin, until=START - DAY)).then_refused("cover-ends-before-start")
    unknown = EmployeeId(an_id("nobody"))
    given(by_head).when(replace(begin, deputy_id=unknown)).then_refused("unknown-employee", employee=unknown)


@pytest.mark.parametrize(("first", "last"), [(START, START), (LATER, LATER), (START - DAY, LATER + DAY)])
def test_covers_of_one_pair_do_not_overlap(first: date, last: date) -> None:
    busy = cover.decider(cover.Circumstances(teams, recorded=[(first, last)]))
    given(busy).when(begin).then_refused("cover-overlaps")


def test_covers_of_one_pair_may_follow_each_other() -> None:
    before_and_after = [(START - DAY, START - DAY), (LATER + DAY, LATER + DAY)]
    given(cover.decider(cover.Circumstances(teams, recorded=before_and_after))).when(begin).then(began)


def by(colleague: Colleague) -> cover.Circumstances:
    return cover.Circumstances(teams, by=colleague)


def test_a_manager_records_only_covers_of_the_own_pair_inside_the_team() -> None:
    given(cover.decider(by(as_colleague))).when(begin).then(began)
    for somebody in (as_stranger, as_nobody):
        given(cover.decider(by(somebody))).when(begin).then_refused("not-your-cover")
        given(cover.decider(by(somebody)), began).when(end_cover).then_refused("not-your-cover")
    given(cover.decider(by(as_stranger))).when(replace(begin, deputy_id=STRANGER)).then_refused("cover-outside-team")
    given(by_head).when(replace(begin, deputy_id=STRANGER)).then(replace(began, deputy_id=STRANGER))


def test_a_lead_records_covers_inside_the_own_team_only() -> None:
    for lead in (as_lead, replace(as_lead, employee_id=DEPUTY)):
        given(cover.decider(by(lead))).when(begin).then(began)
        given(cover.decider(by(lead)), began).when(replace(end_cover, ended_on=START)).then(
            CoverEnded(occurred_on=START, cover_id=COVER)
        )
        strangers = replace(begin, employee_id=STRANGER)
        refusal = "cover-outside-team" if lead.employee_id == DEPUTY else "not-your-cover"
        given(cover.decider(by(lead))).when(strangers).then_refused(refusal)
    elsewhere = replace(as_lead, leads=OTHER_TEAM)
    given(cover.decider(by(elsewhere))).when(begin).then_refused("not-your-cover")


def test_a_cover_ends_once_within_its_time() -> None:
    given(by_head).when(end_cover).then_refused("unknown-cover", cover=COVER)
    ended_early = CoverEnded(occurred_on=START, cover_id=COVER)
    given(by_head, began, ended_early).when(replace(end_cover, ended_on=START)).then_refused("cover-already-ended")
    for outside in (START - DAY, LATER + DAY):
        given(by_head, began).when(replace(end_cover, ended_on=outside)).then_refused("ended-outside-running-time")
