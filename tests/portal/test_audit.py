"""Audit: the history, one act as a tree, a stream step by step, and how the platform does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.casework.views import VIEWS as CASEWORK
from services.eligibility.views import VIEWS as ELIGIBILITY
from services.intake.views import VIEWS as INTAKE
from services.portal.answers import Unavailable
from services.portal.language.terms.platform import PROCESSES, VIEWS
from services.portal.language.words import words
from services.portal.pages import operations
from services.portal.pages.correlation import steps_of
from services.reporting.views import VIEWS as REPORTING
from shared.api.roles import AUDITOR, OPERATOR
from shared.bus import parked
from shared.bus.connection import Outgoing, Publisher, connected
from shared.bus.nudge import message
from tests.portal.browser import SIZES, Size, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import ACCOUNTS, REASON, RunningPortal, Visitor, down
from tests.waiting import until

GERMAN = words("de")
ROW = re.compile(r'href="(/pruefung/(?:verlauf|vorgang)/[^"]+)"')


@pytest.fixture
def auditor(portal: RunningPortal) -> Visitor:
    """Somebody who has said why, on the newest page of the history."""
    visitor = portal.visitor(AUDITOR)
    visitor.get("/pruefung")
    answer = visitor.post("/pruefung/grund", {"reason": REASON})
    assert answer.url.endswith("/pruefung"), answer.text
    return visitor


def links(text: str, to: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in ROW.findall(text) if f"/{to}/" in link]


def numbers(text: str) -> list[int]:
    """The numbers of the entries that a page shows."""
    return [int(each.replace(".", "")) for each in re.findall(r'<td class="num"[^>]*>([\d.]+)</td>', text)]


# --- why ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/pruefung", "/pruefung/vorgang/{act}", "/pruefung/verlauf/person-{person}"])
def test_nobody_looks_without_saying_why_and_then_sees_what_was_wanted(portal: RunningPortal, path: str) -> None:
    act = portal.office.stored("select metadata from events where stream like 'person-%'")[0][0]
    path = path.format(act=re.search(rb'"correlation_id":"([^"]+)"', bytes(act))[1].decode(), **portal.office.ids)  # type: ignore[index]
    visitor = portal.visitor(AUDITOR)
    asked = visitor.get(path)
    assert "Warum sehen Sie nach?" in asked.text
    assert "Bitte sagen Sie" in visitor.post("/pruefung/grund", {"reason": "  "}).text
    answer = visitor.post("/pruefung/grund", {"reason": REASON, "_page": path})
    assert answer.url.endswith(path)
    assert "Warum sehen Sie nach?" not in answer.text


def test_the_reason_is_kept_in_the_session_and_recorded_with_each_look(portal: RunningPortal, auditor: Visitor) -> None:
    assert REASON in auditor.get("/pruefung").text
    assert REASON not in portal.visitor(AUDITOR).get("/pruefung").text  # another session
    auditor.get(f"/pruefung/verlauf/person-{portal.office.ids['person']}")
    auditor.get("/pruefung/grund")
    auditor.post("/pruefung/grund", {"reason": "Beschwerde vom 5.11."})
    page = auditor.get(f"/pruefung/verlauf/person-{portal.office.ids['person']}")
    assert "Beschwerde vom 5.11." in page.text
    assert "Jahresprüfung" not in auditor.last.url and "reason" not in page.url  # type: ignore[union-attr]


# --- the history ------------------------------------------------------------------------------------


def test_the_newest_come_first_and_pages_lead_both_ways(auditor: Visitor) -> None:
    newest = auditor.get("/pruefung")
    shown = numbers(newest.text)
    assert shown == sorted(shown, reverse=True) and len(shown) == 50
    older = re.search(r'rel="next" href="([^"]+)"', newest.text)
    assert older is not None and 'rel="prev"' not in newest.text
    back = auditor.get(older[1])
    assert max(numbers(back.text)) == min(shown) - 1
    newer = re.search(r'rel="prev" href="([^"]+)"', back.text)
    assert newer is not None
    assert numbers(auditor.get(newer[1]).text)[-1] == min(shown)


def test_it_is_filtered_by_what_was_asked_and_the_address_holds_none_of_it(
    portal: RunningPortal, auditor: Visitor
) -> None:
    stream = f"person-{portal.office.ids['person']}"
    answer = auditor.post("/pruefung", {"stream": stream, "type": "intake.MovedIn", "since": "heute", "actor": ""})
    assert re.search(r"/pruefung\?frage=\d+$", answer.url)
    assert len(numbers(answer.text)) == 1
    assert f'value="{stream}"' in answer.text
    assert auditor.get(answer.url.removeprefix(portal.url)).text.count("<tr>") == answer.text.count("<tr>")  # a reload
    nothing = auditor.post("/pruefung", {"stream": stream, "actor": "niemand"})
    assert "Dazu wurde nichts festgehalten." in nothing.text and "niemand" not in nothing.url
    assert "frage=" not in auditor.post("/pruefung", {"stream": ""}).url


def test_a_question_belongs_to_its_session_and_is_not_guessed(portal: RunningPortal, auditor: Visitor) -> None:
    asked = auditor.post("/pruefung", {"type": "intake.MovedIn"}).url.removeprefix(portal.url)
    other = portal.visitor(AUDITOR)
    other.get("/pruefung")
    other.post("/pruefung/grund", {"reason": REASON})
    assert len(numbers(other.get(asked).text)) == 50  # everything: the question is not known here


def test_what_cannot_be_asked_is_said_at_its_field(auditor: Visitor) -> None:
    wrong = auditor.post("/pruefung", {"since": "bald"})
    assert wrong.status_code == 422
    assert "Das ist kein Datum" in wrong.text and 'value="bald"' in wrong.text
    refused = auditor.post("/pruefung", {"correlation_id": "keine-nummer", "stream": "Käse"})
    assert refused.status_code == 422
    assert "ist kein Name eines Stroms" in refused.text


def test_entries_say_what_happened_and_name_nobody(portal: RunningPortal, auditor: Visitor) -> None:
    text = auditor.get("/pruefung").text
    assert "Beratung geführt" in text and "casework.ConsultationHeld" in text
    assert "Zuständigkeit, von selbst" in text
    for name in ("Messlatte", "Mess Beispiel", "Muster Beispiel", ">manager<", ">head<", ">clerk<"):
        assert name not in text, name
    types = re.findall(r"<code>([a-z]+\.[A-Za-z]+)</code>", text)
    assert types and all(re.search(rf"[a-zäöü] ?(?:<br>)?<code>{re.escape(each)}", text) for each in types)


# --- one act ----------------------------------------------------------------------------------------


def test_one_act_is_shown_from_the_click_to_the_last_reaction(portal: RunningPortal, auditor: Visitor) -> None:
    stream = f"person-{portal.office.ids['person']}"
    found = auditor.post("/pruefung", {"stream": stream, "type": "intake.TitleGranted"})
    act = links(found.text, "vorgang")[-1]  # the first that was recorded: what was granted later changed no phase
    tree = auditor.get(act).text
    cause, effect = tree.index("Aufenthaltstitel erteilt"), tree.index("Unterbringungsphase")
    assert cause < effect < tree.rindex("</ol>")
    assert re.search(r"[1-9]\d* Ereignisse, festgehalten in [\d.,]+ ms", tree)
    assert "Messlatte" not in tree
    assert links(tree, "verlauf")
    assert auditor.get("/pruefung/vorgang/00000000-0000-4000-8000-000000000000").status_code == 404


def test_the_tree_s_bars_begin_at_the_cause() -> None:
    def node(after: float, *caused: Mapping[str, Any]) -> dict[str, Any]:
        stream = {"kind": "person", "subject": "P-1"}
        by = {"actor_kind": "service", "service": "eligibility"}
        return {
            **by,
            "event_id": "e",
            "type": "t",
            "stream": stream,
            "revision": 0,
            "after_ms": after,
            "caused": caused,
        }

    (first,) = steps_of(GERMAN, {"milliseconds": 80.0, "tree": [node(0.0, node(20.0, node(80.0)))]}, {"e": "person-1"})
    (second,) = first.caused
    (third,) = second.caused
    assert [(each.begun, each.wide) for each in (first, second, third)] == [(0, 0), (0, 250), (250, 750)]
    assert third.by == "Zuständigkeit, von selbst" and third.stream == "person-1"


# --- replay -----------------------------------------------------------------------------------------


def test_a_stream_is_replayed_step_by_step_without_scripts(portal: RunningPortal, auditor: Visitor) -> None:
    path = f"/pruefung/verlauf/person-{portal.office.ids['person']}"
    first = auditor.get(path).text
    assert "1. Vom Landkreis aufgenommen" in first and "Schritt 1 von 3" in first
    assert "alles: hier beginnt es" in first
    onward = re.search(r'rel="next"[^>]* href="([^"]+)"', first)
    assert onward is not None and onward[1] == "?schritt=2"
    second = auditor.get(path + onward[1]).text
    state = second.split('id="state"')[1].split("</section>")[0]
    assert "2. Eingezogen" in state and "verschlossen: hier nicht lesbar" in state
    assert state.count('<span class="mark">neu</span>') == 7  # residences, its entry, and five lines in it
    assert "Messlatte" not in second
    assert "3. Aufenthaltstitel erteilt" in auditor.get(f"{path}?schritt=99").text
    assert "1. Vom" in auditor.get(f"{path}?schritt=-1").text
    assert auditor.get("/pruefung/verlauf/person-unbekannt").status_code == 404


def test_a_long_stream_is_replayed_in_parts(portal: RunningPortal, auditor: Visitor) -> None:
    person = portal.office.register(family_name="Probe")
    for n in range(52):
        notice = {"language": "de" if n % 2 else "ar", "given_on": "2018-05-01"}
        portal.office.done(f"/intake/v1/persons/{person['id']}/notices", notice, "clerk")
    portal.office.rest()
    path = f"/pruefung/verlauf/person-{person['id']}"
    begin = auditor.get(path).text
    assert "Schritt 1 von 54" in begin and 'href="?schritt=51"' in begin
    later = auditor.get(f"{path}?schritt=51").text
    state = later.split('id="state"')[1].split("</section>")[0]
    assert "Schritt 51 von 54" in later and state.count('class="mark"') == 1  # against the step before, not all
    assert 'href="?schritt=50"' in later


def test_it_plays_pauses_and_jumps(portal: RunningPortal, open_page: Open) -> None:
    page = open_page(AUDITOR)
    page.goto(f"/pruefung/verlauf/case-{portal.office.ids['case']}")
    page.get_by_label("Grund").fill(REASON)
    page.get_by_role("button", name="Weiter").click()
    where, state = page.locator("[data-where]"), page.locator("#state")
    expect(where).to_have_text("Schritt 1 von 10")
    page.get_by_role("button", name="Abspielen").click()
    expect(where).to_have_text("Schritt 2 von 10")
    expect(where).to_have_text("Schritt 3 von 10")
    page.get_by_role("button", name="Anhalten").click()
    page.get_by_role("slider").focus()
    page.keyboard.press("End")
    expect(where).to_have_text("Schritt 10 von 10")
    expect(state).to_contain_text("Fall zugewiesen")
    screenshot(page, "replay-wide")
    page.keyboard.press("ArrowLeft")
    expect(where).to_have_text("Schritt 9 von 10")
    page.get_by_role("link", name="Fall eröffnet").click()
    expect(where).to_have_text("Schritt 1 von 10")
    expect(page).to_have_url(re.compile(r"schritt=1$"))
    page.get_by_role("link", name="Weiter", exact=True).click()
    expect(where).to_have_text("Schritt 2 von 10")
    page.reload()
    expect(where).to_have_text("Schritt 2 von 10")


# --- how the platform does ----------------------------------------------------------------------------


def test_every_view_and_process_has_its_words() -> None:
    assert {view.name for view in (*INTAKE, *ELIGIBILITY, *CASEWORK, *REPORTING)} == set(VIEWS)
    assert set(PROCESSES) == set(operations.DOES) == set(operations.WITHOUT)


def test_every_process_is_said_to_work(portal: RunningPortal) -> None:
    portal.office.rest()
    text = portal.visitor(AUDITOR).get("/pruefung/betrieb").text
    assert len(re.findall(r'<span class="state ok">läuft</span>', text)) == 7
    assert "Nichts wurde zurückgelegt." in text
    assert "auf dem Stand des Protokolls" in text
    assert "parked replay" in text


def test_an_operator_sees_it_too_but_not_the_history(portal: RunningPortal) -> None:
    operator = portal.visitor()
    assert operator.log_in(ACCOUNTS[OPERATOR]).url.endswith("/pruefung/betrieb")
    assert operator.get("/pruefung").status_code == 403


def test_a_process_that_does_not_answer_is_said_plainly(portal: RunningPortal) -> None:
    visitor = portal.visitor(AUDITOR)
    with down(portal, "relay"):
        text = visitor.get("/pruefung/betrieb").text
    assert '<span class="state late">antwortet nicht</span>' in text
    assert "nichts geht verloren, alles wird nachgeholt" in text
    assert len(re.findall(r'<span class="state ok">läuft</span>', text)) == 6


def test_what_was_put_aside_is_told_with_its_service_and_error(portal: RunningPortal) -> None:
    broker = portal.machine.broker
    assert broker is not None
    with connected(broker.url) as connection:
        Publisher(connection).publish([Outgoing("", "casework", message(b"kein JSON", "verirrt", {}))])
    try:
        until(lambda: parked.look(broker.url, "casework"), "parked")
        text = portal.visitor(AUDITOR).get("/pruefung/betrieb").text
    finally:
        until(lambda: parked.discard(broker.url, "casework"), "discarded")
    row = text.split("<tbody>")[1].split("</tbody>")[0]
    assert "Fallarbeit" in row and "keine Nachricht dieser Plattform" in row and "Malformed" in row
    assert "kein JSON" not in text and "Alles läuft" not in text


@pytest.mark.parametrize(
    ("health", "kind", "says"),
    [
        (
            {"status": "ready", "lag": {"events": 12, "seconds": 0.31}},
            "ok",
            "12 Ereignisse, 0,3 s hinter dem Protokoll",
        ),
        ({"status": "ready", "lag": {"events": 1, "seconds": 95.0}}, "due", "1 Ereignis, 95,0 s hinter dem Protokoll"),
        ({"status": "ready", "lag": {"events": 0, "seconds": 0.0}}, "ok", "auf dem Stand des Protokolls"),
        ({"status": "ready", "lag": {"events": None, "seconds": None}}, "ok", "wie weit, lässt sich nicht sagen"),
        ({"status": "waiting"}, "late", "Läuft, kann aber nicht arbeiten: Etwas, das gebraucht wird, antwortet nicht."),
        (Unavailable("relay"), "late", operations.WITHOUT["relay"]),
    ],
)
def test_health_in_plain_words(health: Any, kind: str, says: str) -> None:
    process = operations.process(GERMAN, "relay", health)
    assert (process.kind, process.says[0]) == (kind, GERMAN.say(says))


def test_a_view_that_stopped_is_named_with_where_it_stands() -> None:
    behind = {"events": 3, "seconds": 1.5}
    health = {
        "status": "waiting",
        "lag": behind,
        "lags": {"intake.persons": behind, "casework.cases": {"events": 0, "seconds": 0.0}},
        "stopped": {"intake.persons": {"event_id": "e", "position": 1024}},
    }
    process = operations.process(GERMAN, "projector", health)
    assert [(view.name, view.label, view.says) for view in process.views] == [
        ("casework.cases", "Welche Fälle es gibt", "auf dem Stand des Protokolls"),
        ("intake.persons", "Wer wer ist", "steht seit dem Ereignis an Stelle 1.024"),
    ]
    assert process.word == "kann nicht arbeiten"


# --- how it looks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_have_no_barriers(portal: RunningPortal, open_page: Open, size: Size) -> None:
    page = open_page(AUDITOR, size=size, checks=True)
    page.goto("/pruefung")
    looked_at(page, f"audit-reason-{size}")
    page.get_by_label("Grund").fill(REASON)
    page.get_by_role("button", name="Weiter").click()
    page.wait_for_url("**/pruefung")
    page.locator(".events summary").first.click()
    looked_at(page, f"audit-{size}")
    page.get_by_label("Strom").fill(f"person-{portal.office.ids['person']}")
    page.get_by_role("button", name="Anzeigen").click()
    page.locator("tr", has_text="TitleGranted").locator("td:last-child a").first.click()
    page.wait_for_url("**/vorgang/**")
    looked_at(page, f"audit-act-{size}")
    page.goto(f"/pruefung/verlauf/person-{portal.office.ids['person']}?schritt=2")
    looked_at(page, f"audit-replay-{size}")
    page.goto("/pruefung/betrieb")
    for each in page.locator("summary").all():
        each.click()
    looked_at(page, f"operations-{size}")


def test_back_leads_to_the_same_question(open_page: Open) -> None:
    page = open_page(AUDITOR)
    page.goto("/pruefung")
    page.get_by_label("Grund").fill(REASON)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Strom").fill("clock")
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.locator(".events tbody tr").first).to_contain_text("runtime.DayBegan")
    page.locator(".events tbody tr").first.locator("td:last-child a").click()
    page.wait_for_url("**/vorgang/**")
    page.go_back()
    expect(page.get_by_label("Strom")).to_have_value("clock")
    expect(page.locator(".events tbody tr").first).to_contain_text("runtime.DayBegan")


def looked_at(page: Page, name: str) -> None:
    assert wrong_with(page, name) == []
