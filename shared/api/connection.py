"""One HTTP/1.1 connection: bytes in, requests out; replies in, bytes out.

The bytes are read by llhttp (through httptools), which refuses what two readers could understand differently:
doubtful lengths, stray characters, half lines.
"""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final
from uuid import uuid4

import eventlet
from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from shared.api.problems import PLATFORM, problem
from shared.api.reply import STATUS_LINES, Reply
from shared.api.request import Request
from shared.api.said import language_of
from shared.runtime.logs import get_logger

IDLE: Final = 75.0
"""Seconds after which a silent connection is closed."""
SLOW: Final = 20.0
"""Seconds that one read or write within a request may take."""
LINGER: Final = 2.0
"""Seconds that a refused caller may go on sending what nobody reads."""
LONGEST_HEAD: Final = 32_768
"""Bytes of a request's first line and headers."""
CHUNK: Final = 65_536

Answer = Callable[[Request], Reply]


class Connection:
    """Serves the requests of one connection, one after the other.

    ``answer`` makes the reply to a request; ``goes_on`` says before each answer whether the connection may stay
    open after it.
    """

    def __init__(self, sock: socket.socket, *, max_body: int, answer: Answer, goes_on: Callable[[], bool]) -> None:
        self._socket, self._answer, self._goes_on = sock, answer, goes_on
        self._arriving = _Arriving(max_body)
        self.is_busy = False
        """Whether a request has arrived and is not answered yet."""

    def serve(self) -> None:
        """Until the caller or ``goes_on`` ends it. Raises OSError when the caller is gone."""
        peer: str = self._socket.getpeername()[0]
        while (arrived := self._next()) is not None:
            self.is_busy = True
            try:
                request = Request(arrived.method, arrived.target, arrived.headers, arrived.body, peer=peer)
            except UnicodeDecodeError:
                reply = declined("not-utf-8", arrived.headers.get("accept-language", ""))
            else:
                reply = self._answer(request)
            # Who is to ask again does so on another connection: perhaps of another process, which can answer.
            lasts = arrived.keep_alive and self._goes_on() and reply.status != HTTPStatus.SERVICE_UNAVAILABLE
            self._socket.sendall(rendered(reply, lasts=lasts, head_only=arrived.method == "HEAD"))
            self.is_busy = False
            if not lasts:
                return self._part()
        return None

    def _next(self) -> _Message | None:
        """The next whole request; None when there will be none."""
        arriving = self._arriving
        while not arriving.messages:
            self._socket.settimeout(SLOW if arriving.under_way else IDLE)
            try:
                data = self._socket.recv(CHUNK)
            except TimeoutError:
                return None
            if not data:
                if arriving.under_way:
                    self._refuse("malformed-request")
                return None
            if (slug := arriving.feed(data)) is not None:
                if arriving.messages:  # what came whole before the fault is still answered
                    return arriving.messages.popleft().last()
                self._refuse(slug)
                return None
            if arriving.expects_go_ahead:
                arriving.expects_go_ahead = False
                self._socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return arriving.messages.popleft()

    def _refuse(self, slug: str) -> None:
        """Answer what will not be read to its end; it is the connection's last answer."""
        reply = declined(slug, self._arriving.headers.get("accept-language", ""))
        self._socket.sendall(rendered(reply, lasts=False))
        get_logger().info("refused", status=reply.status)
        self._part()

    def _part(self) -> None:
        """Let a caller that is still sending read the answer: closing at once would destroy it."""
        with suppress(OSError), eventlet.Timeout(LINGER, False):
            self._socket.shutdown(socket.SHUT_WR)
            while self._socket.recv(CHUNK):
                pass


def declined(slug: str, accept_language: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """The problem document for a request that never reached an entrypoint."""
    language = language_of(accept_language)
    return problem(slug, PLATFORM[slug], language, correlation_id=str(uuid4()), headers=headers)


def rendered(reply: Reply, *, lasts: bool, head_only: bool = False) -> bytes:
    """A reply as bytes. Raises ValueError for a header that would become two."""
    lines = [f"HTTP/1.1 {STATUS_LINES[reply.status]}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines += (f"Date: {_date(int(time.time()))}", f"Connection: {'keep-alive' if lasts else 'close'}", "\r\n")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines):
        raise ValueError("a header holds a line break")
    return head.encode("latin-1") + (b"" if head_only else reply.body)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class _Message:
    """A request that has arrived whole."""

    __slots__ = ("body", "headers", "keep_alive", "method", "target")

    def __init__(self, method: str, target: bytes, headers: dict[str, str], body: bytes, keep_alive: bool) -> None:
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.keep_alive = keep_alive

    def last(self) -> _Message:
        self.keep_alive = False
        return self


class _Arriving:
    """What the parser says of the bytes, collected to whole messages (httptools calls ``on_…``)."""

    def __init__(self, max_body: int) -> None:
        self.messages: deque[_Message] = deque()
        self.under_way = False
        self.expects_go_ahead = False
        self.headers: dict[str, str] = {}
        self._target = self._body = b""
        self._unread, self._body_follows = 0, False
        self._refused: str | None = None
        self._max_body = max_body
        self._parser = HttpRequestParser(self)

    def feed(self, data: bytes) -> str | None:
        """Take what was received; the name of the problem if it cannot be read or is too much."""
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:  # nothing here to upgrade to: answered as if it had not been asked for
            if self.messages:
                self.messages[-1].last()
        except HttpParserError:
            return self._refused or "malformed-request"
        if self.under_way and not self._body_follows:  # perhaps in the middle of one endless header
            self._unread += len(data)
            if self._unread > LONGEST_HEAD:
                return "malformed-request"
        return self._refused

    def on_message_begin(self) -> None:
        self.under_way, self.headers, self._target, self._body = True, {}, b"", b""
        self._unread, self._body_follows = 0, False

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        self._body_follows = True
        self._refused = self._refused or self._fault()
        if self._refused is None:
            self.expects_go_ahead = self.headers.get("expect", "").lower() == "100-continue"

    def on_body(self, part: bytes) -> None:
        if self._refused is None:
            self._body += part

    def on_message_complete(self) -> None:
        self.under_way = self.expects_go_ahead = False
        if self._refused is None:
            method = self._parser.get_method().decode()
            keep_alive = self._parser.should_keep_alive()
            self.messages.append(_Message(method, self._target, self.headers, self._body, keep_alive))

    def _fault(self) -> str | None:
        """The name of the problem with a whole head."""
        length = len(self._target) + sum(map(len, self.headers.values()))
        if length > LONGEST_HEAD or self._parser.get_http_version() not in ("1.0", "1.1"):
            return "malformed-request"
        return None if self._is_bounded() else "body-too-large"

    def _is_bounded(self) -> bool:
        """Whether the head says where the body ends, and that is near enough."""
        if "transfer-encoding" in self.headers:
            return False
        length = self.headers.get("content-length")
        if length is None:
            return self._parser.get_method() != b"POST"
        return int(length) <= self._max_body
