"""An answer as WSGI wants it, without the cost of a general response object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Self

import orjson

Headers = tuple[tuple[str, str], ...]
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Reply:
    """Status, headers and body; callable as a WSGI application."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes, *, media_type: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.status = status
        self.body = body
        self.headers: Headers = (("Content-Type", media_type), ("Content-Length", str(len(body))), *headers)

    @classmethod
    def json(
        cls,
        value: Any,
        *,
        status: int = 200,
        media_type: str = "application/json",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Self:
        """``value`` as JSON; dates in ISO form, decimals and UUIDs as strings."""
        return cls(status, orjson.dumps(value, default=str), media_type=media_type, headers=headers)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(STATUS_LINES[self.status], list(self.headers))
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)
