"""Health and metrics of a process that serves nothing else: a small WSGI application.

``/health/live`` (the process answers), ``/health/ready`` (it can do its work; else 503, with the same
details), ``/metrics``, and what else the process has to show.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from shared.api.reply import Reply
from shared.api.request import Request
from shared.runtime import metrics
from shared.runtime.logs import get_logger
from shared.runtime.native import threading

Status: TypeAlias = Mapping[str, Any]
Ready: TypeAlias = Callable[[], tuple[bool, Status]]
"""Whether the process can do its work, and the details it shows. May raise: then it cannot."""
Page: TypeAlias = Callable[[Request], Reply]
"""Something else that a process shows, to who may see it. Never raises."""


def ready_reply(ready: bool, details: Status) -> Reply:
    """The answer of ``/health/ready``: 200 or 503, ``{"status": "ready" | "waiting", …details}``."""
    document = {"status": "ready" if ready else "waiting", **details}
    headers = () if ready else (("Retry-After", "1"),)
    return Reply.json(document, status=200 if ready else 503, headers=headers)


def readiness(ready: Ready) -> Reply:
    """The same for a process that may not even be able to say how it is, as what it asks is away or slow."""
    try:
        return ready_reply(*ready())
    except Exception as error:
        get_logger().warning("not-ready", exc_info=error)
        return ready_reply(False, {"exception": type(error).__qualname__})


def live_reply() -> Reply:
    return Reply.json({"status": "live"})


def metrics_reply() -> Reply:
    return Reply(200, metrics.exposition(), media_type=metrics.MEDIA_TYPE)


def application(ready: Ready, pages: Mapping[str, Page] | None = None) -> Callable[..., Iterable[bytes]]:
    """The WSGI application; ``pages`` by their paths."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return _reply(environ, ready, pages or {})(environ, start_response)

    return answer


def _reply(environ: Mapping[str, Any], ready: Ready, pages: Mapping[str, Page]) -> Reply:
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return Reply.json({"status": "method not allowed"}, status=405, headers=(("Allow", "GET, HEAD"),))
    if path in pages:
        return pages[path](_request(path, environ))
    match path:
        case "/health/live":
            return live_reply()
        case "/health/ready":
            return readiness(ready)
        case "/metrics":
            return metrics_reply()
        case _:
            return Reply.json({"status": "not found"}, status=404)


def _request(path: str, environ: Mapping[str, Any]) -> Request:
    """What a page may want to know: who asks, and in which language."""
    headers = {
        name: str(environ[key])
        for name in ("authorization", "accept-language", "correlation-id")
        if (key := f"HTTP_{name.upper().replace('-', '_')}") in environ
    }
    return Request("GET", path.encode(), headers)


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody needs a line per look."""


def serve_on_thread(listener: socket.socket, ready: Ready) -> Callable[[], None]:
    """Serve on a native thread of its own, in a process without eventlet; returns how to stop it."""
    server = WSGIServer(listener.getsockname()[:2], _Silent, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()[:2]
    server.setup_environ()
    server.set_app(application(ready))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="health", daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        thread.join()
        server.server_close()

    return stop
