"""What somebody with bad intentions would try: scripts in what is typed, forms from elsewhere, sessions of others,
redirects and headers of their own, paths that climb, bodies too large, formulas in tables.
"""

from __future__ import annotations

import csv
import re
import socket
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Dialog, Page

from scenarios.small_office import MANAGER
from services.portal.login.sessions import csrf_token
from services.portal.web.security import HEADERS, HSTS
from shared.api.roles import (
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    HEAD_OF_OFFICE,
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    REPORTING,
    TEAM_LEAD,
)
from tests.platform.office import DAY
from tests.portal.browser import log_in
from tests.portal.conftest import Open
from tests.portal.families import Family, a_family
from tests.portal.house import ACCOUNTS, RunningPortal, Visitor
from tests.portal.routes import Route, ids_of, routes
from tests.processes import running

EVIL: Final = "https://boese.example"
SCRIPTS: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "</title></textarea></script><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raw %}${7*7}",
    "<!--]]>&lt;b&gt;",
)
"""Each would do something, or look like something else, where it is not escaped for the place in which it stands."""
ALL: Final = " ".join(SCRIPTS)
FORMULA: Final = '=HYPERLINK("https://boese.example","Probe")'


# --- scripts in what people type ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def poisoned(portal: RunningPortal) -> Family:
    """A family of the manager's whose every text is an attack."""
    known = {"phone": SCRIPTS[1][:40], "file_number": SCRIPTS[0], "address": ALL[:200], "nationality": SCRIPTS[2][:60]}
    told = {"note": f"{ALL}\n{ALL}", "setting": "outreach"}
    return a_family(portal, SCRIPTS[0], SCRIPTS[1], SCRIPTS[2], talk=told, language=SCRIPTS[5][:60], **known)


@pytest.mark.parametrize("role", [INTEGRATION_MANAGER, TEAM_LEAD, INTAKE_CLERK, HEAD_OF_OFFICE, AUDITOR])
def test_what_was_typed_is_shown_and_never_done(
    portal: RunningPortal, poisoned: Family, open_page: Open, role: str
) -> None:
    page = open_page(role)
    done = dialogs(page)
    person, case = poisoned.persons[SCRIPTS[1]], poisoned.case_id
    talk_id = portal.office.found("/casework/v1/consultations/search", {"case_id": case}, MANAGER)["consultations"][0]
    pages = {
        INTEGRATION_MANAGER: ("/mein-tag", f"/beratung/{case}", f"/beratung/{case}/{talk_id['consultation_id']}"),
        TEAM_LEAD: (
            "/mein-tag/kollegen",
            f"/akte/{person}",
            f"/beratung/{case}",
            "/buero",
            f"/buero/uebergabe/{portal.office.ids['manager']}",
        ),
        INTAKE_CLERK: (f"/akte/{person}", f"/akte/{person}/stammdaten", f"/akte/{person}/einzug"),
        HEAD_OF_OFFICE: ("/lage", "/lage/consultations-by-team", "/lage/bericht", "/buero"),
        AUDITOR: ("/pruefung", f"/pruefung/verlauf/person-{person}", f"/pruefung/verlauf/case-{case}"),
    }[role]
    if role == AUDITOR:
        page.goto("/pruefung")
        page.get_by_label("Grund").fill(ALL[:200])
        page.get_by_role("button", name="Weiter").click()
        page.wait_for_url("**/pruefung")
        assert ALL[:200] in page.locator(".because").inner_text()
    for path in pages:
        assert page.goto(path).status == 200, path  # type: ignore[union-attr]
        unharmed(page)
    if role in (INTAKE_CLERK, INTEGRATION_MANAGER):
        page.goto(f"/akte/{person}")
        assert SCRIPTS[0] in page.locator("main").inner_text()
    assert done == []


def test_neither_does_a_search_nor_a_form_that_comes_back(poisoned: Family, open_page: Open) -> None:
    page = open_page(INTAKE_CLERK)
    done = dialogs(page)
    page.goto("/personen")
    for typed in SCRIPTS:
        page.locator("input[name=q]").fill(typed)
        page.wait_for_load_state("networkidle")
        unharmed(page)
    officer = open_page(DATA_PROTECTION_OFFICER)
    officer.goto("/datenschutz")
    for typed in SCRIPTS:
        officer.get_by_label("Person", exact=True).fill(typed)
        officer.get_by_label("Konto", exact=True).fill(typed)
        officer.get_by_label("Warum sehen Sie nach?").fill(typed)
        officer.get_by_role("button", name="Anzeigen").click()
        unharmed(officer)
        assert officer.get_by_label("Konto", exact=True).input_value() == typed
    assert done == []


def dialogs(page: Page) -> list[str]:
    """What dialogs said that opened on the page; none should."""
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    return opened


def unharmed(page: Page) -> None:
    """Nothing of what was typed has become a part of the page."""
    assert page.locator("img[src=x], svg[onload], [onmouseover], [onerror], [onload]").count() == 0
    assert page.locator("script:not([src])").count() == 0
    assert page.locator('a[href^="javascript"], form[action^="javascript"], [src^="javascript"]').count() == 0


# --- forms from elsewhere -----------------------------------------------------------------------------


def forms() -> Iterator[Route]:
    return (route for route in routes() if route.method == "POST")


@pytest.mark.parametrize("route", list(forms()), ids=lambda route: route.path)
def test_no_form_is_taken_without_this_session_s_token(
    portal: RunningPortal, visitors: Mapping[str, Visitor], route: Route
) -> None:
    role = next((each for each in ACCOUNTS if each in route.roles), AUDITOR)
    visitor, other = visitors[role], visitors[REPORTING if role == AUDITOR else AUDITOR]
    other.get("/hilfe")
    theirs = other.hidden()["_csrf"]
    visitor.get("/hilfe")
    address, head = route.address(ids_of(portal.office)), portal.office.head()
    for token in (None, "", "0" * 64, theirs, csrf_token(""), visitor.hidden()["_csrf"].upper()):
        assert visitor.post(address, {"_csrf": token}, follow=False).status_code == 403, token
    for site in ("cross-site", "same-site"):
        assert visitor.post(address, follow=False, Sec_Fetch_Site=site).status_code == 403, site
    assert portal.office.head() == head


@pytest.mark.parametrize("route", list(forms()), ids=lambda route: route.path)
def test_a_form_with_nothing_in_it_breaks_nothing(
    portal: RunningPortal, visitors: Mapping[str, Visitor], route: Route
) -> None:
    if route.path == "/abmelden":
        return  # it ends a session that others go on with
    visitor = visitors[next((each for each in ACCOUNTS if each in route.roles), AUDITOR)]
    visitor.get("/hilfe")
    ids = ids_of(portal.office)
    names = (
        "q",
        "name",
        "case_id",
        "employee_id",
        "cover_id",
        "reason",
        "line",
        "stream",
        "held_on",
        "note",
        "subject",
    )
    for fields in ({}, dict.fromkeys(names, "\x00"), dict.fromkeys(names, "x" * 5000)):
        answer = visitor.post(route.address(ids), fields, follow=False)
        assert answer.status_code < 500, answer.status_code


def test_a_page_from_elsewhere_cannot_send_a_form_in_somebody_s_name(portal: RunningPortal, open_page: Open) -> None:
    page = open_page()
    log_in(page, portal, AUDITOR)
    page.route(f"{EVIL}/**", lambda route: route.fulfill(content_type="text/html", body=ELSEWHERE.format(portal.url)))
    page.goto(f"{EVIL}/falle")
    page.wait_for_url("**/abmelden")
    assert "Dieses Formular ist abgelaufen" in page.content() or "Anmelden" in page.content()
    page.goto(f"{portal.url}/pruefung/betrieb")
    assert "/anmelden" not in page.url


ELSEWHERE: Final = """<!doctype html><title>Falle</title><form method=post action={}/abmelden><input name=_csrf value=x>
</form><script>document.forms[0].submit()</script>"""


# --- sessions -----------------------------------------------------------------------------------------


def test_a_session_id_that_somebody_else_chose_is_not_taken_over(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    visitor.session.cookies.set("wegmarken", "ausgesucht")
    visitor.get("/anmelden")
    visitor.log_in(ACCOUNTS[AUDITOR], weiter="/hilfe")
    mine = [each.value for each in visitor.session.cookies if each.name == "wegmarken"]
    assert mine and "ausgesucht" not in mine[-1:] and len(mine[-1] or "") >= 43
    thief = portal.visitor()
    thief.session.cookies.set("wegmarken", "ausgesucht")
    assert thief.get("/pruefung", follow=False).status_code == 303


def test_after_the_log_out_neither_back_nor_another_tab_shows_anything(portal: RunningPortal, open_page: Open) -> None:
    page = open_page(INTAKE_CLERK)
    page.goto(f"/akte/{portal.office.ids['person']}")
    assert "Messlatte" in page.content()
    other = page.context.new_page()
    other.goto("/personen")
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/anmelden**")
    page.go_back()
    assert "Messlatte" not in page.content()
    other.reload()
    assert "/anmelden" in other.url
    other.goto(f"/akte/{portal.office.ids['person']}")
    assert "Messlatte" not in other.content()


def test_a_disabled_account_is_out_at_once(portal: RunningPortal) -> None:
    portal.add("entlassen", AUDITOR)
    visitor = portal.visitor()
    visitor.log_in("entlassen", weiter="/hilfe")
    assert visitor.get("/pruefung", follow=False).status_code == 200
    portal.stored("update accounts set disabled = 1 where name = 'entlassen'")
    assert visitor.get("/pruefung", follow=False).status_code == 303


def test_over_https_cookies_are_the_host_s_own_and_secure(portal: RunningPortal, tmp_path: Path) -> None:
    services = ",".join(f"{name}={url}" for name, url in portal.machine.addresses.items())
    settings = {"WEGMARKEN_SERVICES": services, "WEGMARKEN_PUBLIC_URL": "https://wegmarken.example"}
    with running("portal", tmp_path, "http", **settings) as (child,):
        answer = requests.get(f"{child.url}/anmelden", timeout=30)
    assert answer.headers[HSTS[0]] == HSTS[1]
    for cookie in answer.raw.headers.getlist("Set-Cookie"):
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; ")), cookie


# --- where answers lead, and what is in their heads ---------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        EVIL,
        "//boese.example",
        "/\\boese.example",
        "/%2f/boese.example",
        "/hilfe@boese.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/hilfe\r\nSet-Cookie: wegmarken=forged",
        "/hilfe%0d%0aSet-Cookie:%20wegmarken=forged",
        "\t//boese.example",
        "/hilfe?x=" + EVIL,
    ],
)
def test_nobody_is_led_away(portal: RunningPortal, to: str) -> None:
    visitor = portal.visitor()
    visitor.get(f"/anmelden?weiter={quote(to)}")
    answers = [
        visitor.post(
            "/anmelden",
            {"name": ACCOUNTS[AUDITOR], "password": portal.passwords[ACCOUNTS[AUDITOR]], "weiter": to},
            follow=False,
        ),
        visitor.get(f"/anmelden?weiter={quote(to)}", follow=False),
    ]
    visitor.get("/hilfe")
    answers.append(visitor.post("/sprache", {"language": "de", "_page": to}, follow=False))
    answers.append(visitor.post("/pruefung/grund", {"reason": "Probe", "_page": to}, follow=False))
    for answer in answers:
        assert answer.status_code == 303
        assert re.fullmatch(r"/[a-z/?=&0-9-]*", answer.headers["Location"]), answer.headers["Location"]
        assert urlsplit(answer.headers["Location"]).netloc == ""
        assert "wegmarken=forged" not in repr(answer.headers)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /hilfe\r\nSet-Cookie: x=y HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /hilfe HTTP/1.1\r\nHost: x\r\nCookie: wegmarken=a\r\n b\r\n\r\n",
        b"GET /hilfe HTTP/1.1\r\nHost: x\r\nAccept-Language: de\nX: y\r\n\r\n",
        b"POST /sprache HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /hilfe HTTP/1.1\r\nHost: x\r\nHost : y\r\n\r\n",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(portal: RunningPortal, head: bytes) -> None:
    answer = spoken(portal, head)
    assert b" 400 " in answer.split(b"\r\n")[0], answer[:200]
    assert b"x=y" not in answer


def test_another_host_s_name_leads_nowhere(portal: RunningPortal) -> None:
    answer = requests.get(f"{portal.url}/", headers={"Host": "boese.example"}, allow_redirects=False, timeout=30)
    assert answer.headers["Location"] == "/anmelden"
    assert "boese" not in requests.get(f"{portal.url}/anmelden", headers={"Host": "boese.example"}, timeout=30).text


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../../service.py",
        "/static/x/..%2f..%2fservice.py",
        "/static/x/%2e%2e/%2e%2e/service.py",
        "/static/..%5c..%5cportal.db",
        "/static/x/....//service.py",
        "/static/x//etc/passwd",
        "/static/x/portal.css%00.py",
        "/static/x/%ff%fe",
        "/static/%2e%2e/portal.db",
        "/../../etc/passwd",
    ],
)
def test_no_path_climbs(portal: RunningPortal, path: str) -> None:
    answer = spoken(portal, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] in (b"400", b"404"), answer[:100]
    for secret in (b"class PortalHttp", b"root:", b"SQLite format"):
        assert secret not in answer


def test_every_answer_says_what_the_browser_must_not_do_and_not_keep(portal: RunningPortal) -> None:
    ids, visitors = ids_of(portal.office), [portal.visitor(), portal.visitor(AUDITOR), portal.visitor(INTAKE_CLERK)]
    for route in routes():
        for visitor in visitors:
            ask = visitor.get if route.method == "GET" else visitor.post
            if route.path in ("/abmelden", "/anmelden") and route.method == "POST":
                continue  # tests/portal/test_login.py
            answer = ask(route.address(ids), follow=False)
            wanted = dict(HEADERS)
            if route.path.startswith("/static") and answer.status_code == 200:
                wanted = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
            assert {name: answer.headers.get(name) for name in wanted} == wanted, (route.name, answer.status_code)
            assert "Server" not in answer.headers


# --- too much -----------------------------------------------------------------------------------------


def test_forms_that_are_too_large_are_refused_unread(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    visitor.get("/hilfe")
    assert visitor.post("/pruefung", {"stream": "x" * 70_000}).status_code == 413
    many = {f"feld{n}": "x" for n in range(2_100)}
    assert visitor.post("/pruefung", many).status_code == 400
    head = f"POST /pruefung HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\n\r\n".encode()
    assert spoken(portal, head).split(b" ")[1] == b"413"
    long = f"GET /hilfe HTTP/1.1\r\nHost: x\r\nX: {'x' * 100_000}\r\n\r\n".encode()
    assert spoken(portal, long).split(b" ")[1] in (b"400", b"413", b"431")
    assert visitor.get("/hilfe").status_code == 200


def test_a_reason_a_name_or_a_day_that_is_too_long_comes_back_at_its_field(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    visitor.get("/pruefung/grund")
    assert visitor.post("/pruefung/grund", {"reason": "x" * 201}).status_code == 422
    visitor.post("/pruefung/grund", {"reason": "x" * 200})
    assert visitor.post("/pruefung", {"actor": "x" * 1000}).status_code == 422
    assert visitor.post("/pruefung", {"since": "9" * 1000}).status_code == 422
    assert visitor.get(f"/pruefung?nach={'9' * 400}").status_code == 200
    assert visitor.get("/pruefung?frage=../../etc").status_code == 200


# --- tables -------------------------------------------------------------------------------------------


def test_no_cell_of_a_file_is_a_formula(portal: RunningPortal) -> None:
    team = portal.office.done("/casework/v1/teams", {"name": FORMULA, "formed_on": DAY})["id"]
    hired = {"account": "formel", "name": FORMULA, "qualification": "graduate", "joined_on": DAY}
    employee = portal.office.done("/casework/v1/employees", hired)["id"]
    portal.office.done(f"/casework/v1/employees/{employee}/team", {"team_id": team, "since": DAY})
    contract = {"fte": "0.50", "starts_on": DAY, "ends_on": "2018-12-31"}
    portal.office.done(f"/casework/v1/employees/{employee}/contracts", contract)
    portal.office.rest()
    head, shown = portal.visitor(HEAD_OF_OFFICE), 0
    for figure in ("teams", "staff", "consultations-by-team", "caseload-by-team", "contracts-ending"):
        for what in ("kennzahl", "verlauf", "zusammensetzung", "unterschied"):
            answer = head.get(f"/lage/{figure}/csv/{what}")
            if answer.status_code == 404:
                continue
            assert answer.headers["Content-Type"].startswith("text/csv")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            for row in csv.reader(StringIO(answer.content.decode("utf-8-sig")), delimiter=";"):
                for cell in row:
                    shown += FORMULA in cell
                    assert not re.match(r"[=+@\t\r]|-\D", cell), (figure, what, cell)
    assert shown, "the formula is in no file: this proved nothing"


# --- how --------------------------------------------------------------------------------------------


def spoken(portal: RunningPortal, request: bytes) -> bytes:
    """What comes back to these bytes, until the connection ends or nothing more comes."""
    address = urlsplit(portal.url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := _received(connection):
            received += part
    return received


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except (TimeoutError, ConnectionResetError):
        return b""
