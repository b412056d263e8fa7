"""What the pages load: own files and packages, from the own origin, under addresses that change with the content."""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from shared.api.reply import Reply
from shared.api.request import Request
from shared.runtime.config import ConfigurationError

HERE: Final = Path(__file__).parents[1]
OWN: Final = HERE / "static"
PACKAGES: Final = HERE / "node_modules"
FROM_PACKAGES: Final = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "echarts.js": "echarts/dist/echarts.esm.min.mjs",
}
"""The files of packages that pages load, by the names they get."""
PREFIX: Final = "/static"
FOR_EVER: Final = "public, max-age=31536000, immutable"
SMALLEST_PACKED: Final = 512

mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain and, where that is smaller, packed."""

    content: bytes
    packed: bytes | None
    media_type: str


class Assets:
    """All files, read and packed once at start. ``version`` is a hash over all of them: what is one page's is of one
    version, and modules find each other beside them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.version = _version(files)
        self._assets = {name: _asset(name, content) for name, content in files.items()}

    @classmethod
    def load(cls) -> Assets:
        """Raises ConfigurationError when the packages are not installed."""
        files = {path.name: path.read_bytes() for path in sorted(OWN.iterdir()) if path.is_file()}
        for name, package in FROM_PACKAGES.items():
            try:
                files[name] = (PACKAGES / package).read_bytes()
            except OSError:
                raise ConfigurationError(
                    f"the front-end package {package} is missing: run npm ci in {HERE}, or start by ./dev"
                ) from None
        return cls(files)

    def address(self, name: str) -> str:
        """Where a file is served. Raises KeyError for one that is not there."""
        self._assets[name]
        return f"{PREFIX}/{self.version}/{name}"

    def reply(self, request: Request, version: str, name: str) -> Reply | None:
        """A file; None if there is none of that name. A page of an older version gets today's, not kept by anybody."""
        if (asset := self._assets.get(name)) is None:
            return None
        keep = FOR_EVER if version == self.version else "no-cache"
        headers = [("Cache-Control", keep), ("Vary", "Accept-Encoding"), ("X-Content-Type-Options", "nosniff")]
        body = asset.content
        if asset.packed is not None and "gzip" in (request.header("accept-encoding") or ""):
            body = asset.packed
            headers.append(("Content-Encoding", "gzip"))
        return Reply(200, body, media_type=asset.media_type, headers=headers)


def _version(files: dict[str, bytes]) -> str:
    digest = sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _asset(name: str, content: bytes) -> Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= SMALLEST_PACKED else content
    return Asset(content, packed if len(packed) < len(content) else None, media_type)
