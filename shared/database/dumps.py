"""Copies of PostgreSQL schemas by PostgreSQL's own tools: ``pg_dump`` and ``pg_restore``, which must be installed.

A dump is one consistent state, however long it takes, and is restored in one transaction.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.database import postgres


class DumpFailed(Exception):
    """The tool is missing or failed. The text is one line, and holds no password."""


class SchemaTaken(Exception):
    """There is something in the schema already."""


def dump(url: str, target: Path, *, without_rows_of: Collection[str] = ()) -> None:
    """Write a URL's schema to a new file of the owner alone; of some tables without their rows.

    Raises DumpFailed, FileExistsError.
    """
    os.close(os.open(target, os.O_CREAT | os.O_EXCL, 0o600))  # the tool writes into what is there as it is
    conninfo, schema = postgres.target(url)
    with _connected(conninfo) as connection:  # what nobody has used so far has none
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
    left_out = [f"--exclude-table-data={schema}.{table}" for table in without_rows_of]
    arguments = ["--format=custom", "--no-owner", "--no-privileges", f"--schema={schema}", *left_out]
    _run("pg_dump", [*arguments, f"--file={target}"], conninfo)


def restore(url: str, source: Path) -> None:
    """Restore a dump into the URL's schema, which is empty or missing, whole or not at all.

    Raises SchemaTaken, DumpFailed.
    """
    conninfo, schema = postgres.target(url)
    with _connected(conninfo) as connection:
        try:
            connection.execute(sql.SQL("drop schema if exists {}").format(sql.Identifier(schema)))
        except psycopg.errors.DependentObjectsStillExist:
            raise SchemaTaken(schema) from None
    _run("pg_restore", ["--single-transaction", "--no-owner", "--no-privileges", str(source)], conninfo)


def is_empty(url: str) -> bool:
    """Whether the URL's schema holds no table. Raises DumpFailed."""
    conninfo, schema = postgres.target(url)
    with _connected(conninfo) as connection:
        query = "select 1 from pg_tables where schemaname = %s limit 1"
        return connection.execute(query, (schema,)).fetchone() is None


def drop(url: str) -> None:
    """Take back a restored schema. Raises DumpFailed."""
    conninfo, schema = postgres.target(url)
    with _connected(conninfo) as connection:
        connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))


def rows_in(source: Path, table: str) -> Iterator[dict[str, str]]:
    """The rows of a table in a dump, as PostgreSQL writes them for COPY. Raises DumpFailed."""
    columns: list[str] = []
    for line in _run("pg_restore", ["--data-only", f"--table={table}", "--file=-", str(source)]).splitlines():
        if line.startswith("COPY "):
            columns = line[line.index("(") + 1 : line.index(")")].split(", ")
        elif line == "\\.":
            columns = []
        elif columns:
            yield dict(zip(columns, line.split("\t"), strict=True))


def schema_of(url: str) -> str:
    """The schema that a URL names."""
    return postgres.target(url)[1]


def read_through(source: Path) -> None:
    """Read a dump from its beginning to its end. Raises DumpFailed."""
    _run("pg_restore", [f"--file={os.devnull}", str(source)])


@contextmanager
def _connected(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection, and a transaction. Not by ``postgres.connect``, which would make the schema. Raises DumpFailed."""
    try:
        with psycopg.connect(conninfo) as connection:
            yield connection
    except psycopg.Error as error:
        raise DumpFailed(f"PostgreSQL does not answer ({type(error).__name__})") from None


def _run(program: str, arguments: Sequence[str], conninfo: str = "") -> str:
    """What it says on standard output. The password goes by the environment: arguments are seen by everybody."""
    found = shutil.which(program)
    if found is None:
        raise DumpFailed(f"{program} is missing: install PostgreSQL's client programs (postgresql-client)")
    parts = conninfo_to_dict(conninfo)
    password = parts.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    where = [f"--dbname={make_conninfo('', **parts)}"] if conninfo else []
    done = subprocess.run([found, *where, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DumpFailed(f"{program}: {lines[0].removeprefix(f'{program}: ')}")
    return done.stdout
