"""The web server of an http process: nameko's, with its connections and routes.

Differences from stock nameko: it listens on a socket opened before start, so that a taken port is one clear
line; it writes no access log of its own (raw URLs hold ids); a broken connection never takes the service down;
it stops only when the requests under way are answered, and answers none after that, without cutting off a caller
whom another process on the same port would have served; and no WSGI stands between a connection and an entrypoint,
which would cost a command a quarter of its time.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from time import monotonic
from typing import Final

import eventlet
from eventlet.greenio import GreenSocket
from eventlet.hubs import notify_opened
from eventlet.semaphore import Semaphore
from nameko.web.server import WebServer
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map

from shared.api.connection import Connection, declined
from shared.api.metrics import IN_FLIGHT
from shared.api.problems import RETRY
from shared.api.reply import Reply
from shared.api.request import Request
from shared.runtime.logs import get_logger

LISTENER: Final = "listener"
"""Key of nameko's configuration under which the server finds its listening socket."""
MAX_BODY: Final = "max_body"
"""Key of nameko's configuration: the largest body of a request, bytes."""
GRACE: Final = 5.0
"""Seconds that requests under way get to finish when the process stops."""
PARTING: Final = 0.5
"""Seconds in which a caller on an open connection may ask once more, and hear that it is closed."""
BACKLOG: Final = 512
"""Connections that wait to be accepted."""
MOST_CONNECTIONS: Final = 1024


class HttpServer(WebServer):  # type: ignore[misc]
    """Shared by all entrypoints of a container."""

    _starting: bool
    _is_accepting: bool

    def setup(self) -> None:
        self.workers = Semaphore(self.container.max_workers)
        self._connections: set[Connection] = set()
        self._room = Semaphore(MOST_CONNECTIONS)
        self._is_drained = False

    def start(self) -> None:
        if self._starting:
            return
        self._starting = True
        self._sock = self.container.config[LISTENER]
        self._max_body = self.container.config[MAX_BODY]
        self._routes = self.make_url_map().bind("")
        self._fixed = {
            (method, rule.rule): rule.endpoint
            for rule in self._routes.map.iter_rules()
            if not rule.arguments
            for method in rule.methods or ()
        }
        IN_FLIGHT.set_function(self.under_way)
        self._sock.listen(BACKLOG)
        self._gt = self.container.spawn_managed_thread(self.run)

    def make_url_map(self) -> Map:
        routes = Map(merge_slashes=False, redirect_defaults=False)
        for provider in self._providers:
            rule = provider.get_url_rule()
            rule.endpoint = provider
            routes.add(rule)
        return routes

    def run(self) -> None:
        while self._is_accepting:
            self._room.acquire()
            try:
                accepted, _ = self._sock.accept()
            except OSError as error:  # out of file descriptors, or the caller is gone already
                self._room.release()
                get_logger().warning("not-accepted", exception=type(error).__qualname__)
                eventlet.sleep(0.05)
                continue
            eventlet.spawn_n(self._serve, accepted)

    def _serve(self, accepted: socket.socket) -> None:
        """Serve one connection to its end; whatever goes wrong concerns this connection alone."""
        connection = Connection(
            accepted, max_body=self._max_body, answer=self._answer, goes_on=lambda: self._is_accepting
        )
        self._connections.add(connection)
        try:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.serve()
        except OSError:
            pass  # the caller went away
        except Exception as error:
            get_logger().error("connection-failed", exc_info=error)
        finally:
            self._connections.discard(connection)
            accepted.close()
            self._room.release()

    def _answer(self, request: Request) -> Reply:
        """Find the entrypoint for a path and ask it; 404 and 405 are problem documents.

        Who asks on a connection that lay open until now, when what entrypoints need is being closed, is sent elsewhere.
        """
        if self._is_drained:
            return declined("store-unavailable", request.header("accept-language") or "", RETRY)
        try:
            entrypoint = self._fixed.get((request.method, request.path))
            if entrypoint is None:
                entrypoint, request.values = self._routes.match(request.path, request.method)
            reply: Reply = entrypoint.handle_request(request)
            return reply
        except NotFound:
            return declined("not-found", request.header("accept-language") or "")
        except MethodNotAllowed as wrong:
            allowed = (("Allow", ", ".join(sorted(wrong.valid_methods or ()))),)
            return declined("method-not-allowed", request.header("accept-language") or "", allowed)

    def under_way(self) -> int:
        """How many requests have arrived and are not answered yet."""
        return sum(connection.is_busy for connection in self._connections)

    def drain(self) -> None:
        """Accept nothing more, then wait for the answers under way, at most ``GRACE`` seconds."""
        if not self._is_accepting:
            return
        self._is_accepting = False
        self._gt.kill()
        self._close_listener()
        parting = monotonic() + PARTING
        with eventlet.Timeout(GRACE, False):
            eventlet.sleep(0)  # whose connection was just taken is counted from now on
            while self.under_way() or (self._connections and monotonic() < parting):
                eventlet.sleep(0.01)
        self._is_drained = True
        if waiting := self.under_way():
            get_logger().warning("stopped-with-requests-under-way", requests=waiting)

    def _close_listener(self) -> None:
        """Take what the kernel has accepted for us already: closing would reset it. Nothing yields in between."""
        with suppress(OSError):  # nobody waits any more
            while True:
                accepted, _ = self._sock.fd.accept()
                notify_opened(accepted.fileno())
                eventlet.spawn_n(self._serve, GreenSocket(accepted))
        self._sock.close()

    def stop(self) -> None:
        """Nothing is left to do: each entrypoint asked to drain before."""
