"""``GET /parked``: the messages that a process's services have put aside, for people who look after the platform.

Read only, without bodies: to replay or discard one is the command line's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from shared.api.admission import correlation_of, let_in
from shared.api.ask import Ask
from shared.api.entrypoint import refusal
from shared.api.health import Page
from shared.api.problems import PLATFORM, RETRY, Declined
from shared.api.reply import Reply
from shared.api.request import Request
from shared.api.roles import AUDITOR, OPERATOR
from shared.bus.connection import LOST
from shared.bus.parked import Parked, look
from shared.service.tokens import TokenVerifier

PATH: Final = "/parked"
ASK: Final = Ask(kind="query", path=PATH, roles=frozenset({AUDITOR, OPERATOR}))


def parked_page(services: Sequence[str], broker_url: str, tokens: TokenVerifier) -> Page:
    """What answers ``PATH``, to an auditor or an operator."""

    def answer(request: Request) -> Reply:
        try:
            let_in(ASK, request, tokens)
            found = [parked for service in services for parked in look(broker_url, service)]
        except LOST:
            return refused(Declined("broker-unavailable", headers=RETRY), request)
        except Exception as error:
            return refused(error, request)
        return Reply.json({"parked": [as_json(parked) for parked in found]}, headers=(("Cache-Control", "no-store"),))

    def refused(error: Exception, request: Request) -> Reply:
        return refusal(error, request, PLATFORM, correlation_of(request) or str(uuid4()))

    return answer


def as_json(parked: Parked) -> dict[str, Any]:
    """A parked message; type, stream and position are None if it is no nudge."""
    nudge = parked.nudge
    return {
        "service": parked.service,
        "event_id": parked.event_id,
        "type": nudge and nudge.type,
        "stream": nudge and nudge.stream,
        "position": nudge and nudge.position,
        "attempts": parked.attempts,
        "since": parked.parked_at,
        "exception": parked.error,
    }
