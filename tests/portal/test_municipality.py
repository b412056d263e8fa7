"""Municipal staff see who lives in their municipality, and nobody else."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from scenarios.small_office import AGS, CLERK
from services.portal.pages.municipality import EXAMPLE
from shared.api.roles import MUNICIPAL_STAFF
from tests.platform.office import DAY, person
from tests.portal.browser import SIZES, Size, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor
from tests.portal.strangers import ELSEWHERE, erase

NOBODY = "Unter dieser Nummer wohnt niemand in Ihrer Gemeinde."


@pytest.fixture
def staff(portal: RunningPortal) -> Visitor:
    visitor = portal.visitor(MUNICIPAL_STAFF)
    visitor.get("/gemeinde")
    return visitor


def test_the_page_says_who_is_in_charge(staff: Visitor) -> None:
    text = staff.get("/gemeinde").text
    assert "<h1>Geislingen an der Steige</h1>" in text
    assert "Zuständig ist das Integrationsmanagement des Landkreises." in text
    assert "Zuständig ist der Flüchtlingssozialdienst des Landkreises." in text


def test_a_person_who_lives_there_is_shown_by_number_and_not_by_name(portal: RunningPortal, staff: Visitor) -> None:
    number = portal.office.ids["person"]
    answer = staff.post("/gemeinde", {"person": number.upper()})
    assert answer.url.endswith(f"/gemeinde?person={number}")
    assert "Anschlussunterbringung, seit 05.01.2017" in " ".join(answer.text.split())
    assert "§ 9 Abs. 1 Nr. 3 FlüAG" in answer.text
    assert "Messlatte" not in answer.text and "Probe" not in answer.text


def test_what_was_decided_by_hand_is_not_said_to_be_in_doubt(portal: RunningPortal, staff: Visitor) -> None:
    office = portal.office
    number = office.register(family_name="Handprobe")["id"]
    path = f"/intake/v1/persons/{number}"
    office.done(f"{path}/departure", {"destination": "abroad", "moved_out_on": "2017-03-01"}, CLERK)
    home = {"kind": "private", "ags": AGS, "moved_in_on": "2018-03-01", "address": "Probeweg 1"}
    office.done(f"{path}/residences", home, CLERK)
    office.rest()
    assert "weil etwas fehlt oder sich widerspricht" in staff.get(f"/gemeinde?person={number}").text
    doubts = [each["event_id"] for each in office.shown(f"/eligibility/v1/persons/{number}", CLERK)["rests_on"]]
    decided = {"phase": "follow_up", "since": "2018-03-01", "legal_basis": "§ 9 (2) FlüAG", "reason": "Liegt vor."}
    office.done(f"{path}/reviews", {**decided, "settles": doubts, "settled_on": DAY}, CLERK)
    office.rest()
    said = staff.get(f"/gemeinde?person={number}").text
    assert "weil jemand so entschieden hat" in said and "widerspricht" not in said


def test_whoever_lives_elsewhere_was_erased_or_never_was_is_nobody(portal: RunningPortal, staff: Visitor) -> None:
    home = {"kind": "private", "ags": ELSEWHERE, "moved_in_on": "2016-02-01", "address": "Probeweg 1"}
    elsewhere = portal.office.done("/intake/v1/persons", person(residence=home), "clerk")["id"]
    erased = portal.office.register(family_name="Probe")["id"]
    portal.office.rest()
    erase(portal.office, erased, "identity", "statistics", reason="Antrag")
    said = set()
    for number in (elsewhere, erased, EXAMPLE):
        answer = staff.get(f"/gemeinde?person={number}")
        assert answer.status_code == 404 and NOBODY in answer.text
        said.add(answer.text.replace(number, "?").split("<main")[1].replace(staff.hidden()["_key"], ""))
    assert len(said) == 1, "the answer tells which of them it was"


def test_a_name_that_was_typed_never_reaches_an_address(portal: RunningPortal, staff: Visitor) -> None:
    answer = staff.post("/gemeinde", {"person": "Messlatte"})
    assert answer.status_code == 422 and "Das ist keine Personennummer" in answer.text
    assert answer.url.endswith("/gemeinde") and 'value="Messlatte"' in answer.text
    assert "Messlatte" not in unquote(staff.get("/gemeinde?person=Messlatte").text.split("<main")[0])
    log = (portal.machine.data / "logs" / "portal-http.log").read_text()
    assert "Messlatte" not in log


def test_an_account_that_is_bound_to_nowhere_sees_nobody(portal: RunningPortal) -> None:
    portal.add("nirgends", MUNICIPAL_STAFF)
    visitor = portal.visitor()
    visitor.log_in("nirgends")
    answer = visitor.get(f"/gemeinde?person={portal.office.ids['person']}")
    assert "Anschlussunterbringung, seit" not in answer.text


@pytest.mark.parametrize("size", SIZES)
def test_the_page_has_no_barriers(portal: RunningPortal, open_page: Open, size: Size) -> None:
    page = open_page(MUNICIPAL_STAFF, size=size, checks=True)
    page.goto("/gemeinde")
    page.get_by_label("Nummer der Person").fill(portal.office.ids["person"])
    page.keyboard.press("Enter")
    expect(page.locator(".answer .sentence")).to_contain_text("Anschlussunterbringung")
    assert wrong_with(page, f"municipality-{size}") == []
