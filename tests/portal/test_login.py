"""Coming and going: passwords, sessions, forged forms, guessing, languages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median

import pytest

from scenarios.goeppingen_2018.script import scenario
from services.portal.login.accounts import AccountRefused, Accounts
from services.portal.login.database import open_database
from services.portal.login.sessions import LONGEST, Sessions
from services.portal.login.throttle import LONGEST_WAIT, ONE_FORGOTTEN_AFTER, PER_ACCOUNT, PER_ADDRESS, Throttle
from services.portal.web.visit import Visit, own_page
from services.portal.wiring import Portal
from shared.api.reply import Reply
from shared.api.request import Request
from shared.api.roles import AUDITOR, IMPORTER, INTEGRATION_MANAGER, OPERATOR, ROLES, TEAM_LEAD
from shared.database.plain import Database
from shared.database.postgres import is_postgres
from shared.runtime.config import Settings
from tests.portal.house import ACCOUNTS, RunningPortal, Visitor
from tests.waiting import until
from wegmarken.demo_accounts import make


@pytest.fixture
def guessed(portal: RunningPortal) -> Iterator[None]:
    """What is guessed in a test is forgotten afterwards: all tests come from one address."""
    yield
    portal.stored("delete from failures")


def test_logging_in_leads_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    asked = visitor.get("/hilfe")
    assert asked.status_code == 200
    answer = visitor.get("/anmelden?weiter=/hilfe")
    assert "danach öffnet sich die gewünschte Seite" in answer.text
    answer = visitor.log_in(ACCOUNTS[AUDITOR], weiter="/hilfe")
    assert answer.url.endswith("/hilfe")
    assert "Ulme Beispiel" in answer.text


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(portal: RunningPortal, guessed: None) -> None:
    def tried(name: str, password: str) -> tuple[int, str, float]:
        visitor = portal.visitor()
        visitor.get("/anmelden")
        started = time.perf_counter()
        answer = visitor.log_in(name, password)
        seconds = time.perf_counter() - started
        said = answer.text.replace(name, "?")
        return answer.status_code, "".join(said.split("<main", 1)[1].partition("_csrf")[0]), seconds

    account = ACCOUNTS[AUDITOR]
    wrong = [tried(account, "falsch-falsch") for _ in range(3)]
    unknown = [tried(f"niemand-{n}", "falsch-falsch") for n in range(3)]
    assert {status for status, _, _ in wrong + unknown} == {401}
    assert len({said for _, said, _ in wrong + unknown}) == 1
    slower, faster = sorted(median(seconds for _, _, seconds in each) for each in (wrong, unknown))[::-1]
    assert slower < 3 * faster  # without the hash for nobody it would be tenfold


def test_the_password_never_comes_back(visitor: Visitor, guessed: None) -> None:
    answer = visitor.log_in(ACCOUNTS[AUDITOR], "streng-geheim-1234")
    assert "Name und Passwort gehören nicht zusammen" in answer.text
    assert f'value="{ACCOUNTS[AUDITOR]}"' in answer.text
    assert "streng-geheim" not in answer.text


def test_the_cookie_is_kept_from_scripts_and_names_nobody(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    visitor.get("/anmelden")
    before = visitor.cookie("wegmarken-visitor")
    answer = visitor.session.post(
        f"{portal.url}/anmelden",
        data={**visitor.hidden(), "name": ACCOUNTS[AUDITOR], "password": portal.passwords[ACCOUNTS[AUDITOR]]},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("wegmarken=")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    session_id = visitor.cookie("wegmarken")
    assert session_id and session_id != before
    stored = b"".join(bytes(row["digest"]) + bytes(row["pocket"]) for row in portal.stored("select * from sessions"))
    assert session_id.encode() not in stored


def test_logging_out_ends_the_session_everywhere(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    session_id = visitor.cookie("wegmarken")
    answer = visitor.post("/abmelden")
    assert "Sie sind abgemeldet." in answer.text
    thief = portal.visitor()
    thief.session.cookies.set("wegmarken", session_id or "")
    assert thief.get("/entwurfsschluessel", follow=False).headers["Location"].startswith("/anmelden")


def test_a_session_that_was_idle_leads_to_the_log_in_and_back(portal: RunningPortal) -> None:
    portal.add("muessig", AUDITOR)
    visitor = portal.visitor()
    visitor.log_in("muessig")
    visitor.get("/hilfe")
    portal.stored(
        "update sessions set seen_at = seen_at - 1801"
        " where account_id = (select id from accounts where name = 'muessig')"
    )
    answer = visitor.post("/sitzung", follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/anmelden?weiter=%2Fhilfe"
    visitor.get(answer.headers["Location"])
    assert visitor.log_in("muessig", weiter="/hilfe").url.endswith("/hilfe")


def test_scripts_learn_by_a_header_where_to_log_in(portal: RunningPortal) -> None:
    answer = portal.visitor().get("/entwurfsschluessel", follow=False, HX_Request="true")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/anmelden?weiter=%2Fentwurfsschluessel")


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ä"])
def test_a_form_from_elsewhere_is_refused(portal: RunningPortal, token: str | None) -> None:
    visitor = portal.visitor(AUDITOR)
    visitor.get("/hilfe")
    answer = visitor.post("/abmelden", {"_csrf": token})
    assert answer.status_code == 403
    assert "Dieses Formular ist abgelaufen" in answer.text
    assert 'href="/hilfe"' in answer.text
    assert visitor.get("/entwurfsschluessel", follow=False).status_code == 200


def test_the_token_of_another_session_is_no_good(portal: RunningPortal) -> None:
    other, visitor = portal.visitor(AUDITOR), portal.visitor(AUDITOR)
    other.get("/hilfe")
    assert visitor.post("/abmelden", {"_csrf": other.hidden()["_csrf"]}).status_code == 403


def test_what_a_browser_says_comes_from_elsewhere_is_refused_with_the_right_token_too(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    visitor.get("/hilfe")
    assert visitor.post("/abmelden", Sec_Fetch_Site="cross-site").status_code == 403
    assert visitor.post("/sitzung", Sec_Fetch_Site="same-origin").status_code == 200


def test_guessing_at_one_account_gets_slower(portal: RunningPortal, guessed: None) -> None:
    password = portal.add("begehrt", AUDITOR)
    visitor = portal.visitor()
    for _ in range(4):
        assert visitor.log_in("begehrt", "geraten-geraten").status_code == 401

    def refused() -> tuple[str, str] | None:
        """What it is told and for how long; on a machine that is too busy to come back within a second, once more."""
        portal.stored("update failures set count = 4, last_at = :now", now=time.time())
        answer = visitor.log_in("begehrt", password)
        return (answer.headers["Retry-After"], answer.text) if answer.status_code == 429 else None

    seconds, text = until(refused, "who guesses has to wait")
    assert seconds == "1"
    assert "Zu viele Versuche. Bitte warten Sie 1 Sekunde." in text
    assert portal.visitor().log_in(ACCOUNTS[AUDITOR], weiter="/hilfe").status_code == 200  # others are let in
    portal.stored("update failures set last_at = last_at - 2")
    assert visitor.log_in("begehrt", password).status_code == 200
    assert portal.visitor().log_in("begehrt", "geraten-geraten").status_code == 401  # and it starts afresh


def test_waits_grow_and_have_an_end() -> None:
    assert [PER_ACCOUNT.wait_after(n) for n in (0, 3, 4, 5, 8)] == [0, 0, 1, 2, 16]
    assert PER_ACCOUNT.wait_after(1_000_000) == LONGEST_WAIT
    assert PER_ADDRESS.wait_after(19) == 0


@pytest.fixture
def kept(database: str, tmp_path: Path) -> Iterator[Database]:
    """The portal's database, of each kind in turn."""
    with closing(open_database(database if is_postgres(database) else tmp_path / "portal.db")) as opened:
        yield opened


def test_many_tries_at_once_are_no_way_around_the_wait(kept: Database) -> None:
    throttle = Throttle(kept, b"key")
    first, *_ = tries = [throttle.enter("probe", "192.0.2.1") for _ in range(6)]
    assert [each.wait > 0 for each in tries] == [False] * 4 + [True] * 2
    throttle.forgive(first)
    assert throttle.enter("probe", "192.0.2.1").wait == 0


def test_one_address_that_guesses_at_many_accounts_waits(kept: Database) -> None:
    throttle = Throttle(kept, b"key")
    for n in range(PER_ADDRESS.free):
        assert throttle.enter(f"probe-{n}", "192.0.2.1").wait == 0
    assert throttle.enter("noch-eine", "192.0.2.1").wait > 0
    assert throttle.enter("noch-eine", "192.0.2.2").wait == 0


def test_an_office_behind_one_address_is_not_locked_out_by_the_slips_of_a_day(kept: Database) -> None:
    throttle = Throttle(kept, b"key")

    def slips() -> int:
        """How many further ones are free."""
        return next(n for n in range(100) if throttle.enter(f"verschrieben-{time.time()}", "192.0.2.1").wait > 0)

    assert slips() == PER_ADDRESS.free
    for _ in range(10):  # all the while others get in
        kept.write("update failures set last_at = last_at - :some", some=ONE_FORGOTTEN_AFTER / 2 + 1)
        right = throttle.enter("richtig", "192.0.2.1")
        assert right.wait == 0
        throttle.forgive(right)
    assert slips() == 5


def test_who_gets_in_while_another_fails_takes_back_only_the_own_try(kept: Database) -> None:
    throttle = Throttle(kept, b"key")
    right = throttle.enter("richtig", "192.0.2.1")
    for n in range(PER_ADDRESS.free - 1):
        throttle.enter(f"falsch-{n}", "192.0.2.1")
    assert throttle.enter("noch-eine", "192.0.2.1").wait > 0
    throttle.forgive(right)
    assert throttle.enter("noch-eine", "192.0.2.1").wait == 0
    assert throttle.enter("noch-eine", "192.0.2.1").wait > 0


def test_many_tries_at_the_same_instant_are_none_either(kept: Database) -> None:
    """On threads, as processes are to each other."""
    throttle = Throttle(kept, b"key")
    with ThreadPoolExecutor(8) as many:
        waits = [each.wait for each in many.map(lambda _: throttle.enter("probe", "192.0.2.1"), range(16))]
    assert sum(wait == 0 for wait in waits) == PER_ACCOUNT.free


def test_names_and_addresses_are_not_kept_in_the_clear(tmp_path: Path) -> None:
    Throttle(open_database(tmp_path / "portal.db"), b"key").enter("probe-name", "192.0.2.77")
    assert b"probe-name" not in (tmp_path / "portal.db").read_bytes() + (tmp_path / "portal.db-wal").read_bytes()


def test_a_session_lasts_a_day_of_work_at_most(tmp_path: Path) -> None:
    database = open_database(tmp_path / "portal.db")
    sessions = Sessions(database, idle=1800)
    session = sessions.begin(Accounts(database).add("probe", [AUDITOR], "lang-genug-1234"))
    session.pocket.leave("messages", [["ok", "Probe Muster ist aufgenommen"]])
    sessions.keep(session)
    found = sessions.find(session.id)
    assert found is not None and found.pocket.get("messages") == session.pocket.get("messages") != []
    assert b"Muster" not in (tmp_path / "portal.db-wal").read_bytes()
    database.write("update sessions set began_at = began_at - :longest", longest=LONGEST)
    assert sessions.find(session.id) is None


def test_requests_of_one_session_that_overlap_lose_nothing(kept: Database) -> None:
    sessions = Sessions(kept, idle=1800)
    begun = sessions.begin(Accounts(kept).add("probe", [AUDITOR], "lang-genug-1234"))
    begun.pocket.add("messages", "schon gezeigt")
    sessions.keep(begun)
    slow, quick, reading = (sessions.find(begun.id) for _ in range(3))
    assert slow is not None and quick is not None and reading is not None
    slow.pocket.take("messages")
    quick.pocket.leave("reason", "Jahresprüfung")
    quick.pocket.add("asked", 1)
    sessions.keep(quick)
    slow.pocket.add("asked", 2, most=2)
    sessions.keep(slow)
    sessions.keep(reading)
    found = sessions.find(begun.id)
    assert found is not None
    kept = [found.pocket.get(name) for name in ("messages", "reason", "asked")]
    assert kept == [None, "Jahresprüfung", [1, 2]]
    sessions.end(begun)
    quick.pocket.leave("reason", "zu spät")
    sessions.keep(quick)
    assert sessions.find(begun.id) is None


def test_behind_https_a_browser_takes_our_cookies_from_nobody_else(portal: RunningPortal, tmp_path: Path) -> None:
    place = {"WEGMARKEN_DATA": str(tmp_path), "WEGMARKEN_SECRETS": str(portal.machine.data / "secrets")}
    at = {"WEGMARKEN_SERVICES": "intake=http://127.0.0.1:9", "WEGMARKEN_PUBLIC_URL": "https://wegmarken.example"}
    ours = Portal.open(Settings.from_environment(place | at))
    with closing(ours):
        account = ours.accounts.add("probe", [AUDITOR], "lang-genug-1234")
        visitor = Visit(ours, Request("GET", b"/anmelden", {}), "probe")
        first = visitor.csrf
        (given,) = cookies(visitor.redirect("/"))
        assert given.startswith("__Host-wegmarken-visitor=") and given.endswith("; Secure")
        again = Visit(ours, Request("GET", b"/anmelden", {"cookie": given.partition(";")[0]}), "probe")
        assert again.csrf == first and cookies(again.redirect("/")) == []
        again.begin(account)
        (session,) = cookies(again.redirect("/"))
        assert session.startswith("__Host-wegmarken=") and session.endswith("; Secure")


def test_who_logs_in_where_somebody_is_logged_in_ends_that_session(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    left = visitor.cookie("wegmarken")
    visitor.get("/hilfe")
    visitor.post("/anmelden", {"name": ACCOUNTS[TEAM_LEAD], "password": portal.passwords[ACCOUNTS[TEAM_LEAD]]})
    assert visitor.cookie("wegmarken") not in (None, left)
    thief = portal.visitor()
    thief.session.cookies.set("wegmarken", left or "")
    assert thief.get("/entwurfsschluessel", follow=False).status_code == 303


def cookies(reply: Reply) -> list[str]:
    return [value for name, value in reply.headers if name == "Set-Cookie"]


def test_a_new_password_or_a_disabled_account_ends_sessions(kept: Database) -> None:
    sessions, accounts = Sessions(kept, idle=1800), Accounts(kept)
    account = accounts.add("probe", [AUDITOR], "lang-genug-1234")
    first = sessions.begin(account)
    accounts.set_password("probe", "noch-laenger-5678")
    assert sessions.find(first.id) is None
    second = sessions.begin(account)
    accounts.disable("probe")
    assert sessions.find(second.id) is None
    assert accounts.verify("probe", "noch-laenger-5678") is None


def test_accounts_are_made_with_care(tmp_path: Path) -> None:
    accounts = Accounts(open_database(tmp_path / "portal.db"))
    accounts.add("probe", [AUDITOR], "lang-genug-1234")
    for name, password in (
        ("probe", "lang-genug-1234"),
        ("kurz", "zu-kurz"),
        ("Groß", "lang-genug-1234"),
        ("", "x" * 12),
    ):
        with pytest.raises(AccountRefused):
            accounts.add(name, [AUDITOR], password)
    assert (tmp_path / "portal.db").stat().st_mode & 0o077 == 0
    assert b"lang-genug" not in (tmp_path / "portal.db-wal").read_bytes()
    assert accounts.verify("probe", "lang-genug-1234") is not None


@pytest.mark.parametrize(
    "path",
    [
        "//boese.example/",
        "https://boese.example/",
        "/\\boese.example",
        "/hilfe//boese",
        "/hilfe?name=Muster",
        "/Akte",
        "javascript:alert(1)",
        "/hilfe\nSet-Cookie: x=y",
        "",
    ],
)
def test_a_log_in_leads_nowhere_but_to_our_pages(path: str) -> None:
    assert own_page(path) is None


def test_pages_with_ids_and_days_are_ours() -> None:
    assert own_page("/akte/7f8e1c8e-9a4b-5d0e-8a25-0a4f4e6d3a11?stichtag=2018-05-31&wissensstand=36732")


def test_the_language_is_kept_for_the_account_and_before_the_log_in(portal: RunningPortal) -> None:
    portal.add("polyglott", INTEGRATION_MANAGER)
    visitor = portal.visitor()
    assert "Anmelden" in visitor.get("/anmelden").text
    english = visitor.post("/sprache", {"language": "en"})
    assert english.url.endswith("/anmelden")
    assert "Log in" in english.text and '<html lang="en">' in english.text
    visitor.log_in("polyglott")
    visitor.post("/sprache", {"language": "en", "_page": "/hilfe"})
    elsewhere = portal.visitor(language="de")
    assert elsewhere.log_in("polyglott").headers["Content-Language"] == "en"
    assert elsewhere.post("/sprache", {"language": "klingon"}).headers["Content-Language"] == "en"


def test_each_account_has_a_key_of_its_own_for_drafts(portal: RunningPortal) -> None:
    one, other = (portal.visitor(role).get("/entwurfsschluessel").json() for role in (AUDITOR, INTEGRATION_MANAGER))
    assert one == portal.visitor(AUDITOR).get("/entwurfsschluessel").json()
    assert one["key"] != other["key"]
    assert one["account"] != other["account"]
    assert f'data-account="{one["account"]}"' in portal.visitor(AUDITOR).get("/hilfe").text
    assert portal.visitor().get("/entwurfsschluessel", follow=False).status_code == 303


def test_the_demonstration_has_an_account_for_each_role_of_people(tmp_path: Path) -> None:
    table = make(tmp_path / "portal.db")
    names, passwords = ([str(cell) for cell in column.cells] for column in table.columns[1:])
    accounts = Accounts(open_database(tmp_path / "portal.db"))
    made = [accounts.verify(name, password) for name, password in zip(names, passwords, strict=True)]
    roles = {role for account in made if account is not None for role in account.roles}
    assert len(made) == len(roles)
    assert roles == set(ROLES) - {IMPORTER, OPERATOR}
    county_roles = scenario().roles
    for account in made:
        assert account is not None
        if account.name in county_roles:
            assert account.roles == set(county_roles[account.name])
    assert {INTEGRATION_MANAGER, TEAM_LEAD} <= {role for name in names for role in county_roles.get(name, ())}
