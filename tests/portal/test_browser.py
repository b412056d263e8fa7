"""The pages in a real browser: how they look, by keyboard, without barriers; drafts and the end of a session."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import Route as Intercepted

from shared.api.roles import AUDITOR, INTEGRATION_MANAGER
from tests.portal.browser import ROOT, SIZES, Size, axe, drafts, enter, kept, log_in, screenshot, wrong_with
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
    htmx.process(form);
    htmx.trigger(form, "htmx:load");
}
"""
"""A form as a page builder would write it, brought in like a fragment."""


@pytest.mark.parametrize("size", SIZES)
def test_public_pages_have_no_barriers(open_page: Open, size: Size) -> None:
    """Neither in the dark nor in high contrast."""
    page, wrong = open_page(size=size, checks=True), list[str]()
    for name, path in PUBLIC.items():
        page.goto(path)
        wrong += wrong_with(page, f"{name}-{size}", looks=size == "wide")
    assert wrong == []


def test_neither_have_they_in_english(open_page: Open) -> None:
    page = open_page(checks=True, language="en-GB")
    for path in PUBLIC.values():
        page.goto(path)
        assert axe(page) == [], path


def test_a_look_changes_nothing_but_colours() -> None:
    """So in other looks only what is about colours needs to be checked again."""
    css = (ROOT / "services" / "portal" / "static" / "portal.css").read_text()
    looks = re.findall(
        r"^@media \((prefers-color-scheme|forced-colors): \w+\) \{\n(.*?)^\}", css, re.DOTALL | re.MULTILINE
    )
    changed = [line for _, block in looks for line in re.findall(r"([\w-]+): ([^;{}]+);", block)]
    assert {look for look, _ in looks} == {"prefers-color-scheme", "forced-colors"}
    assert [(name, to) for name, to in changed if name != "outline" and not re.search("^#|rgb", to)] == []
    assert {name for name, _ in changed if not name.startswith("--")} <= {"outline"}


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
    kept(page)


def test_a_draft_comes_back_to_its_author_after_a_lost_session(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(INTEGRATION_MANAGER)
    typed(page)
    first_key = page.locator("form[data-draft] input[name=_key]").input_value()
    ((name, stored),) = drafts(page).items()
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
    assert drafts(page) == {}


def test_a_draft_is_not_offered_to_the_next_user_of_the_same_device(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(INTEGRATION_MANAGER)
    typed(page)
    page.get_by_role("button", name="Abmelden").click()
    log_in(page, portal, AUDITOR)
    page.goto("/hilfe")
    page.evaluate(DRAFT)
    page.wait_for_load_state("networkidle")
    expect(page.locator("#note")).to_have_value("")
    assert len(drafts(page)) == 1  # it waits for its author
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
        [*drafts(page).items(), portal_key],
    )
    assert opened == "sealed"


def test_a_draft_goes_when_the_server_says_that_it_arrived(open_page: Open) -> None:
    page = open_page(INTEGRATION_MANAGER)
    typed(page)
    page.goto("/zustaendigkeit")
    assert len(drafts(page)) == 1  # another page does not take it away
    address = (page.locator("script[src*='main.js']").get_attribute("src") or "").replace("main.js", "drafts.js")
    page.evaluate(
        """async (address) => {
            const { forgetDone } = await import(address);
            document.head.insertAdjacentHTML("beforeend", '<meta name="draft-done" content="probe:1">');
            forgetDone();
        }""",
        address,
    )
    assert drafts(page) == {}


def test_an_older_draft_does_not_take_away_what_is_being_typed(open_page: Open) -> None:
    page = open_page(INTEGRATION_MANAGER)
    typed(page)
    held: list[Intercepted] = []
    page.route("**/entwurfsschluessel", lambda route: held.append(route))
    page.goto("/hilfe")
    with page.expect_request("**/entwurfsschluessel"):
        page.evaluate(DRAFT)
    page.locator("#note").fill("Probe hat eine Wohnung")
    for late in held:
        late.continue_()
    expect(page.get_by_text("Es gibt einen Entwurf vom")).to_be_visible()
    expect(page.locator("#note")).to_have_value("Probe hat eine Wohnung")
    page.get_by_role("button", name="Entwurf zurückholen").click()
    expect(page.locator("#note")).to_have_value("Probe sucht eine Wohnung")
    expect(page.get_by_role("button", name="Entwurf verwerfen")).to_be_visible()


def test_what_is_typed_is_kept_when_the_server_has_gone_since(open_page: Open) -> None:
    page = open_page(INTEGRATION_MANAGER)
    page.goto("/hilfe")
    with page.expect_response("**/entwurfsschluessel"):
        page.evaluate(DRAFT)
    page.route("**/*", lambda route: route.abort())
    page.locator("#note").fill("Probe sucht eine Wohnung")
    kept(page)


def test_nothing_is_kept_under_the_key_of_who_logged_in_in_another_tab(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(INTEGRATION_MANAGER)
    page.goto("/hilfe")
    enter(page.context, portal, AUDITOR)
    with page.expect_response("**/entwurfsschluessel"):
        page.evaluate(DRAFT)
    with page.expect_response("**/entwurfsschluessel"):
        page.locator("#note").fill("Probe sucht eine Wohnung")
    with page.expect_response("**/entwurfsschluessel"):  # by then the first would have been kept
        page.locator("#note").fill("Probe hat eine Wohnung")
    assert drafts(page) == {}


def test_what_was_typed_in_the_last_moment_is_kept_when_it_is_sent(open_page: Open) -> None:
    page = open_page(INTEGRATION_MANAGER)
    page.clock.install()
    page.goto("/hilfe")
    page.evaluate(DRAFT)
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 1)  # what waits for a pause in typing never comes
    page.route("**/sitzung", lambda route: route.fulfill(status=204))
    page.locator("#note").fill("Probe sucht eine Wohnung")
    assert drafts(page) == {}
    page.evaluate("document.querySelector('form[data-draft]').requestSubmit()")
    kept(page)


# --- the end of a session ---------------------------------------------------------------------------


def test_somebody_who_is_away_is_warned_and_then_logged_out(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(INTEGRATION_MANAGER)
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


def test_a_form_is_sent_once_however_often_it_is_clicked(open_page: Open) -> None:
    page = open_page(INTEGRATION_MANAGER)
    page.goto("/hilfe")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate("for (let n = 0; n < 3; n += 1) document.querySelector('form[action=\"/abmelden\"] button').click()")
    page.wait_for_url("**/anmelden**")
    assert [url for url in sent if url.endswith("/abmelden")] == [f"{page.url.partition('/anmelden')[0]}/abmelden"]
