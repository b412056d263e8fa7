"""The compose files: ``docker-compose.yml`` and what may be laid over it, from the description of the processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deploy.generate.others import kurrentdb, membership, postgres, proxy, rabbitmq, replica
from deploy.generate.ours import AFTER_STORES, ENVIRONMENT, WEGMARKEN, WITH_STORES, service, setup, tools
from deploy.generate.places import (
    CLUSTER_CONF,
    CODE,
    FOREIGN,
    HEALTH,
    INSTALLATION,
    KURRENTDB,
    KURRENTDB_PORT,
    LOGS,
    MONITOR,
    RABBITMQ,
    broker,
    eventstore,
)
from deploy.generate.text import Anchored, Flow, Merging
from deploy.generate.variables import needed, or_else
from deploy.generate.watchers import blackbox, grafana, node_exporter, postgres_exporter, prometheus
from deploy.processes import CONTAINERS, HTTP, PORTAL, PROJECTOR_EACH, REACT_EACH, RELAY, Process
from deploy.setup import AUTHORITY


def main_file() -> dict[str, Any]:
    """One machine that runs containers: a node of each store, the broker, the proxy, and every process."""
    secrets = sorted({name for process in CONTAINERS for name in process.secrets})
    return {
        "name": "wegmarken",
        "x-logs": LOGS,
        "x-health": HEALTH,
        "x-foreign": FOREIGN,
        "x-wegmarken": WEGMARKEN,
        "x-environment": ENVIRONMENT,
        "x-with-stores": WITH_STORES,
        "x-after-stores": AFTER_STORES,
        "services": {
            "proxy": proxy(),
            **{process.name: service(process) for process in CONTAINERS},
            "kurrentdb": kurrentdb("kurrentdb", KURRENTDB[:1]),
            "postgres": postgres(),
            "rabbitmq": rabbitmq("rabbitmq"),
            "setup": setup(),
            "tools": tools(),
        },
        "networks": {
            "front": {},
            "inside": {"internal": True},
            "stores": {"internal": True},
            "broker": {"internal": True},
        },
        "volumes": {
            name: {}
            for name in ("kurrentdb", "kurrentdb-logs", "postgres", "rabbitmq", "relay", "proxy", "proxy-state")
        },
        "configs": {"ca": {"file": f"{INSTALLATION}/certificates/{AUTHORITY}"}},
        "secrets": {name: {"file": f"{INSTALLATION}/secrets/{name}"} for name in secrets},
    }


def development_file() -> dict[str, Any]:
    """Laid over the main file: everything can be reached, the code is that of the checkout, logs are for reading."""
    environment = Anchored("reading", {"WEGMARKEN_LOG_FORMAT": "console", "WEGMARKEN_LOG_LEVEL": "debug"})
    code = [f"./{folder}:{CODE}/{folder}:ro" for folder in ("deploy", "services", "shared", "wegmarken")]
    ports = {"kurrentdb": KURRENTDB_PORT, "postgres": 5432, "rabbitmq": 5672}
    return {
        "x-reading": environment,
        "services": {
            **{
                process.name: {
                    "environment": Merging(environment, {}),
                    "volumes": code,
                    "ports": [f"127.0.0.1:{published}:{process.default_port}"],
                    "networks": Flow(["open"]),
                }
                for published, process in enumerate(CONTAINERS, start=PORTAL.default_port)
            },
            **{
                name: {"ports": [f"127.0.0.1:{port}:{port}"], "networks": Flow(["open"])}
                for name, port in ports.items()
            },
        },
        "networks": {"open": {}},
    }


def cluster_file() -> dict[str, Any]:
    """Laid over the main file: three nodes of store and broker, a replica of the database, processes by count."""
    return {
        "x-health": HEALTH,
        "x-foreign": FOREIGN,
        "x-store-nodes": STORE_NODES,
        "x-broker-nodes": BROKER_NODES,
        "x-other-brokers": OTHER_BROKERS,
        "services": {
            **{process.name: _clustered(process) for process in CONTAINERS},
            "tools": {"environment": BROKER_NODES},
            KURRENTDB[0]: {"environment": membership(KURRENTDB, KURRENTDB[0])},
            **{name: kurrentdb(name, KURRENTDB) for name in KURRENTDB[1:]},
            RABBITMQ[0]: {"volumes": [CLUSTER_CONF]},
            **{name: rabbitmq(name, CLUSTER_CONF) for name in RABBITMQ[1:]},
            "postgres": {"environment": {"REPLICATION_PASSWORD": needed("REPLICATION_PASSWORD")}},
            "postgres-replica": replica(),
        },
        "volumes": {
            name: {}
            for name in (
                *(volume for node in KURRENTDB[1:] for volume in (node, f"{node}-logs")),
                *RABBITMQ[1:],
                "postgres-replica",
            )
        },
    }


STORE_NODES: Final = Anchored("store-nodes", {"WEGMARKEN_EVENTSTORE": eventstore(KURRENTDB)})
BROKER_NODES: Final = Anchored("broker-nodes", {**STORE_NODES, "WEGMARKEN_BROKER": broker(RABBITMQ)})
OTHER_BROKERS: Final = Anchored("other-brokers", {name: {"condition": "service_healthy"} for name in RABBITMQ[1:]})


def _clustered(process: Process) -> dict[str, Any]:
    nodes = BROKER_NODES if process.needs_broker else STORE_NODES if "eventstore" in process.told else None
    return {
        **({"environment": nodes} if nodes else {}),
        # Queues are declared when all nodes are there to hold them.
        **({"depends_on": OTHER_BROKERS} if process.needs_broker else {}),
        "deploy": {"replicas": process.replicas},
    }


def monitoring_file() -> dict[str, Any]:
    """Laid over the main file, and over the cluster's: Prometheus with what it asks, and Grafana."""
    return {
        "x-foreign": FOREIGN,
        "services": {
            "prometheus": prometheus(),
            "blackbox": blackbox(),
            "node-exporter": node_exporter(),
            "postgres-exporter": postgres_exporter(),
            "grafana": grafana(),
        },
        "networks": {"watch": {}},
        "volumes": {"prometheus": {}, "grafana": {}},
        "configs": {
            "public-target": {"content": f"- targets: ['{needed('PUBLIC_HOST')}:443']\n"},
            "alertmanager": {"content": f"- targets: [{or_else('ALERTMANAGER', '')}]\n"},
        },
        "secrets": {MONITOR: {"environment": "MONITOR_PASSWORD"}},
    }


NOTES: Final[Mapping[str, str]] = {
    "x-health": "When an engine looks whether something is ready.",
    "x-environment": "What every process of ours is told.",
    "x-with-stores": "What those of them are told that work with the stores.",
    "x-after-stores": "And that they start when these are ready.",
    "x-wegmarken": (
        "How every process of ours runs: nothing can be written but /tmp, no privilege, ready means ready.\n"
        "Its secrets are files under /run/secrets, only those that it opens."
    ),
    "x-foreign": "How every program of others runs.",
    "proxy": "The only door: TLS, security headers, the limit of a body. Caddy, see deploy/proxy/Caddyfile.",
    PORTAL.name: "The pages. Opens neither store nor key ring.",
    HTTP[0].name: "Commands and queries, a process per service.",
    PROJECTOR_EACH[0].name: "Read models; reporting's also keeps the ledger.",
    RELAY.name: "Publishes what was stored. Its checkpoint is in the volume; it opens no secret.",
    REACT_EACH[0].name: "Reactions and timers.",
    KURRENTDB[0]: "The event store: what was recorded.",
    "postgres": "Views, ledger, key ring, access log, accounts and sessions: a database each.",
    RABBITMQ[0]: "The broker: messages name events and hold no data.",
    "setup": "Once, before the first start: docker compose run --rm setup. Makes secrets and certificates.",
    "tools": "The command line: docker compose run --rm tools account add NAME --role team-lead",
}
