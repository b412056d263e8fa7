"""Health and metrics of a process that serves nothing else: a small WSGI application.

``/health/live`` (the process answers), ``/health/ready`` (it can do its work; else 503, with the same
details) and ``/metrics``.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from shared.api.reply import Reply
from shared.runtime import metrics
from shared.runtime.native import threading

Status: TypeAlias = Mapping[str, Any]
Ready: TypeAlias = Callable[[], tuple[bool, Status]]
"""Whether the process can do its work, and the details it shows. May raise: then it cannot."""


def ready_reply(ready: bool, details: Status) -> Reply:
    """The answer of ``/health/ready``: 200 or 503, ``{"status": "ready" | "waiting", …details}``."""
    document = {"status": "ready" if ready else "waiting", **details}
    headers = () if ready else (("Retry-After", "1"),)
    return Reply.json(document, status=200 if ready else 503, headers=headers)


def live_reply() -> Reply:
    return Reply.json({"status": "live"})


def metrics_reply() -> Reply:
    return Reply(200, metrics.exposition(), media_type=metrics.MEDIA_TYPE)


def application(ready: Ready) -> Callable[..., Iterable[bytes]]:
    """The WSGI application."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return _reply(environ["PATH_INFO"], ready)(environ, start_response)

    return answer


def _reply(path: str, ready: Ready) -> Reply:
    match path:
        case "/health/live":
            return live_reply()
        case "/health/ready":
            try:
                return ready_reply(*ready())
            except Exception as error:
                return ready_reply(False, {"exception": type(error).__qualname__})
        case "/metrics":
            return metrics_reply()
        case _:
            return Reply.json({"status": "not found"}, status=404)


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
