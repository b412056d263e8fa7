"""The dashboard, its figures explained, the report: the same numbers as the API's, at any date, in a real browser."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from scenarios.small_office import CLERK
from services.portal.figures import in_words
from services.portal.figures.charts import SHAPES
from services.portal.language.words import words
from services.portal.pages.dashboard import PARTS, TILES
from shared.api.roles import AUDITOR, HEAD_OF_OFFICE, INTEGRATION_MANAGER, REPORTING
from shared.api.said import Language
from tests.platform.office import HOME, person
from tests.portal.browser import LOOKS, SIZES, Size, axe, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor, down

FIGURE: Final = re.compile(r'class="figure"><a href="/lage/([a-z-]+)[^"]*">([^<]*)</a>')
PAGES: Final = {
    "dashboard": "/lage",
    "dashboard-then": "/lage?stichtag=2018-05-31&wissensstand=2018-05-31",
    "dashboard-council": "/lage?fuer=rat",
    "figure": "/lage/persons-in-care?gegen_stichtag=2016-12-31",
    "figure-by-team": "/lage/caseload-by-team",
    "figure-wrong": "/lage/staff?stichtag=bald&gegen_stichtag=quark",
    "figure-council": "/lage/population?fuer=rat",
    "report": "/lage/bericht",
}
CROWD: Final = 30


@pytest.fixture(scope="module", autouse=True)
def crowd(portal: RunningPortal) -> None:
    """A large family in care, so that explanations have more than one page."""
    office = portal.office
    first = office.register(family_name="Lagebeispiel")
    child = {"anchor_id": first["id"], "relation": "minor_child", "born_on": "2012-03-04", "residence": HOME}
    for _ in range(CROWD - 1):
        office.done("/intake/v1/persons", person(family_name="Lagebeispiel", **child), CLERK)
    title = {"section": "25(2)", "granted_on": "2017-03-01"}
    office.done(f"/intake/v1/persons/{first['id']}/titles", title, CLERK)
    office.rest()


@pytest.fixture
def head(portal: RunningPortal) -> Visitor:
    """The head of office, without scripts."""
    return portal.visitor(HEAD_OF_OFFICE)


def asked(portal: RunningPortal, path: str) -> Any:
    """What reporting answers."""
    return portal.office.shown(f"/reporting/v1{path}", "reporting")


def shown_in(page: Page) -> None:
    """Wait until every part has come and every chart is drawn."""
    expect(page.locator(".part > .waiting")).to_have_count(0)
    expect(page.locator("[data-chart]:not([data-drawn])")).to_have_count(0)


def table(answer: Any) -> list[list[str]]:
    """A file for a spreadsheet, as one reads it."""
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.content.decode("utf-8-sig")
    return list(csv.reader(StringIO(text), delimiter=";" if ";" in text.partition("\r\n")[0] else ","))


# --- the numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("query", ["", "?stichtag=2018-03-31", "?wissensstand=2018-05-31"])
def test_each_tile_says_what_the_api_says(portal: RunningPortal, query: str, language: Language) -> None:
    visitor = portal.visitor(HEAD_OF_OFFICE, language=language)
    found = dict(FIGURE.findall(visitor.get(f"/lage{query}").text))
    api = query.replace("stichtag", "valid_at").replace("wissensstand", "known_at")
    assert len(found) == len(TILES) == 8
    for tile in TILES:
        answer = asked(portal, f"/figures/{tile.figure}{api}")
        wanted = in_words.numbers(answer, words(language))[tile.key].text
        assert found[tile.figure] == wanted, tile.figure


def test_the_report_says_what_the_figures_say(head: Visitor, portal: RunningPortal) -> None:
    text = head.get("/lage/bericht").text
    answer = asked(portal, "/report")
    told = [number.text for line in answer["lines"] for number in in_words.numbers(line, words("de")).values()]
    table = text[text.index('<table class="report">') : text.index("</table>")]
    assert re.findall(r'<td class="num">([^<]*)</td><td>', table) == told
    for line in answer["lines"]:
        assert f"?stichtag={line['valid_at']}" in text or line["figure"] in text


def test_a_part_draws_the_series_of_the_api(head: Visitor, portal: RunningPortal) -> None:
    for name, part in PARTS.items():
        text = head.get(f"/lage/teil/{name}", HX_Request="true").text
        assert text.count("data-chart=") + text.count('class="empty"') == len(part.figures), name
    chart = head.get("/lage/teil/personal", HX_Request="true").text
    today = in_words.numbers(asked(portal, "/figures/staff"), words("de")).values()
    assert "01.06.2018</th>" + "".join(f'<td class="num">{number.text}</td>' for number in today) in chart


def test_a_part_s_own_address_leads_to_the_page(head: Visitor) -> None:
    assert head.get("/lage/teil/menschen?stichtag=2018-03-31", follow=False).headers["Location"] == (
        "/lage?stichtag=2018-03-31"
    )
    assert head.get("/lage/teil/staff?fuer=rat", follow=False).headers["Location"] == "/lage/staff?fuer=rat"
    assert head.get("/lage/teil/nichts", HX_Request="true").status_code == 404


# --- the two dates ------------------------------------------------------------------------------------


def test_dates_typed_by_hand_become_an_address_for_everybody(head: Visitor) -> None:
    answer = head.get("/lage?stichtag=31.3.18&wissensstand=gestern&fuer=rat", follow=False)
    assert answer.headers["Location"] == "/lage?stichtag=2018-03-31&wissensstand=2018-05-31&fuer=rat"
    assert head.get("/lage?stichtag=heute&wissensstand=", follow=False).headers["Location"] == "/lage"
    compared = head.get("/lage/staff?gegen_stichtag=1.3.18&gegen_wissensstand=", follow=False)
    assert compared.headers["Location"] == "/lage/staff?gegen_stichtag=2018-03-01"


def test_what_is_no_date_is_said_and_kept(head: Visitor) -> None:
    answer = head.get("/lage?stichtag=bald")
    assert answer.status_code == 200
    assert "Das ist kein Datum." in answer.text and 'value="bald"' in answer.text
    assert head.get("/lage/staff?gegen_stichtag=%3Cb%3E").text.count("Das ist kein Datum. Schreiben Sie") == 1
    for nowhere in ("9999-12-31", "0001-01-01", "31.02.2018", "9" * 40):
        for path in (
            "/lage?stichtag=",
            "/lage/staff?wissensstand=",
            "/lage/bericht?stichtag=",
            "/lage/staff?gegen_stichtag=",
        ):
            answer = head.get(path + nowhere)
            assert answer.status_code == 200 and "Das ist kein Datum." in answer.text, path + nowhere
    assert head.get("/lage/staff?zeile=%00&ab=x&stand=-1&unterschiede_ab=1e9").status_code == 200


def test_the_past_has_an_edge_and_every_link_keeps_it(head: Visitor) -> None:
    now = head.get("/lage").text
    assert '<body class="past"' not in now and "Zurück zu jetzt" not in now
    then = head.get("/lage?stichtag=2018-03-31&wissensstand=2018-05-31").text
    assert '<body class="past"' in then
    assert "Sie sehen den 31.03.2018 mit dem Wissensstand 31.05.2018." in then
    assert set(re.findall(r'href="/lage/[a-z-]+([^"]*)"', then)) == {"?stichtag=2018-03-31&amp;wissensstand=2018-05-31"}
    assert "Bericht jetzt versiegeln" not in head.get("/lage/bericht?stichtag=2018-03-31").text


# --- a figure explained -------------------------------------------------------------------------------


def test_a_figure_says_what_it_is_and_what_it_is_the_sum_of(head: Visitor, portal: RunningPortal) -> None:
    text = head.get("/lage/persons-in-care").text
    answer = asked(portal, "/figures/persons-in-care?explain=true&limit=25")
    assert answer["definition"]["de"] in text and answer["date_type"]["de"] in text
    assert f"Position {answer['position']:,}".replace(",", ".") in text
    assert f"{answer['explanation']['total']} Beiträge" in text
    pseudonyms = [entry["person"] for entry in answer["explanation"]["entries"]]
    assert re.findall(r"<code>(P-[^<]*)</code>", text) == pseudonyms
    assert "weil ein Aufenthaltstitel erteilt wurde" in text
    assert answer["explanation"]["entries"][0]["events"][0] in text


def test_all_pages_of_an_explanation_are_of_one_state_of_knowledge(head: Visitor, portal: RunningPortal) -> None:
    total = asked(portal, "/figures/persons-in-care")["value"]["persons"]
    assert total > 25
    text, found = head.get("/lage/persons-in-care").text, list[str]()
    while True:
        found += re.findall(r"<code>(P-[^<]*)</code>", text)
        further = re.search(r'rel="next" href="([^"#]*)', text)
        if further is None:
            break
        portal.office.register(family_name="Nachzügler")  # what comes meanwhile moves nothing
        address = further[1].replace("&amp;", "&")
        assert re.search(r"stand=\d+", address)
        text = head.get(address).text
    assert len(found) == len(set(found)) == total
    assert f"{total - total % 25 + 1} bis {total} von {total}" in text


def test_one_line_of_a_figure_is_explained_alone(head: Visitor, portal: RunningPortal) -> None:
    answer = asked(portal, "/figures/persons-contacted")
    text = head.get("/lage/persons-contacted?zeile=family").text
    assert f"{answer['value']['family']} Beiträge" in text or f"{answer['value']['family']} Beitrag." in text
    assert "Alle Zeilen zeigen" in text


def test_why_a_figure_is_different(head: Visitor, portal: RunningPortal) -> None:
    answer = asked(portal, "/figures/persons-in-care/difference?other_valid_at=2016-12-31")
    now, came = answer["value"]["persons"], answer["totals"]["came"]
    text = head.get("/lage/persons-in-care?gegen_stichtag=2016-12-31").text
    assert f"<b>+{came}</b> dazugekommen" in text
    assert f'<td class="num">0</td><td class="num">{now}</td><td class="num"><b>+{now}</b></td>' in text
    assert text.count("+</b> dazugekommen") == min(25, came)
    same = head.get("/lage/persons-in-care?gegen_wissensstand=2018-06-01").text
    assert "Nichts hat sich geändert" in same


def test_every_figure_has_its_page_and_its_files(head: Visitor, portal: RunningPortal) -> None:
    for name in (*SHAPES, "consultations-per-case"):
        answer = head.get(f"/lage/{name}")
        assert answer.status_code == 200, name
        assert asked(portal, f"/figures/{name}")["title"]["de"] in answer.text
        for what in ("kennzahl", "zusammensetzung", *(["verlauf"] if name in SHAPES else [])):
            assert len(table(head.get(f"/lage/{name}/csv/{what}"))) >= 1, (name, what)
    for nowhere in ("/lage/nichts", "/lage/staff/csv/nichts", "/lage/consultations-per-case/csv/verlauf"):
        assert head.get(nowhere).status_code == 404, nowhere


# --- files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "en"])
def test_files_hold_the_numbers_of_the_api(portal: RunningPortal, language: Language) -> None:
    visitor = portal.visitor(REPORTING, language=language)
    decimal = str.maketrans({",": "."}) if language == "de" else {}

    answer = asked(portal, "/figures/caseload-per-fte")
    _, *rows = table(visitor.get("/lage/caseload-per-fte/csv/kennzahl"))
    assert [float(row[2].translate(decimal)) for row in rows] == list(answer["value"].values())
    assert [row[0] for row in rows] == [answer["title"][language]] * len(rows)

    course = asked(portal, "/series/staff?since=2015-07-01&until=2018-06-01")["points"]
    head, *rows = table(visitor.get("/lage/staff/csv/verlauf"))
    assert len(head) == 4
    assert [[float(cell.translate(decimal)) for cell in row[2:]] for row in rows] == [
        [point["value"]["persons"], point["value"]["fte"]] for point in course
    ]

    answer = asked(portal, "/figures/persons-in-care?explain=true&limit=1000")["explanation"]
    _, *rows = table(visitor.get("/lage/persons-in-care/csv/zusammensetzung"))
    assert [row[3] for row in rows] == [entry["person"] for entry in answer["entries"]]
    assert [row[7].split() for row in rows] == [entry["events"] for entry in answer["entries"]]

    answer = asked(portal, "/figures/persons-in-care/difference?other_valid_at=2016-12-31&limit=1000")
    _, *rows = table(visitor.get("/lage/persons-in-care/csv/unterschied?gegen_stichtag=2016-12-31"))
    assert [row[2] for row in rows] == [entry["person"] for entry in answer["entries"]]


# --- for the council --------------------------------------------------------------------------------------


def test_the_council_sees_no_small_cells_and_nobody_one_by_one(head: Visitor, portal: RunningPortal) -> None:
    answer = asked(portal, "/figures/consultations?audience=council&valid_at=2018-06-01")
    assert answer["suppressed"], "the office has few talks"
    text = head.get("/lage/consultations?fuer=rat").text
    hidden = sum(value is None for value in answer["value"].values())
    assert len(re.findall(r'(?:class="num"|class="figure")>·', text)) >= hidden
    assert "Dies ist die Fassung für den Rat." in text
    assert "zeigt niemanden einzeln" in text and "P-" not in text
    rows = table(head.get("/lage/consultations/csv/kennzahl?fuer=rat"))
    assert [row[2] for row in rows[1:]].count("·") == hidden
    for what in ("zusammensetzung", "unterschied"):
        assert head.get(f"/lage/consultations/csv/{what}?fuer=rat").status_code == 404


def test_who_runs_the_office_sees_whose_contract_ends_the_council_does_not(portal: RunningPortal) -> None:
    office = portal.office
    hired = {"account": "lage", "name": "Espe Beispiel", "qualification": "graduate", "joined_on": "2018-06-01"}
    employee = office.done("/casework/v1/employees", hired)["id"]
    contract = {"fte": "0.50", "starts_on": "2018-06-01", "ends_on": "2019-05-31"}
    office.done(f"/casework/v1/employees/{employee}/contracts", contract)
    office.rest()
    part = "/lage/teil/mittel"
    head, reporting = portal.visitor(HEAD_OF_OFFICE), portal.visitor(REPORTING)
    assert "Espe Beispiel" in head.get(part, HX_Request="true").text
    assert "Espe Beispiel" not in head.get(f"{part}?fuer=rat", HX_Request="true").text
    assert "Espe Beispiel" not in reporting.get(part, HX_Request="true").text
    assert 'Mai 2019</th><td class="num">1</td><td class="num">0,50</td>' in reporting.get(part, HX_Request="true").text


# --- sealed reports ----------------------------------------------------------------------------------------


def test_a_report_is_sealed_and_comes_out_the_same_bit_for_bit(portal: RunningPortal) -> None:
    visitor = portal.visitor(REPORTING)
    visitor.get("/lage/bericht")
    answer = visitor.post("/lage/bericht")
    assert re.search(r"/lage/berichte/[0-9a-f-]{36}$", answer.url)
    assert "Der Bericht ist versiegelt: bis Position" in answer.text
    assert "Neu aus der Geschichte gezählt, sind die Zahlen dieselben, Bit für Bit." in answer.text
    sealed = asked(portal, f"/reports/{answer.url.rpartition('/')[2]}")
    assert sealed["digest"] in answer.text and sealed["chain"] in answer.text
    portal.office.register(family_name="Später")
    again = portal.visitor(AUDITOR).get(answer.url.removeprefix(portal.url)).text
    assert "Das Siegel hält." in again and sealed["digest"] in again
    listed = portal.visitor(AUDITOR).get("/lage/bericht").text
    assert f'href="/lage/berichte/{sealed["report_id"]}"' in listed
    assert "Bericht jetzt versiegeln" not in listed, "an auditor seals nothing"
    assert visitor.get("/lage/berichte/00000000-0000-4000-8000-000000000000").status_code == 404


def test_figures_are_not_for_those_who_advise(portal: RunningPortal) -> None:
    manager = portal.visitor(INTEGRATION_MANAGER)
    for path in ("/lage", "/lage/staff", "/lage/bericht", "/lage/staff/csv/zusammensetzung"):
        assert manager.get(path).status_code == 403, path


# --- while reporting is away ---------------------------------------------------------------------------------


def test_while_reporting_is_away_its_parts_say_so(portal: RunningPortal, open_page: Open) -> None:
    page = open_page(HEAD_OF_OFFICE, checks=True)
    with down(portal, "reporting-http"):
        page.goto("/lage")
        expect(page.locator(".tile")).to_have_count(8)
        expect(page.locator(".tile.is-away")).to_have_count(8)
        expect(page.get_by_text("Die Lage lässt sich gerade nicht anzeigen.")).to_be_visible()
        shown_in(page)
        expect(page.locator(".part .note.stopped")).to_have_count(sum(len(part.figures) for part in PARTS.values()))
        screenshot(page, "dashboard-away")
        assert axe(page) == []
        page.goto("/lage/staff")
        expect(page.get_by_role("heading", level=1)).to_contain_text("antwortet gerade nicht")
        page.goto("/zustaendigkeit?gemeinde=08117024&status=follow_up")
        expect(page.locator(".sentence")).to_be_visible()


# --- in the browser ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_have_no_barriers(open_page: Open, size: Size) -> None:
    """Neither in the dark nor in high contrast."""
    page, wrong = open_page(HEAD_OF_OFFICE, size=size, checks=True), list[str]()
    for name, path in PAGES.items():
        page.goto(path)
        shown_in(page)
        wrong += wrong_with(page, f"{name}-{size}", looks=size == "wide")
    assert wrong == []


def test_neither_have_they_in_english(open_page: Open) -> None:
    page = open_page(REPORTING, checks=True, **LOOKS["dark"])
    for name, path in PAGES.items():
        page.goto(path)
        shown_in(page)
        assert axe(page) == [], name
        if name == "dashboard":
            screenshot(page, "dashboard-dark")


def test_it_prints_with_its_charts_and_without_controls(open_page: Open) -> None:
    page = open_page(HEAD_OF_OFFICE)
    page.goto("/lage")
    shown_in(page)
    page.emulate_media(media="print")
    for gone in (".top", ".as-of .slide >> nth=0", ".behind >> nth=0"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".chart svg").first).to_be_visible()
    screenshot(page, "dashboard-print")
    page.goto("/lage/bericht")
    expect(page.get_by_role("button", name="Bericht jetzt versiegeln")).to_be_hidden()
    screenshot(page, "report-print")


def test_every_chart_says_in_words_and_in_a_table_what_it_draws(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(HEAD_OF_OFFICE)
    page.goto("/lage")
    shown_in(page)
    charts = page.locator("[data-chart]")
    expect(charts.locator("svg[aria-hidden=true]")).to_have_count(charts.count())
    staff = page.locator(".chart-card", has=page.get_by_role("heading", name="Personal"))
    label = staff.get_by_role("img").get_attribute("aria-label") or ""
    persons = asked(portal, "/figures/staff")["value"]["persons"]
    assert re.search(
        rf"Personen: 0 \(Januar 2018\), höchstens {persons} \([^)]*\), {persons} \(01\.06\.2018\)\.", label
    )
    staff.get_by_text("Als Tabelle").focus()
    page.keyboard.press("Enter")
    expect(staff.get_by_role("row").last.get_by_role("cell").first).to_have_text(str(persons))


def test_a_slider_moves_the_day_by_keyboard(open_page: Open, portal: RunningPortal) -> None:
    page = open_page(HEAD_OF_OFFICE)
    page.goto("/lage")
    shown_in(page)
    tile = page.locator(".tile", has=page.get_by_role("heading", name="Personal"))
    today = asked(portal, "/figures/staff")["value"]["fte"]
    expect(tile.locator(".figure a")).to_have_text(words("de").number(today, 2))

    slider = page.get_by_role("slider", name="Stichtag")
    slider.focus()
    expect(slider).to_have_attribute("aria-valuetext", "heute")
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "31. Januar 2018")
    expect(page).to_have_url(re.compile(r"/lage\?stichtag=2018-01-31$"))
    expect(tile.locator(".figure a")).to_have_text("0,00")
    expect(slider).to_be_focused()
    expect(page.locator("body.past")).to_be_attached()
    expect(page.get_by_role("textbox", name="Stichtag")).to_have_value("31.01.2018")
    expect(page.get_by_role("status").filter(has_text="Sie sehen den 31.01.2018")).to_be_visible()
    shown_in(page)
    screenshot(page, "dashboard-slid")

    page.keyboard.press("ArrowRight")
    expect(tile.locator(".figure a")).to_have_text("1,00")
    tile.locator(".figure a").click()
    expect(page).to_have_url(re.compile(r"/lage/staff\?stichtag=2018-02-28$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/lage\?stichtag=2018-02-28$"))
    expect(page.get_by_role("slider", name="Stichtag")).to_have_attribute("aria-valuetext", "28. Februar 2018")
    page.get_by_role("slider", name="Stichtag").focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile(r"/lage$"))
    expect(page.locator("body.past")).to_have_count(0)


def test_both_sliders_move_together(open_page: Open) -> None:
    page = open_page(REPORTING)
    page.goto("/lage/persons-in-care")
    page.get_by_role("checkbox", name="gemeinsam bewegen").check()
    page.get_by_role("slider", name="Wissensstand").focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(
        re.compile(r"\?(stichtag=2018-05-31&wissensstand|wissensstand=2018-05-31&stichtag)=2018-05-31$")
    )
    expect(page.locator("#lage .figure")).to_contain_text("0")
    expect(page.get_by_role("slider", name="Stichtag")).to_have_attribute("aria-valuetext", "31. Mai 2018")
    expect(page.get_by_text("Wissensstand 31.05.2018").first).to_be_visible()


def test_a_date_in_its_field_is_as_good_as_a_slider(open_page: Open) -> None:
    page = open_page(HEAD_OF_OFFICE)
    page.goto("/lage")
    page.get_by_role("textbox", name="Stichtag").fill("15.3.18")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/lage\?stichtag=2018-03-15$"))
    expect(page.get_by_role("slider", name="Stichtag")).to_have_attribute("aria-valuetext", "28. Februar 2018")
