"""One request of somebody: who it is, what they typed, whom to ask for them, and how to answer."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe
from time import time
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from services.portal.answers import Accepted, Unavailable
from services.portal.backend import Backend
from services.portal.language.words import Words, is_language, words
from services.portal.login.accounts import Account
from services.portal.login.pocket import Pocket
from services.portal.login.sessions import Session, csrf_token
from services.portal.web import as_of
from services.portal.web.as_of import AsOf
from services.portal.web.form import CSRF, PAGE, Form, NoForm, whole_number
from services.portal.web.navigation import here, places
from services.portal.web.security import HEADERS, HSTS
from services.portal.web.sheet import sheet
from services.portal.wiring import Portal
from shared.api.reply import Reply
from shared.api.request import Request
from shared.api.said import Language
from shared.contracts.runtime import OFFICE

OWN_PAGE: Final = re.compile(
    r"/(?:[a-z0-9][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_-]*)*)?(?:\?[a-z_]+=[0-9-]+(?:&[a-z_]+=[0-9-]+)*)?"
)
"""What a log-in returns to: a page of ours, whose address holds ids and days and nothing else."""
NEXT: Final = "weiter"
LANGUAGE: Final = "wegmarken-language"
VISITOR: Final = "wegmarken-visitor"
SESSION: Final = "wegmarken"
YEAR: Final = 31_536_000
FRESH: Final = 300.0
"""Seconds for which what somebody recorded is waited for when they ask."""
_RECORDED, _MESSAGES, _DONE = "recorded", "messages", "done"
"""In the pocket: the newest position and when, messages, and drafts that have arrived."""


class Forged(Exception):
    """A form that does not carry this session's token: from elsewhere, or older than the session."""


class Visit:
    """Made at the start of a request. ``account`` is None for who is not logged in."""

    def __init__(self, portal: Portal, request: Request, correlation_id: str, *, sign_of_life: bool = True) -> None:
        self.portal, self.request, self.correlation_id = portal, request, correlation_id
        self._cookies = _cookies(request.header("cookie") or "")
        self._set_cookies: list[str] = []
        self.session: Session | None = None
        if session_id := self._cookies.get(self._session_cookie):
            self.session = portal.sessions.find(session_id, sign_of_life=sign_of_life)
        self._nobodys_pocket = Pocket()

    # --- who, and in what language ----------------------------------------------------------------

    @property
    def account(self) -> Account | None:
        return self.session.account if self.session else None

    @property
    def pocket(self) -> Pocket:
        """What is kept from page to page; of who is not logged in, nothing beyond this one."""
        return self.session.pocket if self.session else self._nobodys_pocket

    @property
    def roles(self) -> frozenset[str]:
        return self.account.roles if self.account else frozenset()

    def has_role(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    @cached_property
    def language(self) -> Language:
        """The account's, else what was chosen in this browser, else what the browser asks for."""
        chosen = (self.account.language if self.account else None) or self._cookies.get(LANGUAGE)
        return chosen if is_language(chosen) else self.request.language

    @property
    def words(self) -> Words:
        return words(self.language)

    @property
    def address(self) -> str:
        """Where the request came from: as the proxy says, if there is one."""
        if self.portal.settings.public_url and (forwarded := self.request.header("x-forwarded-for")):
            return forwarded.rpartition(",")[2].strip()
        return self.request.peer

    # --- what is asked ----------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """What the address says after the question mark; of a name that comes twice, the last."""
        try:
            return dict(parse_qsl(self.request.query, errors="strict", max_num_fields=50))
        except ValueError:
            return {}

    def number(self, name: str) -> int | None:
        """A whole number that the address says; None if it says none."""
        return whole_number(self.parameters.get(name, ""))

    @cached_property
    def form(self) -> Form:
        """What was posted. Raises NoForm."""
        if self.request.media_type != "application/x-www-form-urlencoded":
            raise NoForm
        return Form.read(self.request.body)

    @cached_property
    def backend(self) -> Backend:
        """The services, asked for whoever this is; they answer no older than what was recorded just now."""
        recorded = self.pocket.get(_RECORDED)
        return Backend(
            self.portal.services,
            self.account,
            language=self.language,
            correlation_id=self.correlation_id,
            position=recorded[0] if recorded and time() - recorded[1] < FRESH else None,
        )

    @cached_property
    def today(self) -> date:
        """The office's day. Raises Unavailable."""
        return self.backend.today()

    @cached_property
    def as_of(self) -> AsOf:
        """Which day is looked at, as known when. Without any service, "yesterday" is the machine's."""
        given = {name: self.parameters[name] for name in (as_of.VALID_AT, as_of.KNOWN_AT) if self.parameters.get(name)}
        if not given:
            return AsOf()
        try:
            return as_of.read(given, self.today)
        except Unavailable:
            return as_of.read(given, datetime.now(OFFICE).date())

    @property
    def is_past(self) -> bool:
        """Whether the page asked which day it shows, and that is not now."""
        return "as_of" in self.__dict__ and not self.as_of.is_now

    @property
    def page_path(self) -> str:
        """The page where this visit is, for forms and for a log-in that leads back."""
        query = f"?{self.request.query}" if self.request.query else ""
        return own_page(self.request.path + query) or own_page(self.request.path) or "/"

    @property
    def wants_fragment(self) -> bool:
        """Whether a script asks for a part of the page, and not the browser for all of it."""
        return self.request.header("hx-request") == "true"

    # --- forms ------------------------------------------------------------------------------------

    @cached_property
    def csrf(self) -> str:
        """The token that this visitor's forms carry."""
        return csrf_token(self.session.id if self.session else self._visitor())

    def check_csrf(self) -> None:
        """Raises Forged for a form that this visitor was not shown."""
        if self.request.header("sec-fetch-site") not in (None, "same-origin"):
            raise Forged
        given = self.request.header("x-csrf-token") or self.form[CSRF]
        if not hmac.compare_digest(given.encode(), self.csrf.encode()):
            raise Forged

    def command(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> Accepted:
        """Have something recorded under the form's key; the next pages wait for it. Raises Unavailable, Refused."""
        accepted = self.backend.command(path, body, key=key or self.form.key)
        self.pocket.leave(_RECORDED, [self.backend.position, time()])
        return accepted

    def tell(self, message: str, *, kind: str = "ok") -> None:
        """Show a message on the next page; ``kind``: ok, due, late, stopped."""
        self.pocket.add(_MESSAGES, [kind, message])

    def done(self, draft: str) -> None:
        """The next page tells the browser that this draft has arrived."""
        self.pocket.add(_DONE, draft)

    # --- answers ----------------------------------------------------------------------------------

    def page(self, template: str, *, status: int = 200, **shown: Any) -> Reply:
        """A whole page."""
        context = {
            "visit": self,
            "messages": self.pocket.take(_MESSAGES, []),
            "done": self.pocket.take(_DONE, []),
            "places": places(self.roles),
            "here": here(self.request.path),
            **shown,
        }
        return self._html(status, self.portal.templates.page(template, self.language, context))

    def fragment(self, template: str, block: str, *, status: int = 200, **shown: Any) -> Reply:
        """One block of a page, for a script that asked."""
        context = {"visit": self, **shown}
        return self._html(status, self.portal.templates.fragment(template, block, self.language, context))

    def redirect(self, path: str) -> Reply:
        """Go on to another page of ours."""
        if self.wants_fragment:
            return self._reply(204, b"", "text/plain", ("HX-Redirect", path))
        return self._reply(303, b"", "text/plain", ("Location", path))

    def json(self, value: Any) -> Reply:
        """An answer to a script of ours."""
        return self._finished(Reply.json(value))

    def csv(self, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Reply:
        """A table as a file for a spreadsheet; ``name`` without its ending."""
        attachment = ("Content-Disposition", f'attachment; filename="{name}.csv"')
        return self._reply(200, sheet(head, rows, self.words), "text/csv; charset=utf-8", attachment)

    def to_login(self) -> Reply:
        """The log-in page, which leads back here afterwards."""
        page = self.page_path
        if self.request.method == "POST":
            try:
                page = own_page(self.form[PAGE]) or "/"
            except NoForm:
                page = "/"
        return self.redirect(f"/anmelden?{urlencode({NEXT: page})}")

    # --- coming and going -------------------------------------------------------------------------

    def begin(self, account: Account) -> None:
        """Log somebody in, under a session id that nobody knew before; who was logged in here is not any more."""
        if self.session is not None:
            self.portal.sessions.end(self.session)
        self.session = self.portal.sessions.begin(account)
        self._forget_cached()
        self._set_cookie(self._session_cookie, self.session.id)

    def end(self) -> None:
        """Log out."""
        if self.session is not None:
            self.portal.sessions.end(self.session)
        self.session = None
        self._forget_cached()
        self._set_cookie(self._session_cookie, "", seconds=0)

    def speak(self, language: Language) -> None:
        """From now on in this language: for the account, and for this browser before the next log-in."""
        self._set_cookie(LANGUAGE, language, seconds=YEAR)
        if self.session is not None:
            self.portal.accounts.speak(self.session.account, language)
            self.session.account = replace(self.session.account, language=language)

    def close(self) -> None:
        """Keep what the next page needs."""
        if self.session is not None:
            self.portal.sessions.keep(self.session)

    # --- how it is done ---------------------------------------------------------------------------

    @property
    def _session_cookie(self) -> str:
        return self._ours_alone(SESSION)

    def _ours_alone(self, cookie: str) -> str:
        """A cookie's name that a browser takes from nobody but this host, where there is https to tell it by."""
        return f"__Host-{cookie}" if self.portal.is_secure else cookie

    def _visitor(self) -> str:
        """A random name for a browser in which nobody is logged in: what its forms' token derives from."""
        name = self._ours_alone(VISITOR)
        if not (known := self._cookies.get(name)):
            self._cookies[name] = known = token_urlsafe(24)
            self._set_cookie(name, known)
        return known

    def _forget_cached(self) -> None:
        for name in ("csrf", "language", "backend"):
            self.__dict__.pop(name, None)

    def _set_cookie(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """SameSite=Lax, not Strict: a link in a mail should open the page it leads to, and a GET changes nothing."""
        age = "" if seconds is None else f"; Max-Age={seconds}"
        secure = "; Secure" if self.portal.is_secure else ""
        self._set_cookies.append(f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")

    def _html(self, status: int, body: bytes) -> Reply:
        return self._reply(status, body, "text/html; charset=utf-8", ("Content-Language", self.language))

    def _reply(self, status: int, body: bytes, media_type: str, *headers: tuple[str, str]) -> Reply:
        return self._finished(Reply(status, body, media_type=media_type, headers=headers))

    def _finished(self, reply: Reply) -> Reply:
        reply.headers += (*HEADERS, *(("Set-Cookie", cookie) for cookie in self._set_cookies))
        if self.portal.is_secure:
            reply.headers += (HSTS,)
        return reply


def own_page(path: str) -> str | None:
    """The path if a log-in may lead there, else None: nothing of what others wrote leads away from here."""
    return path if OWN_PAGE.fullmatch(path) else None


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
