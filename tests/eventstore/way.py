"""A way to a server that can fall silent without an end, as when somebody pulls a cable."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from threading import Thread
from types import TracebackType


class Way:
    """A context. ``asked`` counts what has come from clients, in pieces as they came."""

    def __init__(self, target: str) -> None:
        """``target``: host and port of the server."""
        host, _, port = target.rpartition(":")
        self._server, self._silent, self.asked = (host, int(port)), False, 0
        self._sockets = ExitStack()

    def __enter__(self) -> Way:
        self._listener = self._sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._sockets.close()

    @property
    def target(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def fall_silent(self) -> None:
        """From now on nothing arrives, and nothing ends."""
        self._silent = True

    def _accept(self) -> None:
        with suppress(OSError):  # at the end
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                for one in (client, server):
                    self._sockets.enter_context(one)
                Thread(target=self._carry, args=(client, server), daemon=True).start()
                Thread(target=self._carry, args=(server, client), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):  # one of them is gone
            while piece := source.recv(65536):
                self.asked += target.getpeername() == self._server
                if not self._silent:
                    target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
