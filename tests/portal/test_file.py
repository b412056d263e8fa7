"""A person's file: what it says, what may be recorded from it, who sees it, and how it looked in the past."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Page, expect

from services.portal.records.actions import ACTIONS
from shared.api.roles import AUDITOR, HEAD_OF_OFFICE, INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD
from tests.platform.office import IMPORTER, OTHER, person
from tests.platform.test_erasure import erase
from tests.portal.browser import LOOKS, SIZES, Size, axe, screenshot, wrong_with
from tests.portal.conftest import Open
from tests.portal.house import RunningPortal, Visitor, down

CASES = re.compile(r"<[^>]+>")
HOME = {"kind": "private", "ags": "08117015", "accommodation": "", "address": "Weg 7", "moved_in_on": "1.3.2018"}


NEW_HOME = {"kind": "shared_accommodation", "ags": "08117024", "moved_in_on": "2018-01-01"}


def text(answer: requests.Response) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", unescape(CASES.sub(" ", answer.text.split("<main", 1)[1])))


def registered(portal: RunningPortal, **changes: Any) -> str:
    """Somebody whom the pages know already."""
    entered = portal.office.register(family_name="Aktenprobe", given_name="Ida", **changes)
    portal.office.shown(f"/intake/v1/households/{entered['household_id']}", "clerk")  # waits for the views of both
    person_id: str = entered["id"]
    return person_id


@pytest.fixture
def clerk(portal: RunningPortal) -> Visitor:
    return portal.visitor(INTAKE_CLERK)


def take(visitor: Visitor, person_id: str, action: str, **fields: str) -> requests.Response:
    """Open a command's form and send it."""
    path = f"/akte/{person_id}/{action}"
    assert visitor.get(path).status_code == 200
    return visitor.post(path, fields)


def record(portal: RunningPortal, person_id: str) -> Any:
    return portal.office.shown(f"/intake/v1/persons/{person_id}", "clerk")


# --- what it says ----------------------------------------------------------------------------------


def test_it_says_who_somebody_is_in_which_phase_and_why(portal: RunningPortal, clerk: Visitor) -> None:
    said = text(clerk.get(f"/akte/{portal.office.ids['person']}"))
    for sentence in (
        "Messlatte, Probe",
        "38 Jahre",
        "Anschlussunterbringung seit 05.01.2017, weil ein Aufenthaltstitel erteilt wurde (§ 9 Abs. 1 Nr. 3 FlüAG).",
        "Integrationsmanagement des Landkreises",
        "Mess Beispiel",
        "Messtrupp",
        "minderjähriges Kind",
        "Aufenthaltstitel § 25 Abs. 2 AufenthG seit 05.01.2017, bekannt seit 01.06.2018",
        "Staatsangehörigkeit Syrien",
    ):
        assert sentence in said, sentence


def test_both_languages_say_all_of_it(portal: RunningPortal) -> None:
    visitor = portal.visitor(INTAKE_CLERK, language="en")
    said = text(visitor.get(f"/akte/{portal.office.ids['person']}"))
    assert "Follow-up housing since 5 Jan 2017, because a residence title was granted (§ 9 (1) Nr. 3 FlüAG)." in said
    assert not re.search(r"\b[a-z]+_[a-z]+\b", said), "no code names"


def test_a_file_that_is_nobodys_is_not_there(clerk: Visitor) -> None:
    for path in (f"/akte/{uuid4()}", "/akte/irgendwer", f"/akte/{uuid4()}/einzug"):
        assert clerk.get(path).status_code == 404, path


def test_a_command_that_there_is_none_of_is_not_there(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = portal.office.ids["person"]
    for path in ("umzug", "wohnsitz", f"einzug/{uuid4()}", f"zuruecknehmen/{uuid4()}"):
        assert clerk.get(f"/akte/{person_id}/{path}").status_code == 404, path


# --- who sees it -----------------------------------------------------------------------------------


def test_the_manager_sees_the_file_and_records_nothing_in_it(portal: RunningPortal) -> None:
    visitor = portal.visitor(INTEGRATION_MANAGER)
    person_id, case_id = portal.office.ids["person"], portal.office.ids["case"]
    answer = visitor.get(f"/akte/{person_id}")
    assert "Was geschah" in answer.text and f'href="/beratung/{case_id}"' in answer.text
    assert "/einzug" not in answer.text and "/zuruecknehmen" not in answer.text
    assert visitor.get(f"/akte/{person_id}/einzug").status_code == 403
    assert visitor.post(f"/akte/{person_id}/einzug", HOME).status_code == 403
    assert visitor.get(f"/akte/{person_id}/beratung", follow=False).headers["Location"] == f"/beratung/{case_id}"


def test_a_colleague_of_another_team_sees_a_name_and_who_looks_after_it(portal: RunningPortal) -> None:
    visitor = portal.visitor()
    visitor.log_in(OTHER)
    answer = visitor.get(f"/akte/{portal.office.ids['person']}")
    said = text(answer)
    assert "Messlatte, Probe" in said and "Mess Beispiel betreut diesen Haushalt." in said
    for hidden in ("01.01.1980", "§ 25", "Was geschah", "Geislingen", "Syrien"):
        assert hidden not in said, hidden
    assert "/beratung/" not in answer.text


def test_who_is_in_no_case_is_nobodys_of_the_managers(portal: RunningPortal) -> None:
    newcomer = person(
        family_name="Aktenprobe", district_intake_on="2018-01-01", registered_on="2018-01-01", residence=NEW_HOME
    )
    person_id = portal.office.done("/intake/v1/persons", newcomer, "clerk")["id"]
    visitor = portal.visitor(INTEGRATION_MANAGER)
    said = text(visitor.get(f"/akte/{person_id}"))
    assert "Diesen Haushalt betreut niemand vom Integrationsmanagement." in said and "Syrien" not in said
    said = text(visitor.get(f"/akte/{person_id}/beratung"))
    assert "Dieser Haushalt hat keinen offenen Fall" in said


@pytest.mark.parametrize("role", [HEAD_OF_OFFICE, AUDITOR])
def test_it_is_closed_to_others(portal: RunningPortal, role: str) -> None:
    answer = portal.visitor(role).get(f"/akte/{portal.office.ids['person']}")
    assert answer.status_code == 403
    assert "Messlatte" not in answer.text


def test_of_whom_was_erased_it_says_only_that(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal, phone="07161 987")
    assert erase(portal.office, person_id, "--reason", "probe", "--yes").returncode == 0
    portal.office.rest()
    answer = clerk.get(f"/akte/{person_id}")
    said = text(answer)
    assert "Gelöschte Person" in said and "Die Daten dieser Person wurden gelöscht." in said
    assert "Vom Landkreis aufgenommen" in said
    for gone in ("Ida", "07161", "Syrien", "1990", "Geislingen", "Anschlussunterbringung"):
        assert gone not in said, gone
    assert "/einzug" not in answer.text


# --- what was known --------------------------------------------------------------------------------


def test_in_the_past_the_file_is_as_it_was_and_nothing_can_be_recorded(portal: RunningPortal, clerk: Visitor) -> None:
    answer = clerk.get(f"/akte/{portal.office.ids['person']}?stichtag=1.12.2016")
    said = text(answer)
    assert "36 Jahre" in said
    assert "Vorläufige Unterbringung seit 01.02.2016" in said
    assert "§ 25" not in said and "Vom Landkreis aufgenommen" in said
    assert '<body class="past"' in answer.text
    assert "Sie sehen den 01.12.2016, wie er heute bekannt ist. Hier lässt sich nichts festhalten." in answer.text
    assert "/einzug" not in answer.text
    assert "stichtag=2016-12-01" in answer.text, "the household's other files open on the same day"


def test_as_known_earlier_what_was_learnt_since_is_not_there(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    office = portal.office
    path = f"/intake/v1/persons/{person_id}"
    learnt = office.post(
        f"{path}/titles", {"section": "25(3)", "granted_on": "2017-05-01"}, IMPORTER, Learnt_On="2018-05-20"
    )
    assert learnt.status_code == 201, learnt.text
    portal.office.rest()
    assert "§ 25 Abs. 3" in text(clerk.get(f"/akte/{person_id}"))
    position = learnt.json()["position"] - 1
    before = text(clerk.get(f"/akte/{person_id}?wissensstand={position}"))
    assert "§ 25 Abs. 3" not in before and "weil 24 Monate seit Aufnahme" in before
    assert "Damals war über diese Person nichts bekannt" in text(clerk.get(f"/akte/{person_id}?wissensstand=1.1.2016"))


def test_the_household_is_shown_as_it_was_known(portal: RunningPortal, clerk: Visitor) -> None:
    anchor = portal.office.register(family_name="Aktenprobe", given_name="Ida")
    born = {"anchor_id": anchor["id"], "given_name": "Nova", "family_name": "Aktenprobe", "nationality": "SY"}
    portal.office.done("/intake/v1/births", {**born, "born_on": "2018-05-01", "sex": "female"}, "clerk")
    portal.office.rest()
    assert "Nova Aktenprobe" in text(clerk.get(f"/akte/{anchor['id']}"))
    then = text(clerk.get(f"/akte/{anchor['id']}?wissensstand={anchor['position']}"))
    assert "Aktenprobe, Ida" in then and "Nova" not in then


def test_in_the_past_no_form_opens(portal: RunningPortal, clerk: Visitor) -> None:
    path = f"/akte/{portal.office.ids['person']}"
    answer = clerk.get(f"{path}/einzug?stichtag=1.12.2016")
    assert answer.url.endswith(f"{path}?stichtag=2016-12-01")
    assert f'action="{path}/einzug"' not in answer.text


# --- what may be recorded --------------------------------------------------------------------------


def test_moving_in_is_saved_shown_and_undone(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    answer = take(clerk, person_id, "einzug", **HOME)
    said = text(answer)
    assert "Einzug: gesichert." in said and "Eigene Wohnung" in said.replace("eigene", "Eigene") and "Donzdorf" in said
    undo = re.search(rf'action="(/akte/{person_id}/zuruecknehmen/[0-9a-f-]+)"[^>]*data-undo="10"', answer.text)
    assert undo is not None
    undone = clerk.post(undo[1], {"reason": "not_true"})
    assert "Eintrag zurücknehmen: gesichert." in text(undone)
    assert record(portal, person_id)["residence"]["ags"] == "08117024"
    assert "data-undo" not in undone.text
    assert "data-undo" not in clerk.get(f"/akte/{person_id}").text, "only at once"


def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    answer = take(clerk, person_id, "einzug", **{**HOME, "moved_in_on": "1.1.2019", "kind": ""})
    said = text(answer)
    assert "„Eingezogen am“ liegt nach dem heutigen Tag (01.06.2018)" in said and "„Art“ fehlt" in said
    assert 'value="Weg 7"' in answer.text
    early = take(clerk, person_id, "einzug", **{**HOME, "moved_in_on": "1.1.2010"})
    assert "Der Einzug liegt vor der Aufnahme der Person." in text(early)
    no_day = take(clerk, person_id, "einzug", **{**HOME, "moved_in_on": "bald"})
    assert "„Eingezogen am“: Das ist kein Datum." in text(no_day)
    assert len(record(portal, person_id)["residences"]) == 1


def test_sent_twice_a_command_is_recorded_once(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    clerk.get(f"/akte/{person_id}/titel")
    form = {**clerk.hidden(), "section": "25(3)", "granted_on": "1.5.2017"}
    for _ in range(2):
        assert "§ 25 Abs. 3" in text(clerk.post(f"/akte/{person_id}/titel", form))
    assert len(record(portal, person_id)["titles"]) == 1


def test_a_procedure_from_the_application_to_its_end(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    take(clerk, person_id, "antrag", kind="first", opened_on="1.3.2016")
    (procedure,) = record(portal, person_id)["procedures"]
    of_it = procedure["procedure_id"]
    too_early = take(clerk, person_id, f"entscheidung/{of_it}", outcome="negative", decided_on="1.2.2016")
    assert "Die Entscheidung liegt vor dem Antrag." in text(too_early)
    take(clerk, person_id, f"entscheidung/{of_it}", outcome="negative", decided_on="1.5.2017")
    form = clerk.get(f"/akte/{person_id}/unanfechtbar/{of_it}").text
    assert re.search(r'value="negative" checked', form), "the last decision is proposed"
    said = text(take(clerk, person_id, f"unanfechtbar/{of_it}", outcome="negative", final_on="1.6.2017"))
    assert "abgelehnt seit 01.06.2017" in said
    assert "weil die Entscheidung über den Antrag unanfechtbar ist" in said


def test_a_correction_leaves_a_chain(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal, phone="07161 1")
    form = clerk.get(f"/akte/{person_id}/stammdaten").text
    assert 'value="17.05.1990"' in form and 'value="07161 1"' in form
    as_is = {
        "family_name": "Aktenprobe",
        "given_name": "Ida",
        "born_on": "17.05.1990",
        "sex": "female",
        "nationality": "SY",
        "category": "asylum",
        "state_entry_on": "05.01.2016",
        "district_intake_on": "01.02.2016",
    }
    answer = take(clerk, person_id, "stammdaten", **as_is, phone="07161 2")
    assert "Stammdaten berichtigt" in text(answer) and "Telefon: 07161 1 07161 2" in text(answer)
    assert re.search(r"Telefon: <del>07161 1</del> <ins>07161 2</ins>", answer.text)
    residence = record(portal, person_id)["residence"]["residence_id"]
    moved = {**HOME, "ags": "08117024", "kind": "follow_up_housing", "moved_in_on": "01.03.2016"}
    corrected = take(clerk, person_id, f"wohnsitz/{residence}", **moved)
    assert "Eingezogen am: 01.02.2016 01.03.2016" in text(corrected)
    assert record(portal, person_id)["residence"]["moved_in_on"] == "2016-03-01"


def test_a_child_is_born_into_the_household_and_lives_there(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    form = clerk.get(f"/akte/{person_id}/geburt").text
    assert 'value="Aktenprobe"' in form and '<option value="SY" selected>' in form
    born = {
        "given_name": "Nova",
        "family_name": "Aktenprobe",
        "born_on": "1.5.2018",
        "sex": "female",
        "nationality": "SY",
    }
    said = text(take(clerk, person_id, "geburt", **born))
    assert "Nova Aktenprobe minderjähriges Kind" in said
    household = portal.office.shown(f"/intake/v1/households/{record(portal, person_id)['household_id']}", "clerk")
    (child,) = (each for each in household["members"] if each["given_name"] == "Nova")
    assert record(portal, child["person_id"])["residence"]["moved_in_on"] == "2018-05-01"


def test_somebody_joins_a_household_that_is_looked_for_by_name(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    anchor = portal.office.register(family_name="Zielhaus", given_name="Eins", born_on="1980-01-01")
    portal.office.register(family_name="Zielhaus", given_name="Zwei", born_on="1981-01-01")
    portal.office.rest()
    joins = {"relation": "spouse", "joined_on": "1.5.2018"}
    nobody = take(clerk, person_id, "haushalt", **joins, **{"anchor_id-q": "Niemandshaus"})
    assert "Niemand beginnt so." in text(nobody)
    which = take(clerk, person_id, "haushalt", **joins, **{"anchor_id-q": "Zielhaus"})
    assert "Bitte wählen Sie, wer gemeint ist." in text(which) and "Zielhaus, Zwei" in text(which)
    chosen = clerk.post(f"/akte/{person_id}/haushalt", {**joins, "anchor_id-q": "Zielhaus", "anchor_id": anchor["id"]})
    assert "Haushaltswechsel: gesichert." in text(chosen)
    assert record(portal, person_id)["household_id"] == anchor["household_id"]
    only = take(clerk, person_id, "haushalt", relation="", joined_on="20.5.2018", **{"anchor_id-q": "Zielhaus Eins"})
    assert "braucht eine Beziehung" in text(only)


def test_notice_consent_refusal_and_withdrawal(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    said = text(take(clerk, person_id, "hinweis", language="ar", given_on="heute"))
    assert "Über die Datennutzung informiert Arabisch seit 01.06.2018" in said
    scope = "disclosure"
    nothing = take(clerk, person_id, "widerruf", scope=scope, withdrawn_on="heute")
    assert "besteht keine Einwilligung, die widerrufen werden könnte." in text(nothing)
    take(clerk, person_id, "einwilligung", scope=scope, given_on="gestern")
    said = text(take(clerk, person_id, "widerruf", scope=scope, withdrawn_on="heute"))
    assert "Weitergabe an andere Einwilligung widerrufen seit 01.06.2018" in said
    said = text(take(clerk, person_id, "ablehnung", scope="advice_documentation", refused_on="heute"))
    assert "Dokumentation der Beratung abgelehnt seit 01.06.2018" in said


def test_what_the_rules_leave_to_a_person_is_decided_by_hand(portal: RunningPortal) -> None:
    person_id = registered(portal)
    clerk = portal.visitor(INTAKE_CLERK)
    take(clerk, person_id, "wegzug", destination="abroad", moved_out_on="1.3.2017")
    doubtful = take(clerk, person_id, "einzug", **HOME)
    assert "bitte prüfen" in text(doubtful) and "Die Person ist aus dem Ausland zurückgekehrt." in text(doubtful)
    assert f'href="/akte/{person_id}/klaeren"' in doubtful.text
    lead = portal.visitor(TEAM_LEAD)
    assert lead.get(f"/akte/{person_id}/einzug").status_code == 403
    decided = {"phase": "follow_up", "since": "1.3.2018", "legal_basis": "§ 9 Abs. 2 FlüAG", "reason": "Liegt vor."}
    form = lead.get(f"/akte/{person_id}/klaeren").text
    seen = re.search(r'name="settles" value="([^"]*)"', form)
    assert seen is not None
    doubts = portal.office.shown(f"/eligibility/v1/persons/{person_id}", "clerk")["rests_on"]
    assert seen[1].split() == [each["event_id"] for each in doubts] != []
    decided["settles"] = seen[1]
    answer = lead.post(f"/akte/{person_id}/klaeren", {**lead.hidden(), **decided})
    assert "Von Hand entscheiden: gesichert." in text(answer)
    assert "Anschlussunterbringung seit 01.03.2018, weil jemand so entschieden hat (§ 9 Abs. 2 FlüAG)." in text(answer)
    assert "data-undo" not in answer.text, "who may not withdraw is not offered to undo"


def test_a_decision_settles_the_doubts_that_somebody_saw_also_if_it_is_sent_again(portal: RunningPortal) -> None:
    person_id = registered(portal)
    clerk, path = portal.visitor(INTAKE_CLERK), f"/akte/{person_id}/klaeren"
    take(clerk, person_id, "wegzug", destination="abroad", moved_out_on="1.3.2017")
    take(clerk, person_id, "einzug", **HOME)
    seen = re.search(r'name="settles" value="([^"]*)"', clerk.get(path).text)
    assert seen is not None
    decided = {"phase": "provisional", "legal_basis": "§ 9 Abs. 2 FlüAG", "reason": "Liegt vor."}
    form = {**clerk.hidden(), **decided, "settles": seen[1]}
    take(clerk, person_id, "wegzug", destination="abroad", moved_out_on="1.4.2018")  # meanwhile
    take(clerk, person_id, "einzug", **{**HOME, "moved_in_on": "1.5.2018"})
    for _ in range(2):
        assert "Von Hand entscheiden: gesichert." in text(clerk.post(path, form))
    (review,) = record(portal, person_id)["reviews"]
    assert review["settles"] == seen[1].split()


def test_a_withdrawal_that_is_sent_again_is_answered_as_before(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    take(clerk, person_id, "titel", section="25(3)", granted_on="1.5.2017")
    (title,) = record(portal, person_id)["titles"]
    path = f"/akte/{person_id}/zuruecknehmen/{title['title_id']}"
    clerk.get(path)
    form = {**clerk.hidden(), "reason": "not_true"}
    for _ in range(2):
        answer = clerk.post(path, form)
        assert (answer.status_code, "Eintrag zurücknehmen: gesichert." in text(answer)) == (200, True)
    assert clerk.get(path).status_code == 404, "what is gone cannot be withdrawn anew"


def test_only_the_person_whose_entry_it_was_is_offered_to_undo_it(portal: RunningPortal, clerk: Visitor) -> None:
    one, other = registered(portal), registered(portal)
    clerk.get(f"/akte/{one}/einzug")
    clerk.post(f"/akte/{one}/einzug", HOME, follow=False)
    assert "data-undo" not in clerk.get(f"/akte/{other}").text


def test_while_intake_is_away_the_form_keeps_what_was_typed(portal: RunningPortal, clerk: Visitor) -> None:
    person_id = registered(portal)
    clerk.get(f"/akte/{person_id}/titel")
    with down(portal, "intake-http"):
        answer = clerk.post(f"/akte/{person_id}/titel", {"section": "25(3)", "granted_on": "1.5.2017"})
    assert answer.status_code == 503
    assert f'href="/akte/{person_id}/titel"' in answer.text, "back to the form, where the draft is"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("eligibility-http", "Die Phase lässt sich gerade nicht anzeigen."),
        ("casework-http", "Betreut von lässt sich gerade nicht zeigen"),
    ],
)
def test_while_another_service_is_away_the_rest_of_the_file_works(
    portal: RunningPortal, clerk: Visitor, service: str, said: str
) -> None:
    with down(portal, service):
        answer = clerk.get(f"/akte/{portal.office.ids['person']}")
    assert answer.status_code == 200
    assert said in text(answer) and "Aufenthaltstitel erteilt" in text(answer)


# --- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def eventful(portal: RunningPortal) -> str:
    """Somebody with a residence that was corrected, a title that was withdrawn, and a decision."""
    office = portal.office
    person_id = registered(portal, phone="07161 12345", language="ar", interpreter_needed=True)
    path = f"/intake/v1/persons/{person_id}"
    residence = record(portal, person_id)["residence"]["residence_id"]
    office.done(
        f"{path}/corrections/residences/{residence}",
        {"kind": "follow_up_housing", "ags": "08117024", "moved_in_on": "2016-03-01", "address": "Probeweg 3"},
        "clerk",
    )
    title = office.done(f"{path}/titles", {"section": "25(2)", "granted_on": "2017-05-01"}, "clerk")["id"]
    office.done(
        f"{path}/withdrawals", {"entry_id": title, "reason": "wrong_person", "withdrawn_on": "2018-05-30"}, "clerk"
    )
    procedure = office.done(f"{path}/procedures", {"kind": "first", "opened_on": "2016-03-10"}, "clerk")["id"]
    office.done(f"{path}/procedures/{procedure}/decision", {"outcome": "positive", "decided_on": "2017-08-01"}, "clerk")
    office.done(f"{path}/consents", {"scope": "advice_documentation", "given_on": "2018-05-30"}, "clerk")
    office.rest()
    return person_id


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS)
def test_the_file_has_no_barriers(open_page: Open, eventful: str, size: Size, look: str) -> None:
    page = open_page(INTAKE_CLERK, size=size, checks=True, **LOOKS[look])
    for name, query in {"now": "", "past": "?stichtag=2017-07-01"}.items():
        page.goto(f"/akte/{eventful}{query}")
        for summary in page.locator(".timeline summary").all():
            summary.click()
        assert wrong_with(page, f"file-{name}-{size}-{look}") == []


def test_a_chain_is_struck_through_and_leads_to_what_replaced_it(open_page: Open, eventful: str) -> None:
    page = open_page(INTAKE_CLERK)
    page.goto(f"/akte/{eventful}")
    withdrawn = page.locator(".timeline li.withdrawn")
    expect(withdrawn).to_contain_text("§ 25 Abs. 2 AufenthG")
    expect(withdrawn.locator("del")).to_have_text("§ 25 Abs. 2 AufenthG")
    expect(page.locator(".timeline li.corrected del").first).to_have_text(
        "Anschlussunterbringung, Geislingen an der Steige"
    )
    withdrawn.get_by_role("link", name="zurückgenommen").click()
    replaced_by = page.locator(".timeline li:target")
    expect(replaced_by).to_contain_text("Eintrag zurückgenommen")
    expect(replaced_by).to_contain_text("Aufenthaltstitel erteilt: § 25 Abs. 2 AufenthG")
    expect(page.locator(".changes")).to_contain_text("Eingezogen am: 01.02.2016 01.03.2016")


def test_a_form_opens_in_its_place_and_is_saved_by_keyboard(portal: RunningPortal, open_page: Open) -> None:
    person_id = registered(portal)
    portal.office.rest()
    page = open_page(INTAKE_CLERK, checks=True)
    page.goto(f"/akte/{person_id}")
    page.get_by_role("link", name="Duldung").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#slot-permits .action")).to_be_visible()
    expect(page.locator("#slot-permits input[type=radio]").first).to_be_focused()
    assert page.url.endswith(person_id), "the page stays"
    screenshot(page, "file-action")
    assert axe(page) == []
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("1.1.2019")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("liegt nach dem heutigen Tag")
    page.locator("#f-issued_on").fill("1.5.2016")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Duldung: gesichert.")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("§ 60a AufenthG")
    page.keyboard.press("u")
    expect(page.get_by_text("Eintrag zurücknehmen: gesichert.")).to_be_visible()
    assert record(portal, person_id)["tolerations"] == []


def test_a_draft_of_one_person_never_shows_up_for_another(portal: RunningPortal, open_page: Open) -> None:
    one, other = registered(portal), registered(portal)
    page: Page = open_page(INTAKE_CLERK)
    page.goto(f"/akte/{one}/titel")
    page.locator("#f-section").fill("25(3)")
    page.wait_for_function("id => Object.keys(localStorage).some((key) => key.includes(id))", arg=one)
    page.goto(f"/akte/{other}/titel")
    expect(page.locator("#f-section")).to_have_value("")
    page.goto(f"/akte/{one}/titel")
    expect(page.locator("#f-section")).to_have_value("25(3)")


@pytest.mark.parametrize("action", [each for each in ACTIONS if not each.needs_entry], ids=lambda each: each.name)
def test_every_form_opens_without_scripts(portal: RunningPortal, clerk: Visitor, action: Any) -> None:
    answer = clerk.get(f"/akte/{portal.office.ids['person']}/{action.name}")
    if action.name == "klaeren":
        assert answer.status_code == 200
        return
    assert f'action="/akte/{portal.office.ids["person"]}/{action.name}"' in answer.text
    for field in action.fields:
        assert re.search(rf'name="{field.name}(-q)?"', answer.text), field.name
