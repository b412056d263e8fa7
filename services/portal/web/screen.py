"""The portal's entrypoints: ``screen`` shows something, ``form`` takes what was filled in. Closed by default.

The method gets a ``Visit`` and returns its reply::

    @screen("/akte/<person_id>", roles=READ)
    def file(self, visit: Visit, person_id: str) -> Reply:
        return file.show(visit, person_id)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar
from uuid import uuid4

from structlog.contextvars import bind_contextvars, clear_contextvars
from werkzeug.routing import Rule

from services.portal.web.failures import failure
from services.portal.web.visit import Visit
from services.portal.wiring import portal_of
from shared.api.entrypoint import InPlace
from shared.api.problems import RETRY
from shared.api.reply import Reply
from shared.api.request import Request
from shared.database.plain import DatabaseUnavailable
from shared.runtime.logs import get_logger

Method = TypeVar("Method", bound=Callable[..., Reply])


def screen(
    path: str, *, roles: Collection[str] = (), public: bool = False, sign_of_life: bool = True
) -> Callable[[Method], Method]:
    """Declare a page: ``GET path``, for accounts with one of ``roles``, or ``public``.

    ``sign_of_life=False``: what a script asks for by itself does not keep a session alive.
    """
    return _declare("GET", path, roles, public, sign_of_life)


def form(path: str, *, roles: Collection[str] = (), public: bool = False) -> Callable[[Method], Method]:
    """Declare what takes a form, or asks with what must not stand in an address: ``POST path``, CSRF-checked."""
    return _declare("POST", path, roles, public, True)


class Screen(InPlace):
    """One method of the portal, bound to its path."""

    def __init__(
        self, method: str, path: str, roles: frozenset[str], public: bool, sign_of_life: bool, **kwargs: Any
    ) -> None:
        super().__init__(method, path, **kwargs)
        self.roles, self.public, self.sign_of_life = roles, public, sign_of_life

    def setup(self) -> None:
        super().setup()
        self.portal = portal_of(self.container)

    def get_url_rule(self) -> Rule:
        return Rule(self.url, methods=(self.method,))

    def handle_request(self, request: Request) -> Reply:
        """Answer one request. Never raises: what is unexpected becomes a page that says so."""
        started, correlation_id = time.perf_counter(), str(uuid4())
        clear_contextvars()  # one green thread serves all requests of a connection
        bind_contextvars(correlation_id=correlation_id)
        try:
            visit = Visit(self.portal, request, correlation_id, sign_of_life=self.sign_of_life)
            reply = self._answered(visit)
            visit.close()
        except DatabaseUnavailable as error:  # without it nobody knows who this is
            get_logger().error("sessions-unavailable", exc_info=error)
            reply = Reply(503, b"Wegmarken", media_type="text/plain", headers=RETRY)
        except Exception as error:
            get_logger().error("visit-failed", exc_info=error)
            reply = Reply(500, b"Wegmarken", media_type="text/plain")
        reply.headers += (("Correlation-Id", correlation_id),)
        self._account_for(reply, time.perf_counter() - started)
        return reply

    def _answered(self, visit: Visit) -> Reply:
        try:
            if not self.public and visit.account is None:
                return visit.to_login()
            if self.method == "POST":
                visit.check_csrf()
            if not self.public and self.roles.isdisjoint(visit.roles):
                return failure(visit, PermissionError())
            reply: Reply = self._work(visit, *visit.request.values.values())
        except Exception as error:
            reply = failure(visit, error)
        return reply


def _declare(
    method: str, path: str, roles: Collection[str], public: bool, sign_of_life: bool
) -> Callable[[Method], Method]:
    if public == bool(roles):
        raise TypeError(f"{method} {path} is either public or for some roles")
    declare: Callable[[Method], Method] = Screen.decorator(method, path, frozenset(roles), public, sign_of_life)
    return declare
