"""The OpenAPI document: valid, complete, and true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shared.api.openapi import asks, specification
from shared.api.roles import IMPORTER, OPERATOR
from tests.api.conftest import TALK, Running, running
from tests.api.sample_service import Sample

DOCUMENT = specification(Sample)


def operations() -> dict[str, dict[str, Any]]:
    return {one["operationId"]: one for path in DOCUMENT["paths"].values() for one in path.values()}


def resolved(node: Any) -> Any:
    """The same with every reference replaced by what it refers to."""
    if isinstance(node, dict):
        if "$ref" in node:
            found = DOCUMENT
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return resolved(found)
        return {name: resolved(inner) for name, inner in node.items()}
    return [resolved(inner) for inner in node] if isinstance(node, list) else node


def test_it_is_served(sample: Running) -> None:
    served = sample.get("/openapi.json", headers={"Authorization": None}).json()
    assert served["openapi"] == "3.1.0"
    assert {"/clock", "/sample/v1/talks", "/sample/v1/talks/{consultation_id}"} <= set(served["paths"])


def test_every_question_is_documented_with_every_answer() -> None:
    everywhere = {"400", "404", "409", "413", "422", "503"}
    for name, ask in asks(Sample):
        if ask.kind == "page":
            continue
        answers = set(operations()[name]["responses"])
        expected = everywhere | {"command": {"201", "415"}, "question": {"200", "415"}, "query": {"200"}}[ask.kind]
        assert answers == expected | (set() if ask.public else {"401", "403"}), name
        assert all(resolved(answer)["description"] for answer in operations()[name]["responses"].values())


def test_every_schema_is_a_json_schema() -> None:
    for operation in resolved(operations()).values():
        for parameter in operation["parameters"]:
            jsonschema_rs.meta.validate(
                {"$schema": "https://json-schema.org/draft/2020-12/schema", **parameter["schema"]}
            )
    for found in resolved(DOCUMENT["components"]["schemas"]).values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **found})


def test_what_the_caller_does_not_send_is_not_in_the_body() -> None:
    body = resolved(operations()["record_talk"]["requestBody"])["content"]["application/json"]["schema"]
    assert "consultation_id" not in body["properties"]
    assert body["additionalProperties"] is False
    assert body["required"] == ["case_id", "held_on", "minutes", "setting", "took_part", "topics"]
    body = resolved(operations()["withdraw_talk"]["requestBody"])["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"reason", "withdrawn_on"}


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"note": None, "ags": None, "fee": None, "next_on": None, "room": None, "urgency": None, "first": None}, True),
        ({"fee": "12.50", "room": "A123", "urgency": "low", "ags": "08117001"}, True),
        ({"first": {"action_field": "housing", "step": "need"}}, True),
        ({"note": "two\nlines"}, True),
        ({"minutes": 0}, False),
        ({"minutes": None}, False),
        ({"note": " \t"}, False),
        ({"note": "a\x00b"}, False),
        ({"topics": []}, False),
        ({"topics": ["housing", "housing"]}, False),
        ({"fee": "12.505"}, False),
        ({"urgency": "middle"}, False),
        ({"first": {"action_field": "housing"}}, False),
        ({"ags": "08111000"}, False),
        ({"mood": "good"}, False),
    ],
)
def test_the_documented_body_agrees_with_the_service(sample: Running, changes: dict[str, Any], fits: bool) -> None:
    body = resolved(operations()["record_talk"]["requestBody"])["content"]["application/json"]["schema"]
    asked = {**TALK, **changes}
    assert jsonschema_rs.validator_for(body).is_valid(asked) is fits
    assert sample.post("/sample/v1/talks", asked).status_code == (201 if fits else 422)


def test_a_question_s_body_is_documented_without_what_the_path_gives() -> None:
    search = operations()["search_talks"]
    assert "/sample/v1/cases/{case_id}/talks/search" in DOCUMENT["paths"]
    assert list(DOCUMENT["paths"]["/sample/v1/cases/{case_id}/talks/search"]) == ["post"]
    body = resolved(search["requestBody"])["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"reason", "settings", "limit"}
    assert (body["required"], body["additionalProperties"]) == (["reason"], False)
    parameters = {(one["in"], one["name"]) for one in resolved(search["parameters"])}
    assert parameters == {
        ("path", "case_id"), ("header", "Accept-Language"), ("header", "Correlation-Id"), ("header", "Min-Position")
    }  # fmt: skip
    assert search["description"].endswith("Who reads is recorded.")


def test_parameters_of_queries_have_no_null() -> None:
    parameters = {p["name"]: p["schema"] for p in resolved(operations()["find_talks"]["parameters"])}
    assert parameters["case_id"]["type"] == "string"
    assert None not in parameters["place"]["enum"]
    assert parameters["settings"]["type"] == "array"
    assert "Min-Position" in parameters
    assert "Learnt-On" in {p["name"] for p in resolved(operations()["record_talk"]["parameters"])}
    assert "Learnt-On" not in {p["name"] for p in resolved(operations()["withdraw_talk"]["parameters"])}


def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(tmp_path: Path) -> None:
    """What JSON Schema cannot say (not after today, the log's end, a header nobody reads) is not for it to judge."""
    with running("http", tmp_path) as http, running("projector", tmp_path):
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                "run",
                f"{http.url}/openapi.json",
                "--header",
                f"Authorization: Bearer {http.token('clerk', IMPORTER, OPERATOR, minutes=60)}",
                "--exclude-checks=positive_data_acceptance,negative_data_rejection",
                "--max-examples=15",
                "--seed=1",
                "--no-color",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert run.returncode == 0, run.stdout[-6000:]
        generated = re.search(r"(\d+) generated", run.stdout)
        assert generated is not None and int(generated[1]) > 200
        assert not http.said("failed")
