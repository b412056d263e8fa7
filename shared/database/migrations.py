"""How tables that hold what nothing else holds grow with the program: a numbered list of steps, forward only.

A database notes how many steps were done. Whoever opens it does the missing ones in one transaction; the same list
serves both dialects. A step that was published is never edited: the next change is one more step. The first step of
each list says ``if not exists``, as there are files from before there were versions (docs/adr/0013).
"""

from __future__ import annotations

from typing import Final, TypeAlias

from shared.database.plain import Database, Statements

Step: TypeAlias = tuple[str, ...]
"""Statements, with the dialects' words in braces."""

TABLE: Final = "wegmarken_schema"


class TooNew(ValueError):
    """A newer program has changed these tables; this one would not know what to do with them."""


def migrate(database: Database, steps: tuple[Step, ...]) -> None:
    """Do the steps that are missing. Raises TooNew, and what the database raises."""
    if database.has_table(TABLE) and _version(database) == len(steps):
        return  # as nearly always, and without asking for the write lock
    with database.transaction() as growing:
        growing.write(f"create table if not exists {TABLE} (version integer not null)")
        done = _version(growing)
        if done > len(steps):
            raise TooNew(f"its tables have version {done}, this program knows {len(steps)}: start a newer one")
        for step in steps[done:]:
            for statement in step:
                growing.write(statement.format_map(database.words))
        growing.write(f"delete from {TABLE}")
        growing.write(f"insert into {TABLE} (version) values (:version)", version=len(steps))


def _version(database: Statements) -> int:
    found = database.read(f"select version from {TABLE}")
    return int(found[0]["version"]) if found else 0
