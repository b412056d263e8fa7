"""PostgreSQL's containers as processes of this machine: their commands, environments and certificates."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import psycopg

from deploy.generate.places import ROOT
from deploy.ports import free_ports
from tests.deploy.composed import CLUSTER, MAIN, TRIED, composed
from tests.postgres import program
from tests.waiting import until

SCRIPTS = ROOT / "deploy" / "postgres"
PASSWORDS = {
    "DATABASE_PASSWORD": "probe1",
    "REPLICATION_PASSWORD": "probe2",
    "PORTAL_PASSWORD": "probe3",
    "MONITOR_PASSWORD": "probe4",
}
FILLED_IN = TRIED | PASSWORDS
CREATE_SLOT = "select pg_create_physical_replication_slot('replica')"
"""As docs/operations.md has it."""


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
        (self.port,) = free_ports(1)
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
        until(
            lambda: subprocess.run([program("pg_isready"), "-q"], env=self.environment).returncode == 0,
            "the server answers",
        )

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


def give_to_nobody(path: Path) -> None:
    if as_nobody():
        os.chown(path, as_nobody()["user"], -1)


def container(folder: Path, name: str, certificates: Path) -> Container:
    made = folder / name
    made.mkdir()
    give_to_nobody(made)
    return Container(made, certificates)
