"""Opening the event store that a URL names."""

from __future__ import annotations

from shared.eventstore.port import StoreUnavailable, Target
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.config import EVENTSTORES, ConfigurationError
from shared.runtime.place import sqlite_file


def open_store(url: str) -> Target:
    """The event store behind a URL. Raises ConfigurationError for a URL that no adapter serves, StoreUnavailable."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in EVENTSTORES:
        # The rest is not shown, and not what stands where a scheme should be: it may be a password.
        raise ConfigurationError(f"the event store's URL has no adapter; supported: {', '.join(EVENTSTORES)}")
    if scheme != "sqlite":
        from shared.eventstore.kurrentdb.store import KurrentDBEventStore  # gRPC only where it is needed

        return KurrentDBEventStore(url)
    if (path := sqlite_file(url)) is None:
        raise ConfigurationError(f"the event store {url} names no file; expected sqlite:///path")
    try:
        return SqliteEventStore(path)
    except StoreUnavailable as error:
        raise StoreUnavailable(f"{path}: {error}") from error
