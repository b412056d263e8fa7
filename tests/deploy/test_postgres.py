"""PostgreSQL as the compose files start it: the platform's databases over TLS only, and a replica that follows."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.generate.places import CA_FILE, DATABASES, ROOT
from deploy.setup import set_up
from shared.database.postgres import connect
from shared.runtime.config import Settings
from tests.deploy.composed import CLUSTER, MAIN, TRIED, composed
from tests.postgres import program

pytestmark = pytest.mark.platform

SCRIPTS = ROOT / "deploy" / "postgres"
PASSWORDS = {
    "DATABASE_PASSWORD": "probe1",
    "REPLICATION_PASSWORD": "probe2",
    "PORTAL_PASSWORD": "probe3",
    "MONITOR_PASSWORD": "probe4",
}
FILLED_IN = TRIED | PASSWORDS


def told(service: str) -> dict[str, str]:
    """The environment of a container in a cluster."""
    environment: dict[str, str] = composed(MAIN, CLUSTER, environment=FILLED_IN)["services"][service]["environment"]
    return environment


class Container:
    """One server with what its container would give it: certificates, data directory, environment."""

    def __init__(self, folder: Path, certificates: Path) -> None:
        self.folder, self.certificates = folder, certificates
        self.data = folder / "data"
        self.running: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            "PATH": f"{Path(program('psql')).parent}{os.pathsep}{os.environ['PATH']}",
            "PGDATA": str(self.data),
            "PGHOST": str(folder),
            "PGPORT": str(self.port),
            "POSTGRES_USER": "postgres",
            "PGSSLROOTCERT": str(certificates / "ca.crt"),
            **{name: value for name, value in told("postgres").items() if not name.startswith("POSTGRES_")},
        }

    def run(self, *command: str, **more: str) -> None:
        environment = self.environment | more
        subprocess.run(command, check=True, env=environment, cwd="/", stdout=subprocess.DEVNULL, **as_nobody())

    def start(self, service: str, **more: str) -> None:
        """With the command of its container, whose places are others here."""
        command = composed(MAIN, CLUSTER)["services"][service]["command"]
        own = ("-p", str(self.port), "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off")
        self.running = subprocess.Popen(
            [*map(self._here, command), *own],
            env=self.environment | more,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("wb"),
            **as_nobody(),
        )
        until(lambda: subprocess.run([program("pg_isready"), "-q"], env=self.environment).returncode == 0)

    def _here(self, word: str) -> str:
        return word.replace("/certificates", str(self.certificates / "postgres")).replace(
            "/replica.sh", str(SCRIPTS / "replica.sh")
        )

    def stop(self) -> None:
        if self.running is not None:
            self.running.terminate()
            self.running.wait(30)

    def connect(self, database: str, user: str, password: str = "", tls: str = "verify-full") -> psycopg.Connection:
        ca = self.certificates / "ca.crt"
        where = f"host=localhost hostaddr=127.0.0.1 port={self.port} sslmode={tls} sslrootcert={ca}"
        return psycopg.connect(f"{where} dbname={database} user={user} password={password}", autocommit=True)


def as_nobody() -> dict[str, int]:
    """PostgreSQL refuses to run as root."""
    return {"user": pwd.getpwnam("nobody").pw_uid} if os.geteuid() == 0 else {}


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Short enough for a socket's path, and everybody may pass through."""
    made = Path(tempfile.mkdtemp(prefix="wegmarken-pg-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def certificates(folder: Path) -> Path:
    set_up(folder / "installation")
    made = folder / "installation" / "certificates"
    give_to_nobody(made / "postgres" / "node.key")
    return made


def give_to_nobody(path: Path) -> None:
    if as_nobody():
        os.chown(path, as_nobody()["user"], -1)


def container(folder: Path, name: str, certificates: Path) -> Container:
    made = folder / name
    made.mkdir()
    give_to_nobody(made)
    return Container(made, certificates)


@pytest.fixture(scope="module")
def primary(folder: Path, certificates: Path) -> Iterator[Container]:
    server = container(folder, "primary", certificates)
    server.run(program("initdb"), "--username", "postgres", "--auth", "trust", "--no-sync", "--locale", "C.UTF-8")
    server.start("postgres")
    try:
        server.run("sh", str(SCRIPTS / "10-databases.sh"))
        server.run(program("psql"), "--username", "postgres", "--command", "select pg_reload_conf()")
        yield server
    finally:
        server.stop()


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


def test_a_replica_takes_a_copy_and_follows(primary: Container, folder: Path, certificates: Path) -> None:
    replica = container(folder, "replica", certificates)
    first = {"PRIMARY": "localhost", "PRIMARY_PORT": str(primary.port), "PGHOST": str(replica.folder)}
    try:
        replica.start("postgres-replica", **first)
        with primary.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as connection:
            connection.execute("create table probe (number integer)")
            connection.execute("insert into probe values (1)")
        with replica.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as copy:
            until(lambda: copy.execute("select to_regclass('probe')").fetchone() != (None,))
            until(lambda: copy.execute("select number from probe").fetchone() == (1,))
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                copy.execute("insert into probe values (2)")
    finally:
        replica.stop()


def test_the_server_s_log_tells_no_value(primary: Container) -> None:
    with primary.connect("views", "wegmarken", PASSWORDS["DATABASE_PASSWORD"]) as connection:
        connection.execute("create table named (name text primary key)")
        connection.execute("insert into named values ('Probe Muster')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into named values ('Probe Muster')")
    until(lambda: b"named_pkey" in (primary.folder / "log").read_bytes())
    assert b"Muster" not in (primary.folder / "log").read_bytes()
