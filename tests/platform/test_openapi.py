"""What each service says of itself is valid and true: schemathesis asks everything that its document allows.

All four services are asked at the same time, with a token of every role and ids of things that exist, so that
what is asked gets past the door. What comes back must be documented, and the platform must have got over it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

from deploy.processes import SERVICES
from scenarios.small_office import CLERK, HEAD, MANAGER
from shared.api.roles import ROLES
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.service.tokens import issue
from tests.platform import invariants
from tests.platform.office import RunningOffice, person

pytestmark = [pytest.mark.platform, pytest.mark.timeout(600)]

CHANCE = "chance"
"""Under this account random requests are made."""
EXAMPLES = {"intake": 2, "eligibility": 5, "casework": 2, "reporting": 5}
"""Generated requests per operation in each phase, beside those that cover every bound of the document."""
SOAKED = 20
"""The same of each service with ``--soak``."""
NOT_JUDGED = ("positive_data_acceptance", "negative_data_rejection")
"""What JSON Schema cannot say (not after today, a person who exists) is refused, and rightly."""
each_service = pytest.mark.parametrize("service", SERVICES)


def document(office: RunningOffice, service: str) -> Any:
    answer = office.ask("GET", "/openapi.json", None, service=service)
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


@each_service
def test_the_document_is_valid_openapi(office: RunningOffice, service: str) -> None:
    found = document(office, service)
    jsonschema_rs.validator_for(OPENAPI_31).validate(found)
    for schema in schemas(found):
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
    for reference in set(re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(found))):
        assert at(found, reference), reference


@each_service
def test_every_answer_is_documented_with_its_content(office: RunningOffice, service: str) -> None:
    found = document(office, service)
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            public = operation["security"] == []
            has_key = any("Idempotency-Key" in one.get("$ref", "") for one in operation["parameters"])
            expected = {"201" if has_key else "200"} | ({"415"} if method == "post" else set())
            expected |= {"400", "404", "409", "413", "422", "503"} | (set() if public else {"401", "403"})
            assert expected <= set(answers), f"{method} {path}"
            assert {"200", "201"} & set(answers) == {"200", "201"} & expected, "what takes no key changes nothing"
            assert not {status for status in answers if status.startswith("5")} - {"503"}, "a 500 is no promise"
            for status, answer in answers.items():
                described = at(found, answer["$ref"].removeprefix("#/")) if "$ref" in answer else answer
                (content_type,) = described["content"]
                assert content_type == ("application/json" if status < "4" else "application/problem+json")


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a document, wherever it stands."""
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "schema" and "$ref" not in inner:
                yield inner
            elif name == "schemas":
                yield from inner.values()
            else:
                yield from schemas(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from schemas(inner)


def at(found: Any, path: str) -> Any:
    for step in path.split("/"):
        found = found[step.replace("~1", "/")]
    return found


# --- asked at random ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(
    office: RunningOffice, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Mapping[str, Run]]:
    """One run per service, all started."""
    examples = dict.fromkeys(SERVICES, SOAKED) if pytestconfig.getoption("soak") else EXAMPLES
    directory = tmp_path_factory.mktemp("schemathesis")
    known = things(office)
    key = (office.data / "secrets" / ISSUER_PRIVATE).read_bytes()
    token = issue(key, CHANCE, ROLES, minutes=60)
    with ExitStack() as opened:
        yield {
            service: opened.enter_context(Run(office, service, examples[service], token, known, directory))
            for service in SERVICES
        }


def things(office: RunningOffice) -> dict[str, str]:
    """Ids for the placeholders of paths: of somebody and something that random requests may change at will."""
    anybody = office.register(family_name="Zufall")
    case_id = office.advise(anybody)
    procedure = {"kind": "first", "opened_on": "2016-02-03"}
    (talk,) = office.found("/casework/v1/consultations/search", {"case_id": case_id}, MANAGER)["consultations"]
    child = office.done("/intake/v1/persons", person(anchor_id=anybody["id"], relation="minor_child"), CLERK)
    record = office.shown(f"/intake/v1/persons/{anybody['id']}", CLERK)
    office.rest()
    return {
        "person_id": child["id"],
        "household_id": anybody["household_id"],
        "residence_id": record["residence"]["residence_id"],
        "procedure_id": office.done(f"/intake/v1/persons/{child['id']}/procedures", procedure, CLERK)["id"],
        "case_id": case_id,
        "consultation_id": talk["consultation_id"],
        "stream": f"person-{anybody['id']}",
        "report_id": office.done("/reporting/v1/reports", {}, HEAD)["id"],
    }


class Run:
    """A run of schemathesis against one service. A context: what still runs at its end is stopped."""

    def __init__(
        self, office: RunningOffice, service: str, examples: int, token: str, known: Mapping[str, str], directory: Path
    ) -> None:
        home = directory / service
        home.mkdir()
        parameters = "\n".join(f'{name} = "{value}"' for name, value in known.items())
        (home / "schemathesis.toml").write_text(f"[parameters]\n{parameters}\n")
        self._said = home / "said"
        self._command = [
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            office.url("/openapi.json", service),
            f"--header=Authorization: Bearer {token}",
            "--exclude-operation-id=begin_day",  # nobody is to be carried off into another century meanwhile
            f"--exclude-checks={','.join(NOT_JUDGED)}",
            f"--max-examples={examples}",
            "--seed=1",
            "--no-color",
        ]
        self._home = home

    def __enter__(self) -> Run:
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(self._command, cwd=self._home, stdout=said, stderr=said)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def finished(self) -> tuple[int, str]:
        """Wait; exit code and what it said."""
        code = self._process.wait(timeout=270)
        return code, self._said.read_text()


@each_service
def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(runs: Mapping[str, Run], service: str) -> None:
    code, said = runs[service].finished()
    assert code == 0, said[-8000:]
    generated = re.search(r"(\d+) generated", said)
    assert generated is not None and int(generated[1]) > 150


def test_whatever_was_asked_the_platform_is_in_order(office: RunningOffice, runs: Mapping[str, Run]) -> None:
    for run in runs.values():
        run.finished()
    by_chance = "select distinct type from events where instr(metadata, cast(? as blob)) > 0"
    assert len(office.stored(by_chance, f'"actor":"{CHANCE}"')) >= 10, "not everything was turned away"
    office.machine.wait_quiet(timeout=120)
    projector = office.machine.status()["projector"]
    assert projector is not None and projector["stopped"] == {}
    for name, child in office.machine.supervisor.children.items():
        log = child.log.read_text(errors="replace")
        assert '"event":"failed"' not in log, name
        assert "reaction.parked" not in log, name
    invariants.assert_recorded_at_never_goes_back(office.data)
    invariants.assert_the_ledger_is_the_log(office.data)
    invariants.assert_every_view_equals_a_fresh_fold(office.data)
