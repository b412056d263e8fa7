"""The data protection officer sees who looked at whom, and which data were erased."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from services.casework.service import CaseworkHttp
from services.eligibility.service import EligibilityHttp
from services.intake.service import IntakeHttp
from services.portal.language.terms.platform import CLASSES, PURPOSES
from services.reporting.service import ReportingHttp
from shared.api.roles import AUDITOR, DATA_PROTECTION_OFFICER, INTEGRATION_MANAGER
from shared.contracts.model import PersonalClass
from tests.portal.browser import SIZES, Size, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor
from tests.portal.strangers import erase

WHY = "Anfrage nach Art. 15 DSGVO"


@pytest.fixture
def officer(portal: RunningPortal) -> Visitor:
    visitor = portal.visitor(DATA_PROTECTION_OFFICER)
    visitor.get("/datenschutz")
    return visitor


def looks(text: str) -> list[list[str]]:
    """The rows of the table, as text."""
    rows = re.findall(r"<tr>\s*<td.*?</tr>", text, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", " ", cell).strip() for cell in row] for row in cells]


def test_every_question_about_somebody_and_every_class_has_its_words() -> None:
    recorded = {
        f"{service.name}.{name}"
        for service in (IntakeHttp, CaseworkHttp, EligibilityHttp, ReportingHttp)
        for name in dir(service)
        for entrypoint in getattr(getattr(service, name), "nameko_entrypoints", ())
        if entrypoint.ask.personal
    }
    assert sorted(recorded ^ PURPOSES.keys()) == []
    assert {each.value for each in PersonalClass} == set(CLASSES)


def test_who_looked_is_told_with_day_purpose_and_reason(portal: RunningPortal, officer: Visitor) -> None:
    person = portal.office.register(family_name="Probe")["id"]
    portal.office.rest()
    portal.office.shown(f"/intake/v1/persons/{person}", "clerk")
    auditor = portal.visitor(AUDITOR)
    auditor.get("/pruefung")
    auditor.post("/pruefung/grund", {"reason": "Jahresprüfung"})
    auditor.get(f"/pruefung/verlauf/person-{person}")

    answer = officer.post("/datenschutz", {"subject": person, "since": "1.1.20", "until": "31.12.2060", "reason": WHY})
    assert re.search(r"/datenschutz\?frage=\d+$", answer.url)
    found = [(account, purpose.split()[0], why) for _, account, _, purpose, why in looks(answer.text)]
    assert ("clerk", "Akte", "–") in found
    assert ("auditor", "Prüfung:", "Jahresprüfung") in found
    again = looks(officer.get(answer.url.removeprefix(portal.url)).text)
    assert again[-1][1] == "datenschutz" and again[-1][4] == WHY  # this look, too, is noted
    assert "Probe Muster" not in answer.text


def test_by_account_and_page_by_page(portal: RunningPortal, officer: Visitor) -> None:
    person = portal.office.ids["person"]
    for _ in range(101):
        portal.office.get(f"/intake/v1/persons/{person}", "clerk")
    answer = officer.post("/datenschutz", {"account": "clerk", "since": "1.1.20", "until": "31.12.2060", "reason": WHY})
    first = looks(answer.text)
    assert len(first) == 100 and {row[1] for row in first} == {"clerk"}
    onward = re.search(r'rel="next" href="([^"]+)"', answer.text)
    assert onward is not None
    second = looks(officer.get(onward[1].replace("&amp;", "&")).text)
    assert second


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"subject": "x", "reason": ""}, "Bitte sagen Sie, warum Sie nachsehen."),
        ({"reason": WHY}, "Nennen Sie eine Person oder ein Konto."),
        ({"subject": "x", "reason": WHY, "since": "bald"}, "Das ist kein Datum"),
    ],
)
def test_what_is_missing_is_said_at_its_field(officer: Visitor, fields: dict[str, str], said: str) -> None:
    answer = officer.post("/datenschutz", fields)
    assert answer.status_code == 422
    assert said in answer.text and "?" not in answer.url


def test_nobody_else_sees_it(portal: RunningPortal) -> None:
    for role in (AUDITOR, INTEGRATION_MANAGER):
        assert portal.visitor(role).get("/datenschutz").status_code == 403
    assert portal.visitor(INTEGRATION_MANAGER).get("/datenschutz/loeschungen").status_code == 403


def test_erasures_say_which_data_and_why(portal: RunningPortal, officer: Visitor) -> None:
    person = portal.office.register(family_name="Probe")["id"]
    portal.office.rest()
    erase(portal.office, person, reason="Antrag vom 5.11.")
    text = officer.get("/datenschutz/loeschungen").text
    assert person in text and "Antrag vom 5.11." in text
    assert "wer die Person ist, und Notizen" in text
    assert person in portal.visitor(AUDITOR).get("/datenschutz/loeschungen").text


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_have_no_barriers(portal: RunningPortal, open_page: Open, size: Size) -> None:
    page = open_page(DATA_PROTECTION_OFFICER, size=size, checks=True)
    page.goto("/datenschutz")
    page.get_by_label("Person", exact=True).fill(portal.office.ids["person"])
    page.get_by_label("Ab", exact=True).fill("1.1.20")
    page.get_by_label("Bis", exact=True).fill("31.12.2060")
    page.get_by_label("Warum sehen Sie nach?").fill(WHY)
    page.get_by_role("button", name="Anzeigen").click()
    expect(page.get_by_role("table")).to_be_visible()
    for name in ("data-protection", "erasures"):
        assert wrong_with(page, f"{name}-{size}") == []
        page.goto("/datenschutz/loeschungen")
