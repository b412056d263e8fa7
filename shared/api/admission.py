"""What a request must show before a service sees it, in a fixed order.

The body's size was checked when the head was read (413, ``server.Protocol``). Here: content type (415),
token (401), role (403), JSON (400), headers and fields (422).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import fields
from datetime import date
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID, uuid4

import orjson
from marshmallow import ValidationError

from shared.api.ask import Ask
from shared.api.call import ANYBODY, Call
from shared.api.field_types import UUID_SHAPE, Day
from shared.api.fields import business_today
from shared.api.problems import Declined
from shared.api.request import Request
from shared.api.roles import IMPORTER, MUNICIPAL_STAFF
from shared.api.said import Said
from shared.api.schemas import UNKNOWN_FIELD, BodySchema, QuerySchema, is_list, schema
from shared.execute import command_scope, derived_id
from shared.service.platform import Platform
from shared.service.tokens import Actor, TokenExpired, TokenRejected, TokenVerifier

MOST_PARAMETERS: Final = 50
KEY: Final = r"[!-~]{1,128}"
"""An idempotency key: visible ASCII."""
POSITION: Final = r"[0-9]{1,15}"

_KEY = re.compile(KEY)
_POSITION = re.compile(POSITION)
_UUID = re.compile(UUID_SHAPE)

GIVEN_BY_PATH: Final = Said("steht schon im Pfad", "is given by the path already")
GIVEN_BY_PLATFORM: Final = Said("wird von der Plattform vergeben", "is given by the platform")


def admit_command(ask: Ask, request: Request, platform: Platform) -> Call[Any]:
    """Let a command in. Raises Declined, ValidationError, StoreUnavailable."""
    actor = let_in(ask, request, platform.tokens)
    given = _parsed(request.body)
    key = request.header("idempotency-key")
    if key is not None and _KEY.fullmatch(key) is None:
        raise _invalid(
            "Idempotency-Key", "ist nicht 1 bis 128 sichtbare ASCII-Zeichen", "is not 1 to 128 visible ASCII characters"
        )
    command_id = command_scope(actor.account, key or str(uuid4()))
    today = platform.clock.today()
    _refuse_parameters(request)
    given = _merged(ask, request, given, command_id)
    with business_today(today):
        learnt_on = _learnt_on(request, actor, today)
        loaded = schema(ask.form, BodySchema).load(given)
    return Call(
        command=loaded,
        actor=actor,
        today=today,
        learnt_on=learnt_on,
        command_id=command_id,
        body_digest=_digest(platform.digest_key, request),
        correlation_id=correlation_of(request) or command_id,
        language=request.language,
    )


def admit_question(ask: Ask, request: Request, platform: Platform) -> Call[Any]:
    """Let a query or a question with a body in. Raises Declined, ValidationError, StoreUnavailable."""
    actor = let_in(ask, request, platform.tokens)
    if ask.has_body:
        given = _parsed(request.body)
        _refuse_parameters(request)
    else:
        given = _as_text(request, ask.form)
    min_position = _min_position(request, platform) if ask.views else 0
    question_id = correlation_of(request) or str(uuid4())
    given = _merged(ask, request, given, question_id)
    today = platform.clock.today()
    with business_today(today):
        loaded = schema(ask.form, BodySchema if ask.has_body else QuerySchema).load(given)
    return Call(
        command=loaded,
        actor=actor,
        today=today,
        learnt_on=today,
        command_id=question_id,
        body_digest="",
        correlation_id=question_id,
        language=request.language,
        min_position=min_position,
    )


def correlation_of(request: Request) -> str | None:
    """The caller's correlation id, if it is a UUID."""
    given = request.header("correlation-id")
    return str(UUID(given)) if given is not None and _UUID.fullmatch(given) else None


def let_in(ask: Ask, request: Request, tokens: TokenVerifier) -> Actor:
    """Who asks. Raises Declined for another content type, without a valid token, without the role."""
    if ask.has_body and request.media_type != "application/json":
        raise Declined("unsupported-media-type")
    if ask.public:
        return ANYBODY
    kind, _, token = (request.header("authorization") or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Declined("unauthenticated", headers=(("WWW-Authenticate", "Bearer"),))
    try:
        actor = tokens.verify(token.strip())
    except TokenRejected as rejected:
        slug = "token-expired" if isinstance(rejected, TokenExpired) else "unauthenticated"
        raise Declined(slug, headers=(("WWW-Authenticate", 'Bearer error="invalid_token"'),)) from None
    if _opening(ask, actor.ags).isdisjoint(actor.roles):
        raise Declined("forbidden")
    return actor


def _opening(ask: Ask, ags: str | None) -> frozenset[str]:
    """The roles that let somebody in: who is bound to a municipality, only to what keeps them within it."""
    if ags is None:
        return ask.roles - {MUNICIPAL_STAFF}
    return ask.roles if ask.within_municipality else frozenset()


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            body.decode()
        except UnicodeDecodeError:
            raise Declined("not-utf-8") from None
        raise Declined("malformed-json") from None


def _parameters(request: Request) -> list[tuple[str, str]]:
    try:
        return parse_qsl(request.query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise Declined("not-utf-8") from None
    except ValueError:
        raise Declined("malformed-request") from None


def _refuse_parameters(request: Request) -> None:
    """Where there is a body, it says everything."""
    if request.query:
        raise ValidationError({name: [UNKNOWN_FIELD] for name, _ in _parameters(request)})


def _as_text(request: Request, form: type) -> dict[str, Any]:
    """What the query string says: one text for each name, several for a list."""
    of_list = _lists(form)
    given: dict[str, Any] = {}
    for name, value in _parameters(request):
        if name in of_list:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise _invalid(name, "kommt mehr als einmal vor", "is given more than once")
        else:
            given[name] = value
    return given


def _merged(ask: Ask, request: Request, given: Any, command_id: str) -> Any:
    """What was sent, with the fields that the path and the platform give; those must not be sent.

    What is no object stays as it is, for the form to refuse.
    """
    if not isinstance(given, dict):
        return given
    errors = {name: [GIVEN_BY_PATH] for name in request.values if name in given}
    merged = {**given, **request.values}
    if ask.fills:
        assert ask.creates is not None
        if ask.creates in given:
            errors[ask.creates] = [GIVEN_BY_PLATFORM]
        merged[ask.creates] = derived_id(command_id, ask.creates)
    if errors:
        raise ValidationError(errors)
    return merged


_LEARNT_ON = Day(past=True)


def _learnt_on(request: Request, actor: Actor, today: date) -> date:
    given = request.header("learnt-on")
    if given is None:
        return today
    if IMPORTER not in actor.roles:
        raise Declined("forbidden")
    try:
        return _LEARNT_ON.deserialize(given)
    except ValidationError as invalid:
        raise ValidationError({"Learnt-On": invalid.messages}) from None


def _min_position(request: Request, platform: Platform) -> int:
    given = request.header("min-position")
    if given is None:
        return 0
    if _POSITION.fullmatch(given) is None:
        raise _invalid("Min-Position", "ist keine Position", "is not a position")
    if int(given) > platform.store.head():
        raise _invalid("Min-Position", "liegt hinter dem Ende des Protokolls", "is beyond the end of the log")
    return int(given)


def _digest(key: bytes, request: Request) -> str:
    """Keyed, because a plain hash of personal data could be guessed back."""
    digest = _keyed(key).copy()
    digest.update(b"\n".join((request.method.encode(), request.path.encode(), request.body)))
    return digest.hexdigest()


@cache
def _keyed(key: bytes) -> hmac.HMAC:
    """Made once: a digest in one call lets go of the interpreter each time, and gets it back late."""
    return hmac.new(key, digestmod="sha256")


def _invalid(path: str, german: str, english: str) -> ValidationError:
    return ValidationError({path: [Said(german, english)]})


@cache
def _lists(form: type) -> frozenset[str]:
    """The parameters of a query that may be given several times."""
    loaded = schema(form, QuerySchema)
    return frozenset(field.name for field in fields(form) if is_list(loaded.fields[field.name]))
