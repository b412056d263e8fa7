"""Recording a talk in the browser: by keyboard alone, once, with nothing lost."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from shared.api.roles import INTEGRATION_MANAGER
from tests.platform.office import until
from tests.portal.browser import Size, axe, overflows, screenshot
from tests.portal.conftest import Open
from tests.portal.families import Family, a_family, talks
from tests.portal.house import RunningPortal


@pytest.fixture(scope="module")
def family(portal: RunningPortal) -> Family:
    """Known from a talk with Ali and Amal."""
    return a_family(
        portal, "Probe", "Ali", "Amal", "Sami", "Lina", phone="07161 0001", language="ar", interpreter_needed=True
    )


def opened(page: Page, family: Family) -> Page:
    page.goto(f"/beratung/{family.case_id}")
    return page


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_the_form_has_no_barriers(as_user: Open, family: Family, size: Size) -> None:
    page = opened(as_user(INTEGRATION_MANAGER, size=size, checks=True), family)
    screenshot(page, f"consultation-{size}")
    assert axe(page) == []
    assert not overflows(page)


def test_a_talk_by_keyboard_alone(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Tastatur", "Ali", "Amal", "Sami")
    page = opened(as_user(INTEGRATION_MANAGER), family)
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
    expect(page.get_by_label("Wohnung Bedarf")).to_be_focused()
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    keys.press("Space")
    expect(page.get_by_label("Kinder Fortschritt")).to_be_checked()
    keys.press("Tab")
    keys.type("Mietvertrag geprüft.\nBald Schule.")
    expect(page.locator("#derived")).to_contain_text("36 Werte für die Statistik zu 2 Personen")
    screenshot(page, "consultation-filled")
    keys.press("Control+Enter")
    page.wait_for_url("**/mein-tag")
    note = page.locator(".note.ok")
    expect(note).to_contain_text("Gespräch mit Tastatur festgehalten.")
    expect(note).to_contain_text("10 Werte eingegeben, 36 abgeleitet.")
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


def test_those_who_came_last_are_ticked_next_time(as_user: Open, portal: RunningPortal, family: Family) -> None:
    page = opened(as_user(INTEGRATION_MANAGER), family)
    expect(page.locator("input[name=took_part]:checked")).to_have_count(1)
    expect(page.locator("input[name=concerns]:checked")).to_have_count(0)
    expect(took_part(page, "Ali")).to_be_checked()


def test_what_is_missing_is_said_at_its_field_and_nothing_is_lost(as_user: Open, family: Family) -> None:
    page = opened(as_user(INTEGRATION_MANAGER, checks=True), family)
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


def test_a_double_click_records_once(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Doppelklick", "Ali")
    page = opened(as_user(INTEGRATION_MANAGER), family)
    before = len(talks(portal, family))
    fill(page)
    page.get_by_role("button", name="Sichern").dblclick(no_wait_after=True)
    page.wait_for_url("**/mein-tag")
    assert len(talks(portal, family)) == before + 1


def test_the_back_button_shows_a_fresh_form(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Rückwärts", "Ali")
    page = opened(as_user(INTEGRATION_MANAGER), family)
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
    as_user: Open, portal: RunningPortal
) -> None:
    family = a_family(portal, "Zweifenster", "Ali")
    first = opened(as_user(INTEGRATION_MANAGER), family)
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


def test_undo_within_ten_seconds(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Irrtum", "Ali")
    page = as_user(INTEGRATION_MANAGER)
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
    assert talks(portal, family)[-1]["status"] == "withdrawn"


def test_afterwards_it_is_corrected_or_taken_back_on_its_own_page(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Später", "Ali", "Amal")
    page = as_user(INTEGRATION_MANAGER, checks=True)
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
    page.get_by_label("doppelt eingetragen").check()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()
    assert talks(portal, family)[-1]["entries"][-1]["reason"] == "entered_twice"
    page.goto(f"/beratung/{family.case_id}/{told['consultation_id']}")
    expect(page.get_by_text("Das ist zurückgenommen und zählt nirgends.")).to_be_visible()


def test_a_visit_that_met_nobody_in_two_keys(as_user: Open, portal: RunningPortal) -> None:
    family = a_family(portal, "Vergeblich", "Ali")
    page = opened(as_user(INTEGRATION_MANAGER), family)
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mein-tag")
    expect(page.locator(".note.ok")).to_contain_text("bei Ali Vergeblich niemand angetroffen")
    assert talks(portal, family)[-1]["status"] == "attempted"
    page.get_by_role("link", name="Später zurücknehmen").click()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()


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


def kept(page: Page) -> None:
    """Wait until the draft of what was typed last is kept."""
    typed_at = page.evaluate("Date.now()")
    stored = "Object.entries(localStorage).filter(([name]) => name.startsWith('draft:')).map(([, each]) => each)"
    until(lambda: any(json.loads(each)["at"] >= typed_at for each in page.evaluate(stored)), "the draft is kept")
