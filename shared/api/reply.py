"""An answer as WSGI wants it, without the cost of a general response object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
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
        """``value`` as JSON; dates in ISO form, decimals and UUIDs as strings, sets sorted.

        Raises TypeError for anything that JSON cannot hold: its representation is nobody's answer.
        """
        return cls(status, orjson.dumps(value, default=_plain), media_type=media_type, headers=headers)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(STATUS_LINES[self.status], list(self.headers))
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)


def _plain(value: object) -> Any:
    match value:
        case Decimal():
            return str(value)
        case set() | frozenset():
            return sorted(value)
        case tuple():  # named, or a row of a result
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            raise TypeError(f"{type(value).__qualname__} is nothing that JSON can hold")
