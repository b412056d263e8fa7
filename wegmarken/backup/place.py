"""Where the settings say that things are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SQLITE: Final = "sqlite:///"


def file_of(where: str) -> Path | None:
    """The file or directory behind a setting; None for a server."""
    if where.startswith(SQLITE):
        return Path(where.removeprefix(SQLITE))
    return None if "://" in where else Path(where)
