"""Running the office in the browser: teams and their areas, who joins, contracts and when they end; its barriers."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from scenarios.small_office import HEAD, TODAY
from services.portal.language import terms
from services.portal.records.office_actions import OFFICE_ACTIONS
from services.portal.records.staff import staff
from shared.api.roles import HEAD_OF_OFFICE, TEAM_LEAD
from tests.platform.office import DAY
from tests.portal.browser import LOOKS, SIZES, Size, axe, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor, down
from tests.portal.test_office import a_case, an_employee

WALDEN = "08117003"
"""Albershausen, which no team of the tests serves."""


@pytest.fixture
def head(portal: RunningPortal) -> Visitor:
    visitor = portal.visitor(HEAD_OF_OFFICE)
    visitor.get("/buero")
    return visitor


def section(text: str, title: str) -> str:
    """What stands in a team's part of the page."""
    found = re.search(rf'<section class="team"[^>]*>(?:(?!</section>).)*?{title}</h2>.*?</section>', text, re.S)
    assert found is not None, title
    return " ".join(found[0].split())


def a_contract(portal: RunningPortal, employee: str, **changes: object) -> str:
    body = {"fte": "0.5", "starts_on": "2018-05-01", **changes}
    contract: str = portal.office.done(f"/casework/v1/employees/{employee}/contracts", body, HEAD)["id"]
    portal.office.rest()
    return contract


# --- by keyboard, and without scripts -----------------------------------------------------------


def test_somebody_joins_by_keyboard_gets_a_team_and_a_contract(portal: RunningPortal, open_page: Open) -> None:
    page, name = open_page(HEAD_OF_OFFICE), f"Nele Neuprobe {uuid4().hex[:4]}"
    keys = page.keyboard
    page.goto("/buero")
    page.get_by_role("link", name="Neu im Amt").focus()
    keys.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    keys.type(name)
    keys.press("Tab")
    keys.type(f"nele-{uuid4().hex[:6]}")
    page.get_by_label("Hochschulabschluss").focus()
    keys.press("Space")
    keys.press("Control+Enter")
    expect(page.locator(".note.ok")).to_contain_text("Neu im Amt: gesichert.")
    page.get_by_role("link", name=f"Teamwechsel: {name}").focus()
    keys.press("Enter")
    expect(page.locator(".combo input")).to_be_focused()
    keys.type("Messt")
    keys.press("Enter")
    keys.press("Control+Enter")
    expect(page.locator(".note.ok")).to_contain_text(f"Teamwechsel ({name}): gesichert.")
    page.get_by_role("link", name=f"Neuer Vertrag: {name}").click()
    page.get_by_label("Vollzeitäquivalente").fill("0,75")
    page.get_by_label("Beginnt am").fill("heute")
    keys.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text(f"Neuer Vertrag ({name}): gesichert.")
    row = page.get_by_role("region", name="Messtrupp", exact=True).get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("0,75")
    expect(row).to_contain_text("unbefristet")


def test_a_team_is_formed_and_its_area_set_without_scripts(portal: RunningPortal, head: Visitor) -> None:
    name = f"Probeteam {uuid4().hex[:4]}"
    assert "Team bilden" in head.get("/buero/team").text
    formed = head.post("/buero/team", {"name": name, "formed_on": "heute"})
    assert "Team bilden: gesichert." in formed.text and "Betreut noch keine Gemeinde." in section(formed.text, name)
    (team,) = (each for each in portal.office.shown("/casework/v1/teams")["teams"] if each["name"] == name)
    path = f"/buero/gebiet/{team['team_id']}"
    head.get(path)
    taken = head.post(path, {"municipalities": ["08117024", WALDEN], "since": "heute"})
    assert taken.status_code == 422
    assert "Die Gemeinde Geislingen an der Steige gehört in dieser Zeit schon zum Gebiet" in taken.text
    assert f'value="{WALDEN}" checked' in taken.text and 'value="08117024" checked' in taken.text
    head.get(path)
    done = head.post(path, {"municipalities": [WALDEN], "since": "heute"})
    assert "Albershausen" in section(done.text, name)
    assert f'value="{WALDEN}" checked' in head.get(path).text  # the next form begins with the area as it is
    head.post(path, {"municipalities": None, "since": "heute"})
    portal.office.rest()
    assert "Betreut noch keine Gemeinde." in section(head.get("/buero").text, name)


def test_who_serves_a_municipality_is_recorded(portal: RunningPortal, head: Visitor) -> None:
    head.get("/buero/dienst")
    refused = head.post("/buero/dienst", {"ags": "08117024", "service": "own", "since": "heute"})
    assert refused.status_code == 422 and "Die Gemeinde Geislingen an der Steige gehört noch zum Gebiet" in refused.text
    done = head.post("/buero/dienst", {"ags": "08117055", "service": "own", "since": "heute"})
    assert "Wer eine Gemeinde betreut: gesichert." in done.text


def test_who_names_no_municipality_is_asked_for_it(portal: RunningPortal, head: Visitor) -> None:
    with portal.office.nothing_stored():
        head.get("/buero/dienst")
        for ags in ("", "../teams"):
            refused = head.post("/buero/dienst", {"ags": ags, "since": "heute"})
            assert refused.status_code == 422
            assert "„Gemeinde“ fehlt" in refused.text and "„Betreut durch“ fehlt" in refused.text
        typed = head.post("/buero/dienst", {"ags": "", "service": "own", "since": "heute"})
        assert 'value="own" checked' in typed.text and "„Betreut durch“ fehlt" not in typed.text


def test_of_what_begins_later_the_page_says_when(portal: RunningPortal, head: Visitor) -> None:
    name, day = f"Svea Später {uuid4().hex[:4]}", TODAY + timedelta(days=7)
    head.get("/buero/einstellen")
    typed = {"name": name, "account": f"svea-{uuid4().hex[:6]}", "qualification": "graduate"}
    saved = head.post("/buero/einstellen", {**typed, "joined_on": f"{day:%d.%m.%Y}"})
    assert f"Neu im Amt: gesichert. Es gilt ab {day:%d.%m.%Y} und steht von da an hier." in saved.text
    assert name not in saved.text


def test_an_area_reads_by_name() -> None:
    told = {"team_id": "t", "name": "Probe", "municipalities": ["08117024", "08117061", WALDEN]}
    (team,) = staff([told], {"employees": [], "caseloads": []}, TODAY).teams
    assert [terms.municipality(ags) for ags in team.area] == sorted(terms.municipality(ags) for ags in team.area)
    assert team.area != tuple(told["municipalities"])


# --- contracts ----------------------------------------------------------------------------------


def test_what_ends_soon_stands_out_and_what_is_over_is_gone(portal: RunningPortal, head: Visitor) -> None:
    employee = an_employee(portal, f"Sonja Baldende {uuid4().hex[:4]}")
    soon, later = TODAY + timedelta(days=20), TODAY + timedelta(days=400)
    a_contract(portal, employee, fte="0.25", starts_on="2018-01-01", ends_on="2018-04-30")
    a_contract(portal, employee, fte="0.33", ends_on=soon.isoformat())
    a_contract(portal, employee, fte="0.44", ends_on=later.isoformat())
    text = section(head.get("/buero").text, "Messtrupp")
    row = text[text.index("Sonja Baldende") :].partition("</tr>")[0]
    assert f'<span class="state due">bis {soon:%d.%m.%Y}</span>' in row
    assert "0,33" in row and "0,44" in row and "0,25" not in row
    assert f">bis {later:%d.%m.%Y}</small>" in row


def test_a_contract_ends_early_once(portal: RunningPortal, head: Visitor) -> None:
    employee = an_employee(portal, f"Edda Ende {uuid4().hex[:4]}")
    contract = a_contract(portal, employee)
    path = f"/buero/vertragsende/{contract}"
    assert "Vertrag endet vorzeitig" in head.get(path).text
    fields = {**head.hidden(), "ended_on": "30.6.2018", "reason": "own_wish"}
    late = head.post(path, {**fields, "ended_on": "1.1.2018", "_key": str(uuid4())})
    assert late.status_code == 422 and "Der letzte Tag liegt nicht in der Laufzeit." in late.text
    for _ in range(2):  # twice the same form
        assert "bis 30.06.2018" in head.post(path, fields).text
    again = head.post(path, {**fields, "_key": str(uuid4())})
    assert again.status_code == 422 and "Der Vertrag ist schon vorzeitig beendet." in again.text
    assert "Vorzeitig beenden: Edda Ende" not in head.get("/buero").text


# --- what is refused ----------------------------------------------------------------------------


def test_what_is_missing_or_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    portal: RunningPortal, head: Visitor
) -> None:
    with portal.office.nothing_stored():
        head.get("/buero/einstellen")
        empty = head.post("/buero/einstellen", {"name": "Nur Name", "joined_on": ""})
        assert empty.status_code == 422 and 'value="Nur Name"' in empty.text
        assert "„Im Amt seit“" in empty.text and "„Konto“" in empty.text
        no_day = head.post("/buero/einstellen", {"name": "Nur Name", "joined_on": "bald"})
        assert "Das ist kein Datum" in no_day.text and 'value="bald"' in no_day.text
        taken = {"name": "Zweite Probe", "account": HEAD, "qualification": "graduate", "joined_on": "heute"}
        used = portal.office.shown("/casework/v1/employees")["employees"][0]["account"]
        refused = head.post("/buero/einstellen", {**taken, "account": used}, HX_Request="true")
        assert "Unter diesem Konto arbeitet schon jemand." in refused.text and "<html" not in refused.text
        employee = portal.office.ids["manager"]
        head.get(f"/buero/vertrag/{employee}")
        much = head.post(f"/buero/vertrag/{employee}", {"fte": "0,5", "starts_on": "heute"})
        assert "mehr als eine volle Stelle" in much.text and 'value="0,5"' in much.text


def test_who_may_not_and_what_there_is_not_is_refused(portal: RunningPortal, head: Visitor) -> None:
    lead = portal.visitor(TEAM_LEAD)
    employee = portal.office.ids["manager"]
    with portal.office.nothing_stored():
        for action in OFFICE_ACTIONS:
            path = f"/buero/{action.name}" + ("" if action.about == "office" else f"/{uuid4()}")
            lead.get("/buero")
            assert lead.post(path, {"name": "Probe"}).status_code == 403, path
            assert head.get(path).status_code == (200 if action.about == "office" else 404), path
        for path in ("/buero/nichts", "/buero/vertrag", f"/buero/einstellen/{employee}", f"/buero/gebiet/{employee}"):
            assert head.get(path).status_code == 404, path


# --- barriers, languages, a service that is away ------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_have_no_barriers(portal: RunningPortal, open_page: Open, size: Size) -> None:
    employee, looks = an_employee(portal, f"Ada Blick {uuid4().hex[:4]}"), size == "wide"
    a_contract(portal, employee, ends_on=(TODAY + timedelta(days=20)).isoformat())
    portal.office.done("/casework/v1/teams", {"name": f"Langname{size}" * 6, "formed_on": DAY}, HEAD)
    a_case(portal, "Barrierefrei")
    mine = a_case(portal, "Augenschein", employee)
    page = open_page(TEAM_LEAD, size=size, checks=True)
    page.goto("/buero")
    page.locator(".unassigned button").first.click()
    expect(page.locator(".unassigned [role=alert]")).to_be_focused()
    found = wrong_with(page, f"office-lead-{size}", looks=looks)
    page.goto(f"/buero/uebergabe/{employee}")
    expect(page.get_by_role("checkbox", name=mine.name)).to_be_visible()
    page.get_by_role("button", name="Übergeben").click()
    expect(page.get_by_role("alert")).to_be_focused()
    found += wrong_with(page, f"office-handover-{size}", looks=looks)
    page = open_page(HEAD_OF_OFFICE, size=size, checks=True)
    page.goto("/buero")
    page.locator(f'a[href="/buero/gebiet/{portal.office.ids["team"]}"]').click()
    expect(page.get_by_role("group", name="Gemeinden")).to_be_visible()
    found += wrong_with(page, f"office-head-{size}", looks=looks)
    assert found == []


def test_in_english_and_in_the_dark(open_page: Open) -> None:
    page = open_page(HEAD_OF_OFFICE, checks=True, **LOOKS["dark"])
    page.goto("/buero")
    page.get_by_role("link", name="Somebody joins the office").click()
    expect(page.get_by_label("In the office since")).to_have_value(f"{TODAY:%d.%m.%Y}")
    screenshot(page, "office-dark")
    assert axe(page) == []


def test_while_names_are_away_cases_are_not_shown_and_staff_is(portal: RunningPortal) -> None:
    a_case(portal, "Wegprobe")
    lead = portal.visitor(TEAM_LEAD)
    with down(portal, "intake-http"):
        text = lead.get("/buero").text
        assert "Die Liste dieser Fälle lässt sich gerade nicht anzeigen." in text
        assert "Mess Beispiel" in section(text, "Messtrupp")


def test_the_office_opens_on_the_day_of_the_office(portal: RunningPortal, head: Visitor) -> None:
    assert TODAY.isoformat() == DAY
    assert f"{TODAY:%d.%m.%Y}" in head.get("/buero").text
