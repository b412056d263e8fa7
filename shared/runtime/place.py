"""Where a setting says that something is: in a file, or on a server."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///"


def sqlite_file(url: str) -> Path | None:
    """The file behind ``sqlite:///path``; None for any other URL, and without a path."""
    path = url.removeprefix(SQLITE)
    return Path(path) if path and path != url else None


def file_of(where: str) -> Path | None:
    """The file or directory behind a setting that may be a path, too; None for a server."""
    return sqlite_file(where) if "://" in where else Path(where)
