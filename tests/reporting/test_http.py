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
from services.reporting import figures
from shared.api.roles import AUDITOR, DATA_PROTECTION_OFFICER, HEAD_OF_OFFICE, INTEGRATION_MANAGER
from shared.contracts.model import Event, PersonalClass
from shared.contracts.reporting import ReportSealed, report_stream
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.access_log import FileAccessLog
from shared.privacy.keyring import open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import ISSUER_PRIVATE, create_secrets, load_masters
from shared.service.clock import SystemClock
from shared.service.tokens import issue
from tests.bus.events import append, new_event
from tests.recording import record
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
    team_joined,
)

SPRING, JULY, AUGUST = date(2018, 3, 1), date(2018, 7, 31), date(2018, 8, 15)
HEAD, AUDIT, STRANGER = (HEAD_OF_OFFICE,), (AUDITOR,), (INTEGRATION_MANAGER,)
PROTECTION = (DATA_PROTECTION_OFFICER,)
FIGURES, SERIES, REPORTS = "/reporting/v1/figures", "/reporting/v1/series", "/reporting/v1/reports"
EVENTS = "/reporting/v1/events/search"
REASON = "complaint 7"


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
        act = id_of(stream)
        return record(self.store, self.sealer, stream, *events, learnt_on=learnt_on, correlation_id=act).position

    def get(self, path: str, roles: tuple[str, ...] = HEAD, **query: Any) -> requests.Response:
        """The answer when everything that happened so far is in the views."""
        headers = self._headers(roles) | {"Min-Position": str(self.store.head())}
        return self.session.get(self.url + path, params=query, headers=headers, timeout=20)

    def got(self, path: str, roles: tuple[str, ...] = HEAD, **query: Any) -> Any:
        answer = self.get(path, roles, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, path: str, roles: tuple[str, ...] = AUDIT, **body: Any) -> requests.Response:
        """The answer to a question with a body, when everything that happened so far is in the ledger."""
        headers = self._headers(roles) | {"Content-Type": "application/json", "Min-Position": str(self.store.head())}
        return self.session.post(self.url + path, data=orjson.dumps(body), headers=headers, timeout=20)

    def found(self, path: str, **body: Any) -> Any:
        """What an auditor with a reason is answered."""
        answer = self.search(path, reason=REASON, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reads(self) -> set[tuple[str, str, str, str | None]]:
        """Who read whose data, by which question and why."""
        log = FileAccessLog(self.data / "access-log")
        try:
            every = (read for month in log.months() for read in log.accesses(month))
            return {(read.actor, read.subject, read.purpose, read.reason) for read in every}
        finally:
            log.close()

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
        office.happened(f"employee-{id_of('eva')}", team_joined("eva", "north"))
        fixed_term = contract("fay", "0.5", AUGUST, date(2019, 2, 28))
        office.happened(f"employee-{id_of('fay')}", employee("fay"), fixed_term)
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
    definition, newest = answer.pop("definition"), answer.pop("newest")
    assert definition["version"] == 1
    assert definition["de"].startswith("Personen, die am Stichtag") and definition["en"].startswith("Persons who on")
    assert datetime.fromisoformat(newest["recorded_at"]) <= datetime.now(UTC) and 0 <= newest["age_seconds"] < 60
    assert answer == {
        "figure": "persons-in-care",
        "title": {"de": "Zu betreuende Personen", "en": "Persons to be looked after"},
        "date_type": {"name": "in_force_on", "de": "Stand am Stichtag", "en": "as it was on the reference date"},
        "quantities": {"persons": {"unit": "count", "de": "Personen", "en": "persons"}},
        "valid_at": "2018-07-31",
        "known_at": None,
        "known_by": "everything",
        "position": head,
        "value": {"persons": 2},
    }


@pytest.mark.parametrize("figure", figures.FIGURES)
def test_every_figure_says_by_which_date_it_counts(office: Office, figure: str) -> None:
    answer = office.got(f"{FIGURES}/{figure}", valid_at=JULY, known_at=JULY)
    assert answer["date_type"]["name"] in ("in_force_on", "held_on", "ends_on")
    assert answer["known_by"] == "learnt_on"
    assert set(answer["value"]) <= set(answer["quantities"])
    for said in (answer["title"], answer["definition"], answer["date_type"], *answer["quantities"].values()):
        assert said["de"] and said["en"]


def test_figures_by_team_name_the_teams(office: Office) -> None:
    answer = office.got(f"{FIGURES}/caseload-by-team", valid_at=JULY)
    key = f"{id_of('north')}.fte"
    assert answer["value"][key] == 0.64
    assert answer["quantities"][key] == {
        "unit": "fte",
        "de": "north: Vollzeitäquivalente",
        "en": "north: full-time equivalents",
        "team": "north",
    }


def test_a_figure_explains_itself_by_pseudonyms_and_events(office: Office) -> None:
    answer = office.got(f"{FIGURES}/persons-in-care", valid_at=JULY, explain="true")
    explanation = answer["explanation"]
    assert (explanation["total"], explanation["next"], len(explanation["entries"])) == (2, None, 2)
    for entry in explanation["entries"]:
        assert entry["person"].startswith("P-")
        assert (entry["line"], entry["amount"], entry["rule"], entry["erased"]) == ("persons", 1, "R3", False)
        assert len(entry["events"]) == 3 and entry["since"] == SPRING.isoformat()
    assert id_of("ada") not in str(answer)


def test_an_explanation_is_turned_page_by_page(office: Office) -> None:
    path, of = f"{FIGURES}/persons-in-care", {"valid_at": JULY, "explain": "true", "limit": 1}
    first = office.got(path, **of)["explanation"]
    second = office.got(path, **of, after=first["next"])["explanation"]
    assert (first["total"], first["next"], second["next"]) == (2, 1, None)
    assert len({page["entries"][0]["person"] for page in (first, second)}) == 2
    none = office.got(path, valid_at=JULY, explain="true", line="elsewhere")["explanation"]
    assert none == {"total": 0, "next": None, "entries": []}


def test_a_late_correction_changes_the_past_but_not_what_was_known(office: Office) -> None:
    office.happened(f"person-{id_of('cem')}", registered("cem", "cem"), moved_in("cem", SPRING))
    before = office.happened(f"eligibility-{id_of('cem')}", phase("cem", SPRING))
    late = corrected("cem", SPRING, "shared_accommodation")
    office.happened(f"person-{id_of('cem')}", late, learnt_on=AUGUST)
    path = f"{FIGURES}/persons-in-care"
    assert office.got(path, valid_at=JULY)["value"] == {"persons": 2}
    assert office.got(path, valid_at=JULY, known_at=JULY)["value"] == {"persons": 3}
    found = office.got(f"{path}/difference", valid_at=JULY, other_known_at=before)
    assert (found["value"], found["other"]["value"]) == ({"persons": 2}, {"persons": 3})
    assert (found["difference"], found["other"]["known_by"]) == ({"persons": -1}, "position")
    assert found["totals"] == {"came": 0, "went": 1, "changed": 0}
    (change,) = found["entries"]
    assert (change["what"], change["after"], change["before"]["rule"]) == ("went", None, "R3")
    assert change["person"].startswith("P-") and id_of("cem") not in str(found)
    assert office.got(f"{path}/difference", valid_at=JULY, other_valid_at="2017-01-01")["totals"]["came"] == 2
    one = office.got(f"{path}/difference", valid_at=JULY, other_valid_at="2017-01-01", limit=1)
    assert (len(one["entries"]), one["next"]) == (1, 1)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (f"{FIGURES}/persons-in-care", {"valid_at": "yesterday"}, 422),
        (f"{FIGURES}/persons-in-care", {"known_at": "2018-02-30"}, 422),
        (f"{FIGURES}/happiness", {}, 422),
        (f"{FIGURES}/persons-in-care", {"explain": "true", "audience": "council"}, 422),
        (f"{FIGURES}/persons-in-care/difference", {"other_known_at": "2018-02-30"}, 422),
        (f"{SERIES}/consultations-per-case", {}, 422),
        (f"{SERIES}/persons-in-care", {"since": "2018-02-01", "until": "2018-01-01"}, 422),
        (f"{SERIES}/persons-in-care", {"since": "1950-01-01", "every": "week"}, 422),
        ("/reporting/v1/report", {"report": "elsewhere"}, 422),
        (f"{REPORTS}/{id_of('nothing')}", {}, 404),
    ],
)
def test_what_cannot_be_answered_is_refused(office: Office, path: str, query: dict[str, str], status: int) -> None:
    assert office.get(path, **query).status_code == status


def test_a_series_says_at_each_point_what_the_figure_says(office: Office) -> None:
    asked = {"since": "2018-01-15", "until": "2018-04-10"}
    for figure in figures.OVER_TIME:
        series = office.got(f"{SERIES}/{figure}", **asked)
        assert [(point["from"], point["valid_at"]) for point in series["points"]] == [
            ("2018-01-15", "2018-01-31"),
            ("2018-02-01", "2018-02-28"),
            ("2018-03-01", "2018-03-31"),
            ("2018-04-01", "2018-04-10"),
        ]
        for point in series["points"]:
            alone = office.got(f"{FIGURES}/{figure}", valid_at=point["valid_at"], known_at=series["position"])
            assert point["value"] == alone["value"], figure
            assert set(point["value"]) <= set(series["quantities"])


def test_a_series_of_what_was_held_says_how_much_came_in_each_period(office: Office) -> None:
    series = office.got(f"{SERIES}/consultations", since="2018-01-15", until="2018-04-10")
    assert series["cumulative"] and series["date_type"]["name"] == "held_on"
    assert [point["value"]["total"] for point in series["points"]] == [0, 0, 1, 1]
    assert [point["in_period"]["total"] for point in series["points"]] == [0, 0, 1, 0]
    staff = office.got(f"{SERIES}/staff", since="2018-01-15", until="2018-04-10", every="quarter")
    assert not staff["cumulative"] and "in_period" not in staff["points"][0]
    assert [point["value"]["persons"] for point in staff["points"]] == [1, 1]


def test_the_council_sees_no_small_cells(office: Office) -> None:
    figure = office.got(f"{FIGURES}/persons-in-care", valid_at=JULY, audience="council")
    assert (figure["value"], figure["suppressed"]) == ({"persons": None}, True)
    series = office.got(f"{SERIES}/consultations", since="2018-02-01", until="2018-04-30", audience="council")
    assert [point["suppressed"] for point in series["points"]] == [False, True, True]
    assert [point["value"]["total"] for point in series["points"]] == [0, None, None]
    assert [point["in_period"]["total"] for point in series["points"]] == [0, None, 0]
    shown = office.got(f"{FIGURES}/staff", valid_at=JULY, audience="council")
    assert (shown["value"]["persons"], shown["suppressed"]) == (1, False)
    assert "suppressed" not in office.got(f"{FIGURES}/staff", valid_at=JULY)


def test_contracts_that_end_are_told_one_by_one_to_the_head_of_office_only(office: Office) -> None:
    path, year = "/reporting/v1/contracts/ending", {"valid_at": "2018-08-01", "months": 12}
    told = office.got(path, HEAD, **year)
    assert (told["until"], told["contracts"], told["fte"]) == ("2019-08-01", 1, 0.5)
    ends = {"ends_on": "2019-02-28", "employee_id": id_of("fay"), "fte": 0.5}
    (month,) = told["months"]
    assert (month["month"], month["contracts"]) == ("2019-02", 1)
    assert {name: month["ends"][0][name] for name in ends} == ends
    assert ("examiner", id_of("fay"), "reporting.contracts_ending", None) in office.reads()
    others = office.got(path, AUDIT, **year)
    assert others["months"] == [{"month": "2019-02", "contracts": 1, "fte": 0.5}]
    assert office.got(path, HEAD, valid_at="2019-02-28")["contracts"] == 0
    series = office.got(f"{SERIES}/contracts-ending", since="2018-08-02", until="2019-08-01")
    assert sum(point["in_period"]["contracts"] for point in series["points"]) == told["contracts"]


@pytest.mark.parametrize("figure", ["persons-in-care", "staff"])
def test_only_those_who_report_may_ask(office: Office, figure: str) -> None:
    assert office.get(f"{FIGURES}/{figure}", STRANGER).status_code == 403
    assert office.search(EVENTS, HEAD, reason=REASON).status_code == 403


def test_the_report_answers_every_figure(office: Office) -> None:
    answer = office.got("/reporting/v1/report")
    assert answer["figures"]["persons_in_care"]["2018-07-31"] == 2
    assert len(answer["figures"]) == 11 and len(answer["lines"]) == 15
    for line in answer["lines"]:
        told = office.got(f"/reporting/v1/figures/{line['figure']}", valid_at=line["valid_at"])
        assert line == {name: told[name] for name in line}, "a line says what its figure says"
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


def test_sealed_reports_are_listed_the_newest_first(office: Office) -> None:
    ids = [office.post(REPORTS, {}).json()["id"] for _ in range(2)]
    reports = office.got(REPORTS)["reports"]
    assert [report["report_id"] for report in reports[:2]] == ids[::-1]
    for report in reports[:2]:
        sealed = office.got(f"{REPORTS}/{report['report_id']}")
        assert report == {name: sealed[name] for name in report}


def test_an_auditor_looks_through_the_history(office: Office) -> None:
    stream = f"person-{id_of('ada')}"
    found = office.found(EVENTS, stream=stream, limit=1)
    (entry,) = found["events"]
    assert entry["envelope"]["type"] == "intake.PersonRegistered"
    assert {part["personal_class"] for part in entry["sealed"]} == {"identity", "statistics"}
    assert "Muster" not in str(found)
    rest = office.found(EVENTS, stream=stream, after=found["next"])
    assert [event["envelope"]["type"] for event in rest["events"]] == ["intake.MovedIn"]
    assert rest["next"] is None
    assert office.found(EVENTS, stream=stream, before=rest["previous"])["events"] == found["events"]
    assert office.found(EVENTS, stream=stream, last=True, limit=1)["events"] == rest["events"]
    both = office.search(EVENTS, reason=REASON, after=1, before=2)
    assert (both.status_code, both.json()["errors"][0]["path"]) == (422, "before")
    today = SystemClock().today()
    assert office.found(EVENTS, since=today, until=today)["events"]
    assert not office.found(EVENTS, until="2018-01-01")["events"]


def test_an_auditor_sees_what_an_act_set_in_motion(office: Office) -> None:
    stream = f"person-{id_of('ada')}"
    told = office.got(f"/reporting/v1/correlations/{id_of(stream)}", AUDIT)
    assert (told["correlation_id"], told["events"]) == (id_of(stream), 2)
    assert [node["type"] for node in told["tree"]] == ["intake.PersonRegistered", "intake.MovedIn"]
    assert {node["stream"]["kind"] for node in told["tree"]} == {"person"}
    assert id_of("ada") not in str(told).replace(id_of(stream), "") and "probe" not in str(told)
    assert ("examiner", id_of("ada"), "reporting.correlation", None) in office.reads()
    assert office.get(f"/reporting/v1/correlations/{id_of('nothing')}", AUDIT).status_code == 404
    assert office.get(f"/reporting/v1/correlations/{id_of(stream)}", HEAD).status_code == 403


def test_who_looks_into_the_history_says_why_and_is_recorded(office: Office) -> None:
    ada, eva = id_of("ada"), id_of("eva")
    asked: dict[str, dict[str, Any]] = {
        EVENTS: {"actor": "probe", "stream": f"person-{ada}"},
        f"/reporting/v1/streams/employee-{eva}/replay": {},
    }
    before = office.reads()
    for path, body in asked.items():
        refused = office.search(path, **body)
        assert (refused.status_code, [error["path"] for error in refused.json()["errors"]]) == (422, ["reason"])
    assert office.reads() == before
    for number, (path, body) in enumerate(asked.items()):
        assert office.search(path, **body, reason=f"complaint {number}").status_code == 200
    assert office.reads() - before == {
        ("examiner", "probe", "reporting.events", "complaint 0"),
        ("examiner", ada, "reporting.events", "complaint 0"),
        ("examiner", eva, "reporting.stream", "complaint 1"),
    }


def test_a_look_without_a_subject_is_recorded_for_everybody_it_shows(office: Office) -> None:
    """An event behind a pseudonym leads to a person here: that is what must be on record."""
    shown = office.search(EVENTS, type="intake.PersonRegistered", reason="complaint 9").json()["events"]
    streams = {event["envelope"]["stream"] for event in shown}
    assert f"person-{id_of('ada')}" in streams and len(streams) > 1
    read = {subject for _, subject, _, reason in office.reads() if reason == "complaint 9"}
    assert read == {stream.removeprefix("person-") for stream in streams}


def test_an_auditor_replays_a_stream_to_any_revision(office: Office) -> None:
    path = f"/reporting/v1/streams/person-{id_of('ada')}/replay"
    told = office.found(path)
    steps = told["steps"]
    assert (told["total"], told["next"], [step["revision"] for step in steps]) == (2, None, [0, 1])
    assert steps[0]["state"]["family_name"] == "sealed"
    assert steps[0]["state"]["person_id"].startswith("P-") and steps[0]["actor"].startswith("P-")
    assert id_of("ada") not in str(steps)
    assert steps[1]["changed"]
    assert len(office.found(path, to=0)["steps"]) == 1
    assert [step["revision"] for step in office.found(path, after=0)["steps"]] == [1]
    assert office.search("/reporting/v1/streams/person-nobody/replay", reason=REASON).status_code == 404


def test_an_auditor_replays_a_stream_to_any_position_of_the_log(office: Office) -> None:
    path = f"/reporting/v1/streams/person-{id_of('ada')}/replay"
    steps = office.found(path)["steps"]
    for number, position in enumerate((steps[0]["position"] - 1, steps[0]["position"], steps[1]["position"])):
        assert office.found(path, to_position=position)["steps"] == steps[:number]
    assert office.found(path, to_position=office.store.head())["steps"] == steps, "what came later was about others"
    assert office.search(path, reason=REASON, to_position=-1).status_code == 422


def test_an_auditor_verifies_the_ledger(office: Office) -> None:
    office.got("/reporting/v1/report")  # now the ledger has everything
    answer = office.got("/reporting/v1/ledger", AUDIT, verify="true")
    assert answer["position"] == office.store.head()
    assert answer["verified"]["broken"] is None


# --- data protection ------------------------------------------------------------------------------


def test_the_data_protection_officer_sees_who_read_whose_data_and_is_recorded(office: Office) -> None:
    ada, today = id_of("ada"), SystemClock().today().isoformat()
    office.found(EVENTS, stream=f"person-{ada}")
    path, when = "/reporting/v1/accesses/search", {"since": today, "until": today}

    def asked(**body: Any) -> Any:
        answer = office.search(path, PROTECTION, reason="request of the person", **when, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    found = asked(subject=ada)
    assert {access["subject"] for access in found["accesses"]} == {ada}
    of_audit = [access for access in found["accesses"] if access["purpose"] == "reporting.events"]
    assert (of_audit[-1]["account"], of_audit[-1]["reason"]) == ("examiner", REASON)
    own = asked(subject=ada)["accesses"][-1]
    assert (own["purpose"], own["reason"]) == ("reporting.accesses", "request of the person")
    assert asked(account="nobody")["accesses"] == []
    first = asked(subject=ada, limit=1)
    second = asked(subject=ada, limit=1, after=first["next"])
    assert first["accesses"] == found["accesses"][:1] and second["accesses"] == found["accesses"][1:2]
    assert asked(subject=ada, account="examiner")["accesses"]


def test_only_the_data_protection_officer_reads_the_access_log_and_says_why(office: Office) -> None:
    path, when = "/reporting/v1/accesses/search", {"since": "2018-01-01", "until": "2018-01-02"}
    assert office.search(path, PROTECTION, **when).status_code == 422
    assert office.search(path, PROTECTION, **when, reason=REASON, after="x").status_code == 422
    assert office.search(path, AUDIT, **when, reason=REASON).status_code == 403
    assert office.search(path, PROTECTION, **when, reason=REASON).json() == {"accesses": [], "next": None}


def test_erasures_tell_ids_and_reasons_only(office: Office) -> None:
    path, before = "/reporting/v1/erasures", office.got("/reporting/v1/erasures", PROTECTION)
    keyring = open_keyring(f"sqlite:///{office.data}/keys.db", {})
    try:
        keyring.destroy(id_of("nobody"), {PersonalClass.IDENTITY, PersonalClass.HEALTH}, "probe")
    finally:
        keyring.close()
    assert before == {"erasures": [], "next": None}
    first = office.got(path, AUDIT, limit=1)
    (erasure,) = first["erasures"]
    assert (erasure["number"], erasure["subject"], erasure["class"], erasure["reason"]) == (
        1,
        id_of("nobody"),
        "health",
        "probe",
    )
    assert datetime.fromisoformat(erasure["erased_at"]) <= datetime.now(UTC)
    rest = office.got(path, PROTECTION, after=first["next"])
    assert [each["class"] for each in rest["erasures"]] == ["identity"] and rest["next"] is None
    assert office.get(path, HEAD).status_code == 403


# --- the next release: last, as its event stays ----------------------------------------------------


def test_nothing_is_sealed_or_verified_while_a_newer_release_knows_more(office: Office) -> None:
    """A view passes what its code does not know; a figure may be asked again, a seal stays for ever."""
    report = f"{REPORTS}/{office.post(REPORTS, {}).json()['id']}"
    append(office.store, "team-north", new_event("casework.Unheard"))
    assert office.get(report, verify="true").status_code == 200, "what came later is nothing to it"
    sealed_by_the_next = ReportSealed(
        report_id=(later := str(uuid4())),
        definition="goeppingen-2018/1",
        position=office.store.head(),
        chain="",
        figures="{}",
        digest="",
        occurred_on=SPRING,
    )
    office.happened(report_stream(later), sealed_by_the_next)
    for answer in (office.post(REPORTS, {}), office.get(f"{REPORTS}/{later}", verify="true")):
        assert answer.status_code == 503, answer.text
        assert answer.json()["type"] == "urn:wegmarken:problem:newer-release"
    assert office.get("/reporting/v1/report").status_code == 200
