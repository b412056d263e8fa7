"""OpenAPI 3.1 of a service, made from its table of entrypoints: every question, every possible answer."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow.fields import Field
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from shared.api.admission import KEY
from shared.api.ask import Ask
from shared.api.field_types import Number, Several
from shared.api.problems import MEDIA_TYPE, PLATFORM, Problem
from shared.api.reply import Reply
from shared.api.roles import IMPORTER
from shared.api.schemas import BodySchema, QuerySchema, schema_class

if TYPE_CHECKING:
    from shared.api.service import ServiceHttp

VERSION: Final = "1"
ANSWERS: Final = (400, 404, 409, 413, 422, 503)
"""Statuses of refusals that any question may get; 401 and 403 unless public, 415 where there is a body."""

PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "Problem details, RFC 9457. `title` and `errors` are in the caller's language.",
    "properties": {
        "type": {"type": "string", "description": "urn:wegmarken:problem:<name>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "urn:uuid:<correlation id>"},
        "facts": {"type": "object", "description": "What a domain rule's refusal rests on."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                "required": ["path", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "instance"],
}
HEADERS: Final[Mapping[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same key with the same body gives the first answer again. Without one, nothing repeats.",
        "schema": {"type": "string", "pattern": f"^{KEY}$"},
    },
    "Correlation-Id": {
        "description": "A UUID that ties together what one act sets in motion; given back in the answer. "
        "What is no UUID is ignored, and one is drawn.",
        "schema": {"type": "string"},
    },
    "Learnt-On": {
        "description": "The day on which the office learnt of it, not after today. Importers only.",
        "schema": {"type": "string", "format": "date"},
    },
    "Min-Position": {
        "description": "Wait (2 s at most) until the view has seen this position of the log.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    },
    "Accept-Language": {
        "description": "Language of problems: German unless English is preferred.",
        "schema": {"type": "string"},
    },
}
ACCEPTED: Final[Mapping[str, Any]] = {
    "stream": {"type": "string"},
    "revision": {"type": "integer", "minimum": -1},
    "position": {"type": "integer", "minimum": 0},
}


def document(service: type[ServiceHttp]) -> Reply:
    """The service's document as an answer."""
    return Reply.json(specification(service))


def specification(service: type[ServiceHttp]) -> dict[str, Any]:
    """The service's document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title=f"Wegmarken: {service.name}",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": inspect.getdoc(service) or ""},
        plugins=[plugin],
    )
    converter: Any = plugin.converter
    assert converter is not None, "apispec has initialised its plugin"
    converter.add_attribute_function(_items)
    converter.add_attribute_function(_or_null)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("Problem", dict(PROBLEM))
    for name, header in HEADERS.items():
        spec.components.parameter(name, "header", {"required": False, **header})
    for status, problems in sorted(_by_status(service).items()):
        spec.components.response(str(status), _refused(status, problems))
    for name, ask in asks(service):
        if ask.kind != "page":
            path = ask.path.replace("<", "{").replace(">", "}")
            operation = _operation(name, ask, service, converter)
            spec.path(path, operations={ask.method.lower(): operation})
    found: dict[str, Any] = spec.to_dict()
    return found


def asks(service: type) -> Iterator[tuple[str, Ask]]:
    """A service's table of entrypoints: method name and what can be asked, by path."""
    found = [
        (name, entrypoint.ask)
        for name, method in inspect.getmembers(service, inspect.isfunction)
        for entrypoint in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ())
        if hasattr(entrypoint, "ask")
    ]
    return iter(sorted(found, key=lambda item: (item[1].path, item[1].method)))


def _operation(name: str, ask: Ask, service: type[ServiceHttp], converter: Any) -> dict[str, Any]:
    said = (inspect.getdoc(getattr(service, name)) or name.replace("_", " ").capitalize()).splitlines()
    details = "\n".join(said[1:]).strip()
    roles = "" if ask.public else f"Roles: {', '.join(sorted(ask.roles))}."
    recorded = "Who reads is recorded." if ask.personal else ""
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": said[0],
        "description": "\n\n".join(part for part in (details, roles, recorded) if part),
        "parameters": [*_parameters(ask, converter), *_headers(ask)],
        "responses": {**_success(ask), **{str(status): str(status) for status in _refusals(ask, service)}},
        "security": [] if ask.public else [{"token": []}],
    }
    if ask.has_body:
        body: Schema = schema_class(ask.form, BodySchema)(exclude=ask.given)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _parameters(ask: Ask, converter: Any) -> Iterator[dict[str, Any]]:
    fields = schema_class(ask.form, QuerySchema)().fields
    for name, field in fields.items():
        if name in ask.placeholders:
            yield {"in": "path", "name": name, "required": True, "schema": converter.field2property(field)}
        elif not ask.has_body:
            described = _without_null(converter.field2property(field))
            yield {"in": "query", "name": name, "required": field.required, "schema": described}


def _headers(ask: Ask) -> Iterator[str]:
    """Names of the headers that mean something here; each is a component of the document."""
    yield from ("Accept-Language", "Correlation-Id")
    if ask.kind == "command":
        yield "Idempotency-Key"
        if IMPORTER in ask.roles:
            yield "Learnt-On"
    elif ask.views:
        yield "Min-Position"


def _success(ask: Ask) -> dict[str, Any]:
    headers: dict[str, Any] = {"Correlation-Id": HEADERS["Correlation-Id"]}
    if ask.kind != "command":
        return {"200": _answer("The answer.", {"type": "object"}, headers)}
    ids = [*(["id"] if ask.creates or ask.placeholders else []), *ask.answers]
    properties = {**{name: {"type": "string"} for name in ids}, **ACCEPTED}
    headers["Idempotency-Replayed"] = {
        "description": "`true` when this is the first answer, given again.",
        "schema": {"type": "string", "enum": ["true"]},
    }
    accepted = {"type": "object", "properties": properties, "required": list(properties)}
    return {"201": _answer("Accepted, and durable.", accepted, headers)}


def _answer(description: str, schema: dict[str, Any], headers: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _refusals(ask: Ask, service: type[ServiceHttp]) -> list[int]:
    own = {problem.status for problem in service.problems.values()}
    guarded = () if ask.public else (401, 403)
    typed = (415,) if ask.has_body else ()
    return sorted({*ANSWERS, *guarded, *typed, *own})


def _by_status(service: type[ServiceHttp]) -> dict[int, dict[str, Problem]]:
    """The catalogue by status: the platform's entries and the service's own. Failures of ours are not promised."""
    by_status: dict[int, dict[str, Problem]] = {}
    for slug, problem in {**PLATFORM, **service.problems}.items():
        if problem.status not in (405, 500):
            by_status.setdefault(problem.status, {})[slug] = problem
    return by_status


def _refused(status: int, problems: Mapping[str, Problem]) -> dict[str, Any]:
    headers: dict[str, Any] = {"Content-Language": {"schema": {"type": "string", "enum": ["de", "en"]}}}
    if status == 401:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    if status == 503:
        headers["Retry-After"] = {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds."}
    return {
        "description": "\n".join(f"- `{slug}`: {problem.en}" for slug, problem in problems.items()),
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


# --- what apispec cannot know of our fields; bound to its converter, hence ``self`` ---------------


def _items(self: Any, field: Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    return {"items": self.field2property(field.inner)} if isinstance(field, Several) else {}


def _or_null(self: Any, field: Field[Any], ret: dict[str, Any]) -> dict[str, Any]:
    """A field that may be null says so also where it lists what it may be."""
    if not field.allow_none:
        return {}
    if isinstance(field, Number):
        return {"anyOf": [*ret["anyOf"], {"type": "null"}]}
    if "enum" in ret and None not in ret["enum"]:
        return {"type": ["string", "null"], "enum": [*ret["enum"], None]}
    if "type" in ret and "null" not in ret["type"]:
        return {"type": [ret["type"], "null"]}
    return {}


def _without_null(described: dict[str, Any]) -> dict[str, Any]:
    """The same for a query string, which has no null: what is absent is left out."""
    kept = {name: value for name, value in described.items() if not (name == "default" and value is None)}
    if isinstance(kept.get("type"), list):
        (kept["type"],) = [kind for kind in kept["type"] if kind != "null"]
    for name in ("enum", "anyOf"):
        if name in kept:
            kept[name] = [value for value in kept[name] if value not in (None, {"type": "null"})]
    return kept
