"""Other people's programs as containers: event store, database, broker, proxy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deploy.generate.places import (
    CERTIFICATES,
    DATABASES,
    FOREIGN,
    HEALTH,
    IMAGES,
    INSTALLATION,
    KURRENTDB_PORT,
    PASSWORDS,
    SCRAPED_PROXY,
    asking,
)
from deploy.generate.text import Flow, Merging
from deploy.generate.variables import needed
from deploy.processes import PORTAL
from deploy.setup import NODES


def kurrentdb(name: str, nodes: Sequence[str]) -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["kurrentdb"],
            "hostname": name,
            "environment": {
                **membership(nodes, name),
                "KURRENTDB_NODE_IP": "0.0.0.0",
                "KURRENTDB_REPLICATION_IP": "0.0.0.0",
                "KURRENTDB_CERTIFICATE_FILE": f"{CERTIFICATES}/node.crt",
                "KURRENTDB_CERTIFICATE_PRIVATE_KEY_FILE": f"{CERTIFICATES}/node.key",
                "KURRENTDB_TRUSTED_ROOT_CERTIFICATES_PATH": f"{CERTIFICATES}/ca",
                "KURRENTDB_CERTIFICATE_RESERVED_NODE_COMMON_NAME": NODES[name].common_name,
                "KURRENTDB_RUN_PROJECTIONS": "None",
                "KURRENTDB_TELEMETRY_OPTOUT": "true",
                "KURRENTDB_DEFAULT_ADMIN_PASSWORD": needed("KURRENTDB_PASSWORD"),
                "KURRENTDB_DEFAULT_OPS_PASSWORD": needed("MONITOR_PASSWORD"),
            },
            "volumes": [_certificates(name), f"{name}:/var/lib/kurrentdb", f"{name}-logs:/var/log/kurrentdb"],
            "networks": Flow(["stores"]),
            "stop_grace_period": "60s",
            "healthcheck": asking(
                "CMD-SHELL",
                f"curl --fail --silent --cacert {CERTIFICATES}/ca/ca.crt https://localhost:{KURRENTDB_PORT}/health/live",
            ),
        },
    )


def membership(nodes: Sequence[str], name: str) -> dict[str, str]:
    """What a node of the event store is told of itself and the others."""
    seeds = ",".join(f"{other}:{KURRENTDB_PORT}" for other in nodes if other != name)
    return {
        "KURRENTDB_CLUSTER_SIZE": str(len(nodes)),
        **({"KURRENTDB_DISCOVER_VIA_DNS": "false", "KURRENTDB_GOSSIP_SEED": seeds} if seeds else {}),
        "KURRENTDB_NODE_HOST_ADVERTISE_AS": name,
        "KURRENTDB_REPLICATION_HOST_ADVERTISE_AS": name,
        "KURRENTDB_ADVERTISE_HOST_TO_CLIENT_AS": name,
    }


def rabbitmq(name: str, *more_configuration: str) -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["rabbitmq"],
            "hostname": name,
            "environment": {
                "RABBITMQ_DEFAULT_USER": "wegmarken",
                "RABBITMQ_DEFAULT_PASS": needed("RABBITMQ_PASSWORD"),
            },
            "volumes": [
                f"{name}:/var/lib/rabbitmq",
                f"{INSTALLATION}/broker/erlang.cookie:/var/lib/rabbitmq/.erlang.cookie:ro",
                "./deploy/rabbitmq/rabbitmq.conf:/etc/rabbitmq/conf.d/10-wegmarken.conf:ro",
                *more_configuration,
                "./deploy/rabbitmq/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro",
            ],
            "networks": Flow(["broker"]),
            "stop_grace_period": "60s",
            "healthcheck": Merging(
                HEALTH,
                {
                    "test": Flow(["CMD", "rabbitmq-diagnostics", "--quiet", "check_port_connectivity"]),
                    "interval": "30s",
                    "timeout": "15s",
                    "start_interval": "5s",
                },
            ),
        },
    )


def postgres() -> Merging:
    initialized_by = "./deploy/postgres/10-databases.sh:/docker-entrypoint-initdb.d/10-databases.sh:ro"
    own = {
        "environment": {
            "POSTGRES_PASSWORD": needed("POSTGRES_PASSWORD"),
            "DATABASES": " ".join(f"{database}={owner}" for database, owner in DATABASES.items()),
            **{variable: needed(variable) for variable in (*PASSWORDS.values(), "MONITOR_PASSWORD")},
            "POSTGRES_INITDB_ARGS": "--encoding=UTF8 --locale=C.UTF-8 --data-checksums",
        },
        "command": Flow(["postgres", *postgres_options()]),
    }
    return _database_server("postgres", initialized_by, own)


def replica() -> Merging:
    own = {
        "user": "postgres",
        "environment": {"REPLICATION_PASSWORD": needed("REPLICATION_PASSWORD")},
        "command": Flow(["sh", "/replica.sh", "postgres", *postgres_options()]),
        "depends_on": {"postgres": {"condition": "service_healthy"}},
    }
    return _database_server("postgres-replica", "./deploy/postgres/replica.sh:/replica.sh:ro", own)


def _database_server(name: str, script: str, own: Mapping[str, Any]) -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["postgres"],
            "hostname": name,
            **own,
            "volumes": [_certificates(name), f"{name}:/var/lib/postgresql/data", script],
            "networks": Flow(["stores"]),
            "shm_size": "256m",
            "stop_grace_period": "60s",
            "healthcheck": asking("CMD", "pg_isready", "--quiet", "--host", "127.0.0.1"),
        },
    )


def postgres_options() -> list[str]:
    """Encrypted connections; and no statement, value or detail of a row in the server's log."""
    options = {
        "ssl": "on",
        "ssl_cert_file": f"{CERTIFICATES}/node.crt",
        "ssl_key_file": f"{CERTIFICATES}/node.key",
        "max_connections": "500",  # each process keeps a few to each of its databases
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _certificates(name: str) -> str:
    return f"{INSTALLATION}/certificates/{name}:{CERTIFICATES}:ro"


def proxy() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["caddy"],
            "read_only": True,
            "cap_drop": Flow(["ALL"]),
            "cap_add": Flow(["NET_BIND_SERVICE"]),
            "environment": {"PUBLIC_HOST": needed("PUBLIC_HOST"), "PROXY_TLS": needed("PROXY_TLS")},
            "ports": ["80:80", "443:443", "443:443/udp"],
            "volumes": [
                "./deploy/proxy/Caddyfile:/etc/caddy/Caddyfile:ro",
                f"{INSTALLATION}/certificates/proxy:/etc/caddy/certificates:ro",
                "proxy:/data",
                "proxy-state:/config",
            ],
            "networks": {"front": {"aliases": [needed("PUBLIC_HOST")]}, "inside": {}},
            "depends_on": {PORTAL.name: {"condition": "service_healthy"}},
            "healthcheck": asking(
                "CMD", "wget", "--quiet", "--spider", "-T", "4", f"http://127.0.0.1:{SCRAPED_PROXY}/metrics"
            ),
        },
    )
