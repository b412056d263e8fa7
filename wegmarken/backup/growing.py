"""A backup of files, restored into PostgreSQL: the same tables, row by row."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final

from services.portal.login import database as portal
from shared.database.migrations import Step, migrate
from shared.database.plain import PostgresDatabase, SqliteDatabase
from shared.privacy import keyring
from shared.privacy.access_log import open_access_log

BUSY_SECONDS: Final = 5.0


def fill(name: str, url: str, source: Path) -> None:
    """Fill an empty schema with the copy of the "keyring", the "portal" or the "access_log".

    Raises DatabaseUnavailable; then there may be something in the schema.
    """
    match name:
        case "keyring":
            _rows(source, url, keyring.STEPS_OF_A_SCHEMA, ("masters", "erasures", "keys"))
        case "portal":
            _rows(source, url, portal.STEPS, portal.LASTING)
        case "access_log":
            with closing(open_access_log(str(source))) as copied, closing(open_access_log(url)) as filled:
                filled.take_over(copied)
        case _:
            raise ValueError(name)


def _rows(source: Path, url: str, steps: tuple[Step, ...], tables: Iterable[str]) -> None:
    with (
        closing(SqliteDatabase(source, busy_seconds=BUSY_SECONDS)) as copied,
        closing(PostgresDatabase(url)) as filled,
    ):
        migrate(filled, steps)
        with filled.transaction() as statements:
            for table in tables:
                for row in copied.read(f"select * from {table}"):
                    places = ", ".join(f":{column}" for column in row)
                    statements.write(f"insert into {table} ({', '.join(row)}) values ({places})", **row)
