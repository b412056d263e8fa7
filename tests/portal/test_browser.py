"""The pages in a real browser: how they look, by keyboard, without barriers; drafts and the end of a session."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from shared.api.roles import AUDITOR, INTEGRATION_MANAGER
from tests.platform.office import until
from tests.portal.browser import Size, axe, log_in, overflows, screenshot
from tests.portal.conftest import Open
from tests.portal.house import ACCOUNTS, RunningPortal

PUBLIC = {
    "login": "/anmelden",
    "login-afterwards": "/anmelden?zeit=1&weiter=/hilfe",
    "responsibility": "/zustaendigkeit?gemeinde=08117024&status=follow_up",
    "responsibility-wrong": "/zustaendigkeit?gemeinde=08117024&status=follow_up&tag=bald",
    "help": "/hilfe",
    "nowhere": "/gibt-es-nicht",
}
DRAFT = """
() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/sitzung";
    form.dataset.draft = "probe:1";
    form.innerHTML = `<input type="hidden" name="_key" value="${crypto.randomUUID()}">
        <label>Notiz <input name="note" id="note"></label>
        <label><input type="checkbox" name="took_part" value="one" id="one"> Eins</label>
        <label for="topics">Themen</label><select id="topics" name="topics" multiple data-chips>
        <option value="housing">Wohnen</option><option value="work">Arbeit</option>
        <option value="school">Schule</option>
        </select>`;
    document.querySelector("main").append(form);
    document.body.dispatchEvent(new CustomEvent("probe"));
    htmx.process(form);
    htmx.trigger(form, "htmx:load");
}
"""
"""A form as a page builder would write it, brought in like a fragment."""


@pytest.mark.parametrize("size", ["wide", "phone"])
@pytest.mark.parametrize("name", PUBLIC)
def test_public_pages_have_no_barriers(open_page: Open, name: str, size: Size) -> None:
    page = open_page(size=size, checks=True)
    page.goto(PUBLIC[name])
    screenshot(page, f"{name}-{size}")
    assert axe(page) == []
    assert not overflows(page)


@pytest.mark.parametrize("look", [{"color_scheme": "dark"}, {"forced_colors": "active"}, {"language": "en-GB"}])
def test_neither_in_the_dark_nor_in_high_contrast_nor_in_english(open_page: Open, look: dict[str, str]) -> None:
    page = open_page(checks=True, **look)
    for name, path in PUBLIC.items():
        page.goto(path)
        assert axe(page) == [], name
    screenshot(page, f"nowhere-{next(iter(look.values()))}")


def test_it_prints_without_the_header(open_page: Open) -> None:
    page = open_page()
    page.goto(PUBLIC["responsibility"])
    page.emulate_media(media="print")
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator(".sentence")).to_be_visible()
    screenshot(page, "responsibility-print")


def test_log_in_by_keyboard_alone(open_page: Open, portal: RunningPortal) -> None:
    page = open_page()
    page.goto("/anmelden")
    page.keyboard.type(ACCOUNTS[AUDITOR])
    page.keyboard.press("Tab")
    page.keyboard.type("falsch-falsch-falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    screenshot(page, "login-refused")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type(portal.passwords[ACCOUNTS[AUDITOR]])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("^(?!.*/anmelden)"))
    expect(page.locator(".who")).to_contain_text("Ulme Beispiel")
    portal.stored("delete from failures")


def test_the_first_tab_leads_past_the_header(open_page: Open) -> None:
    page = open_page()
    page.goto("/hilfe")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_municipality_is_chosen_by_its_first_letters(open_page: Open) -> None:
    page = open_page()
    page.goto("/zustaendigkeit")
    municipality = page.get_by_role("combobox", name="Gemeinde")
    municipality.focus()
    page.keyboard.type("gei")
    options = page.get_by_role("listbox").get_by_role("option")
    expect(options).to_have_text(["Geislingen an der Steige"])
    page.keyboard.press("Tab")
    expect(municipality).to_have_value("Geislingen an der Steige")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".sentence")).to_have_text("Zuständig ist das Integrationsmanagement des Landkreises.")
    expect(page).to_have_url(re.compile("gemeinde=08117024&status=follow_up"))
    municipality.focus()
    page.keyboard.type("fils")  # a later word's beginning counts, too
    expect(options).to_have_count(3)
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.get_by_label("Tag").focus()
    expect(municipality).to_have_value("Geislingen an der Steige")  # what was not chosen is not kept


def test_it_works_without_scripts(open_page: Open) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/zustaendigkeit")
    page.get_by_label("Gemeinde").select_option("08117024")
    page.get_by_label("Unterbringung").select_option("provisional")
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.locator(".sentence")).to_have_text("Zuständig ist der Flüchtlingssozialdienst des Landkreises.")


def test_single_keys_lead_on_and_can_be_switched_off(open_page: Open) -> None:
    page = open_page()
    page.goto("/zustaendigkeit")
    page.keyboard.press("?")
    page.wait_for_url("**/hilfe")
    page.keyboard.press("g")
    page.keyboard.press("1")
    page.wait_for_url("**/zustaendigkeit")
    page.keyboard.press("?")
    page.get_by_label("Tasten ohne Strg").uncheck()
    page.get_by_role("heading", name="Hilfe").click()
    page.keyboard.press("g")
    page.keyboard.press("1")
    expect(page).to_have_url(re.compile("/hilfe"))


# --- drafts -----------------------------------------------------------------------------------------


def typed(page: Page) -> None:
    """Fill the form, and wait until the draft of it is kept."""
    page.goto("/hilfe")
    page.evaluate(DRAFT)
    page.locator("#note").fill("Probe sucht eine Wohnung")
    page.locator("#one").check()
    page.locator("#topics").focus()
    page.keyboard.type("wo")
    page.keyboard.press("Enter")
    page.keyboard.type("sch")
    page.keyboard.press("Enter")
    expect(page.locator(".chosen li")).to_have_count(2)
    last_key = page.evaluate("Date.now()")
    until(lambda: any(json.loads(stored)["at"] >= last_key for _, stored in kept(page)), "the draft is kept")


def kept(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('draft:'))")
    return found


def test_a_draft_comes_back_to_its_author_after_a_lost_session(as_user: Open, portal: RunningPortal) -> None:
    page = as_user(INTEGRATION_MANAGER)
    typed(page)
    first_key = page.locator("form[data-draft] input[name=_key]").input_value()
    ((name, stored),) = kept(page)
    assert name.endswith(":probe:1")
    assert "Wohnung" not in stored and "note" not in stored
    page.context.clear_cookies()
    log_in(page, portal, INTEGRATION_MANAGER)
    page.goto("/hilfe")
    page.evaluate(DRAFT)
    expect(page.locator("#note")).to_have_value("Probe sucht eine Wohnung")
    expect(page.locator("#one")).to_be_checked()
    expect(page.locator(".chosen li")).to_have_text(["Wohnen", "Schule"])
    expect(page.locator("form[data-draft] input[name=_key]")).to_have_value(first_key)
    expect(page.get_by_text("steht wieder in diesem Formular")).to_be_visible()
    screenshot(page, "draft-restored")
    page.get_by_role("button", name="Entwurf verwerfen").click()
    expect(page.locator("#note")).to_have_value("")
    expect(page.locator(".chosen li")).to_have_count(0)
    assert kept(page) == []


def test_a_draft_is_not_offered_to_the_next_user_of_the_same_device(as_user: Open, portal: RunningPortal) -> None:
    page = as_user(INTEGRATION_MANAGER)
    typed(page)
    page.get_by_role("button", name="Abmelden").click()
    log_in(page, portal, AUDITOR)
    page.goto("/hilfe")
    page.evaluate(DRAFT)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#note")).to_have_value("")
    assert len(kept(page)) == 1  # it waits for its author
    portal_key = page.evaluate("fetch('/entwurfsschluessel').then((reply) => reply.json())")["key"]
    opened = page.evaluate(
        """async ([[name, stored], key]) => {
            const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const { iv, box } = JSON.parse(stored);
            const mine = await crypto.subtle.importKey("raw", bytes(key), "AES-GCM", false, ["decrypt"]);
            const additionalData = new TextEncoder().encode(name);
            return crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(iv), additionalData }, mine, bytes(box))
                .then(() => "read", () => "sealed");
        }""",
        [kept(page)[0], portal_key],
    )
    assert opened == "sealed"


def test_a_draft_goes_when_the_server_says_that_it_arrived(as_user: Open) -> None:
    page = as_user(INTEGRATION_MANAGER)
    typed(page)
    page.goto("/zustaendigkeit")
    assert len(kept(page)) == 1  # another page does not take it away
    address = (page.locator("script[src*='main.js']").get_attribute("src") or "").replace("main.js", "drafts.js")
    page.evaluate(
        """async (address) => {
            const { forgetDone } = await import(address);
            document.head.insertAdjacentHTML("beforeend", '<meta name="draft-done" content="probe:1">');
            forgetDone();
        }""",
        address,
    )
    assert kept(page) == []


# --- the end of a session ---------------------------------------------------------------------------


def test_somebody_who_is_away_is_warned_and_then_logged_out(as_user: Open, portal: RunningPortal) -> None:
    page = as_user(INTEGRATION_MANAGER)
    page.clock.install()
    page.goto("/hilfe")
    page.clock.fast_forward("28:30")
    page.clock.run_for(1500)
    warning = page.get_by_role("dialog", name="Sind Sie noch da?")
    expect(warning).to_be_visible()
    screenshot(page, "idle-warning")
    page.get_by_role("button", name="Weiterarbeiten").click()
    expect(warning).to_be_hidden()
    portal.stored("update sessions set seen_at = 0")
    page.clock.fast_forward("30:05")
    page.clock.run_for(1500)
    page.wait_for_url(re.compile(r"/anmelden\?zeit=1&weiter=%2Fhilfe$"))
    expect(page.get_by_text("weil eine Weile nichts geschah")).to_be_visible()


def test_a_form_is_sent_once_however_often_it_is_clicked(as_user: Open) -> None:
    page = as_user(INTEGRATION_MANAGER)
    page.goto("/hilfe")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate("for (let n = 0; n < 3; n += 1) document.querySelector('form[action=\"/abmelden\"] button').click()")
    page.wait_for_url("**/anmelden**")
    assert [url for url in sent if url.endswith("/abmelden")] == [f"{page.url.partition('/anmelden')[0]}/abmelden"]
