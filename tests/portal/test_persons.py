"""Finding people: as one types, without scripts, by keyboard; and nothing of it in any address."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from shared.api.roles import AUDITOR, HEAD_OF_OFFICE, INTAKE_CLERK, INTEGRATION_MANAGER, REPORTING, TEAM_LEAD
from tests.portal.browser import LOOKS, SIZES, Size, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, down

ROW = re.compile(r'<a class="whole" href="(/akte/[0-9a-f-]+)" id="[^"]+"><bdi>([^<]*)</bdi>')


@pytest.fixture(scope="module")
def quills(portal: RunningPortal) -> dict[str, str]:
    """Two people of one name, and their ids by given name."""
    known = {
        "Fedora": {"born_on": "1984-02-29", "phone": "07161 / 11-12", "file_number": "GP-2017/4711"},
        "Fritz": {"born_on": "2014-12-24"},
    }
    ids = {
        name: portal.office.register(family_name="Federkiel", given_name=name, **more)["id"]
        for name, more in known.items()
    }
    portal.office.rest()
    return ids


def found(portal: RunningPortal, q: str, role: str = INTAKE_CLERK) -> tuple[str, list[tuple[str, str]]]:
    """What a browser without scripts gets for a search: the page, and the files that it leads to."""
    visitor = portal.visitor(role)
    visitor.get("/personen")
    answer = visitor.post("/personen", {"q": q})
    assert answer.status_code == 200, answer.text
    assert urlsplit(answer.url).query == ""
    return answer.text, ROW.findall(answer.text)


@pytest.mark.parametrize("q", ["federkiel", "fedo fed", "FEDORA", "gp-2017/4711", "kiel", "feder f"])
def test_the_beginnings_of_words_are_enough_in_any_order(portal: RunningPortal, quills: dict[str, str], q: str) -> None:
    _, hits = found(portal, q)
    expected = {
        "kiel": [],
        "feder f": ["Federkiel, Fedora", "Federkiel, Fritz"],
        "federkiel": ["Federkiel, Fedora", "Federkiel, Fritz"],
    }.get(q, ["Federkiel, Fedora"])
    assert [name for _, name in hits] == expected
    if expected:
        assert hits[0][0] == f"/akte/{quills['Fedora']}"


def test_a_hit_says_who_it_is_where_they_live_and_how_they_are_housed(
    portal: RunningPortal, quills: dict[str, str]
) -> None:
    text, _ = found(portal, "fedora federkiel", INTEGRATION_MANAGER)
    for said in ("34 Jahre", "29.02.1984", "GP-2017/4711", "Geislingen an der Steige", ">AU<"):
        assert said in text, said
    assert 'href="tel:071611112" aria-label="Federkiel, Fedora anrufen"' in text
    assert f'href="/akte/{quills["Fedora"]}/beratung" aria-label="Beratung mit Federkiel, Fedora festhalten"' in text
    clerks, _ = found(portal, "fedora federkiel")
    assert "/beratung" not in clerks


def test_a_name_that_is_written_in_another_way_is_found_too(portal: RunningPortal, quills: dict[str, str]) -> None:
    text, hits = found(portal, "Fehderkihl Fedorah")
    assert "Ähnlich heißen:" in text
    assert hits[0] == (f"/akte/{quills['Fedora']}", "Federkiel, Fedora")


def test_who_is_not_found_can_be_registered_under_the_typed_name(portal: RunningPortal) -> None:
    text, hits = found(portal, "Wolkenbruch, Quirin")
    assert hits == []
    assert "Niemand beginnt mit „Wolkenbruch, Quirin“" in text
    visitor = portal.visitor(INTAKE_CLERK)
    visitor.get("/personen")
    form = visitor.post("/personen/neu", {"begin": "1", "name": "Wolkenbruch, Quirin"})
    assert form.url.endswith("/personen/neu")
    assert 'name="0-family_name" type="text" value="Wolkenbruch"' in form.text
    assert 'name="0-given_name" type="text" value="Quirin"' in form.text
    managers, _ = found(portal, "Wolkenbruch, Quirin", INTEGRATION_MANAGER)
    assert "/personen/neu" not in managers


@pytest.mark.parametrize("role", [HEAD_OF_OFFICE, REPORTING, AUDITOR])
def test_it_is_closed_to_who_looks_nobody_up(portal: RunningPortal, role: str) -> None:
    visitor = portal.visitor(role)
    answer = visitor.get("/personen")
    assert answer.status_code == 403
    assert "Diese Seite ist nicht für Ihr Konto" in answer.text
    assert visitor.post("/personen", {"q": "federkiel"}).status_code == 403


def test_while_phases_are_away_people_are_found_all_the_same(portal: RunningPortal, quills: dict[str, str]) -> None:
    with down(portal, "eligibility-http"):
        text, hits = found(portal, "fedora federkiel")
    assert len(hits) == 1
    assert ">AU<" not in text


def test_while_names_are_away_the_page_says_so_and_keeps_what_was_typed(portal: RunningPortal) -> None:
    visitor = portal.visitor(INTAKE_CLERK)
    visitor.get("/personen")
    with down(portal, "intake-http"):
        text = visitor.post("/personen", {"q": "federkiel"}).text
    assert "Die Personenliste lässt sich gerade nicht anzeigen." in text
    assert 'value="federkiel"' in text


# --- in a browser ----------------------------------------------------------------------------------


def typed(page: Page, text: str) -> None:
    page.goto("/personen")
    page.keyboard.type(text, delay=20)  # the field has the focus from the start


def test_people_appear_while_one_types_and_enter_opens_the_file(open_page: Open, quills: dict[str, str]) -> None:
    page = open_page(INTAKE_CLERK)
    typed(page, "feder fedo")
    expect(page.locator("#found .whole")).to_have_text(["Federkiel, Fedora"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/akte/{quills['Fedora']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Federkiel, Fedora")


def test_arrows_go_through_the_list_and_back(open_page: Open, quills: dict[str, str]) -> None:
    page = open_page(TEAM_LEAD)
    typed(page, "federkiel")
    expect(page.locator("#found .whole")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Federkiel, Fritz", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Federkiel, Fedora", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/akte/{quills['Fedora']}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS)
def test_the_search_has_no_barriers(open_page: Open, quills: dict[str, str], size: Size, look: str) -> None:
    page = open_page(INTEGRATION_MANAGER, size=size, checks=True, **LOOKS[look])
    for name, text in {"empty": "", "found": "federkiel", "nobody": "xyzxyz"}.items():
        typed(page, text)
        page.locator("#found [role=status]").wait_for() if text else None
        assert wrong_with(page, f"persons-{name}-{size}-{look}") == []
