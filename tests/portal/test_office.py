"""The office in the browser: assigning cases and handing them over; who may do which, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from scenarios.small_office import CLERK, HEAD, LEAD
from services.portal.answers import Refused, Unavailable
from services.portal.pages.handover import Went, draft, hand_over
from services.portal.records.households import Household, Person
from services.portal.records.staff import Employee
from services.portal.web.assets import Assets
from services.portal.web.form import Form
from services.portal.web.rendering import Templates
from shared.api.roles import HEAD_OF_OFFICE, INTEGRATION_MANAGER, TEAM_LEAD
from tests.platform.office import DAY, HOME, OTHER, person
from tests.portal.browser import kept
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor
from tests.portal.strangers import erase
from tests.waiting import until

ELSEWHERE = "08117026"
"""A municipality that another team serves."""


@dataclass(frozen=True)
class Case:
    name: str
    id: str


def a_case(portal: RunningPortal, name: str, manager: str | None = None, ags: str = HOME["ags"]) -> Case:
    """An open case of a person called Lyra; ``manager``: the employee who looks after it."""
    office = portal.office
    body = person(family_name=name, given_name="Lyra", residence={**HOME, "ags": ags})
    registered = office.done("/intake/v1/persons", body, CLERK)
    title = {"section": "25(2)", "granted_on": "2017-01-05"}
    office.done(f"/intake/v1/persons/{registered['id']}/titles", title, CLERK)
    office.rest()
    (case,) = office.shown(f"/casework/v1/cases?household_id={registered['household_id']}")["cases"]
    if manager is not None:
        assigned = {"team_id": office.ids["team"], "manager_id": manager, "assigned_on": DAY}
        office.done(f"/casework/v1/cases/{case['case_id']}/assignment", assigned, LEAD)
        office.rest()
    return Case(f"Lyra {name}", case["case_id"])


def an_employee(portal: RunningPortal, name: str, team: str | None = None) -> str:
    """Somebody of the team, under an account of their own; their id."""
    office = portal.office
    hired = {"account": f"probe-{uuid4().hex[:8]}", "name": name, "qualification": "graduate", "joined_on": DAY}
    employee: str = office.done("/casework/v1/employees", hired, HEAD)["id"]
    joined = {"team_id": team or office.ids["team"], "since": DAY}
    office.done(f"/casework/v1/employees/{employee}/team", joined, HEAD)
    office.rest()
    return employee


def manager_of(portal: RunningPortal, case: Case) -> Any:
    return portal.office.shown(f"/casework/v1/cases/{case.id}")["manager_id"]


def rows(text: str) -> dict[str, str]:
    """What is said of each case that nobody looks after, by the household's name."""
    found = re.findall(r'<li class="stop unassigned">(.*?)</li>', text, re.S)
    return {re.findall(r"<bdi>(.*?)</bdi>", each)[0]: each for each in found}


@pytest.fixture
def lead(portal: RunningPortal) -> Visitor:
    return portal.visitor(TEAM_LEAD)


@pytest.fixture
def head(portal: RunningPortal) -> Visitor:
    return portal.visitor(HEAD_OF_OFFICE)


@pytest.fixture(scope="module")
def taker(portal: RunningPortal) -> str:
    """Who takes over in these tests: whom the other files know looks after nobody of these."""
    return an_employee(portal, "Tara Nimmt")


# --- who sees what ------------------------------------------------------------------------------


def test_a_lead_sees_whom_nobody_looks_after_and_the_head_only_how_many(
    portal: RunningPortal, lead: Visitor, head: Visitor
) -> None:
    case = a_case(portal, "Wartehall")
    row = rows(lead.get("/buero").text)[case.name]
    opened_on = date.fromisoformat(portal.office.shown(f"/casework/v1/cases/{case.id}")["spells"][-1]["opened_on"])
    assert "Geislingen an der Steige" in row and "1 Person" in row and f"seit {opened_on:%d.%m.%Y}" in row
    text = head.get("/buero").text
    assert re.search(r"\d+ (Fall wartet|Fälle warten) darauf, dass", text)
    assert "Wartehall" not in text and rows(text) == {}


def test_what_lives_in_the_area_of_another_team_is_for_its_lead(portal: RunningPortal, lead: Visitor) -> None:
    office = portal.office
    team = office.done("/casework/v1/teams", {"name": "Fernteam", "formed_on": DAY}, HEAD)["id"]
    near, far = a_case(portal, "Nahbei"), a_case(portal, "Fernab", ags=ELSEWHERE)
    shown = rows(lead.get("/buero").text)
    assert "gehört zu keinem Gebiet" in shown[far.name] and "gehört zu keinem Gebiet" not in shown[near.name]
    office.done(f"/casework/v1/teams/{team}/area", {"municipalities": [ELSEWHERE], "since": DAY}, HEAD)
    office.rest()
    text = lead.get("/buero").text
    assert near.name in rows(text) and far.name not in rows(text)
    assert "im Gebiet eines anderen Teams" in text or "in den Gebieten anderer Teams" in text


def test_a_lead_sees_staff_without_contracts_and_without_forms(portal: RunningPortal, lead: Visitor) -> None:
    text = lead.get("/buero").text
    assert "Messtrupp" in text and "Mess Beispiel" in text and "Hochschulabschluss" in text
    assert "Neuer Vertrag" not in text and "Stellenanteil" not in text and "Team bilden" not in text
    assert lead.get("/buero/einstellen").status_code == 403


def test_who_leads_no_team_yet_is_told_so(portal: RunningPortal) -> None:
    portal.add("neuleitung", TEAM_LEAD)
    visitor = portal.visitor()
    visitor.log_in("neuleitung")
    text = visitor.get("/buero").text
    assert "Ihr Konto gehört noch zu keinem Team." in text and rows(text) == {}


def test_other_roles_find_no_office(portal: RunningPortal) -> None:
    manager = portal.visitor(INTEGRATION_MANAGER)
    assert "/buero" not in manager.get("/mein-tag").text
    assert manager.get("/buero").status_code == 403


def test_a_head_neither_assigns_nor_hands_over(portal: RunningPortal, head: Visitor) -> None:
    case = a_case(portal, "Kopfprobe")
    head.get("/buero")
    name = f"manager-{case.id}"
    assert head.post(f"/buero/zuteilung/{case.id}", {name: portal.office.ids["manager"]}).status_code == 403
    assert head.get(f"/buero/uebergabe/{portal.office.ids['manager']}").status_code == 403
    assert manager_of(portal, case) is None


# --- assigning ----------------------------------------------------------------------------------


def test_a_case_is_assigned_from_its_row_by_keyboard(portal: RunningPortal, open_page: Open) -> None:
    first, second = a_case(portal, "Aalprobe"), a_case(portal, "Bärprobe")
    employee = an_employee(portal, "Zora Zuteil")
    page = open_page(TEAM_LEAD)
    page.goto("/buero")
    row = page.locator(".unassigned").filter(has_text=first.name)
    row.get_by_role("combobox").focus()
    page.keyboard.type("Zora")
    page.keyboard.press("Enter")
    expect(row.get_by_role("combobox")).to_have_value("Zora Zuteil · 0 Fälle")
    page.keyboard.press("Enter")
    said = row.get_by_role("status")
    expect(said).to_contain_text("Zora Zuteil, ab heute")
    expect(said).to_be_focused()
    assert manager_of(portal, first) == employee
    page.keyboard.press("Tab")
    expect(page.locator(".unassigned").filter(has_text=first.name).locator(":focus")).to_have_count(0)
    page.reload()
    expect(page.locator(".unassigned").filter(has_text=first.name)).to_have_count(0)
    row = page.locator(".unassigned").filter(has_text=second.name)
    row.get_by_role("combobox").fill("Zora")
    expect(row.get_by_role("option")).to_have_text("Zora Zuteil · 1 Fall")


def test_without_scripts_the_page_says_whom_it_was_assigned_to(
    portal: RunningPortal, lead: Visitor, taker: str
) -> None:
    case = a_case(portal, "Ohneskript")
    lead.get("/buero")
    fields = {f"manager-{case.id}": taker}
    once = lead.post(f"/buero/zuteilung/{case.id}", fields)
    assert "Zugeteilt an Tara Nimmt, ab heute." in once.text and case.name not in rows(once.text)
    assert manager_of(portal, case) == taker


def test_the_same_form_twice_assigns_once(portal: RunningPortal, lead: Visitor, taker: str) -> None:
    case = a_case(portal, "Doppelt")
    lead.get("/buero")
    fields = {f"manager-{case.id}": taker, "_key": str(uuid4())}
    for _ in range(2):
        assert lead.post(f"/buero/zuteilung/{case.id}", fields).status_code == 200
        portal.office.rest()
    history = portal.office.stored("select type from events where stream = ?", f"case-{case.id}")
    assert [each for (each,) in history].count("casework.CaseAssigned") == 1


def test_what_is_wrong_is_said_in_the_row_and_what_was_chosen_stays(portal: RunningPortal, lead: Visitor) -> None:
    case, other = a_case(portal, "Zeilenfehler"), an_employee(portal, "Otto Andersteam", team=another_team(portal))
    lead.get("/buero")
    field, path = f"manager-{case.id}", f"/buero/zuteilung/{case.id}"
    nobody = lead.post(path, {field: ""})
    assert nobody.status_code == 422 and "Bitte wählen Sie, wer" in rows(nobody.text)[case.name]
    refused = lead.post(path, {field: other}, HX_Request="true")
    assert "Dieser Fall gehört nicht zu Ihrem Team." in refused.text and "<html" not in refused.text
    assert manager_of(portal, case) is None


def test_who_is_slower_is_told_who_looks_after_the_household(portal: RunningPortal, lead: Visitor, taker: str) -> None:
    case, quicker = a_case(portal, "Überholt"), an_employee(portal, "Erna Schneller")
    lead.get("/buero")
    assigned = {"team_id": portal.office.ids["team"], "manager_id": quicker, "assigned_on": DAY}
    portal.office.done(f"/casework/v1/cases/{case.id}/assignment", assigned, LEAD)
    portal.office.rest()
    slower = {f"manager-{case.id}": taker}
    answer = lead.post(f"/buero/zuteilung/{case.id}", slower, HX_Request="true")
    assert "Erna Schneller betreut diesen Haushalt schon." in answer.text
    assert f'value="{taker}" selected' in answer.text
    without_scripts = lead.post(f"/buero/zuteilung/{case.id}", slower)
    assert without_scripts.status_code == 422 and case.name not in rows(without_scripts.text)
    assert "Erna Schneller betreut diesen Haushalt schon." in without_scripts.text
    assert manager_of(portal, case) == quicker


def another_team(portal: RunningPortal) -> str:
    found = portal.office.shown("/casework/v1/employees")["employees"]
    (team,) = (each["team_id"] for each in found if each["account"] == OTHER)
    return str(team)


# --- handing over -------------------------------------------------------------------------------


@pytest.fixture
def leaving(portal: RunningPortal) -> Iterator[tuple[str, list[Case]]]:
    """Somebody who leaves, and their cases."""
    employee = an_employee(portal, f"Gerd Gehprobe {uuid4().hex[:4]}")
    yield employee, [a_case(portal, f"Übergabe{letter}", employee) for letter in "ABC"]


def test_cases_are_handed_over_by_keyboard(
    portal: RunningPortal, open_page: Open, leaving: tuple[str, list[Case]]
) -> None:
    employee, cases = leaving
    page = open_page(TEAM_LEAD)
    page.goto("/buero")
    page.locator(f'a[href="/buero/uebergabe/{employee}"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/buero/uebergabe/{employee}")
    for case in cases[:2]:
        page.get_by_role("checkbox", name=case.name).focus()
        page.keyboard.press("Space")
    page.get_by_label("Wer sie übernimmt").focus()
    page.keyboard.type("Tara Nimmt")
    page.get_by_role("button", name="Übergeben").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/buero")
    expect(page.locator(".note.ok")).to_contain_text("2 Fälle von Gerd Gehprobe")
    assert [manager_of(portal, case) == employee for case in cases] == [False, False, True]


def test_all_are_ticked_at_once_and_sent_twice_it_does_no_harm(
    portal: RunningPortal, lead: Visitor, leaving: tuple[str, list[Case]], taker: str
) -> None:
    employee, cases = leaving
    page = lead.get(f"/buero/uebergabe/{employee}?alle=1")
    assert page.text.count(" checked") == len(cases)
    fields = {**lead.hidden(), "case_id": [case.id for case in cases], "manager_id": taker}
    before = portal.office.rest()
    assert f"{len(cases)} Fälle von" in lead.post(f"/buero/uebergabe/{employee}", fields).text
    assert portal.office.rest() == before + len(cases)
    again = lead.post(f"/buero/uebergabe/{employee}", fields)
    assert "nicht mehr; sie bleiben, wie sie sind." in again.text
    assert portal.office.rest() == before + len(cases)


def test_all_are_ticked_by_keyboard_whatever_was_ticked_before(
    portal: RunningPortal, open_page: Open, leaving: tuple[str, list[Case]], taker: str
) -> None:
    employee, cases = leaving
    page = open_page(TEAM_LEAD)
    page.goto(f"/buero/uebergabe/{employee}")
    page.get_by_label("Wer sie übernimmt").select_option(taker)
    page.get_by_role("checkbox", name=cases[1].name).check()
    kept(page)
    page.get_by_role("link", name="Alle ankreuzen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(len(cases))
    expect(page.get_by_label("Wer sie übernimmt")).to_have_value(taker)
    expect(page.get_by_role("link", name="Alle ankreuzen")).to_be_focused()
    page.goto(f"/buero/uebergabe/{employee}?alle=1")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(len(cases))


def test_what_takes_long_goes_on_until_something_is_refused() -> None:
    done: list[str] = []
    time_for = iter([True, True, False])
    went = hand_over("abc", done.append, lambda: next(time_for))
    assert (went, went.goes_on, done) == (Went(["a", "b"], {}, is_late=True), True, ["a", "b"])

    def hand(case_id: str) -> None:
        if case_id == "a":
            raise Refused({"title": "So nicht."})
        if case_id == "c":
            raise Unavailable("casework")

    time_for = iter([True, True, False])
    went = hand_over("abc", hand, lambda: next(time_for))
    assert (went, went.goes_on) == (Went(["b"], {"a": "So nicht."}, is_late=True), False)
    went = hand_over("bcb", hand, lambda: True)
    assert (went, went.goes_on) == (Went(["b"], {}, is_away=True), False)


def test_the_page_that_goes_on_says_how_far_it_is_and_asks_by_itself() -> None:
    shown = {
        "visit": SimpleNamespace(csrf="csrf", page_path="/buero"),
        "form": Form.new(case_id=["c"], handed=["a", "b"]),
        "draft": draft("e"),
        "giver": Employee("e", "Gerd Gehprobe"),
        "households": [Household("h", "c", (Person("p", "Lyra", "Probe"),))],
        "since": {"c": DAY},
        "takers": [],
        "all": "alle",
        "handed": 2,
        "ticked": 3,
    }
    templates = Templates(Assets.load())
    going, stopped = (
        templates.fragment(
            "handover.html", "handover", "de", {**shown, "goes_on": goes_on, "is_cut": not goes_on}
        ).decode()
        for goes_on in (True, False)
    )
    assert "2 von 3 übergeben." in going and going.count('name="handed"') == 2
    assert 'hx-trigger="load"' in going and "hx-trigger" not in stopped
    assert "Es gibt mehr Fälle" in stopped and "Es gibt mehr Fälle" not in going


def test_each_refusal_is_named_and_the_others_are_handed_over(
    portal: RunningPortal, lead: Visitor, leaving: tuple[str, list[Case]], taker: str
) -> None:
    employee, cases = leaving
    lead.get(f"/buero/uebergabe/{employee}")
    fields = {**lead.hidden(), "case_id": [case.id for case in cases], "manager_id": taker}
    key = Form(key=str(fields["_key"])).key_of(cases[1].id)
    for manager, used in ((an_employee(portal, "Ida Zwischen"), key), (employee, str(uuid4()))):
        other = {"team_id": portal.office.ids["team"], "manager_id": manager, "assigned_on": DAY}
        portal.office.done(f"/casework/v1/cases/{cases[1].id}/assignment", other, LEAD, Idempotency_Key=used)
    portal.office.rest()
    refused = lead.post(f"/buero/uebergabe/{employee}", fields)
    assert refused.status_code == 422 and "Nicht jeder Fall ließ sich übergeben" in refused.text
    assert "2 von 3 übergeben." in refused.text
    assert f'href="#f-{cases[1].id}">{cases[1].name}: ' in refused.text
    assert [manager_of(portal, case) == employee for case in cases] == [False, True, False]


def test_with_nothing_ticked_or_nobody_chosen_it_says_so(
    portal: RunningPortal, lead: Visitor, leaving: tuple[str, list[Case]]
) -> None:
    employee, cases = leaving
    path = f"/buero/uebergabe/{employee}"
    lead.get(path)
    empty = lead.post(path, {})
    assert empty.status_code == 422
    assert "Bitte kreuzen Sie an" in empty.text and "Bitte wählen Sie, wer sie übernimmt." in empty.text
    kept = lead.post(path, {"case_id": cases[1].id})
    assert f'value="{cases[1].id}" checked' in kept.text and "Bitte kreuzen" not in kept.text
    assert lead.get(f"/buero/uebergabe/{uuid4()}").status_code == 404


def test_who_left_the_team_or_was_erased_still_has_cases_to_hand_over(
    portal: RunningPortal, lead: Visitor, leaving: tuple[str, list[Case]], taker: str
) -> None:
    employee, cases = leaving
    moved = {"team_id": another_team(portal), "since": DAY}
    portal.office.done(f"/casework/v1/employees/{employee}/team", moved, HEAD)
    portal.office.rest()

    def row() -> str:
        own = lead.get("/buero").text.partition("Messtrupp</h2>")[2].partition("</section>")[0]
        return next(each for each in own.split("</tr>") if f"/buero/uebergabe/{employee}" in each)

    assert "nicht mehr im Team" in row() and "Gerd Gehprobe" in row()
    erase(portal.office, employee, "employee", reason="Antrag")
    until(lambda: "nicht mehr bekannt" in row(), "the name is erased from the view")
    assert "Gerd" not in row()
    fields = {"case_id": cases[0].id, "manager_id": taker}
    lead.get(f"/buero/uebergabe/{employee}")
    assert "1 Fall von … an Tara Nimmt übergeben" in lead.post(f"/buero/uebergabe/{employee}", fields).text
