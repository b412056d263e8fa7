"""Registering a family on one page: by keyboard, without scripts, interrupted, refused, drafted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from services.portal.answers import Refused
from services.portal.language.words import words
from services.portal.records import registration
from services.portal.web.form import Form
from shared.api.roles import AUDITOR, INTAKE_CLERK, INTEGRATION_MANAGER
from tests.portal.browser import LOOKS, SIZES, Size, axe, kept, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor, down

TODAY = date(2018, 6, 1)
HOME = {"kind": "shared_accommodation", "ags": "08117024", "accommodation": "Haus Probe", "moved_in_on": "1.2.2017"}
ANCHOR = {
    "given_name": "Lyra",
    "born_on": "12.3.85",
    "sex": "female",
    "nationality": "SY",
    "category": "asylum",
    "district_intake_on": "1.2.2017",
}
CHILD = {"relation": "minor_child", "sex": "female", "born_on": "3.4.2010"}


def filled(*members: Mapping[str, str], family_name: str, **more: str) -> dict[str, str]:
    """A form as a browser sends it: the anchor, where they live, and a line for each member."""
    form = {**HOME, "registered_on": "1.6.2018", **more}
    for number, line in enumerate(({**ANCHOR, "family_name": family_name}, *members)):
        form |= {f"{number}-{name}": value for name, value in line.items()}
        form.setdefault(f"{number}-given_name", "")
    return form


def read(**values: str) -> tuple[dict[int, dict[str, Any]], Form]:
    return registration.read(Form.new(**values), words("de"), TODAY)


# --- what was typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("Beispiel, Lyra", {"family_name": "Beispiel", "given_name": "Lyra"}),
        ("Beispiel Lyra", {"family_name": "Beispiel", "given_name": "Lyra"}),
        ("Beispiel", {"family_name": "Beispiel"}),
        ("GP-2017/77", {"file_number": "GP-2017/77"}),
    ],
)
def test_what_was_looked_for_is_taken_over(typed: str, fields: dict[str, str]) -> None:
    assert registration.name_of(typed) == fields


def test_a_member_has_what_is_proposed_unless_something_else_is_typed() -> None:
    other = {**CHILD, "given_name": "Amal", "family_name": "Anders", "nationality": "ER", "moved_in_on": "1.3.2018"}
    bodies, form = read(**filled({**CHILD, "given_name": "Sami"}, other, family_name="Beispiel"))
    assert form.errors == {}
    sami, amal = bodies[1], bodies[2]
    assert (sami["family_name"], sami["nationality"], sami["category"]) == ("Beispiel", "SY", "asylum")
    assert sami["district_intake_on"] == "2017-02-01"
    assert sami["residence"] == {**HOME, "moved_in_on": "2017-02-01"}
    assert (amal["family_name"], amal["nationality"]) == ("Anders", "ER")
    assert amal["residence"]["moved_in_on"] == "2018-03-01"
    assert (sami["registered_on"], sami["relation"]) == ("2018-06-01", "minor_child")


def test_who_somebody_is_is_never_proposed() -> None:
    bodies, _ = read(**filled({"given_name": "Sami"}, family_name="Beispiel"))
    assert not {"born_on", "sex", "relation", "interpreter_needed", "phone", "file_number"} & set(bodies[1])


def test_a_dash_leaves_empty_what_is_proposed() -> None:
    bodies, _ = read(**filled({**CHILD, "given_name": "Sami", "district_intake_on": "-"}, family_name="Beispiel"))
    assert "district_intake_on" not in bodies[1]


def test_empty_lines_are_left_out_and_saved_ones_are_not_sent_again() -> None:
    form = filled({}, {**CHILD, "given_name": "Sami"}, family_name="Beispiel") | {"0-saved": str(uuid4())}
    bodies, _ = read(**form)
    assert list(bodies) == [2]


def test_without_a_municipality_no_residence_is_recorded() -> None:
    bodies, _ = read(**filled(family_name="Beispiel", ags=""))
    assert "residence" not in bodies[0]


def test_a_day_that_is_none_is_said_at_its_line() -> None:
    _, form = read(**filled({**CHILD, "given_name": "Sami", "born_on": "bald"}, family_name="Beispiel"))
    assert set(form.errors) == {"1-born_on"}
    assert form.errors["1-born_on"].startswith("„Geboren am“: Das ist kein Datum.")
    states = {line.number: line.state for line in registration.lines(form)}
    assert states == {0: "waiting", 1: "wrong"}


def test_a_refusal_stands_at_the_field_or_at_the_line() -> None:
    form = Form.new(**filled({**CHILD, "given_name": "Sami"}, family_name="Beispiel"))

    def refused(number: int, **problem: Any) -> Mapping[str, str]:
        return registration.with_refusal(form, number, Refused({"title": "So nicht.", **problem}), words("de")).errors

    field = refused(1, errors=[{"path": "born_on", "message": "liegt in der Zukunft"}])
    assert field == {"1-born_on": "„Geboren am“ liegt in der Zukunft"}
    assert list(refused(1, errors=[{"path": "residence.moved_in_on", "message": "fehlt"}])) == ["1-moved_in_on"]
    assert list(refused(0, errors=[{"path": "residence.ags", "message": "fehlt"}])) == ["ags"]
    assert refused(1, facts={"entry": "state_entry_on"}) == {"1-state_entry_on": "So nicht."}
    assert refused(1, title=f"Die Person {uuid4()} passt nicht ({uuid4()}).") == {"1-": "Die Person passt nicht."}
    assert list(refused(1, type="urn:wegmarken:problem:key-reused")) == ["1-"]


# --- sent ------------------------------------------------------------------------------------------


@pytest.fixture
def clerk(portal: RunningPortal) -> Visitor:
    visitor = portal.visitor(INTAKE_CLERK)
    visitor.get("/personen/neu")
    return visitor


def called(portal: RunningPortal, family_name: str) -> list[str]:
    """The given names of everybody of a name, as intake finds them."""
    asked = {"q": family_name, "limit": 100}
    found = portal.office.found("/intake/v1/persons/search", asked, "clerk")["persons"]
    return sorted(person["given_name"] for person in found if person["family_name"] == family_name)


def test_a_family_is_saved_and_its_file_opens(portal: RunningPortal, clerk: Visitor) -> None:
    members = ({**CHILD, "given_name": name} for name in ("Amal", "Sami"))
    answer = clerk.post("/personen/neu", filled(*members, family_name="Silberdistel"))
    assert re.search(r"/akte/[0-9a-f-]{36}$", answer.url)
    assert "3 Personen aufgenommen." in answer.text
    assert called(portal, "Silberdistel") == ["Amal", "Lyra", "Sami"]
    for said in ("Lyra", "Amal", "Sami", "Bezugsperson", "minderjähriges Kind"):
        assert said in answer.text


def test_sent_twice_nobody_is_there_twice(portal: RunningPortal, clerk: Visitor) -> None:
    form = {**filled({**CHILD, "given_name": "Sami"}, family_name="Doppelkorn"), **clerk.hidden()}
    first, second = clerk.post("/personen/neu", form), clerk.post("/personen/neu", form)
    assert first.url == second.url
    assert called(portal, "Doppelkorn") == ["Lyra", "Sami"]


def test_who_is_refused_keeps_what_was_typed_and_the_others_are_saved(portal: RunningPortal, clerk: Visitor) -> None:
    members = [{**CHILD, "given_name": "Sami", "born_on": "1.1.2019"}, {**CHILD, "given_name": "Amal"}]
    form = {**filled(*members, family_name="Halbvoll"), **clerk.hidden()}
    answer = clerk.post("/personen/neu", form)
    assert answer.status_code == 200
    assert "Nicht alle ließen sich sichern" in answer.text
    assert 'value="1.1.2019"' in answer.text and "„Geboren am“ liegt nach dem heutigen Tag (01.06.2018)" in answer.text
    assert "2 von 3 gesichert." in answer.text
    assert called(portal, "Halbvoll") == ["Amal", "Lyra"]
    saved = saved_in(answer)
    assert set(saved) == {"0-saved", "2-saved"}
    mended = clerk.post("/personen/neu", {**form, **saved, "1-born_on": "1.1.2016"})
    assert mended.url.endswith(saved["0-saved"])
    assert called(portal, "Halbvoll") == ["Amal", "Lyra", "Sami"]


def test_a_draft_from_before_the_interruption_adds_nobody_twice(portal: RunningPortal, clerk: Visitor) -> None:
    """The answer never arrived: the browser knows nothing of what was saved, only the form's key."""
    members = [{**CHILD, "given_name": "Sami", "born_on": "1.1.2019"}, {**CHILD, "given_name": "Amal"}]
    form = {**filled(*members, family_name="Abbruch"), **clerk.hidden()}
    clerk.post("/personen/neu", form)
    again = clerk.post("/personen/neu", {**form, "1-born_on": "1.1.2016"})
    assert "/akte/" in again.url
    assert called(portal, "Abbruch") == ["Amal", "Lyra", "Sami"]


def test_a_line_that_had_arrived_and_was_changed_since_is_told(portal: RunningPortal, clerk: Visitor) -> None:
    members = [{**CHILD, "given_name": "Sami", "born_on": "1.1.2019"}, {**CHILD, "given_name": "Amal"}]
    form = {**filled(*members, family_name="Anderswie"), **clerk.hidden()}
    clerk.post("/personen/neu", form)
    again = clerk.post("/personen/neu", {**form, "1-born_on": "1.1.2016", "2-given_name": "Amalia"})
    assert "Diese Zeile war schon angekommen" in again.text
    assert called(portal, "Anderswie") == ["Amal", "Lyra", "Sami"]


def test_where_the_anchor_is_refused_nobody_is_saved(portal: RunningPortal, clerk: Visitor) -> None:
    form = filled({**CHILD, "given_name": "Sami"}, family_name="Ankerlos") | {"0-sex": ""}
    answer = clerk.post("/personen/neu", form)
    assert "„Geschlecht“ fehlt" in answer.text
    assert called(portal, "Ankerlos") == []


def test_while_intake_is_away_what_was_typed_stays_and_is_sent_again(portal: RunningPortal, clerk: Visitor) -> None:
    form = {**filled({**CHILD, "given_name": "Sami"}, family_name="Wiederda"), **clerk.hidden()}
    with down(portal, "intake-http"):
        answer = clerk.post("/personen/neu", form)
    assert answer.status_code == 200
    assert "Die Plattform antwortet gerade nicht." in answer.text and 'value="Sami"' in answer.text
    assert clerk.hidden()["_key"] == form["_key"]
    assert "/akte/" in clerk.post("/personen/neu", form).url
    assert called(portal, "Wiederda") == ["Lyra", "Sami"]


def test_what_takes_long_shows_how_far_it_is_and_goes_on_by_itself(portal: RunningPortal, clerk: Visitor) -> None:
    names = [f"Nummer {number}" for number in range(150)]
    form = {**filled(*({**CHILD, "given_name": name} for name in names), family_name="Langwierig"), **clerk.hidden()}
    steps = []
    for _ in range(200):
        answer = clerk.post("/personen/neu", form, HX_Request="true")
        if "HX-Redirect" in answer.headers:
            break
        assert 'hx-trigger="load"' in answer.text
        saved = saved_in(answer)
        steps.append(len(saved))
        assert f"{len(saved)} von 151 gesichert." in answer.text
        form |= saved
    assert steps == sorted(set(steps)) and steps
    assert clerk.get(answer.headers["HX-Redirect"]).status_code == 200
    assert len(called(portal, "Langwierig")) == 100, "as many as a search gives"


def test_without_scripts_there_are_more_lines_for_the_asking(clerk: Visitor) -> None:
    answer = clerk.post("/personen/neu", {**filled({**CHILD, "given_name": "Sami"}, family_name="Zeile"), "more": "1"})
    assert 'name="4-given_name"' in answer.text and 'name="5-given_name"' not in answer.text
    assert 'value="Sami"' in answer.text


@pytest.mark.parametrize("role", [INTEGRATION_MANAGER, AUDITOR])
def test_only_intake_registers(portal: RunningPortal, role: str) -> None:
    visitor = portal.visitor(role)
    assert visitor.get("/personen/neu").status_code == 403
    for path in ("/personen/neu", "/personen/aehnliche"):
        assert visitor.post(path, filled(family_name="Verboten")).status_code == 403


def saved_in(answer: requests.Response) -> dict[str, str]:
    """The ids of the lines that are saved, by the names of their fields."""
    return dict(re.findall(r'name="(\d+-saved)" value="([0-9a-f-]{36})"', answer.text))


# --- by keyboard -----------------------------------------------------------------------------------


def opened(open_page: Open, **look: Any) -> Page:
    page = open_page(INTAKE_CLERK, **look)
    page.goto("/personen/neu")
    expect(page.locator("#f-0-family_name")).to_be_focused()
    return page


def keys(page: Page, *typed: str) -> None:
    """Type into one field after the other, and go on with Tab."""
    for text in typed:
        page.keyboard.type(text)
        page.keyboard.press("Tab")


def type_anchor(page: Page, family_name: str) -> None:
    keys(page, family_name, "Lyra", "12.3.85")
    page.keyboard.press("Space")  # the first sex
    page.keyboard.press("Tab")
    keys(page, "Syr", "Arab", "j", "Asyl", "5.1.2017", "1.2.2017", "GP-2017/77", "07161 555")
    page.keyboard.press("Tab")  # the kind of housing is proposed
    keys(page, "Geisl", "Haus Probe", "Weg 1", "1.2.2017")
    page.keyboard.press("Tab")  # registered today


def test_a_family_of_five_by_keyboard_alone(portal: RunningPortal, open_page: Open) -> None:
    page = opened(open_page)
    type_anchor(page, "Tastenreich")
    expect(page.locator("#f-1-relation")).to_be_focused()
    expect(page.locator("#f-1-family_name")).to_have_attribute("placeholder", "Tastenreich")
    expect(page.locator("#f-1-nationality")).to_have_attribute("placeholder", "Syrien")
    family = (("Ehe", "Omid", "1.1.83", "m"), ("mind", "Amal", "3.4.10", "w"), ("mind", "Sami", "9.9.12", "m"))
    for relation, name, born, sex in family:
        keys(page, relation, "", name, born, sex)
        page.keyboard.press("Enter")
    keys(page, "mind", "", "Nur", "1.12.16", "w")
    expect(page.locator("tbody[data-line] .state")).to_have_text(["wartet"] * 4)
    screenshot(page, "register-filled")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/akte/**")
    expect(page.get_by_text("5 Personen aufgenommen.")).to_be_visible()
    expect(page.locator(".members li")).to_have_count(5)
    assert called(portal, "Tastenreich") == ["Amal", "Lyra", "Nur", "Omid", "Sami"]
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('register:new'))") == []


def test_arrows_move_between_the_cells_and_lines(open_page: Open) -> None:
    page = opened(open_page)
    page.locator("#f-1-given_name").focus()
    page.keyboard.type("Xx")
    page.keyboard.press("Enter")
    expect(page.locator("#f-2-relation")).to_be_focused()
    for key, field in (
        ("ArrowRight", "2-family_name"),
        ("ArrowRight", "2-given_name"),
        ("ArrowUp", "1-given_name"),
        ("ArrowLeft", "1-family_name"),
        ("ArrowDown", "2-family_name"),
        ("ArrowLeft", "2-relation"),
    ):
        page.keyboard.press(key)
        expect(page.locator(f"#f-{field}")).to_be_focused()
    page.keyboard.press("Enter")  # the last line is still empty: no further one
    expect(page.locator("tbody[data-line]")).to_have_count(2)
    expect(page.locator("#f-2-relation")).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#f-2-relation")).to_have_attribute("aria-expanded", "true")


def test_who_is_there_already_appears_in_every_line(portal: RunningPortal, open_page: Open) -> None:
    there = portal.office.register(family_name="Hagebutte", given_name="Ilse", born_on="2010-04-03")
    portal.office.rest()
    page = opened(open_page)
    page.keyboard.type("Hagebute")
    anchors = page.locator("section[data-line='0'] [data-candidates]")
    expect(anchors.get_by_role("link", name="Hagebutte, Ilse")).to_be_visible()
    page.locator("#f-1-given_name").focus()
    keys(page, "Ilse", "3.4.10")
    below = page.locator("tbody[data-line='1'] [data-candidates]")
    expect(below).to_contain_text("gleicher Geburtstag")
    screenshot(page, "register-candidates")
    page.locator("#f-1-given_name").focus()
    page.keyboard.press("ArrowDown")
    expect(below.get_by_role("link", name="Hagebutte, Ilse")).to_be_focused()
    with page.context.expect_page() as file:
        page.keyboard.press("Enter")
    file.value.wait_for_url(f"**/akte/{there['id']}")
    page.bring_to_front()
    page.keyboard.press("Escape")
    expect(page.locator("#f-1-given_name")).to_be_focused()


def test_a_draft_brings_all_lines_back_and_goes_with_the_answer(open_page: Open) -> None:
    page = opened(open_page)
    type_anchor(page, "Entwurfsfrei")
    keys(page, "Ehe", "", "Omid", "1.1.83", "m")
    page.keyboard.press("Enter")
    keys(page, "mind", "", "Amal", "3.4.10", "w")
    kept(page)
    page.reload()
    expect(page.locator("#f-2-given_name")).to_have_value("Amal")
    expect(page.locator("#f-2-relation")).to_have_value("minderjähriges Kind")
    expect(page.locator("#f-0-nationality")).to_have_value("Syrien")
    page.locator("#f-2-given_name").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/akte/**")
    page.goto("/personen/neu")
    expect(page.locator("#f-0-family_name")).to_have_value("")


def test_a_wrong_line_is_marked_mended_and_saved(portal: RunningPortal, open_page: Open) -> None:
    page = opened(open_page, checks=True)
    type_anchor(page, "Flickwerk")
    keys(page, "mind", "", "Sami", "1.1.2019", "m")
    page.keyboard.press("Enter")
    keys(page, "mind", "", "Amal", "3.4.10", "w")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Nicht alle ließen sich sichern")
    expect(page.locator("tbody[data-line='1']")).to_contain_text("nicht gesichert")
    expect(page.locator("tbody[data-line='2']")).to_contain_text("gesichert")
    screenshot(page, "register-wrong")
    assert axe(page) == []
    page.locator("#f-1-born_on").fill("1.1.2016")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/akte/**")
    assert called(portal, "Flickwerk") == ["Amal", "Lyra", "Sami"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS)
def test_registering_has_no_barriers(open_page: Open, size: Size, look: str) -> None:
    page = opened(open_page, size=size, checks=True, **LOOKS[look])
    page.locator("summary").first.click()
    assert wrong_with(page, f"register-{size}-{look}") == []
