"""Where things are for containers: images, files, databases, and the addresses by which processes find each other."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from deploy.generate.text import Anchored, Flow, Merging
from deploy.generate.variables import needed, or_else
from deploy.processes import HTTP, PROJECTOR_EACH, REACT_EACH, RELAY, Process, addresses
from deploy.setup import NODES

ROOT: Final = Path(__file__).parents[2]

IMAGES: Final = {
    "kurrentdb": "kurrentplatform/kurrentdb:25.1.3",
    "rabbitmq": "rabbitmq:4.0.5",
    "postgres": "postgres:15.10-bookworm",
    "caddy": "caddy:2.8.4-alpine",
    "prometheus": "prom/prometheus:v2.55.1",
    "blackbox": "prom/blackbox-exporter:v0.25.0",
    "node": "prom/node-exporter:v1.8.2",
    "postgres-exporter": "prometheuscommunity/postgres-exporter:v0.16.0",
    "grafana": "grafana/grafana:11.3.1",
}
"""Other people's images, each of one version. Whoever raises one reads its release notes first."""

INSTALLATION: Final = or_else("INSTALLATION", "./installation")
CODE: Final = "/srv/wegmarken"
"""Where the image keeps the platform's code; see deploy/images/Dockerfile."""
CA_FILE: Final = "/etc/wegmarken/ca.crt"
SECRETS: Final = "/run/secrets"
MONITOR: Final = "monitor.password"
"""The secret by which Prometheus asks the event store."""
PUBLIC_TARGET: Final = "/etc/prometheus-targets/public.yml"
ALERTMANAGER: Final = "/etc/prometheus-targets/alertmanager.yml"
CERTIFICATES: Final = "/certificates"
SCRAPED_PROXY: Final = 2020
"""The port on which the proxy tells its metrics, inside only."""

KURRENTDB: Final = tuple(name for name in NODES if name.startswith("kurrentdb"))
KURRENTDB_PORT: Final = 2113
RABBITMQ: Final = ("rabbitmq", "rabbitmq-2", "rabbitmq-3")
CLUSTER_CONF: Final = "./deploy/rabbitmq/cluster.conf:/etc/rabbitmq/conf.d/20-cluster.conf:ro"
DATABASES: Final = {**dict.fromkeys(("views", "ledger", "keyring", "access_log"), "wegmarken"), "portal": "portal"}
"""PostgreSQL's databases, called like the settings that name them, and who owns each.

One per use, since each is kept and backed up in its own way; the pages' own role opens nothing of the services.
"""
PASSWORDS: Final = {"wegmarken": "DATABASE_PASSWORD", "portal": "PORTAL_PASSWORD"}
"""The variables with the passwords of these roles."""

HEALTH: Final = Anchored(
    "health", {"interval": "10s", "timeout": "5s", "retries": 3, "start_period": "60s", "start_interval": "1s"}
)
LOGS: Final = Anchored("logs", {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}})
FOREIGN: Final = Anchored(
    "foreign",
    {"restart": "unless-stopped", "security_opt": Flow(["no-new-privileges:true"]), "logging": LOGS},
)
"""What we ask of every program that is not ours."""


def asking(*command: str) -> Merging:
    """Healthy while this command succeeds."""
    return Merging(HEALTH, {"test": Flow(command)})


def eventstore(nodes: Iterable[str]) -> str:
    hosts = ",".join(f"{node}:{KURRENTDB_PORT}" for node in nodes)
    return f"kurrentdb://admin:{needed('KURRENTDB_PASSWORD')}@{hosts}?Tls=true&TlsCaFile={CA_FILE}"


def broker(nodes: Iterable[str]) -> str:
    return ";".join(f"amqp://wegmarken:{needed('RABBITMQ_PASSWORD')}@{node}:5672/" for node in nodes)


def database(name: str) -> str:
    owner = DATABASES[name]
    return f"postgresql://{owner}:{needed(PASSWORDS[owner])}@postgres:5432/{name}?sslmode=verify-full&sslrootcert={CA_FILE}"


def _url(process: Process) -> str:
    return f"http://{process.name}:{process.default_port}"


def told(settings: Iterable[str]) -> dict[str, str]:
    """Settings with their values in a container, by the names of their variables."""
    values = {
        "data": "/data",
        "eventstore": eventstore(KURRENTDB[:1]),
        "broker": broker(RABBITMQ[:1]),
        "secrets": SECRETS,
        "erasures": "/erasures/erasures.jsonl",
        "services": addresses(HTTP, _url),
        "processes": addresses((*PROJECTOR_EACH, RELAY, *REACT_EACH), _url),
        "public_url": f"https://{needed('PUBLIC_HOST')}",
        **{name: database(name) for name in DATABASES},
    }
    return {f"WEGMARKEN_{setting.upper()}": values[setting] for setting in settings}
