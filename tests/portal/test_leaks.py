"""Every page and every endpoint of every service × every role × a record that is not theirs: the right status, and
nothing of the record in the answer that this role may not see.

The rows below are kept by hand, for they say what is meant; what they are held against comes from the route tables.
So a new route fails here until somebody has said who may see what by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pytest
import requests

from scenarios.small_office import AGS
from shared.api import roles
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.tokens import issue
from tests.portal.house import ACCOUNTS, RunningPortal, Visitor
from tests.portal.routes import Route, routes
from tests.portal.strangers import Operation, Stranger, operations, strangers

CLERK, MANAGER, LEAD = roles.INTAKE_CLERK, roles.INTEGRATION_MANAGER, roles.TEAM_LEAD
HEAD, REPORTING, AUDITOR = roles.HEAD_OF_OFFICE, roles.REPORTING, roles.AUDITOR
OFFICER, MUNICIPAL = roles.DATA_PROTECTION_OFFICER, roles.MUNICIPAL_STAFF
IMPORTER, OPERATOR = roles.IMPORTER, roles.OPERATOR

WHOLE_RECORD: Final = "200 contact facts name"


@dataclass(frozen=True)
class Door:
    """An endpoint: whom it lets in to a record that is not theirs. All others get 403, and nothing else.

    ``foreign`` and ``erased``: what whoever is let in gets, as status and kinds of what is told; None is not asked:
    it is theirs to do. ``apart``: who gets something else.
    """

    roles: frozenset[str]
    foreign: str | None
    erased: str | None
    apart: Mapping[str, str] | None = None

    def expected(self, role: str, about: str) -> str | None:
        if self.apart is not None and role in self.apart:
            return self.apart[role] if about == "foreign" else self.apart[role].split()[0]
        let_in = self.foreign if about == "foreign" else self.erased
        return let_in if role in self.roles else "403"


def to(
    *let_in: str, gives: str = "200", of_the_erased: str | None = "", apart: Mapping[str, str] | None = None
) -> Door:
    """A question for these roles; of somebody who was erased it gives the status alone, unless said otherwise."""
    erased = gives.split()[0] if of_the_erased == "" else of_the_erased
    return Door(frozenset(let_in), gives, erased, apart)


def by(*let_in: str) -> Door:
    """A command that is theirs to give."""
    return Door(frozenset(let_in), None, None)


EVERYBODY: Final = roles.ROLES
IN_RECORDS: Final = (CLERK, MANAGER, LEAD)
IN_PHASES: Final = (CLERK, MANAGER, LEAD, AUDITOR)
IN_THE_OFFICE: Final = (MANAGER, LEAD, HEAD, IMPORTER)
IN_FIGURES: Final = (HEAD, REPORTING, AUDITOR)

ENDPOINTS: Final[Mapping[str, Door]] = {
    # intake: records are open to those who take up and advise, for a walk-in may come to any of them
    "POST /intake/v1/persons": by(CLERK, IMPORTER),
    "POST /intake/v1/births": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/household": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/procedures": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/procedures/{procedure_id}/decision": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/procedures/{procedure_id}/finality": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/titles": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/tolerations": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/residences": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/departure": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/corrections/master-data": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/corrections/residences/{residence_id}": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/withdrawals": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/reviews": by(CLERK, LEAD, IMPORTER),
    "POST /intake/v1/persons/{person_id}/notices": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/consents": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/refusals": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/{person_id}/consent-withdrawals": by(CLERK, IMPORTER),
    "POST /intake/v1/persons/search": to(*IN_RECORDS, gives=WHOLE_RECORD),
    "GET /intake/v1/persons/{person_id}": to(*IN_RECORDS, gives=WHOLE_RECORD),
    "GET /intake/v1/persons/{person_id}/history": to(*IN_RECORDS, gives=WHOLE_RECORD),
    "GET /intake/v1/households/{household_id}": to(*IN_RECORDS, gives=WHOLE_RECORD),
    "POST /intake/v1/households/search": to(*IN_RECORDS),
    "POST /intake/v1/due/search": to(*IN_RECORDS),
    # eligibility knows nobody's name; municipal staff see who lives with them, and nobody here does
    "GET /eligibility/v1/persons/{person_id}": to(*IN_PHASES, of_the_erased="404"),
    "GET /eligibility/v1/persons/{person_id}/history": to(*IN_PHASES),
    "POST /eligibility/v1/persons/search": to(*IN_PHASES),
    "GET /eligibility/v1/due": to(CLERK, LEAD, AUDITOR),
    "POST /eligibility/v1/due/search": to(*IN_PHASES),
    "GET /eligibility/v1/responsibility": to(*EVERYBODY),
    # casework: a case is its manager's, a deputy's and the team lead's; nobody's notes are anybody else's
    "POST /casework/v1/municipalities/{ags}/service": by(HEAD, IMPORTER),
    "POST /casework/v1/teams": by(HEAD, IMPORTER),
    "POST /casework/v1/teams/{team_id}/area": by(HEAD, IMPORTER),
    "POST /casework/v1/employees": by(HEAD, IMPORTER),
    "POST /casework/v1/employees/{employee_id}/team": by(HEAD, IMPORTER),
    "POST /casework/v1/employees/{employee_id}/contracts": by(HEAD, IMPORTER),
    "POST /casework/v1/employees/{employee_id}/contracts/{contract_id}/end": by(HEAD, IMPORTER),
    "POST /casework/v1/grants": by(HEAD, IMPORTER),
    "POST /casework/v1/grants/{grant_id}/posts": by(HEAD, IMPORTER),
    "POST /casework/v1/grants/{grant_id}/posts/{post_id}/holder": by(HEAD, IMPORTER),
    "POST /casework/v1/grants/{grant_id}/posts/{post_id}/vacancy": by(HEAD, IMPORTER),
    "POST /casework/v1/covers": Door(frozenset({LEAD, HEAD, IMPORTER}), None, None, {MANAGER: "409"}),  # own team only
    "POST /casework/v1/covers/{cover_id}/end": to(MANAGER, LEAD, HEAD, IMPORTER, gives="404"),
    "POST /casework/v1/cases/{case_id}/assignment": by(IMPORTER),
    "POST /casework/v1/cases/{case_id}/closure": by(IMPORTER),
    "POST /casework/v1/consultations": by(IMPORTER),
    "POST /casework/v1/attempted-visits": by(IMPORTER),
    "POST /casework/v1/consultations/{consultation_id}/correction": by(IMPORTER),
    "POST /casework/v1/consultations/{consultation_id}/withdrawal": by(IMPORTER),
    "POST /casework/v1/consultations/search": to(),
    "GET /casework/v1/cases": to(*IN_THE_OFFICE),
    "GET /casework/v1/cases/{case_id}": to(HEAD, IMPORTER),
    "GET /casework/v1/households/{household_id}/case": to(CLERK, *IN_THE_OFFICE),
    "GET /casework/v1/me": to(*IN_THE_OFFICE),
    "GET /casework/v1/teams": to(*IN_THE_OFFICE),
    "GET /casework/v1/employees": to(*IN_THE_OFFICE),
    # reporting: figures, and the history under pseudonyms
    "GET /reporting/v1/figures/{figure}": to(*IN_FIGURES),
    "GET /reporting/v1/figures/{figure}/difference": to(*IN_FIGURES),
    "GET /reporting/v1/series/{figure}": to(*IN_FIGURES),
    "GET /reporting/v1/contracts/ending": to(*IN_FIGURES),
    "GET /reporting/v1/report": to(*IN_FIGURES),
    "GET /reporting/v1/reports/{report_id}": to(*IN_FIGURES),
    "GET /reporting/v1/reports": to(*IN_FIGURES),
    "POST /reporting/v1/reports": by(HEAD, REPORTING),
    "GET /reporting/v1/ledger": to(AUDITOR),
    "POST /reporting/v1/events/search": to(AUDITOR),
    "GET /reporting/v1/correlations/{correlation_id}": to(AUDITOR),
    "POST /reporting/v1/streams/{stream}/replay": to(AUDITOR, gives="200 facts"),
    "POST /reporting/v1/accesses/search": to(OFFICER),
    "GET /reporting/v1/erasures": to(OFFICER, AUDITOR),
} | {
    f"{method} /clock of {service}": door
    for service in ("intake", "eligibility", "casework", "reporting")
    for method, door in (("GET", to(*EVERYBODY)), ("POST", by(OPERATOR)))
}


PAGES: Final[Mapping[str, Door]] = {
    "GET /": to(*EVERYBODY, gives="303"),
    "GET /anmelden": to(*EVERYBODY, gives="303"),
    "POST /anmelden": by(*EVERYBODY),  # tests/portal/test_login.py
    "POST /abmelden": by(*EVERYBODY),
    "POST /sprache": to(*EVERYBODY, gives="303"),
    "POST /sitzung": to(*EVERYBODY),
    "GET /entwurfsschluessel": to(*EVERYBODY),
    "GET /hilfe": to(*EVERYBODY),
    "GET /zustaendigkeit": to(*EVERYBODY),
    "GET /static/<version>/<name>": to(*EVERYBODY),
    "GET /<path:anywhere>": to(*EVERYBODY, gives="404"),
    "POST /<path:anywhere>": to(*EVERYBODY, gives="404"),
    # casework: neither somebody else's case nor its talks; a stand-in only inside the team
    "GET /mein-tag": to(MANAGER, LEAD),
    "GET /mein-tag/kollegen": to(MANAGER, LEAD),
    "POST /mein-tag/vergeblich": to(MANAGER, LEAD, gives="303"),
    "POST /mein-tag/zeile": to(MANAGER, LEAD, gives="422"),
    "POST /mein-tag/zeile/verstanden": to(MANAGER, LEAD),
    "POST /mein-tag/vertretung": to(MANAGER, LEAD, gives="303"),
    "POST /mein-tag/vertretung/ende": to(MANAGER, LEAD, gives="303"),
    "GET /beratung/<uuid:case_id>": to(),
    "POST /beratung/<uuid:case_id>": to(),
    "POST /beratung/werte": to(MANAGER, LEAD),
    "POST /beratung/grund": to(MANAGER, LEAD, gives="303"),
    "GET /beratung/<uuid:case_id>/<uuid:consultation_id>": to(),
    "POST /beratung/<uuid:case_id>/<uuid:consultation_id>": to(),
    "POST /beratung/<uuid:case_id>/<uuid:consultation_id>/zuruecknehmen": to(MANAGER, LEAD, gives="303"),
    # records
    "GET /personen": to(*IN_RECORDS),
    "POST /personen": to(*IN_RECORDS, gives=WHOLE_RECORD),
    "GET /personen/neu": to(CLERK),
    "POST /personen/neu": by(CLERK),
    "POST /personen/aehnliche": to(CLERK, gives=WHOLE_RECORD),
    "GET /akte/<uuid:person_id>": to(CLERK, LEAD, gives=WHOLE_RECORD, apart={MANAGER: "200 name"}),
    "GET /akte/<uuid:person_id>/beratung": to(MANAGER, LEAD, gives="303"),
    "GET /akte/<uuid:person_id>/<action>": to(CLERK, gives=WHOLE_RECORD),
    "POST /akte/<uuid:person_id>/<action>": by(CLERK),
    "GET /akte/<uuid:person_id>/<action>/<uuid:entry_id>": to(CLERK, gives=WHOLE_RECORD),
    "POST /akte/<uuid:person_id>/<action>/<uuid:entry_id>": by(CLERK),
    # figures
    "GET /lage": to(*IN_FIGURES),
    "GET /lage/verlaeufe": to(*IN_FIGURES, gives="303"),
    "GET /lage/teil/<name>": to(*IN_FIGURES, gives="303"),
    "GET /lage/bericht": to(*IN_FIGURES),
    "POST /lage/bericht": by(HEAD, REPORTING),
    "GET /lage/berichte/<report_id>": to(*IN_FIGURES),
    "GET /lage/<name>": to(*IN_FIGURES),
    "GET /lage/<name>/csv/<what>": to(*IN_FIGURES),
    # the office: cases are the lead's to distribute, all else is the head's to record
    "GET /buero": to(HEAD, LEAD),
    "POST /buero/zuteilung/<uuid:case_id>": to(LEAD, gives="422"),
    "GET /buero/uebergabe/<uuid:employee_id>": to(LEAD),
    "POST /buero/uebergabe/<uuid:employee_id>": to(LEAD, gives="422"),
    "GET /buero/<action>": to(HEAD),
    "POST /buero/<action>": by(HEAD),
    "GET /buero/<action>/<uuid:about>": to(HEAD),
    "POST /buero/<action>/<uuid:about>": by(HEAD),
    # audit, data protection, municipalities
    "GET /pruefung": to(AUDITOR),
    "POST /pruefung": to(AUDITOR, gives="303"),
    "GET /pruefung/grund": to(AUDITOR),
    "POST /pruefung/grund": to(AUDITOR, gives="303"),
    "GET /pruefung/vorgang/<act>": to(AUDITOR),
    "GET /pruefung/verlauf/<stream>": to(AUDITOR, gives="200 facts"),
    "GET /pruefung/betrieb": to(AUDITOR, OPERATOR),
    "GET /datenschutz": to(OFFICER),
    "POST /datenschutz": to(OFFICER, gives="303"),
    "GET /datenschutz/loeschungen": to(OFFICER, AUDITOR),
    "GET /gemeinde": to(MUNICIPAL, gives="404"),
    "POST /gemeinde": to(MUNICIPAL, gives="303"),
}
"""What is told is an upper bound here: a page may show less than its role may see."""
PUBLIC: Final = frozenset(
    {
        "GET /anmelden",
        "GET /hilfe",
        "GET /zustaendigkeit",
        "GET /static/<version>/<name>",
        "GET /<path:anywhere>",
        "POST /<path:anywhere>",
        "POST /anmelden",
        "POST /abmelden",
        "POST /sprache",
    }
)
"""Pages that need no log-in; the others lead there."""
PARAMETERS: Final[Mapping[str, str]] = {"GET /gemeinde": "?person={person_id}"}


@pytest.fixture(scope="module")
def who(portal: RunningPortal) -> Mapping[str, Stranger]:
    """The records that are not theirs: "foreign" and "erased"."""
    return strangers(portal.office)


@pytest.fixture(scope="module")
def asked(portal: RunningPortal) -> Mapping[str, Operation]:
    """All that any service says can be asked of it."""
    return {operation.name: operation for operation in operations(portal.office)}


def test_every_endpoint_has_an_expectation_and_no_expectation_is_left_over(asked: Mapping[str, Operation]) -> None:
    assert sorted(asked.keys() ^ ENDPOINTS.keys()) == []


@pytest.mark.parametrize("about", ["foreign", "erased"])
@pytest.mark.parametrize("role", roles.ROLES)
def test_no_endpoint_tells_anybody_what_is_not_theirs(
    portal: RunningPortal, who: Mapping[str, Stranger], asked: Mapping[str, Operation], role: str, about: str
) -> None:
    token = _token(portal, role)
    wrong = {}
    for name, operation in asked.items():
        if name in ENDPOINTS and (expected := ENDPOINTS[name].expected(role, about)) is not None:
            given = _given(_ask(portal, operation, who[about], token), who[about])
            if given != expected:
                wrong[name] = f"{given}, expected {expected}"
    assert wrong == {}


@pytest.mark.parametrize("about", ["foreign", "erased"])
def test_without_a_token_nobody_is_told_anything(
    portal: RunningPortal, who: Mapping[str, Stranger], asked: Mapping[str, Operation], about: str
) -> None:
    for name, operation in asked.items():
        public = operation.described["security"] == []
        given = _given(_ask(portal, operation, who[about], None), who[about])
        assert given == ("200" if public else "401"), name


# --- the pages --------------------------------------------------------------------------------------


def test_every_page_has_an_expectation_and_no_expectation_is_left_over() -> None:
    assert sorted({route.name for route in routes()} ^ PAGES.keys()) == []


@pytest.mark.parametrize("about", ["foreign", "erased"])
@pytest.mark.parametrize("role", roles.ROLES)
def test_no_page_tells_anybody_what_is_not_theirs(
    visitors: Mapping[str, Visitor], who: Mapping[str, Stranger], role: str, about: str
) -> None:
    wrong = {}
    for route in routes():
        if route.name in PAGES and (expected := PAGES[route.name].expected(role, about)) is not None:
            given = _given(_opened(visitors[role], route, who[about]), who[about])
            if not (given.split()[0] == expected.split()[0] and set(given.split()) <= set(expected.split())):
                wrong[route.name] = f"{given}, expected {expected}"
    assert wrong == {}


@pytest.mark.parametrize("about", ["foreign", "erased"])
def test_whoever_is_not_logged_in_is_led_to_the_log_in(
    portal: RunningPortal, who: Mapping[str, Stranger], about: str
) -> None:
    for route in routes():
        answer = _opened(portal.visitor(), route, who[about])
        assert who[about].seen_in(answer) == frozenset(), route.name
        if route.name not in PUBLIC:
            assert (answer.status_code, answer.headers["Location"][:9]) == (303, "/anmelden"), route.name
    portal.stored("delete from failures")


def test_what_may_be_seen_is_found(visitors: Mapping[str, Visitor], who: Mapping[str, Stranger]) -> None:
    """The search for leaks finds what is there: else it would prove nothing."""
    file = next(route for route in routes() if route.name == "GET /akte/<uuid:person_id>")
    assert _given(_opened(visitors[CLERK], file, who["foreign"]), who["foreign"]) == WHOLE_RECORD


def _opened(visitor: Visitor, route: Route, stranger: Stranger) -> requests.Response:
    """Open a page about somebody, or send its form with all that could name them."""
    ids = {**stranger.ids, "action": "zuruecknehmen" if "entry_id" in route.path else "einzug"}
    address = route.address(ids) + PARAMETERS.get(route.name, "").format(**ids)
    if route.method == "GET":
        return visitor.get(address, follow=False)
    visitor.get("/hilfe" if route.path != "/anmelden" else "/anmelden")
    person = {"person": ids["person_id"], "subject": ids["person_id"], "took_part": ids["person_id"]}
    told = {"reason": "Prüfung", "line": "b unbekannt fam wohnung 20", "since": "", "password": "falsch-falsch-falsch"}
    return visitor.post(address, {**ids, **person, **told}, follow=False)


def _ask(portal: RunningPortal, operation: Operation, stranger: Stranger, token: str | None) -> requests.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    ids = {**stranger.ids, "deputy_id": portal.office.ids["manager"]}
    return portal.office.ask(
        operation.method, operation.url(ids), None, body=operation.body(ids), service=operation.service, headers=headers
    )


def _given(answer: requests.Response, stranger: Stranger) -> str:
    return " ".join([str(answer.status_code), *sorted(stranger.seen_in(answer))])


def _token(portal: RunningPortal, role: str) -> str:
    key = (portal.office.data / "secrets" / ISSUER_PRIVATE).read_bytes()
    return issue(key, ACCOUNTS[role], [role], ags=AGS if role == MUNICIPAL else None)
