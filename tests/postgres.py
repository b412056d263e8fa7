"""A PostgreSQL cluster for tests: private, thrown away after them, with a database of its own for each test.

``python -m tests.postgres COMMAND …`` runs a command beside such a cluster, durable as a real one, and ``{url}`` in its
arguments becomes the URL of an empty database:
``python -m tests.postgres env WEGMARKEN_VIEWS={url} ./dev bench rebuild``.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

import psycopg
from psycopg import sql

from deploy.ports import free_ports

PROGRAMS = Path("/usr/lib/postgresql")
"""Where Debian's packages put them, by version; ``dev`` looks there, too."""
USER = "wegmarken"
SETTINGS = {
    "fsync": "off",  # the machine may lose what is thrown away anyway; turn it on where durability is the subject
    "shared_buffers": "64MB",
    "max_connections": "200",
    "autovacuum": "off",  # a test that looks for traces does its own
    "log_min_messages": "fatal",
}


def program(name: str) -> str:
    """The newest version's program; else the one on the path."""
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: int(path.parent.parent.name))
    return str(found[-1]) if found else name


class Cluster:
    """A running server in a directory of its own; it listens on 127.0.0.1 and asks for a password.

    Its texts sort as German dictionaries do: what must sort like SQLite has to see to that itself.
    """

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        self._settings = SETTINGS | dict(settings or {})
        self._folder = Path(tempfile.mkdtemp(prefix="wegmarken-pg-"))
        self._password = token_hex(8)
        self._numbers = count(1)
        (self.port,) = free_ports(1)
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)

    def __enter__(self) -> Self:
        (self._folder / "password").write_text(self._password)
        (self._folder / "password").chmod(0o644)
        self._folder.chmod(0o711)
        made = [
            program("initdb"),
            *("--pgdata", str(self._folder / "data"), "--username", USER, "--pwfile", str(self._folder / "password")),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "icu", "--icu-locale", "de"),
            *("--locale", "C", "--no-sync"),
        ]
        subprocess.run(made, check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        """The server's directory, whose files a test may look into."""
        return self._folder / "data"

    def start(self) -> None:
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._folder),
        }
        command = [program("pg_ctl"), "start", "--wait", "--pgdata", str(self.data), "--log", str(self._folder / "log")]
        given = " ".join(f"-c {name}={value}" for name, value in (options | self._settings).items())
        subprocess.run([*command, "--options", given], check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as)

    def stop(self) -> None:
        """At once, with all connections."""
        command = [program("pg_ctl"), "stop", "--mode", "immediate", "--wait", "--pgdata", str(self.data)]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **self._as)

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database with whoever is still connected."""
        name = url.rpartition("/")[2]
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    def cut_off(self, url: str) -> None:
        """End everybody's connections to a database at once, as a network would."""
        theirs = "select pg_terminate_backend(pid, %s) from pg_stat_activity where datname = %s"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for patience in (0, 5000):  # milliseconds: first all are told, then each is waited for
                connection.execute(theirs, (patience, url.rpartition("/")[2]))


def files_of(url: str) -> list[Path]:
    """The files in which a database keeps its tables, after everything has been written to them."""
    with psycopg.connect(url.partition("?")[0], autocommit=True) as connection:
        connection.execute("checkpoint")
        found = connection.execute(
            "select current_setting('data_directory'), oid from pg_database where datname = current_database()"
        ).fetchone()
    assert found is not None
    return [path for path in Path(found[0], "base", str(found[1])).iterdir() if path.is_file()]


if __name__ == "__main__":
    with Cluster({"fsync": "on", "autovacuum": "on", "shared_buffers": "512MB"}) as measured:
        empty = measured.new_database()
        sys.exit(subprocess.run([argument.replace("{url}", empty) for argument in sys.argv[1:]]).returncode)
