"""A request as WSGI brings it, decoded strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.api.problems import Declined
from shared.api.said import Language, language_of


class Request:
    """``path`` and ``query`` are text; ``values`` are the path's placeholders once the route is known."""

    __slots__ = ("environ", "method", "path", "query", "values")

    def __init__(self, environ: dict[str, Any]) -> None:
        """Raises UnicodeDecodeError when the path or the query string is not UTF-8."""
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ["PATH_INFO"].encode("latin-1").decode()
        self.query: str = environ.get("QUERY_STRING", "").encode("latin-1").decode()
        self.values: Mapping[str, str] = {}

    def header(self, name: str) -> str | None:
        """A header by its WSGI name, like ``HTTP_AUTHORIZATION``."""
        value: str | None = self.environ.get(name)
        return value

    @property
    def language(self) -> Language:
        return language_of(self.environ.get("HTTP_ACCEPT_LANGUAGE", ""))

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        declared: str = self.environ.get("CONTENT_TYPE") or ""
        return declared.partition(";")[0].strip().lower()

    def body(self) -> bytes:
        """The whole body. Raises Declined when the caller stops before its end."""
        length = int(self.environ.get("CONTENT_LENGTH") or 0)
        try:
            body: bytes = self.environ["wsgi.input"].read(length)
        except OSError:
            raise Declined("malformed-request") from None
        if len(body) < length:
            raise Declined("malformed-request")
        return body
