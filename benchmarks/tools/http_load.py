"""A load generator in one thread: keep-alive connections, each with one request under way at a time."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from benchmarks.tools.percentiles import percentile

RequestOf = Callable[[int], bytes]
"""The bytes of the n-th request, head and body."""


class Address(NamedTuple):
    """Where a server listens; as text ``host:port``."""

    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Of a URL that names both."""
        parts = urlsplit(url)
        assert parts.hostname is not None and parts.port is not None
        return cls(parts.hostname, parts.port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class UnexpectedAnswer(Exception):
    """The server answered something else than 2xx: the figure would mean nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests per second, and percentiles of the answer times in milliseconds."""

    rps: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def as_json(self) -> dict[str, float]:
        return {
            "rps": round(self.rps, 1),
            "p50_ms": round(self.p50_ms, 2),
            "p95_ms": round(self.p95_ms, 2),
            "p99_ms": round(self.p99_ms, 2),
        }


class _Connection:
    """One connection: what was sent when, and what came back so far."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.received = b""

    def send(self, request: bytes) -> None:
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has arrived; whether the answer is complete. Raises UnexpectedAnswer."""
        part = self.socket.recv(65536)
        if not part:
            raise UnexpectedAnswer(f"connection closed after {self.received[:200]!r}")
        self.received += part
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return False
        if not head.startswith(b"HTTP/1.1 2"):
            raise UnexpectedAnswer(self.received[:500].decode(errors="replace"))
        lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        return len(body) >= int(lengths[0].split(b":")[1])


def load(address: Address, request_of: RequestOf, *, connections: int, seconds: float, first: int = 0) -> Measured:
    """Send requests as fast as they are answered. ``first`` is the number of the first one."""
    number, times = first, list[float]()
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for _ in range(connections):
            connection = _Connection(address)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request_of(number))
            number += 1
        running = connections
        while running:
            for key, _ in selector.select(timeout=10):
                connection = key.data
                if not connection.receive():
                    continue
                now = time.perf_counter()
                times.append((now - connection.sent_at) * 1000)
                if now - started < seconds:
                    connection.send(request_of(number))
                    number += 1
                else:
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    running -= 1
        elapsed = time.perf_counter() - started
    rps = len(times) / elapsed
    times.sort()
    return Measured(rps, percentile(times, 0.5), percentile(times, 0.95), percentile(times, 0.99))


def post(address: Address, path: str, token: str, body: bytes) -> RequestOf:
    """Requests that post a body; each number has an idempotency key of its own."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: "
    ).encode()
    return lambda number: b"%sbench-%d\r\n\r\n%s" % (head, number, body)
