"""A service that is away, a slow line, two windows, a double click, the back button: over all pages at once.

What single pages do about it is tested with them; here is what holds for every page there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import pytest
from playwright.sync_api import Route as Intercepted
from playwright.sync_api import expect

from deploy.processes import SERVICES
from shared.api.roles import AUDITOR, DATA_PROTECTION_OFFICER, INTAKE_CLERK
from tests.portal.conftest import Open
from tests.portal.house import REASON, RunningPortal, Visitor, down
from tests.portal.routes import ids_of, routes

AWAY: Final = re.compile("antwortet (?:gerade )?nicht|lässt sich gerade nicht")
TOUCHED: Final[Mapping[str, tuple[str, ...]]] = {
    "intake": ("/mein-tag", "/beratung", "/personen", "/akte", "/buero", "/pruefung/betrieb"),
    "eligibility": (
        "/mein-tag",
        "/beratung",
        "/personen",
        "/akte",
        "/zustaendigkeit",
        "/gemeinde",
        "/pruefung/betrieb",
    ),
    "casework": ("/mein-tag", "/beratung", "/personen", "/akte", "/buero", "/lage", "/pruefung/betrieb"),
    "reporting": ("/lage", "/pruefung", "/datenschutz"),
}
"""Pages that may say that a service is away. All others know nothing of it."""


@pytest.fixture(scope="module")
def usual(portal: RunningPortal, visitors: Mapping[str, Visitor]) -> Mapping[str, Mapping[str, int]]:
    """The status of each page for each role that may open it, while all is there."""
    ids = ids_of(portal.office)
    return {
        route.name: {
            role: visitor.get(route.address(ids), follow=False).status_code
            for role, visitor in visitors.items()
            if route.public or role in route.roles
        }
        for route in routes()
        if route.method == "GET" and "anywhere" not in route.path
    }


@pytest.mark.parametrize("service", SERVICES)
def test_while_a_service_is_away_its_pages_say_so_and_the_others_work(
    portal: RunningPortal, visitors: Mapping[str, Visitor], usual: Mapping[str, Mapping[str, int]], service: str
) -> None:
    ids, said = ids_of(portal.office), 0
    with down(portal, f"{service}-http"):
        for route in routes():
            for role, before in usual.get(route.name, {}).items():
                answer = visitors[role].get(route.address(ids), follow=False)
                where = (route.name, role, before, answer.status_code)
                if route.path.startswith(TOUCHED[service]):
                    assert answer.status_code in {200, 303, 404, 503, before}, where
                    assert answer.status_code != 503 or AWAY.search(answer.text), where
                    said += AWAY.search(answer.text) is not None
                else:
                    assert answer.status_code == before, where
                    assert not AWAY.search(answer.text.split("<template")[0]), where
    assert said, "no page said anything: this proved nothing"


def test_on_a_slow_line_the_page_says_that_it_looks_and_the_last_word_counts(open_page: Open) -> None:
    page = open_page(INTAKE_CLERK)
    page.goto("/personen")
    held: list[Intercepted] = []
    page.route("**/personen", lambda route: held.append(route) if not held else route.continue_())
    search = page.locator("input[name=q]")
    search.press_sequentially("nie")
    expect(page.locator("#looking")).to_be_visible()
    search.fill("mess")  # the second question overtakes the first, whose answer comes late
    expect(page.locator("#found")).to_contain_text("Messlatte")
    for late in held:
        late.continue_()
    expect(page.locator("#found")).to_contain_text("Messlatte")
    expect(page.locator("#looking")).to_be_hidden()


def test_two_windows_keep_their_own_questions(open_page: Open) -> None:
    first = open_page(AUDITOR)
    first.goto("/pruefung")
    first.get_by_label("Grund").fill(REASON)
    first.get_by_role("button", name="Weiter").dblclick(no_wait_after=True)
    first.wait_for_url("**/pruefung")
    second = first.context.new_page()
    second.goto("/pruefung")
    for page, stream in ((first, "clock"), (second, "unheard-of")):
        page.get_by_label("Strom").fill(stream)
        page.get_by_role("button", name="Anzeigen").dblclick(no_wait_after=True)
        page.wait_for_url("**/pruefung?frage=*")
    for page, stream in ((second, "unheard-of"), (first, "clock")):
        page.reload()
        expect(page.get_by_label("Strom")).to_have_value(stream)
    expect(first.locator(".events")).to_contain_text("runtime.DayBegan")
    expect(second.locator("main")).to_contain_text("Dazu wurde nichts festgehalten.")


def test_back_from_an_answer_leads_to_the_question_before(open_page: Open) -> None:
    page = open_page(DATA_PROTECTION_OFFICER)
    page.goto("/datenschutz")
    for account in ("clerk", "niemand"):
        page.get_by_label("Konto", exact=True).fill(account)
        page.get_by_label("Warum sehen Sie nach?").fill("Stichprobe")
        page.get_by_role("button", name="Anzeigen").click()
        expect(page.get_by_label("Konto", exact=True)).to_have_value(account)
        page.wait_for_url("**/datenschutz?frage=*")
    page.go_back()
    expect(page.get_by_label("Konto", exact=True)).to_have_value("clerk")
    page.go_forward()
    expect(page.get_by_label("Konto", exact=True)).to_have_value("niemand")
