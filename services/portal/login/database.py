"""The portal's own file: accounts, sessions, failed log-ins. Nothing of the county's people is in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

SCHEMA: Final = """
create table if not exists accounts (
    id text primary key,
    name text not null unique,
    shown_as text not null,
    roles text not null,
    ags text,
    password text not null,
    language text,
    disabled integer not null default 0,
    created_at text not null
) strict;
create table if not exists sessions (
    digest blob primary key,
    account_id text not null references accounts (id) on delete cascade,
    began_at real not null,
    seen_at real not null,
    pocket blob not null
) strict;
create index if not exists sessions_of_an_account on sessions (account_id);
create table if not exists failures (
    who blob primary key,
    count integer not null,
    last_at real not null
) strict;
"""


def open_database(path: Path) -> sqlite3.Connection:
    """The portal's file, made when it is not there yet; readable by its owner only.

    Calls take microseconds and are made where they are needed: a last second that a power cut takes away costs a
    log-in. Raises sqlite3.OperationalError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on", "secure_delete=on"):
        database.execute(f"pragma {pragma}")
    database.executescript(SCHEMA)
    database.row_factory = sqlite3.Row
    return database
