"""What every page promises: headers, files, refusals in words, and the page that is for everybody."""

from __future__ import annotations

import gzip
import re

import pytest

from services.portal import doors
from services.portal.records.actions import ACTIONS
from services.portal.web.navigation import PLACES, first_page
from services.portal.web.security import HEADERS
from shared.api.roles import AUDITOR, ROLES
from tests.portal.house import REASON, RunningPortal, Visitor, down
from tests.portal.routes import routes

SENTENCE = re.compile(r'class="sentence">([^<]*)<')


def test_every_page_forbids_the_browser_what_it_need_not_do(visitor: Visitor) -> None:
    for path in ("/anmelden", "/zustaendigkeit", "/hilfe", "/gibt-es-nicht"):
        headers = visitor.get(path).headers
        for name, value in HEADERS:
            assert headers[name] == value, (path, name)
        assert "Strict-Transport-Security" not in headers  # over http it means nothing
    policy = dict(HEADERS)["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy


def test_pages_hold_no_script_and_no_style_of_their_own(portal: RunningPortal) -> None:
    for visitor in (portal.visitor(), portal.visitor(AUDITOR)):
        for path in ("/anmelden", "/zustaendigkeit", "/hilfe", "/gibt-es-nicht"):
            text = visitor.get(path).text
            assert re.findall(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=|javascript:", text) == []
            assert re.findall(r'(?:src|href|action)="(?!/|#)[^"]*"', text) == []


def test_files_are_packed_and_kept_for_ever(visitor: Visitor) -> None:
    address = re.search(r'href="(/static/[^"]+portal\.css)"', visitor.get("/hilfe").text)
    assert address is not None
    packed = visitor.get(address[1])
    assert packed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Type"] == "text/css; charset=utf-8"
    plain = visitor.get(address[1], Accept_Encoding="identity")
    assert "Content-Encoding" not in plain.headers
    assert plain.content == packed.content
    assert len(gzip.compress(plain.content)) < len(plain.content) / 2
    old = visitor.get("/static/0123456789ab/portal.css")
    assert (old.content, old.headers["Cache-Control"]) == (plain.content, "no-cache")
    assert visitor.get(address[1].replace("portal.css", "service.py")).status_code == 404
    assert visitor.get(address[1].replace("portal.css", "..%2fservice.py")).status_code == 404


def test_what_is_not_there_is_said_so_in_both_languages(portal: RunningPortal) -> None:
    for language, said in (("de", "Diese Seite gibt es nicht"), ("en", "There is no such page")):
        answer = portal.visitor(language=language).get("/akten/nirgends")
        assert answer.status_code == 404
        assert said in answer.text
        assert answer.headers["Content-Language"] == language
    posted = portal.visitor(AUDITOR)
    posted.get("/hilfe")
    assert posted.post("/akten/nirgends").status_code == 404
    fragment = portal.visitor().get("/akten/nirgends", HX_Request="true")
    assert "<html" not in fragment.text and "Diese Seite gibt es nicht" in fragment.text


def test_what_is_no_form_is_refused(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    answer = visitor.session.post(f"{portal.url}/anmelden", json={"name": "x"}, timeout=30)
    assert answer.status_code == 400
    assert "Das ließ sich nicht lesen" in answer.text


def test_the_start_leads_to_the_log_in_or_to_the_first_page(portal: RunningPortal) -> None:
    assert portal.visitor().get("/", follow=False).headers["Location"] == "/anmelden"
    assert portal.visitor(AUDITOR).get("/", follow=False).headers["Location"] == first_page({AUDITOR})


def test_the_header_shows_exactly_what_a_role_may_open() -> None:
    pages = {route.path: route for route in routes() if route.method == "GET"}
    for place in PLACES:
        page = pages[place.path]
        assert page.public if not place.roles else place.roles == page.roles, place.path


def test_every_action_of_a_file_stands_behind_a_door_that_its_roles_open() -> None:
    assert {role for action in ACTIONS for role in action.roles} == doors.RECORD


def test_every_page_names_its_roles() -> None:
    for route in routes():
        assert route.public != bool(route.roles), route.path
        assert route.roles <= set(ROLES), route.path


ENDLESS = "9" * 30


def test_an_address_that_nothing_could_have_leads_nowhere_and_breaks_nothing(portal: RunningPortal) -> None:
    auditor = portal.visitor(AUDITOR)
    auditor.get("/pruefung/grund")
    auditor.post("/pruefung/grund", {"reason": REASON})
    for path in ("/pruefung/vorgang/x", "/pruefung/vorgang/%20", "/lage/berichte/x"):
        answer = auditor.get(path)
        assert (answer.status_code, "Diese Seite gibt es nicht" in answer.text) == (404, True), path
    for path in (
        f"/pruefung/verlauf/clock?schritt={ENDLESS}",
        f"/pruefung?vor={ENDLESS}",
        f"/datenschutz/loeschungen?ab={ENDLESS}",
        f"/lage/population?ab={ENDLESS}&stand={ENDLESS}",
    ):
        assert auditor.get(path).status_code == 200, path


# --- which service is in charge --------------------------------------------------------------------


def test_three_choices_give_one_sentence(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    answer = visitor.get("/zustaendigkeit?gemeinde=08117024&status=follow_up&tag=1.6.2018")
    assert SENTENCE.findall(answer.text) == ["Zuständig ist das Integrationsmanagement des Landkreises."]
    assert "im Rathaus Geislingen an der Steige" in answer.text
    assert "Geislingen an der Steige, am 01.06.2018." in answer.text
    provisional = visitor.get("/zustaendigkeit?gemeinde=08117024&status=provisional")
    assert SENTENCE.findall(provisional.text) == ["Zuständig ist der Flüchtlingssozialdienst des Landkreises."]
    english = portal.visitor(language="en").get("/zustaendigkeit?gemeinde=08117024&status=follow_up")
    assert "integration management is in charge" in english.text
    assert "Geislingen an der Steige, on 1 Jun 2018." in english.text


@pytest.mark.parametrize("query", ["", "?gemeinde=08117024", "?gemeinde=08999999&status=follow_up", "?status=anders"])
def test_without_the_choices_there_is_no_answer(visitor: Visitor, query: str) -> None:
    answer = visitor.get(f"/zustaendigkeit{query}")
    assert answer.status_code == 200
    assert SENTENCE.findall(answer.text) == []


def test_a_day_that_is_none_is_said_at_the_field(visitor: Visitor) -> None:
    answer = visitor.get("/zustaendigkeit?gemeinde=08117024&status=follow_up&tag=bald%3Cscript%3E")
    assert "Das ist kein Datum" in answer.text
    assert 'value="bald&lt;script&gt;"' in answer.text
    assert "<script>" not in answer.text


def test_while_the_service_is_down_the_page_says_so_and_others_work(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    with down(portal, "eligibility-http"):
        answer = visitor.get("/zustaendigkeit?gemeinde=08117024&status=follow_up")
        assert answer.status_code == 200
        assert "Die Zuständigkeit lässt sich gerade nicht anzeigen." in answer.text
        assert "Geislingen an der Steige" in answer.text
        assert visitor.get("/hilfe").status_code == 200
    assert SENTENCE.findall(visitor.get("/zustaendigkeit?gemeinde=08117024&status=follow_up").text)
