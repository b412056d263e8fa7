"""The HTTP entrypoint: from a request to a service's method and back.

``command``, ``query`` and ``question`` declare what can be asked. The method runs in place, on the connection's own
green thread, through the container's worker cycle: nameko's dependencies see a worker like any other, and two thread
switches per request are saved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, partial, wraps
from typing import Any, Final, Literal, TypedDict, TypeVar, Unpack
from uuid import uuid4

from marshmallow import ValidationError
from nameko.containers import WorkerContext
from nameko.web.handlers import HttpRequestHandler
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.routing import BaseConverter, Rule

from shared.api.admission import admit_command, admit_question, correlation_of
from shared.api.ask import Ask
from shared.api.call import Answered, Call, Reading
from shared.api.metrics import REQUESTS, SECONDS
from shared.api.problems import PLATFORM, RETRY, Declined, FieldError, Problem, field_errors, problem
from shared.api.reply import Reply
from shared.api.request import Request
from shared.api.server import HttpServer
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.port import Conflict, StoreUnavailable
from shared.execute import Accepted, KeyReused, Refused
from shared.privacy.access_log import AccessNotRecorded
from shared.privacy.keyring import SubjectErased
from shared.projections.read import ViewReader
from shared.projections.registry import ViewNotReady
from shared.runtime.logs import get_logger
from shared.runtime.metrics import NEWER_EVENTS, STORE_UNAVAILABLE
from shared.service.provided import platform_of

C = TypeVar("C")
CommandMethod = Callable[[Any, Call[C]], Accepted | Answered]
QuestionMethod = Callable[[Any, Call[C]], Any]

PATIENCE: Final = 2.0
"""Seconds a query waits for its views to reach ``Min-Position``."""


def command(
    path: str,
    form: type[C],
    *,
    roles: Collection[str] = (),
    creates: str | None = None,
    answers: Iterable[str] = (),
    public: bool = False,
) -> Callable[[CommandMethod[C]], CommandMethod[C]]:
    """Declare a command: ``POST path``, its body loaded into ``form``, for actors with one of ``roles``.

    The method gets a ``Call[form]`` and returns ``Accepted``, or ``Answered`` with further ids, whose names
    are ``answers``. The answer's ``id`` is ``call.id(creates)``, else the path's last placeholder. Fields of
    the form named like a placeholder or like ``creates`` are filled in and must not be sent.
    """
    return _declare(
        Ask(
            kind="command",
            path=path,
            form=form,
            roles=frozenset(roles),
            creates=creates,
            answers=tuple(answers),
            public=public,
        )
    )


class Asking(TypedDict, total=False):
    """What a query or a question may be declared with.

    ``views`` are those that ``Min-Position`` waits for. ``personal``: the answer shows personal data; the subjects
    named by ``call.reads`` (if none, the path's last placeholder) are recorded in the access log before it is given.
    ``within_municipality``: the method keeps who is bound to a municipality (``call.actor.ags``) within it; all else
    is closed to them.
    """

    roles: Collection[str]
    views: Iterable[str]
    personal: bool
    within_municipality: bool
    public: bool


def query(path: str, form: type[C], **asking: Unpack[Asking]) -> Callable[[QuestionMethod[C]], QuestionMethod[C]]:
    """Declare a query: ``GET path``, query string and placeholders loaded into ``form``.

    The method gets a ``Call[form]`` and returns what JSON can hold. URLs are kept in places nobody thinks of: what
    may hold a name, an account or words of the caller is asked by a ``question``.
    """
    return _declare_asking("query", path, form, asking)


def question(path: str, form: type[C], **asking: Unpack[Asking]) -> Callable[[QuestionMethod[C]], QuestionMethod[C]]:
    """Declare a question with a body: ``POST path``, body and placeholders loaded into ``form``.

    Otherwise it is a query: it changes nothing, takes no idempotency key, and is answered with 200.
    """
    return _declare_asking("question", path, form, asking)


def page(path: str) -> Callable[[Callable[[Any], Reply]], Callable[[Any], Reply]]:
    """Declare something public that nobody needs a token for: ``GET path``; the method returns a ``Reply``."""
    return _declare(Ask(kind="page", path=path, public=True))


def wait_for_views(reader: ViewReader, views: Collection[str], position: int) -> None:
    """Wait until all the views have read up to the position.

    Raises Declined("view-behind") in the end, and ViewNotReady at once where another version of one is live.
    """
    if not reader.wait_for(views, position, PATIENCE):
        raise Declined("view-behind", headers=RETRY)


class InPlace(HttpRequestHandler):  # type: ignore[misc]
    """Something that can be asked for over HTTP, answered on the connection's own green thread."""

    server = HttpServer()

    def setup(self) -> None:
        super().setup()
        self._log = get_logger().bind(method=self.method, route=self.url)
        self._seconds = SECONDS.labels(self.method, self.url)
        self._requests = cache(partial(REQUESTS.labels, self.method, self.url))

    def stop(self) -> None:
        """Before the dependencies stop, which requests under way still use."""
        self.server.drain()
        super().stop()

    def _work(self, *arguments: Any) -> Any:
        """Run the method as a worker of the container, here and now."""
        outcome: list[Any] = []

        def keep(_: WorkerContext, result: Any, exc_info: Any) -> tuple[Any, Any]:
            outcome[:] = result, exc_info
            return result, exc_info

        context = WorkerContext(self.container, self.container.service_cls(), self, arguments, data={})
        context._call_id = self.method_name  # nameko would draw a random id that nobody reads
        with self.server.workers:
            self.container._run_worker(context, keep)
        result, exc_info = outcome
        if exc_info is not None:
            raise exc_info[1]
        return result

    def _account_for(self, reply: Reply, seconds: float) -> None:
        self._requests(reply.status).inc()
        self._seconds.observe(seconds)
        self._log.info("answered", status=reply.status, ms=round(seconds * 1000, 2))


class HttpEntrypoint(InPlace):
    """One ``Ask`` of a service, bound to its method."""

    def __init__(self, ask: Ask, **kwargs: Any) -> None:
        super().__init__(ask.method, ask.path, **kwargs)
        self.ask = ask

    def setup(self) -> None:
        super().setup()
        self.platform = platform_of(self.container)
        self.problems: Mapping[str, Problem] = {**PLATFORM, **self.container.service_cls.problems}

    def get_url_rule(self) -> Rule:
        return _Route(self.ask.path, methods=(self.ask.method,))

    def handle_request(self, request: Request) -> Reply:
        """Answer one request. Never raises: what is unexpected becomes a 500 that says nothing."""
        if self.ask.kind == "page":
            return self._page()
        started = time.perf_counter()
        clear_contextvars()  # one green thread serves all requests of a connection
        correlation_id = correlation_of(request)
        try:
            admit = admit_command if self.ask.kind == "command" else admit_question
            call = admit(self.ask, request, self.platform)
            correlation_id = call.correlation_id
            bind_contextvars(correlation_id=correlation_id, causation_id=call.command_id)
            reply = self._answer(call)
        except Exception as error:
            correlation_id = correlation_id or str(uuid4())
            bind_contextvars(correlation_id=correlation_id)
            reply = refusal(error, request, self.problems, correlation_id)
        reply.headers += (("Correlation-Id", correlation_id), ("Cache-Control", "no-store"))
        self._account_for(reply, time.perf_counter() - started)
        return reply

    def _page(self) -> Reply:
        try:
            reply: Reply = self._work()
        except Exception as error:
            get_logger().error("page-failed", route=self.ask.path, exc_info=error)
            reply = Reply.json({"status": "failed"}, status=503)
        return reply

    def _answer(self, call: Call[Any]) -> Reply:
        result = self._work(call)
        if self.ask.kind == "command":
            return accepted(self.ask, call, result)
        if readings := _readings(self.ask, call):
            self._record_reads(call, readings)
        return Reply.json(result)

    def _record_reads(self, call: Call[Any], readings: Iterable[Reading]) -> None:
        """Durably, before the answer is given. Raises AccessNotRecorded."""
        record = partial(
            self.platform.access_log.record,
            actor=call.actor.account,
            purpose=f"{self.container.service_name}.{self.method_name}",
            at=datetime.now(UTC),
        )
        for reading in readings:
            record(*reading.subjects, reason=reading.reason)


class _Id(BaseConverter):
    """What a placeholder stands for: one segment, but never the word that is a question beside it (``…/search``)."""

    regex = r"(?!search\Z)[^/]+"
    part_isolating = True


class _Route(Rule):
    def get_converter(self, *of: Any) -> BaseConverter:
        return _Id(self.map)


def _declare_asking(
    kind: Literal["query", "question"], path: str, form: type[C], asking: Asking
) -> Callable[[QuestionMethod[C]], QuestionMethod[C]]:
    ask = Ask(
        kind=kind,
        path=path,
        form=form,
        roles=frozenset(asking.get("roles", ())),
        views=tuple(asking.get("views", ())),
        personal=asking.get("personal", False),
        within_municipality=asking.get("within_municipality", False),
        public=asking.get("public", False),
    )

    def declare(method: QuestionMethod[C]) -> QuestionMethod[C]:
        @wraps(method)
        def answer(service: Any, call: Call[C]) -> Any:
            if call.min_position:
                wait_for_views(service.reader, ask.views, call.min_position)
            return method(service, call)

        declared: QuestionMethod[C] = _declare(ask)(answer)
        return declared

    return declare


def _declare(ask: Ask) -> Callable[[Any], Any]:
    declare: Callable[[Any], Any] = HttpEntrypoint.decorator(ask)
    return declare


def _readings(ask: Ask, call: Call[Any]) -> Sequence[Reading]:
    """Whose personal data an answer shows: whom the method named, else whom the path names."""
    if call.readings or not ask.personal:
        return call.readings
    return [Reading((str(getattr(call.query, name)),)) for name in ask.placeholders[-1:]]


def accepted(ask: Ask, call: Call[Any], result: Accepted | Answered) -> Reply:
    """The answer to a command: 201 with its ids and where its events stand."""
    outcome, ids = (result.accepted, result.ids) if isinstance(result, Answered) else (result, {})
    document: dict[str, Any] = {}
    if ask.creates is not None:
        document["id"] = getattr(call.command, ask.creates) if ask.fills else call.id(ask.creates)
    elif ask.placeholders:
        document["id"] = getattr(call.command, ask.placeholders[-1])
    document |= ids
    document |= {"stream": outcome.stream, "revision": outcome.revision, "position": outcome.position}
    headers = (("Idempotency-Replayed", "true"),) if outcome.repeated else ()
    return Reply.json(document, status=201, headers=headers)


def refusal(error: Exception, request: Request, problems: Mapping[str, Problem], correlation_id: str) -> Reply:
    """The problem document for whatever went wrong; the unexpected is logged, but not its text."""
    language = request.language
    slug = "internal"
    headers: Sequence[tuple[str, str]] = ()
    facts: Mapping[str, object] = {}
    errors: Sequence[FieldError] = ()
    match error:
        case Declined():
            slug, headers = error.slug, error.headers
        case ValidationError():
            slug, errors = "invalid-fields", field_errors(error, language)
        case Refused():
            slug, facts = error.rule, error.facts
        case KeyReused():
            slug = "key-reused"
        case Conflict():
            slug = "conflict"
        case SubjectErased():
            slug = "subject-erased"
        case ViewNotReady():
            slug, headers = "view-behind", RETRY
        case NewerThanThisCode():
            NEWER_EVENTS.inc()
            slug, headers = "newer-release", RETRY
            get_logger().warning("newer-release")
        case AccessNotRecorded():
            slug, headers = "access-not-recorded", RETRY
            get_logger().error("access-not-recorded", exc_info=error)
        case StoreUnavailable() | OperationalError() | NoConnection():
            STORE_UNAVAILABLE.inc()
            slug, headers = "store-unavailable", RETRY
            get_logger().error("store-unavailable", exc_info=error)
        case _:
            get_logger().error("failed", exc_info=error)
    entry = problems.get(slug)
    if entry is None:
        entry, facts = PLATFORM["refused"], {"rule": slug, **facts}
    return problem(slug, entry, language, correlation_id=correlation_id, facts=facts, errors=errors, headers=headers)
