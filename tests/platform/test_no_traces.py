"""Personal data is in answers and nowhere else: not in logs, metrics and messages, whatever callers do wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

import pytest
import requests

from scenarios.small_office import CLERK, HEAD, MANAGER
from shared.bus import topology
from shared.bus.connection import connected
from tests.platform.office import DAY, HOME, OTHER, PERSON, PERSONS, SEARCH, TALKS, RunningOffice, person, talk

pytestmark = pytest.mark.platform

TELLING = {
    "family_name": "Quastenflosser",
    "given_name": "Xenophilia",
    "phone": "+49 7161 112358132134",
    "file_number": "QX-2016/314159265358979",
    "address": "Nirgendwogasse 97",
    "note": "Frau Quastenflosser erzählte vom Quittengelee.",
}
# Long enough not to turn up by chance among ids and timestamps.
TRACES = tuple(
    word.encode(coding)
    for word in ("quastenflosser", "xenophilia", "112358132134", "314159265358979", "nirgendwogasse", "quittengelee")
    for coding in ("utf-8", "utf-16-le")
)


def test_no_personal_data_in_logs_metrics_and_messages(office: RunningOffice) -> None:
    """Recorded, corrected, looked for, refused in every way: the names show nowhere but in the answers."""
    with tapped(office) as messages:
        recorded = tell(office)
        refuse(office, recorded)
        office.rest()
    assert {"intake.PersonRegistered", "casework.ConsultationHeld"} <= {m["type"] for m, _, _ in messages}
    for body, headers, routing_key in messages:
        assert set(body) == {"id", "type", "stream", "revision", "position"}
        assert routing_key == body["type"]
        assert all(name.startswith("cloudEvents:") for name in headers)
        assert traces(json.dumps([body, headers]).encode()) == set()
    for file in logs(office):
        content = file.read_bytes()
        assert traces(content) == set(), file
        if file.suffix == ".log" and file.parent.name == "logs":
            routes = {json.loads(line).get("route", "/") for line in content.splitlines() if b'"route"' in line}
            assert not re.search("[0-9a-f]{8}-|[?%]", "".join(routes)), "routes, never the URLs that were asked"
    for child in office.machine.supervisor.children.values():
        metrics = requests.get(f"{child.url}/metrics", timeout=10)
        assert metrics.ok and traces(metrics.content) == set(), child.name
        assert recorded["id"] not in metrics.text


def tell(office: RunningOffice) -> Any:
    """Everything that is done with a person: recorded, corrected, advised, looked for."""
    names = {name: TELLING[name] for name in ("family_name", "given_name", "phone", "file_number")}
    home = {**HOME, "address": TELLING["address"]}
    # A key is the caller's: should there be a name in it, it must not be kept.
    key = quote(f"{TELLING['family_name']}-{uuid4()}")
    recorded = office.done(PERSONS, {**PERSON, **names, "residence": home}, CLERK, Idempotency_Key=key)
    corrected = {name: value for name, value in {**PERSON, **names}.items() if name != "registered_on"}
    corrected |= {"category": "humanitarian", "corrected_on": DAY}
    office.done(f"{PERSONS}/{recorded['id']}/corrections/master-data", corrected, CLERK)
    office.advise(recorded, note=TELLING["note"])
    found = office.found(SEARCH, {"q": TELLING["family_name"]}, CLERK)["persons"]
    assert recorded["id"] in [one["person_id"] for one in found]
    assert office.get(f"{PERSONS}/{recorded['id']}", CLERK).json()["phone"] == TELLING["phone"]
    return recorded


def refuse(office: RunningOffice, recorded: Mapping[str, Any]) -> None:
    """The names wherever a caller can put them by mistake; each is refused, none may reach a log."""
    name, phone = TELLING["family_name"], TELLING["phone"]
    wrong: Sequence[tuple[int, requests.Response]] = (
        (422, office.post(PERSONS, {**PERSON, name: name}, CLERK)),
        (422, office.post(PERSONS, {**PERSON, "sex": name, "born_on": name}, CLERK)),
        (422, office.post(PERSONS, person(), CLERK, Idempotency_Key=TELLING["note"].encode().decode("latin-1"))),
        (422, office.post(f"{SEARCH}?{name}={quote(phone)}", {"q": "x"}, CLERK)),
        (422, office.post(SEARCH, {"q": name, "phone": phone}, CLERK)),
        (405, office.get(f"{PERSONS}?q={name}", CLERK)),
        (422, office.get(f"{PERSONS}/{name}", CLERK)),
        (404, office.get(f"/intake/v1/people/{name}", CLERK)),
        (405, office.ask("PUT", f"{PERSONS}/{name}", CLERK)),
        (415, office.post(PERSONS, name.encode(), CLERK, Content_Type=f"text/{name}")),
        (400, office.post(PERSONS, f'{{"family_name": "{name}'.encode(), CLERK)),
        (401, office.ask("POST", SEARCH, None, body={"q": name}, headers={"Authorization": f"Bearer {name}"})),
        (413, office.post(PERSONS, f'{{"family_name": "{name * 9000}"}}'.encode(), CLERK)),
        (200, office.post(SEARCH, {"q": name}, CLERK, Correlation_Id=name, Accept_Language=name)),
        (409, office.post(f"{PERSONS}/{recorded['id']}/residences", {**HOME, "address": TELLING["address"]}, CLERK)),
        (403, office.post(TALKS, office.filled(talk(note=TELLING["note"])), OTHER)),
        (422, office.post(TALKS, office.filled(talk(took_part=[name], setting=name)), MANAGER)),
        (422, office.get(f"/eligibility/v1/persons/{name}?valid_at={name}", CLERK)),
        (422, office.get(f"/reporting/v1/figures/{name}?valid_at={name}", HEAD)),
    )
    assert [answer.status_code for _, answer in wrong] == [status for status, _ in wrong]
    spoken_by_hand(office, f"GET /{name} HTTP/9.9\r\nHost: {name}\r\n{name}\r\n\r\n")


def spoken_by_hand(office: RunningOffice, request: str) -> None:
    """What is not even HTTP."""
    address = urlsplit(office.machine.addresses["intake"])
    with closing(HTTPConnection(address.hostname or "", address.port, timeout=10)) as connection:
        connection.connect()
        connection.sock.sendall(request.encode())
        assert b"malformed-request" in connection.sock.recv(65_536)


def logs(office: RunningOffice) -> list[Any]:
    """The logs of our processes and of the broker, and the access log."""
    found = [file for file in office.data.rglob("*") if file.is_file() and _tells(file.name, file.parent.name)]
    assert {"intake-http.log", "react.log"} <= {file.name for file in found}
    assert any(file.parent.name == "access-log" for file in found)
    return found


def _tells(name: str, folder: str) -> bool:
    return name.endswith(".log") or folder in ("logs", "access-log")


@contextmanager
def tapped(office: RunningOffice) -> Iterator[list[tuple[Any, Any, str]]]:
    """Fills on leaving with what the bus carried meanwhile: body, headers and routing key of each message."""
    messages: list[tuple[Any, Any, str]] = []
    broker = office.machine.broker
    assert broker is not None
    with connected(broker.url, heartbeat=0) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).queue
        channel.queue_bind(queue, topology.EVENTS, "#")
        yield messages
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            messages.append((json.loads(message.body), message.headers, message.delivery_info["routing_key"]))


def traces(content: bytes) -> set[bytes]:
    """Which of the telling words are in it, in any case."""
    lowered = content.lower()
    return {word for word in TRACES if word in lowered}
