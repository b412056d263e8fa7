"""The web server of an http process: nameko's, with refusals as problem documents and a clean stop.

Differences from stock nameko: it listens on a socket opened before start, so that a taken port is one clear
line; it writes no access log of its own (raw URLs hold ids and names); a broken connection never takes the
service down; and it stops only when the requests under way are answered.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from email.message import Message
from typing import Any, Final
from uuid import uuid4

import eventlet
from eventlet import wsgi
from eventlet.semaphore import Semaphore
from nameko.web.server import HttpOnlyProtocol, WebServer
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map

from shared.api.problems import PLATFORM, problem
from shared.api.reply import STATUS_LINES, Reply
from shared.api.request import Request
from shared.api.said import language_of
from shared.runtime import metrics
from shared.runtime.logs import get_logger

LISTENER: Final = "listener"
"""Key of nameko's configuration under which the server finds its listening socket."""
MAX_BODY: Final = "max_body"
"""Key of nameko's configuration: the largest body of a request, bytes."""
GRACE: Final = 5.0
"""Seconds that requests under way get to finish when the process stops."""
IDLE: Final = 75.0
"""Seconds after which a silent connection is closed."""
SLOW: Final = 20.0
"""Seconds that one read or write of a connection may take."""
MOST_CONNECTIONS: Final = 1024
LINGER: Final = 2.0
"""Seconds that a refused caller may go on sending what nobody reads."""
_LENGTH = re.compile(r"[0-9]{1,12}")


class HttpServer(WebServer):  # type: ignore[misc]
    """Shared by all entrypoints of a container."""

    _starting: bool
    _is_accepting: bool

    def setup(self) -> None:
        self.workers = Semaphore(self.container.max_workers)
        self._room = Semaphore(MOST_CONNECTIONS)

    def start(self) -> None:
        if self._starting:
            return
        self._starting = True
        self._sock = self.container.config[LISTENER]
        self._serv = self.get_wsgi_server(self._sock, self.get_wsgi_app())
        metrics.IN_FLIGHT.set_function(lambda: self._serv.outstanding_requests)
        self._gt = self.container.spawn_managed_thread(self.run)

    def get_wsgi_app(self) -> Application:
        return Application(self.make_url_map())

    def make_url_map(self) -> Map:
        routes = Map(merge_slashes=False, redirect_defaults=False)
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            routes.add(rule)
        return routes

    def get_wsgi_server(
        self, sock: socket.socket, wsgi_app: Any, protocol: type = HttpOnlyProtocol, debug: bool = False
    ) -> wsgi.Server:
        server = wsgi.Server(
            sock,
            sock.getsockname(),
            wsgi_app,
            protocol=Protocol,
            debug=False,
            log_output=False,
            keepalive=IDLE,
            socket_timeout=SLOW,
        )
        server.max_body = self.container.config[MAX_BODY]
        return server

    def run(self) -> None:
        while self._is_accepting:
            self._room.acquire()
            try:
                connection, address = self._sock.accept()
            except OSError as error:  # out of file descriptors, or the caller is gone already
                self._room.release()
                get_logger().warning("not-accepted", exception=type(error).__qualname__)
                eventlet.sleep(0.05)
                continue
            connection.settimeout(SLOW)
            eventlet.spawn_n(self.process_request, connection, address)

    def process_request(self, sock: Any, address: Any) -> None:
        """Serve one connection to its end; whatever goes wrong concerns this connection alone."""
        try:
            self._serv.process_request([address, sock, wsgi.STATE_IDLE])
        except (OSError, EOFError):
            pass  # the caller went away
        except Exception as error:
            get_logger().error("connection-failed", exc_info=error)
        finally:
            sock.close()
            self._room.release()

    def drain(self) -> None:
        """Accept nothing more, then wait for the answers under way, at most ``GRACE`` seconds."""
        if not self._is_accepting:
            return
        self._is_accepting = False
        self._gt.kill()
        self._sock.close()
        self._serv.keepalive = False
        with eventlet.Timeout(GRACE, False):
            while self._serv.outstanding_requests:
                eventlet.sleep(0.01)
        if self._serv.outstanding_requests:
            get_logger().warning("stopped-with-requests-under-way", requests=self._serv.outstanding_requests)

    def stop(self) -> None:
        """Nothing is left to do: each entrypoint asked to drain before."""


class Application:
    """Finds the entrypoint for a path; says 404 and 405 as problem documents."""

    def __init__(self, routes: Map) -> None:
        self._routes = routes.bind("")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self._reply(environ)(environ, start_response)

    def _reply(self, environ: dict[str, Any]) -> Reply:
        try:
            request = Request(environ)
        except UnicodeDecodeError:
            return _declined("not-utf-8", environ)
        try:
            entrypoint, request.values = self._routes.match(request.path, request.method)
        except NotFound:
            return _declined("not-found", environ)
        except MethodNotAllowed as wrong:
            return _declined("method-not-allowed", environ, (("Allow", ", ".join(sorted(wrong.valid_methods or ()))),))
        reply: Reply = entrypoint.handle_request(request)
        return reply


def _declined(slug: str, environ: Mapping[str, Any], headers: Iterable[tuple[str, str]] = ()) -> Reply:
    language = language_of(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    return problem(slug, PLATFORM[slug], language, correlation_id=str(uuid4()), headers=headers)


class Protocol(HttpOnlyProtocol):  # type: ignore[misc]
    """HTTP/1.1 on one connection. What is refused before it reaches the application gets a problem document, too."""

    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if not _is_bounded(self.command, self.headers, self.server.max_body):
            self.send_error(413)
            return False
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what will not be read to its end; the answer is the connection's last."""
        self.close_connection = True
        slug = "body-too-large" if code == 413 else "malformed-request"
        headers = getattr(self, "headers", None) or {}
        language = language_of(headers.get("Accept-Language", ""))
        reply = problem(slug, PLATFORM[slug], language, correlation_id=str(uuid4()))
        lines = [f"HTTP/1.1 {STATUS_LINES[reply.status]}", *(f"{name}: {value}" for name, value in reply.headers)]
        self.wfile.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + reply.body)
        self.wfile.flush()
        get_logger().info("refused", status=reply.status)

    def finish(self) -> None:
        """Close; but let a caller that is still sending read the answer first: a reset would destroy it."""
        with suppress(OSError), eventlet.Timeout(LINGER, False):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65_536):
                pass
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the line would hold the raw URL."""


def _is_bounded(method: str, headers: Message, max_body: int) -> bool:
    """Whether the head says where the body ends, once and clearly, and that is near enough."""
    if headers.get("transfer-encoding") is not None:
        return False
    lengths = headers.get_all("content-length", [])
    if not lengths:
        return method != "POST"
    return len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) is not None and int(lengths[0]) <= max_body
