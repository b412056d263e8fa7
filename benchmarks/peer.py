"""The peer of ``bench commands``: what a good team would build from the ecosystem's standard parts.

Starlette on uvicorn, the same token check with the same cache, the same validation of the same body,
`eventsourcing` with its SQLite recorder and its safe defaults, a ten-event aggregate loaded for each command.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import Any
from uuid import uuid4

import orjson
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from marshmallow import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from services.casework.commands import RecordConsultation
from shared.api.field_types import today
from shared.api.schemas import schema
from shared.service.tokens import TokenRejected, TokenVerifier

MEMBERS = 8


class Case(Aggregate):
    @event("Opened")
    def __init__(self) -> None:
        self.members: list[str] = []
        self.manager = ""

    @event("MemberJoined")
    def join(self, member: str) -> None:
        self.members.append(member)

    @event("Assigned")
    def assign(self, manager: str) -> None:
        self.manager = manager


class Consultation(Aggregate):
    @event("Held")
    def __init__(self, case_id: str, content: dict[str, Any], actor: str) -> None:
        self.case_id = case_id


def application(public_key: bytes) -> Starlette:
    """The peer's HTTP application; its case is opened at start."""
    events: Application[Any] = Application()
    verifier, form = TokenVerifier(public_key), schema(RecordConsultation)
    case = Case()
    for number in range(MEMBERS):
        case.join(f"member-{number}")
    case.assign("manager")
    events.save(case)

    def record(command: RecordConsultation, actor: str) -> str:
        found: Case = events.repository.get(case.id)
        if not found.manager:
            raise LookupError("the case has no manager")
        consultation = Consultation(str(found.id), orjson.loads(orjson.dumps(command)), actor)
        events.save(consultation)
        return str(consultation.id)

    async def post(request: Request) -> JSONResponse:
        try:
            actor = verifier.verify(request.headers.get("authorization", "")[7:])
            today.set(date.today())
            command = form.load(orjson.loads(await request.body()) | {"consultation_id": str(uuid4())})
        except TokenRejected:
            return JSONResponse({"title": "unauthenticated"}, status_code=401)
        except (ValidationError, ValueError) as refused:
            return JSONResponse({"title": "invalid", "errors": str(refused)}, status_code=422)
        return JSONResponse({"id": await run_in_threadpool(record, command, actor.account)}, status_code=201)

    return Starlette(routes=[Route("/consultations", post, methods=["POST"])])


def main() -> None:
    """``python -m benchmarks.peer DIRECTORY PUBLIC_KEY PORT``."""
    import uvicorn

    directory, public_key, port = sys.argv[1:]
    os.environ |= {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": f"{directory}/peer.db"}
    with open(public_key, "rb") as file:
        app = application(file.read())
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
