"""The event store in one SQLite file."""

from shared.eventstore.sqlite.file import events_in
from shared.eventstore.sqlite.store import SqliteEventStore

__all__ = ["SqliteEventStore", "events_in"]
