"""The portal's own database: accounts, sessions, failed log-ins. Nothing of the county's people is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shared.database import postgres
from shared.database.migrations import Step, migrate
from shared.database.plain import Database, PostgresDatabase, SqliteDatabase

PRAGMAS: Final = ("journal_mode=wal", "synchronous=normal", "foreign_keys=on", "secure_delete=on")
BUSY_SECONDS: Final = 5.0
LASTING: Final = ("accounts",)
PASSING: Final = ("sessions", "failures")
"""Tables of what passes: no backup holds them."""
STEPS: Final[tuple[Step, ...]] = (
    (
        """create table if not exists accounts (
            id {text} primary key,
            name {text} not null unique,
            shown_as {text} not null,
            roles {text} not null,
            ags {text},
            password {text} not null,
            language {text},
            disabled integer not null default 0,
            created_at {text} not null
        ){strict}""",
        """create table if not exists sessions (
            digest {blob} primary key,
            account_id {text} not null references accounts (id) on delete cascade,
            began_at {real} not null,
            seen_at {real} not null,
            pocket {blob} not null
        ){strict}""",
        "create index if not exists sessions_of_an_account on sessions (account_id)",
        """create table if not exists failures (
            who {blob} primary key,
            count integer not null,
            last_at {real} not null
        ){strict}""",
    ),
)


def open_database(where: str | Path) -> Database:
    """The portal's file, made when it is not there yet; readable by its owner only. Or its schema in PostgreSQL.

    Calls of the file take microseconds and are made where they are needed: a last second that a power cut takes away
    costs a log-in. Raises DatabaseUnavailable, TooNew.
    """
    database: Database
    if postgres.is_postgres(str(where)):
        database = PostgresDatabase(str(where))
    else:
        database = SqliteDatabase(Path(where), PRAGMAS, busy_seconds=BUSY_SECONDS)
    try:
        migrate(database, STEPS)
    except BaseException:
        database.close()
        raise
    return database
