"""Connections that go to the processes behind a name in turn.

A resolver gives the addresses of a name in an order of its own, always the same (RFC 6724, rule 9: first the one that
is most like the caller's): who takes them as they come asks one process of several, however often.
"""

from __future__ import annotations

import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Final

from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

MOST_CONNECTIONS: Final = 64
"""Kept open per service."""
_TURNS: Final[defaultdict[str, Iterator[int]]] = defaultdict(count)
"""How often each name was connected to."""


def connections() -> PoolManager:
    """Keeps connections open, and repeats nothing. Closed by ``clear``, or at the end of a ``with``."""
    pool = PoolManager(num_pools=16, maxsize=MOST_CONNECTIONS, retries=False)
    pool.pool_classes_by_scheme = {**pool.pool_classes_by_scheme, "http": _Pool}
    return pool


class _Connection(HTTPConnection):
    """Goes to the address after that of the name's last connection, and where nobody answers there, to the next."""

    def connect(self) -> None:
        name, (*others, last) = self.host, self._addresses()
        try:
            for self.host in others:
                with suppress(NewConnectionError, ConnectTimeoutError):
                    return super().connect()
            self.host = last
            super().connect()
        finally:
            self.host = name

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror:
            return [self.host]  # to connect will say why
        addresses = sorted({str(where[0]) for *_, where in found})
        turn = next(_TURNS[self.host]) % len(addresses)
        return addresses[turn:] + addresses[:turn]


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection
