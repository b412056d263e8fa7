"""Opening the event store that a URL names."""

from __future__ import annotations

from pathlib import Path

from shared.eventstore.port import EventStore
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.config import ConfigurationError


def open_store(url: str) -> EventStore:
    """The event store behind a URL. Raises ConfigurationError for a scheme no adapter serves."""
    scheme, _, path = url.partition("://")
    if scheme != "sqlite":
        raise ConfigurationError(f"the event store {scheme}://… has no adapter; supported: sqlite:///path")
    if not path.startswith("/") or len(path) < 2:
        raise ConfigurationError(f"the event store {url} names no file; expected sqlite:///path")
    return SqliteEventStore(Path(path[1:]))
