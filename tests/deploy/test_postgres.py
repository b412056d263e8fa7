"""PostgreSQL as the compose files start it: the platform's databases over TLS only, and a replica that follows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.generate.places import CA_FILE, DATABASES
from shared.database.postgres import connect
from shared.runtime.config import Settings
from tests.deploy.database import CREATE_SLOT, PASSWORDS, Container, container, told
from tests.postgres import program
from tests.waiting import until

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def replica(primary: Container, folder: Path, certificates: Path) -> Iterator[Container]:
    server = container(folder, "replica", certificates)
    try:
        server.start("postgres-replica", **to_copy(primary))
        yield server
    finally:
        server.stop()


def to_copy(primary: Container) -> dict[str, str]:
    """Where a replica's script finds whom to copy."""
    return {"PRIMARY": "localhost", "PRIMARY_PORT": str(primary.port)}


@pytest.mark.parametrize("setting", DATABASES)
def test_the_platform_reaches_each_of_its_databases_by_the_url_that_it_is_told(
    primary: Container, setting: str
) -> None:
    url = told("tools")[f"WEGMARKEN_{setting.upper()}"]
    here = url.replace("@postgres:5432", f"@localhost:{primary.port}").replace(
        CA_FILE, str(primary.certificates / "ca.crt")
    )
    settings = Settings.from_environment({f"WEGMARKEN_{setting.upper()}": here})
    with connect(getattr(settings, setting)) as connection:
        assert connection.execute("select current_database()").fetchone() == (setting,)
        connection.execute("create schema probe")
        connection.execute("drop schema probe")
        assert connection.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone() == (True,)


@pytest.mark.parametrize(
    ("database", "user", "password"),
    [
        ("keyring", "wegmarken", "wrong"),
        ("keyring", "wegmarken", ""),
        ("keyring", "postgres", ""),
        ("keyring", "replicator", PASSWORDS["REPLICATION_PASSWORD"]),
        ("keyring", "monitor", PASSWORDS["MONITOR_PASSWORD"]),
        *((name, "portal", PASSWORDS["PORTAL_PASSWORD"]) for name in DATABASES if name != "portal"),
        ("portal", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]),
    ],
)
def test_nobody_else_gets_in(primary: Container, database: str, user: str, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password|permission denied"):
        primary.connect(database, user, password)


def test_nobody_gets_in_without_encryption(primary: Container) -> None:
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        primary.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"], tls="disable")


def test_monitoring_reads_figures_of_every_database_and_slot(primary: Container) -> None:
    with primary.connect("postgres", "monitor", PASSWORDS["MONITOR_PASSWORD"]) as connection:
        sizes = connection.execute("select datname, pg_database_size(datname) from pg_database").fetchall()
        assert {name for name, size in sizes if size > 0} >= set(DATABASES)
        assert connection.execute("select slot_name from pg_replication_slots").fetchall() == [("replica",)]


def test_a_replica_takes_a_copy_and_follows(primary: Container, replica: Container) -> None:
    write(primary, 1)
    follows(replica, 1)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        write(replica, 2)


def test_the_server_s_log_tells_no_value(primary: Container) -> None:
    with primary.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as connection:
        connection.execute("create table named (name text primary key)")
        connection.execute("insert into named values ('Probe Muster')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into named values ('Probe Muster')")
    until(lambda: b"named_pkey" in (primary.folder / "log").read_bytes(), "the server has logged it")
    assert b"Muster" not in (primary.folder / "log").read_bytes()


def test_the_replica_takes_the_primary_s_place_and_gets_a_replica_of_its_own(
    primary: Container, replica: Container, folder: Path, certificates: Path
) -> None:
    """In the order of docs/operations.md. The last test here: the primary stays away."""
    write(primary, 10)
    follows(replica, 10)
    primary.stop()
    replica.run(program("pg_ctl"), "promote")
    replica.stop()
    replica.start("postgres")
    replica.run(program("psql"), "--username", "postgres", "--command", CREATE_SLOT)
    another = container(folder, "another", certificates)
    try:
        another.start("postgres-replica", **to_copy(replica))
        write(replica, 11)
        follows(another, 10, 11)
    finally:
        another.stop()


def write(server: Container, number: int) -> None:
    with server.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as connection:
        connection.execute("create table if not exists probe (number integer)")
        connection.execute("insert into probe values (%s)", [number])


def follows(server: Container, *numbers: int) -> None:
    with server.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as copy:
        until(lambda: copy.execute("select to_regclass('probe')").fetchone() != (None,), "the table is copied")
        until(
            lambda: set(numbers) <= {number for (number,) in copy.execute("select number from probe")},
            "all rows are copied",
        )
