"""Servers that are measured beside the files: the settings of the platform name them."""

from __future__ import annotations

import os


def server_named_by(variable: str) -> str | None:
    """The URL in the environment; None where there is none, or one of a SQLite file."""
    url = os.environ.get(variable, "")
    return None if url.partition("://")[0] in ("", "sqlite") else url
