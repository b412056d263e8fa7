"""Recording a talk in the browser: by keyboard alone, once, with nothing lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from scenarios.small_office import HEAD, LEAD
from shared.api.roles import INTEGRATION_MANAGER, TEAM_LEAD
from tests.platform.office import DAY, OTHER
from tests.portal.browser import LOOKS, SIZES, Size, axe, drafts, kept, log_in, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.families import Family, a_family, talks
from tests.portal.house import RunningPortal, down
from tests.waiting import until


@pytest.fixture(scope="module")
def family(portal: RunningPortal) -> Family:
    """Known from a talk with Ali and Amal."""
    return a_family(
        portal, "Probe", "Ali", "Amal", "Sami", "Lina", phone="07161 0001", language="ar", interpreter_needed=True
    )


def opened(page: Page, family: Family) -> Page:
    page.goto(f"/beratung/{family.case_id}")
    return page


@pytest.mark.parametrize("size", SIZES)
def test_the_form_has_no_barriers(open_page: Open, family: Family, size: Size) -> None:
    page = opened(open_page(INTEGRATION_MANAGER, size=size, checks=True), family)
    assert wrong_with(page, f"consultation-{size}") == []


def test_a_household_without_an_address(portal: RunningPortal) -> None:
    answer = portal.visitor(INTEGRATION_MANAGER).get(f"/beratung/{portal.office.ids['case']}")
    assert answer.status_code == 200
    assert "<span>Geislingen an der Steige</span>" in answer.text


def test_a_talk_by_keyboard_alone(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Tastatur", "Ali", "Amal", "Sami")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    keys = page.keyboard
    expect(took_part(page, "Ali")).to_be_focused()
    expect(took_part(page, "Ali")).to_be_checked()
    keys.press("ArrowDown")
    keys.press("Space")  # Amal was there, too
    keys.press("Tab")
    keys.press("s")  # office hours, by the first letter
    expect(page.get_by_label("Sprechstunde")).to_be_checked()
    keys.press("a")
    expect(page.get_by_label("aufsuchend, zu Hause")).to_be_checked()
    keys.press("Tab")  # the day stays today
    keys.press("Tab")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(page.get_by_label("Minuten")).to_have_value("35")
    keys.press("Tab")
    keys.press("Space")
    keys.press("Tab")
    keys.type("wo")
    keys.press("Enter")
    keys.type("kin")
    keys.press("Tab")
    expect(page.locator(".chosen li")).to_have_text(["Wohnung", "Kinder"])
    expect(page.locator("[data-topic]:visible")).to_have_count(2)
    expect(page.get_by_role("checkbox", name="Wohnung Bedarf")).to_be_focused()
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    keys.press("Space")
    expect(page.get_by_role("checkbox", name="Kinder Fortschritt")).to_be_checked()
    keys.press("Tab")
    keys.type("Mietvertrag geprüft.\nBald Schule.")
    expect(page.locator("#derived")).to_contain_text("36 Werte für die Statistik zu 2 Personen")
    screenshot(page, "consultation-filled")
    keys.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    note = page.locator(".note.ok")
    expect(note).to_contain_text("Gespräch mit Tastatur festgehalten.")
    expect(note).to_contain_text("9 Werte eingegeben, 36 abgeleitet.")
    told = talks(portal, family)[-1]
    assert (told["setting"], told["minutes"], told["interpreter"]) == ("outreach", 35, True)
    assert (sorted(told["took_part"]), told["concerns"]) == (
        sorted([family.persons["Ali"], family.persons["Amal"]]),
        [],
    )
    assert (sorted(told["topics"]), told["health"]) == (["children", "housing"], [])
    assert told["steps"] == [
        {"action_field": "housing", "step": "need"},
        {"action_field": "children", "step": "progress"},
    ]
    assert told["note"] == "Mietvertrag geprüft.\nBald Schule."


def test_those_who_came_last_are_ticked_next_time(open_page: Open, portal: RunningPortal, family: Family) -> None:
    page = opened(open_page(INTEGRATION_MANAGER), family)
    expect(page.locator("input[name=took_part]:checked")).to_have_count(1)
    expect(page.locator("input[name=concerns]:checked")).to_have_count(0)
    expect(took_part(page, "Ali")).to_be_checked()


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(open_page: Open, family: Family) -> None:
    page = opened(open_page(INTEGRATION_MANAGER, checks=True), family)
    page.get_by_label("Tag", exact=True).fill("bald")
    page.get_by_label("Minuten").fill("20")
    page.get_by_label("Was gesagt").fill("Bleibt stehen")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.locator("#f-held_on-error")).to_contain_text("kein Datum")
    page.get_by_label("Tag", exact=True).fill("1.6.18")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-setting-error")).to_be_visible()
    expect(page.locator("#f-topics-error")).to_be_visible()
    expect(page.get_by_label("Minuten")).to_have_value("20")
    expect(page.get_by_label("Was gesagt")).to_have_value("Bleibt stehen")
    screenshot(page, "consultation-wrong")
    assert axe(page) == []
    page.get_by_label("Tag", exact=True).fill("1.1.2016")
    fill(page)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#f-held_on-error")).to_contain_text("offen")
    expect(took_part(page, "Ali")).to_be_checked()


def test_minutes_that_are_no_number_are_said_at_their_field(portal: RunningPortal, family: Family) -> None:
    visitor, path = portal.visitor(INTEGRATION_MANAGER), f"/beratung/{family.case_id}"
    told = {"setting": "office", "topics": "finances", "took_part": family.persons["Ali"], "held_on": "heute"}
    for minutes in ("bald", "9" * 30):
        visitor.get(path)
        answer = visitor.post(path, {**told, "minutes": minutes})
        assert (answer.status_code, 'id="f-minutes-error"' in answer.text) == (422, True), minutes


def test_a_double_click_records_once(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Doppelklick", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    before = len(talks(portal, family))
    fill(page)
    page.get_by_role("button", name="Sichern").dblclick(no_wait_after=True)
    page.wait_for_url("**/mein-tag")
    assert len(talks(portal, family)) == before + 1


def test_the_back_button_shows_a_fresh_form(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Rückwärts", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    key = page.locator("form.talk input[name=_key]").input_value()
    fill(page, note="Nur einmal")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    before = len(talks(portal, family))
    page.go_back()
    expect(page.get_by_label("Was gesagt")).to_have_value("")
    expect(page.get_by_label("Minuten")).to_have_value("")
    assert page.locator("form.talk input[name=_key]").input_value() != key
    assert len(talks(portal, family)) == before


def test_of_two_windows_the_second_is_told_and_records_only_when_asked_again(
    open_page: Open, portal: RunningPortal
) -> None:
    family = a_family(portal, "Zweifenster", "Ali")
    first = opened(open_page(INTEGRATION_MANAGER), family)
    fill(first, note="Aus dem ersten")
    kept(first)
    second = opened(first.context.new_page(), family)
    expect(second.get_by_label("Was gesagt")).to_have_value("Aus dem ersten")  # the draft, with its key
    second.get_by_label("Was gesagt").fill("Aus dem zweiten")
    first.keyboard.press("Control+Enter")
    first.wait_for_url("**/mein-tag")
    before = len(talks(portal, family))
    second.keyboard.press("Control+Enter")
    expect(second.get_by_role("alert")).to_contain_text("schon gesichert")
    expect(second.get_by_label("Was gesagt")).to_have_value("Aus dem zweiten")
    assert len(talks(portal, family)) == before
    second.keyboard.press("Control+Enter")
    second.wait_for_url("**/mein-tag")
    assert [each["note"] for each in talks(portal, family)[-2:]] == ["Aus dem ersten", "Aus dem zweiten"]


# --- what was recorded: undo, correct, take back -------------------------------------------------------


def test_undo_within_ten_seconds(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Irrtum", "Ali")
    page = open_page(INTEGRATION_MANAGER)
    page.clock.install()
    opened(page, family)
    fill(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    expect(page.get_by_text("noch 10 s")).to_be_visible()
    page.clock.run_for(3000)
    expect(page.get_by_text("noch 7 s")).to_be_visible()
    screenshot(page, "my-day-undo")
    page.keyboard.press("u")
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()
    assert talks(portal, family)[-1]["entries"][-1]["reason"] == "by_mistake"


def test_afterwards_it_is_corrected_or_taken_back_on_its_own_page(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Später", "Ali", "Amal")
    page = open_page(INTEGRATION_MANAGER, checks=True)
    page.clock.install()
    opened(page, family)
    fill(page, note="Vorher")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    page.get_by_role("button", name="Rückgängig", exact=True).focus()
    page.clock.run_for(12_000)  # whoever is at the button is not hurried
    expect(page.get_by_role("button", name="Rückgängig", exact=True)).to_be_visible()
    page.get_by_role("link", name="Später berichtigen").focus()
    page.clock.run_for(12_000)
    expect(page.get_by_role("button", name="Rückgängig", exact=True)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Was gesagt")).to_have_value("Vorher")
    expect(took_part(page, "Ali")).to_be_checked()
    expect(page.locator(".chosen li")).to_have_text(["Wohnung"])
    screenshot(page, "consultation-correct")
    assert axe(page) == []
    page.get_by_label("Minuten").fill("50")
    page.get_by_label("Was gesagt").fill("Nachher")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Das Gespräch ist berichtigt.")).to_be_visible()
    told = talks(portal, family)[-1]
    assert (told["minutes"], told["note"], told["corrected"]) == (50, "Nachher", True)
    page.goto(f"/beratung/{family.case_id}/{told['consultation_id']}")
    page.get_by_label("doppelt erfasst").check()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()
    assert talks(portal, family)[-1]["entries"][-1]["reason"] == "entered_twice"
    page.goto(f"/beratung/{family.case_id}/{told['consultation_id']}")
    expect(page.get_by_text("Das ist zurückgenommen und zählt nirgends.")).to_be_visible()


def test_a_visit_that_met_nobody_in_two_keys(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Vergeblich", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mein-tag")
    expect(page.locator(".note.ok")).to_contain_text("bei Ali Vergeblich niemand angetroffen")
    assert talks(portal, family)[-1]["status"] == "attempted"
    page.get_by_role("link", name="Später zurücknehmen").click()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_text("Bitte sagen Sie, warum es zurückgenommen wird.")).to_be_visible()
    page.get_by_label("fand nicht statt").check()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()


# --- drafts: nothing typed is lost, and nobody else sees it --------------------------------------------


def test_a_draft_survives_a_closed_tab(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Tabzu", "Ali", "Amal")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    fill(page, note="Halb fertig")
    took_part(page, "Amal").check()
    page.get_by_role("checkbox", name="Wohnung Erfolg").check()
    kept(page)
    context = page.context
    page.close()
    again = opened(context.new_page(), family)
    expect(again.get_by_text("Ein Entwurf vom")).to_be_visible()
    expect(again.get_by_label("Was gesagt")).to_have_value("Halb fertig")
    expect(took_part(again, "Amal")).to_be_checked()
    expect(again.get_by_role("checkbox", name="Wohnung Erfolg")).to_be_checked()
    screenshot(again, "consultation-draft")
    again.get_by_label("Was gesagt").press("Control+Enter")
    again.wait_for_url("**/mein-tag")
    opened(again, family)
    expect(again.get_by_label("Was gesagt")).to_have_value("")
    assert drafts(again) == {}  # the server has it


def test_a_draft_survives_a_lost_session(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Sitzungweg", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    fill(page, note="Vor dem Abmelden")
    kept(page)
    page.context.clear_cookies()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/anmelden?**")
    before = len(talks(portal, family))
    log_in(page, portal, INTEGRATION_MANAGER)
    page.wait_for_url(f"**/beratung/{family.case_id}")
    expect(page.get_by_label("Was gesagt")).to_have_value("Vor dem Abmelden")
    page.get_by_label("Was gesagt").press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    assert len(talks(portal, family)) == before + 1


def test_nobody_else_is_offered_a_draft(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Andere", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    fill(page, note="Nur für mich")
    kept(page)
    page.get_by_role("button", name="Abmelden").click()
    log_in(page, portal, TEAM_LEAD)
    opened(page, family)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_label("Was gesagt")).to_have_value("")
    expect(page.get_by_text("Ein Entwurf vom")).to_have_count(0)
    assert "Nur" not in "".join(drafts(page).values()) and len(drafts(page)) == 1


def test_while_casework_is_down_the_form_stays_as_it_is(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Dienstweg", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    fill(page, note="Bleibt stehen")
    with down(portal, "casework-http"):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Das ließ sich noch nicht festhalten.")).to_be_visible()
        expect(page.get_by_label("Was gesagt")).to_have_value("Bleibt stehen")
        screenshot(page, "consultation-away")
        until(lambda: drafts(page), "the draft is kept")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    assert talks(portal, family)[-1]["note"] == "Bleibt stehen"


def test_a_draft_survives_a_dead_server(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Serverweg", "Ali")
    page = opened(open_page(INTEGRATION_MANAGER), family)
    fill(page, note="Bleibt auch hier")
    kept(page)
    with down(portal, "portal-http"):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Die Plattform antwortet nicht.")).to_be_visible()
        expect(page.get_by_label("Was gesagt")).to_have_value("Bleibt auch hier")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    assert talks(portal, family)[-1]["note"] == "Bleibt auch hier"
    assert drafts(page) == {}


# --- as what somebody records --------------------------------------------------------------------------


def test_a_lead_reads_a_talk_only_with_a_reason(open_page: Open, family: Family, portal: RunningPortal) -> None:
    page = open_page(TEAM_LEAD, checks=True)
    opened(page, family)
    expect(page.get_by_text("Sie halten das als Teamleitung fest.")).to_be_visible()
    page.get_by_role("link", name="lesen oder berichtigen").click()
    expect(page.get_by_role("heading", name="Wozu lesen Sie das?")).to_be_visible()
    screenshot(page, "consultation-reason")
    assert axe(page) == []
    page.keyboard.type("Übergabe wegen Urlaub")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="Gespräch berichtigen: Probe")).to_be_visible()
    expect(page.get_by_label("Minuten")).to_have_value("30")


def test_who_walked_in_is_recorded_by_any_of_the_team_who_reads_nothing(portal: RunningPortal) -> None:
    office, family = portal.office, a_family(portal, "Laufkundschaft", "Ali")
    hired = {"account": "weide", "name": "Weide Probe", "qualification": "graduate", "joined_on": DAY}
    colleague = office.done("/casework/v1/employees", hired, HEAD)["id"]
    office.done(f"/casework/v1/employees/{colleague}/team", {"team_id": office.ids["team"], "since": DAY}, HEAD)
    assigned = {"team_id": office.ids["team"], "manager_id": colleague, "assigned_on": DAY}
    office.done(f"/casework/v1/cases/{family.case_id}/assignment", assigned, LEAD)
    office.rest()
    visitor = portal.visitor(INTEGRATION_MANAGER)
    form = visitor.get(f"/beratung/{family.case_id}").text
    assert "Das ist der Fall von Weide Probe." in form
    assert "Zuletzt gesehen" not in form and "Niemand angetroffen" not in form
    told = {"setting": "office", "minutes": "15", "topics": "finances", "took_part": family.persons["Ali"]}
    answer = visitor.post(f"/beratung/{family.case_id}", told | {"held_on": "1.6.18"})
    assert "Gespräch festgehalten." in answer.text
    undo = re.findall(r'action="(/beratung/[^"]+/zuruecknehmen)"', answer.text)[0]
    assert "Zurückgenommen" in visitor.post(undo, {"reason": "by_mistake"}).text
    assert visitor.get(undo.removesuffix("/zuruecknehmen")).status_code == 403


def test_a_strangers_case_is_not_opened(portal: RunningPortal, family: Family) -> None:
    visitor = portal.visitor()
    visitor.log_in(OTHER)
    answer = visitor.get(f"/beratung/{family.case_id}")
    assert answer.status_code == 403
    assert "Probe" not in answer.text
    assert visitor.get(f"/beratung/{family.case_id}/{family.case_id}").status_code == 403


def test_it_works_without_scripts(open_page: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Ohneskript", "Ali", "Amal")
    page = opened(open_page(INTEGRATION_MANAGER, java_script_enabled=False), family)
    page.get_by_label("im Büro").check()
    page.get_by_label("Minuten").fill("20")
    page.get_by_label("Themen").select_option(["housing", "health"])
    page.get_by_role("checkbox", name="Gesundheit besonders geschützt Bedarf").check()
    page.get_by_role("button", name="Sichern").click()
    expect(page.get_by_text("Gespräch mit Ohneskript festgehalten.")).to_be_visible()
    assert talks(portal, family)[-1]["health"] == ["need"]


def test_in_english_and_in_the_dark(open_page: Open, family: Family) -> None:
    page = opened(open_page(INTEGRATION_MANAGER, checks=True, **LOOKS["dark"]), family)
    expect(page.get_by_role("heading", name="Record a talk: Probe")).to_be_visible()
    screenshot(page, "consultation-dark")
    assert axe(page) == []


# --- how it is done ------------------------------------------------------------------------------------


def took_part(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name=re.compile(name)).get_by_label("dabei")


def fill(page: Page, note: str = "") -> None:
    """What a talk needs at least, and a note."""
    page.get_by_label("im Büro").check()
    page.get_by_label("Minuten").fill("20")
    page.get_by_label("Themen").focus()
    page.keyboard.type("wohn")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen li")).to_have_text(["Wohnung"])
    page.get_by_label("Was gesagt").fill(note)
