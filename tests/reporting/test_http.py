"""Reporting as it runs: its two processes over a real store, asked over HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import requests

from deploy.supervisor import Child, Supervisor, inherited
from shared.api.tokens import issue
from shared.contracts.codec import Origin, encode
from shared.contracts.model import Event, EventId, PersonalClass
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.access_log import AccessLog
from shared.privacy.keyring import open_keyring
from shared.privacy.masters import ISSUER_PRIVATE, create_secrets, load_masters
from shared.privacy.sealer import KeyRingSealer
from tests.reporting.histories import (
    ADELBERG,
    contract,
    corrected,
    employee,
    id_of,
    moved_in,
    phase,
    registered,
    serves,
    talk,
    team,
)

SPRING, JULY, AUGUST = date(2018, 3, 1), date(2018, 7, 31), date(2018, 8, 15)
HEAD, AUDITOR, STRANGER = ("head-of-office",), ("auditor",), ("integration-manager",)
FIGURES, REPORTS = "/reporting/v1/figures", "/reporting/v1/reports"


@dataclass
class Office:
    """A running reporting service, and the store behind it."""

    url: str
    data: Path
    store: SqliteEventStore
    sealer: KeyRingSealer
    session: requests.Session = field(default_factory=requests.Session)

    def happened(self, stream: str, *events: Event, learnt_on: date = SPRING) -> int:
        """Append events as another service would; the position of the last."""
        command_id = str(uuid4())
        origin = Origin(
            learnt_on=learnt_on,
            actor="probe",
            on_behalf_of=None,
            command_id=command_id,
            body_digest="",
            correlation_id=id_of(stream),
            causation_id=command_id,
        )
        new = [encode(event, EventId(str(uuid4())), origin, self.sealer) for event in events]
        revision = len(self.store.read(stream)) - 1
        return self.store.append(stream, new, expected=revision, command_id=command_id, digest="").position

    def get(self, path: str, roles: tuple[str, ...] = HEAD, **query: Any) -> requests.Response:
        """The answer when everything that happened so far is in the views."""
        headers = self._headers(roles) | {"Min-Position": str(self.store.head())}
        return self.session.get(self.url + path, params=query, headers=headers, timeout=20)

    def got(self, path: str, roles: tuple[str, ...] = HEAD, **query: Any) -> Any:
        answer = self.get(path, roles, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, key: str | None = None, roles: tuple[str, ...] = HEAD) -> requests.Response:
        headers = self._headers(roles) | {"Content-Type": "application/json", "Idempotency-Key": key or str(uuid4())}
        return self.session.post(self.url + path, data=orjson.dumps(body), headers=headers, timeout=20)

    def _headers(self, roles: tuple[str, ...]) -> dict[str, str]:
        token = issue((self.data / "secrets" / ISSUER_PRIVATE).read_bytes(), "examiner", roles)
        return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    data = tmp_path_factory.mktemp("reporting")
    create_secrets(data / "secrets")
    keyring = open_keyring(f"sqlite:///{data}/keys.db", load_masters(data / "secrets", tuple(PersonalClass)))
    store = SqliteEventStore(data / "events.db")
    http, projector = (_child(data, kind) for kind in ("http", "projector"))
    supervisor = Supervisor([http, projector])
    supervisor.start()
    try:
        office = Office(http.url, data, store, KeyRingSealer(keyring))
        office.happened(f"municipality-{ADELBERG}", serves(ADELBERG))
        office.happened("team-north", team("north"))
        for person in ("ada", "ben"):
            office.happened(f"person-{id_of(person)}", registered(person, person), moved_in(person, SPRING))
            office.happened(f"eligibility-{id_of(person)}", phase(person, SPRING))
        office.happened("consultation-first", talk("first", "ada", SPRING, "ada", topics=("housing",)))
        office.happened(f"employee-{id_of('eva')}", employee("eva"), contract("eva", "0.64", SPRING))
        yield office
    finally:
        supervisor.stop()
        store.close()
        keyring.close()
    assert [child.process.returncode for child in (http, projector) if child.process] == [0, 0]


def _child(data: Path, kind: str) -> Child:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = inherited(WEGMARKEN_DATA=str(data), WEGMARKEN_CLOCK="manual", WEGMARKEN_PORT=str(port))
    return Child(kind, ("services.reporting", kind), port, environment, data / f"{kind}.log")


def test_a_figure_names_its_definition_dates_and_position(office: Office) -> None:
    head = office.store.head()
    answer = office.got(f"{FIGURES}/persons-in-care", valid_at=JULY)
    assert answer.pop("definition")["text"].startswith("Persons who on the reference date")
    assert answer == {
        "figure": "persons-in-care",
        "valid_at": "2018-07-31",
        "known_at": None,
        "position": head,
        "value": {"persons": 2},
    }


def test_a_figure_explains_itself_by_pseudonyms_and_events(office: Office) -> None:
    answer = office.got(f"{FIGURES}/persons-in-care", valid_at=JULY, explain="true")
    assert len(answer["explanation"]) == 2
    for entry in answer["explanation"]:
        assert entry["person"].startswith("P-")
        assert (entry["line"], entry["amount"], entry["rule"], entry["erased"]) == ("persons", 1, "R3", False)
        assert len(entry["events"]) == 3
    assert id_of("ada") not in str(answer)


def test_a_late_correction_changes_the_past_but_not_what_was_known(office: Office) -> None:
    office.happened(f"person-{id_of('cem')}", registered("cem", "cem"), moved_in("cem", SPRING))
    before = office.happened(f"eligibility-{id_of('cem')}", phase("cem", SPRING))
    late = corrected("cem", SPRING, "shared_accommodation")
    office.happened(f"person-{id_of('cem')}", late, learnt_on=AUGUST)
    path = f"{FIGURES}/persons-in-care"
    assert office.got(path, valid_at=JULY)["value"] == {"persons": 2}
    assert office.got(path, valid_at=JULY, known_at=JULY)["value"] == {"persons": 3}
    found = office.got(path, valid_at=JULY, versus_known_at=before)
    assert found["versus"]["value"] == {"persons": 3}
    assert (len(found["versus"]["gained"]), len(found["versus"]["lost"])) == (0, 1)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"{FIGURES}/persons-in-care", {"valid_at": "yesterday"}, 422),
        (f"{FIGURES}/persons-in-care", {"known_at": "2018-02-30"}, 422),
        (f"{FIGURES}/happiness", {}, 422),
        ("/reporting/v1/report", {"report": "elsewhere"}, 422),
        (f"{REPORTS}/{id_of('nothing')}", {}, 404),
    ],
)
def test_what_cannot_be_answered_is_refused(office: Office, path: str, query: dict[str, str], status: int) -> None:
    assert office.get(path, **query).status_code == status


@pytest.mark.parametrize("figure", ["persons-in-care", "staff"])
def test_only_those_who_report_may_ask(office: Office, figure: str) -> None:
    assert office.get(f"{FIGURES}/{figure}", STRANGER).status_code == 403
    assert office.get("/reporting/v1/events", HEAD).status_code == 403


def test_the_report_answers_every_figure(office: Office) -> None:
    answer = office.got("/reporting/v1/report")
    assert answer["figures"]["persons_in_care"]["2018-07-31"] == 2
    assert len(answer["figures"]) == 11 and len(answer["lines"]) == 15
    assert office.got("/reporting/v1/report", valid_at=SPRING)["figures"]["staff"] == {
        "2018-03-01": {"persons": 1, "fte": 0.64}
    }


def test_a_sealed_report_is_the_same_for_ever(office: Office) -> None:
    key = str(uuid4())
    first = office.post(REPORTS, {}, key)
    assert first.status_code == 201, first.text
    again = office.post(REPORTS, {}, key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")

    sealed = office.got(f"{REPORTS}/{first.json()['id']}")
    office.happened(f"person-{id_of('dia')}", registered("dia", "dia"), moved_in("dia", SPRING))
    office.happened(f"eligibility-{id_of('dia')}", phase("dia", SPRING))
    assert office.got("/reporting/v1/report")["figures"] != sealed["figures"]
    found = office.got(f"{REPORTS}/{first.json()['id']}", verify="true")
    assert found.pop("verification") == {
        "holds": True,
        "digest": True,
        "chain": True,
        "definition": True,
        "figures": True,
        "erasures_since": 0,
    }
    assert found == sealed


def test_an_auditor_looks_through_the_history(office: Office) -> None:
    stream = f"person-{id_of('ada')}"
    found = office.got("/reporting/v1/events", AUDITOR, stream=stream, limit=1)
    (entry,) = found["events"]
    assert entry["envelope"]["type"] == "intake.PersonRegistered"
    assert {part["personal_class"] for part in entry["sealed"]} == {"identity", "statistics"}
    assert "Muster" not in str(found)
    rest = office.got("/reporting/v1/events", AUDITOR, stream=stream, after=found["next"])
    assert [event["envelope"]["type"] for event in rest["events"]] == ["intake.MovedIn"]
    assert rest["next"] is None
    acts = office.got(f"/reporting/v1/acts/{id_of(stream)}", AUDITOR)["acts"]
    assert [act["envelope"]["stream"] for act in acts] == [stream, stream]
    today = datetime.now(UTC).date()
    assert office.got("/reporting/v1/events", AUDITOR, since=today, until=today)["events"]
    assert not office.got("/reporting/v1/events", AUDITOR, until="2018-01-01")["events"]


def test_who_asks_what_somebody_did_says_why_and_is_recorded(office: Office) -> None:
    assert office.get("/reporting/v1/events", AUDITOR, actor="probe").status_code == 422
    assert office.got("/reporting/v1/events", AUDITOR, actor="probe", reason="complaint 7")["events"]
    employee_stream = f"/reporting/v1/streams/employee-{id_of('eva')}"
    assert office.get(employee_stream, AUDITOR).status_code == 422
    assert office.got(employee_stream, AUDITOR, reason="complaint 8")["steps"]
    log = AccessLog(office.data / "access-log")
    try:
        reads = {(read.actor, read.subject, read.purpose) for month in log.months() for read in log.accesses(month)}
    finally:
        log.close()
    assert reads >= {
        ("examiner", "probe", "reporting.history: complaint 7"),
        ("examiner", id_of("eva"), "reporting.history: complaint 8"),
    }


def test_an_auditor_replays_a_stream_to_any_revision(office: Office) -> None:
    path = f"/reporting/v1/streams/person-{id_of('ada')}"
    steps = office.got(path, AUDITOR)["steps"]
    assert [step["revision"] for step in steps] == [0, 1]
    assert steps[0]["state"]["family_name"] == "sealed"
    assert len(office.got(path, AUDITOR, to=0)["steps"]) == 1
    assert office.get("/reporting/v1/streams/person-nobody", AUDITOR).status_code == 404


def test_an_auditor_verifies_the_ledger(office: Office) -> None:
    office.got("/reporting/v1/report")  # now the ledger has everything
    answer = office.got("/reporting/v1/ledger", AUDITOR, verify="true")
    assert answer["position"] == office.store.head()
    assert answer["verified"]["broken"] is None
