"""My day in the browser: whom to see, what falls due, cover, and recording from the list."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from scenarios.small_office import CLERK, HEAD, LEAD
from shared.api.roles import INTEGRATION_MANAGER, TEAM_LEAD
from tests.platform.office import DAY
from tests.portal.browser import LOOKS, SIZES, Size, axe, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.families import Family, a_family, talks
from tests.portal.house import RunningPortal, Visitor, down, frozen
from tests.waiting import until


@pytest.fixture(scope="module")
def families(portal: RunningPortal) -> list[Family]:
    """Three that live along one street, in the order of a round; a title of the second's child ends soon."""
    first = a_family(portal, "Morgen", "Ali", address="Abendweg 1", phone="0151 0001", language="ar")
    second = a_family(portal, "Mittag", "Noor", "Lale", address="Abendweg 9", interpreter_needed=True)
    third = a_family(portal, "Abend", "أحمد", "ليلى", address="Abendweg 10", talk={"held_on": DAY})
    title = {"section": "25(3)", "granted_on": "2017-06-10", "valid_until": "2018-06-10"}
    portal.office.done(f"/intake/v1/persons/{second.persons['Lale']}/titles", title, CLERK)
    portal.office.rest()
    return [first, second, third]


@pytest.fixture
def day(open_page: Open, families: list[Family]) -> Callable[..., Page]:
    """``day(role=…, path=…, …)``: My day of somebody."""

    def opened(role: str = INTEGRATION_MANAGER, path: str = "/mein-tag", **how: object) -> Page:
        page = open_page(role, **how)
        page.goto(path)
        return page

    return opened


def stop(page: Page, name: str) -> Locator:
    return page.locator(".stop").filter(has_text=name)


@pytest.mark.parametrize("size", SIZES)
def test_the_page_has_no_barriers(day: Callable[..., Page], size: Size) -> None:
    page = day(size=size, checks=True)
    assert wrong_with(page, f"my-day-{size}") == []


def test_in_english_and_in_the_dark(day: Callable[..., Page]) -> None:
    page = day(checks=True, **LOOKS["dark"])
    expect(page.get_by_role("heading", name="My day")).to_be_visible()
    screenshot(page, "my-day-dark")
    assert axe(page) == []


def test_a_round_in_order_with_all_that_a_visit_needs(day: Callable[..., Page]) -> None:
    page = day()
    names = [
        text for text in page.locator(".stop .name a").all_inner_texts() if text in ("Ali Morgen", "Mittag", "Abend")
    ]
    assert names == ["Ali Morgen", "Mittag", "Abend"]
    first = stop(page, "Ali Morgen")
    expect(first.get_by_role("link", name="0151 0001")).to_have_attribute("href", "tel:01510001")
    expect(first).to_contain_text("Arabisch")
    expect(first).to_contain_text("heute 01.06.2018")
    expect(stop(page, "Mittag")).to_contain_text("mit Dolmetscher")
    expect(stop(page, "Mittag")).to_contain_text("Aufenthaltstitel endet")
    due = page.get_by_role("region", name="Die nächsten 14 Tage")
    expect(due).to_contain_text("10.06.2018")
    expect(due.get_by_role("link", name="Lale Mittag")).to_be_visible()


def test_keys_lead_through_the_list_and_into_a_talk(day: Callable[..., Page], families: list[Family]) -> None:
    page = day()
    keys = page.keyboard
    keys.press("j")
    first = page.locator(".stop .do a").first
    expect(first).to_be_focused()
    keys.press("k")
    expect(first).to_be_focused()
    while "Ali Morgen" not in page.evaluate("document.activeElement.ariaLabel"):
        keys.press("j")
    keys.press("ArrowDown")
    expect(stop(page, "Mittag")).to_have_attribute("aria-current", "true")
    keys.press("Tab")
    expect(stop(page, "Mittag").get_by_role("button", name="Niemand angetroffen: Mittag")).to_be_focused()
    keys.press("Tab")
    expect(page.locator(".stop :focus")).to_have_count(0)  # past the list, however long it is
    keys.press("b")
    page.wait_for_url(f"**/beratung/{families[1].case_id}")


def test_nobody_met_in_two_keys_and_undone_with_one(
    day: Callable[..., Page], families: list[Family], portal: RunningPortal
) -> None:
    page = day()
    stop(page, "Ali Morgen").get_by_role("link", name="Gespräch").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text("Festgehalten: bei Ali Morgen niemand angetroffen.")
    expect(stop(page, "Mittag")).to_have_attribute("aria-current", "true")  # the next one is marked
    assert talks(portal, families[0])[-1]["status"] == "attempted"
    page.keyboard.press("u")
    expect(page.get_by_text("Zurückgenommen: Es zählt nirgends.")).to_be_visible()
    assert talks(portal, families[0])[-1]["entries"][-1]["reason"] == "by_mistake"


def test_the_list_is_narrowed_to_who_was_not_seen_for_long(day: Callable[..., Page]) -> None:
    page = day()
    page.get_by_role("link", name="Seit 60 Tagen nicht gesehen").click()
    page.wait_for_url("**/mein-tag?seit=60")
    expect(page.get_by_text("Alle wurden seither gesehen.")).to_be_visible()
    page.get_by_role("link", name="Alle", exact=True).click()
    expect(stop(page, "Mittag")).to_be_visible()


# --- a talk in one line --------------------------------------------------------------------------------


def test_a_talk_in_one_line(day: Callable[..., Page], families: list[Family], portal: RunningPortal) -> None:
    page = day(checks=True)
    page.keyboard.press("/")
    page.keyboard.type("b noor fam wohnung 20")
    said = page.locator("#understood")
    expect(said).to_contain_text("Gespräch: Mittag")
    expect(said).to_contain_text("fehlt: Wo")
    page.keyboard.type(" sprechst")
    expect(said).to_contain_text("Die Eingabetaste hält das fest.")
    screenshot(page, "my-day-line")
    assert axe(page) == []
    page.keyboard.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text(
        "Gespräch mit Mittag festgehalten. 4 Werte eingegeben, 32 abgeleitet."
    )
    told = talks(portal, families[1])[-1]
    assert (told["setting"], told["minutes"], told["topics"]) == ("office_hours", 20, ["housing"])
    assert sorted(told["took_part"]) == sorted(families[1].persons.values())


def test_a_line_that_misses_something_opens_the_form(day: Callable[..., Page], families: list[Family]) -> None:
    page = day()
    page.get_by_label("Ein Gespräch in einer Zeile").fill("lale kinder geld 45 dolm")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/beratung/{families[1].case_id}\?frage=\d+$"))
    expect(page.get_by_label("Minuten")).to_have_value("45")
    expect(page.locator(".chosen li")).to_have_text(["Kinder", "Finanzen"])
    expect(page.get_by_role("checkbox", name="Dolmetscher war dabei")).to_be_checked()
    expect(page.get_by_role("group", name="Lale").get_by_label("dabei")).to_be_checked()
    expect(page.get_by_role("group", name="Noor").get_by_label("dabei")).not_to_be_checked()


def test_a_line_that_fits_nobody_or_several_is_not_taken(day: Callable[..., Page]) -> None:
    page = day()
    page.get_by_label("Ein Gespräch in einer Zeile").fill("n xaver")
    expect(page.locator("#understood")).to_contain_text("Unter Ihren Fällen heißt niemand so.")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Ein Gespräch in einer Zeile")).to_have_value("n xaver")
    expect(page.locator("#understood")).to_contain_text("Unter Ihren Fällen heißt niemand so.")
    page.get_by_label("Ein Gespräch in einer Zeile").fill("b m")
    expect(page.locator("#understood")).to_contain_text("passen")


# --- cover ---------------------------------------------------------------------------------------------


def test_who_is_sick_is_covered_with_one_tap(day: Callable[..., Page], portal: RunningPortal) -> None:
    office = portal.office
    hired = {"account": "krank", "name": "Espe Muster", "qualification": "graduate", "joined_on": DAY}
    colleague = office.done("/casework/v1/employees", hired, HEAD)["id"]
    office.done(f"/casework/v1/employees/{colleague}/team", {"team_id": office.ids["team"], "since": DAY}, HEAD)
    family = a_family(portal, "Fremdfall", "Ali")
    assigned = {"team_id": office.ids["team"], "manager_id": colleague, "assigned_on": DAY}
    office.done(f"/casework/v1/cases/{family.case_id}/assignment", assigned, LEAD)
    office.rest()
    page = day(checks=True)
    expect(stop(page, "Fremdfall")).to_have_count(0)
    page.get_by_role("link", name="Heute ist jemand krank").click()
    page.get_by_role("button", name="Espe Muster").click()
    expect(page.get_by_text("Sie vertreten Espe Muster bis 01.06.2018.")).to_be_visible()
    expect(stop(page, "Fremdfall")).to_contain_text("Vertretung")
    page.get_by_role("link", name="Espe Muster").click()
    expect(page.locator(".stop")).to_have_count(1)
    screenshot(page, "my-day-cover")
    assert axe(page) == []
    page.get_by_role("link", name="Gespräch: Ali Fremdfall").click()
    expect(page.get_by_text("Sie halten das für Espe Muster fest, in Vertretung.")).to_be_visible()


def test_a_lead_sees_the_team(day: Callable[..., Page]) -> None:
    page = day(TEAM_LEAD, checks=True)
    expect(stop(page, "Mittag")).to_be_visible()
    expect(page.get_by_role("link", name="Fälle von allen")).to_be_visible()
    assert axe(page) == []


# --- nothing there, nobody answers ---------------------------------------------------------------------


def test_who_has_no_case_yet_is_told_so(open_page: Open, portal: RunningPortal) -> None:
    portal.add("neu", INTEGRATION_MANAGER)
    visitor = portal.visitor()
    visitor.log_in("neu")
    text = visitor.get("/mein-tag").text
    assert "Ihnen ist noch kein Fall zugeteilt." in text
    assert "Zu Ihrem Konto gehört noch niemand aus dem Amt" in text


def test_each_part_says_so_when_its_service_is_away(day: Callable[..., Page], portal: RunningPortal) -> None:
    page = day(checks=True)
    with down(portal, "eligibility-http"):
        page.reload()
        expect(page.get_by_text("Die Liste der Fristen lässt sich gerade nicht anzeigen.")).to_be_visible()
        expect(stop(page, "Mittag")).to_be_visible()
    with down(portal, "intake-http"):
        page.reload()
        expect(page.get_by_text("Die Liste Ihrer Fälle lässt sich gerade nicht anzeigen.")).to_be_visible()
        expect(page.get_by_role("link", name="Heute ist jemand krank")).to_be_visible()
        screenshot(page, "my-day-away")
        assert axe(page) == []


def test_what_may_have_been_recorded_is_sent_once_more_and_recorded_once(portal: RunningPortal) -> None:
    family = a_family(portal, "Ungewiss", "Ali")
    visitor, path = portal.visitor(INTEGRATION_MANAGER), "/mein-tag/vergeblich"
    visitor.get("/mein-tag")
    with frozen(portal, "casework-http"):
        answer = visitor.post(path, {"case_id": family.case_id})
    assert answer.status_code == 503
    assert "Es ist nicht sicher, ob das festgehalten wurde" in answer.text
    again = answer.text.split(f'<form method="post" action="{path}">')[1].partition("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', again))
    assert fields["case_id"] == family.case_id and "Noch einmal senden" in again
    assert "Festgehalten: bei Ali Ungewiss niemand angetroffen." in visitor.post(path, fields).text
    portal.office.rest()
    assert [talk["status"] for talk in talks(portal, family)].count("attempted") == 1


def test_a_household_that_everybody_left_is_no_stop(portal: RunningPortal) -> None:
    """Casework learns it a little later than intake."""
    left, joined = a_family(portal, "Fortgezogen", "Ali"), a_family(portal, "Zuzug", "Lale")
    visitor = portal.visitor(INTEGRATION_MANAGER)
    assert "Ali Fortgezogen" in visitor.get("/mein-tag").text
    body = {"anchor_id": joined.persons["Lale"], "relation": "spouse", "joined_on": DAY}
    with down(portal, "react"):
        portal.office.done(f"/intake/v1/persons/{left.persons['Ali']}/household", body, CLERK)
        until(lambda: f"/beratung/{left.case_id}" not in shown(visitor), "the household is gone")
    portal.office.rest()
    assert "Zuzug / Fortgezogen" in visitor.get("/mein-tag").text


def shown(visitor: Visitor) -> str:
    answer = visitor.get("/mein-tag")
    assert answer.status_code == 200
    return answer.text


def test_names_are_text_whatever_they_hold(day: Callable[..., Page], portal: RunningPortal) -> None:
    a_family(portal, "<b>Fett</b>", "<img src=x onerror=alert(1)>", "Ali")
    page = day()
    expect(page.locator(".stop .name").filter(has_text="<b>Fett</b>")).to_contain_text("<img src=x onerror=alert(1)>")
    page.get_by_label("Ein Gespräch in einer Zeile").fill("b <b>fett</b>")
    expect(page.locator("#understood")).to_contain_text("<b>Fett</b>")
