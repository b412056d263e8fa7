"""A request as it came over the wire, decoded strictly."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from shared.api.said import Language, language_of


class Request:
    """``path`` and ``query`` are text; ``values`` are the path's placeholders once the route is known.

    ``peer``: the address at the connection's other end.
    """

    __slots__ = ("body", "headers", "method", "path", "peer", "query", "values")

    def __init__(
        self, method: str, target: bytes, headers: Mapping[str, str], body: bytes = b"", *, peer: str = ""
    ) -> None:
        """``headers`` by their names in lower case. Raises UnicodeDecodeError when the target is not UTF-8."""
        path, _, query = target.partition(b"?")
        self.method = method
        self.path = (unquote_to_bytes(path) if b"%" in path else path).decode()
        self.query = query.decode()
        self.headers = headers
        self.body = body
        self.peer = peer
        self.values: Mapping[str, str] = {}

    def header(self, name: str) -> str | None:
        """A header by its name in lower case; one that came several times, joined with commas."""
        return self.headers.get(name)

    @property
    def language(self) -> Language:
        return language_of(self.headers.get("accept-language", ""))

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()
