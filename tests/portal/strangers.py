"""Records that are none of theirs, and how every endpoint is asked about them.

What is known about a stranger is told by words that stand nowhere else, so that a leak is a word in some bytes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import requests

from deploy.processes import SERVICES
from scenarios.small_office import CLERK
from tests.platform.office import DAY, IMPORTER, OTHER, RunningOffice, person, talk

ELSEWHERE: Final = "08117015"
"""A municipality of another team: the municipal staff of the tests work elsewhere."""
METHODS: Final = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Stranger:
    """Somebody. ``ids`` of everything that is theirs, by the names under which it is asked for; ``told``: what is
    known, by what a viewer may be allowed to see of it: name, contact, facts, note."""

    ids: Mapping[str, str]
    told: Mapping[str, tuple[bytes, ...]]

    def seen_in(self, answer: requests.Response) -> frozenset[str]:
        """What of it an answer tells, in its body or its headers."""
        sent = answer.content + repr(dict(answer.headers)).encode() + answer.url.encode()
        return frozenset(kind for kind, words in self.told.items() if any(word in sent for word in words))


def strangers(office: RunningOffice) -> dict[str, Stranger]:
    """Another team's family elsewhere ("foreign"), and one like it whose keys were destroyed ("erased")."""
    ids = _another_team(office)
    foreign = _stranger(office, ids, "Querschnabel", "Xanthippolo", "0716199887766", "Kirschkernweg", "1953-07-19")
    erased = _stranger(office, ids, "Zwirnspule", "Yolandrino", "0716155443322", "Distelgrund", "1951-11-23")
    erase(office, erased.ids["person_id"], "identity", "health", "statistics", reason="Antrag")
    return {"foreign": foreign, "erased": erased}


def _another_team(office: RunningOffice) -> dict[str, str]:
    """A team elsewhere whose manager is ``OTHER``; ids of what belongs to the office."""
    (manager,) = (each for each in office.shown("/casework/v1/employees")["employees"] if each.get("account") == OTHER)
    team = manager["team_id"]
    office.done(f"/casework/v1/municipalities/{ELSEWHERE}/service", {"service": "district", "since": "2015-01-01"})
    office.done(f"/casework/v1/teams/{team}/area", {"municipalities": [ELSEWHERE], "since": DAY})
    grant = {"amount": "64000.00", "awarded_on": DAY, "until": "2019-05-31"}
    grant_id = office.done(
        "/casework/v1/grants", grant | {"rate_graduate": "64000.00", "rate_intermediate": "51000.00"}
    )["id"]
    post = {"qualification": "graduate", "fte": "0.50", "created_on": DAY}
    post_id = office.done(f"/casework/v1/grants/{grant_id}/posts", post)["id"]
    contract = {"fte": "1.00", "starts_on": DAY, "ends_on": None}
    contract_id = office.done(f"/casework/v1/employees/{manager['employee_id']}/contracts", contract)["id"]
    report_id = office.done("/reporting/v1/reports", {})["id"]
    return {
        "ags": ELSEWHERE,
        "team_id": team,
        "manager_id": manager["employee_id"],
        "employee_id": manager["employee_id"],
        "deputy_id": manager["employee_id"],
        "grant_id": grant_id,
        "post_id": post_id,
        "contract_id": contract_id,
        "report_id": report_id,
        "cover_id": str(uuid4()),
        "figure": "persons-in-care",
    }


def _stranger(
    office: RunningOffice, ids: Mapping[str, str], family: str, given: str, phone: str, street: str, born: str
) -> Stranger:
    home = {"kind": "follow_up_housing", "ags": ELSEWHERE, "moved_in_on": "2016-02-01", "address": f"{street} 7"}
    known = {"family_name": family, "given_name": given, "phone": phone, "file_number": f"AZ-{family}", "born_on": born}
    registered = office.done("/intake/v1/persons", person(residence=home, **known), CLERK)
    person_id, person_path = registered["id"], f"/intake/v1/persons/{registered['id']}"
    procedure = office.done(f"{person_path}/procedures", {"kind": "first", "opened_on": "2016-02-03"}, CLERK)
    title = office.done(f"{person_path}/titles", {"section": "25(2)", "granted_on": "2017-01-05"}, CLERK)
    toleration = office.done(f"{person_path}/tolerations", {"section": "60a", "issued_on": "2016-05-05"}, CLERK)
    office.rest()
    (case,) = office.shown(f"/casework/v1/cases?household_id={registered['household_id']}")["cases"]
    case_id = case["case_id"]
    assigned = {"team_id": ids["team_id"], "manager_id": ids["manager_id"], "assigned_on": DAY}
    office.done(f"/casework/v1/cases/{case_id}/assignment", assigned, IMPORTER)
    told = talk(case_id=case_id, took_part=[person_id], note=f"Vertraulich-{family}-{given}")
    held = office.done("/casework/v1/consultations", told, OTHER)
    office.rest()
    record = office.shown(person_path, CLERK)
    (act,) = re.findall(
        rb'"correlation_id":"([^"]+)"',
        bytes(office.stored("select metadata from events where stream = ?", f"person-{person_id}")[0][0]),
    )
    mine = {
        "person_id": person_id,
        "household_id": registered["household_id"],
        "anchor_id": person_id,
        "case_id": case_id,
        "consultation_id": held["id"],
        "procedure_id": procedure["id"],
        "title_id": title["id"],
        "toleration_id": toleration["id"],
        "residence_id": record["residences"][0]["residence_id"],
        "entry_id": title["id"],
        "correlation_id": act.decode(),
        "stream": f"person-{person_id}",
        "q": family[:6],
        "family_name": family,
        "given_name": given,
    }
    day, month, year = born[8:], born[5:7], born[:4]
    return Stranger(
        {**ids, **mine},
        {
            "name": (family.encode(), given.encode()),
            "contact": (phone.encode(), street.encode()),
            "facts": (born.encode(), f"{day}.{month}.{year}".encode()),
            "note": (b"Vertraulich-",),
        },
    )


def erase(office: RunningOffice, person_id: str, *classes: str, reason: str) -> None:
    """As an operator does it: ``wegmarken erase``. Without classes named, statistics stay while they may be kept."""
    command = [sys.executable, "-m", "wegmarken", "erase", person_id, "--reason", reason, "--yes"]
    command += [argument for each in classes for argument in ("--class", each)]
    environment = {"WEGMARKEN_DATA": str(office.data)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    office.rest()


# --- everything that can be asked ---------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One row of a service's OpenAPI document, and the document to look up what it refers to."""

    service: str
    method: str
    path: str
    described: Mapping[str, Any]
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Under which an expectation stands; what all services serve, by the service, too."""
        return f"{self.method} {self.path}" + (
            "" if self.path.startswith(f"/{self.service}/") else f" of {self.service}"
        )

    def url(self, ids: Mapping[str, str]) -> str:
        """The path with ids in it, and the parameters that must be given or name something of the stranger."""
        path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1]) or str(uuid4()), self.path)
        asked = [self._looked_up(each) for each in self.described["parameters"]]
        given = {
            each["name"]: ids.get(each["name"]) or self._value(each["name"], each["schema"], ids)
            for each in asked
            if each["in"] == "query" and (each.get("required") or each["name"] in ids)
        }
        return path + ("?" + "&".join(f"{name}={value}" for name, value in given.items()) if given else "")

    def body(self, ids: Mapping[str, str]) -> Any:
        """The least that is well formed, about the stranger wherever something can be named."""
        if "requestBody" not in self.described:
            return None
        (content,) = self.described["requestBody"]["content"].values()
        return self._value("", content["schema"], ids)

    def _looked_up(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def _value(self, name: str, schema: Mapping[str, Any], ids: Mapping[str, str]) -> Any:
        schema = self._looked_up(schema)
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._value(name, schema[choice][0], ids)
        kind = schema.get("type")
        kind = next(each for each in kind if each != "null") if isinstance(kind, list) else kind
        match kind:
            case "object":
                wanted = set(schema.get("required", ())) | (schema.get("properties", {}).keys() & ids.keys())
                return {each: self._value(each, schema["properties"][each], ids) for each in sorted(wanted)}
            case "array":
                singular = {"took_part": "person_id", "persons": "person_id", "municipalities": "ags"}.get(name, name)
                needed = singular in ids or schema.get("minItems", 0)
                return [self._value(singular, schema["items"], ids)] if needed else []
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return True
        if name in ids:
            return ids[name]
        if "enum" in schema:
            return next(each for each in schema["enum"] if each is not None)
        if schema.get("format") == "date":
            return DAY
        if schema.get("format") == "uuid":
            return str(uuid4())
        return "0.50" if name == "fte" else "Probe"


def operations(office: RunningOffice) -> Iterator[Operation]:
    """Everything that any service says can be asked of it."""
    for service in SERVICES:
        document = office.ask("GET", "/openapi.json", None, service=service).json()
        for path, methods in document["paths"].items():
            for method in METHODS:
                if method in methods:
                    yield Operation(service, method.upper(), path, methods[method], document)
