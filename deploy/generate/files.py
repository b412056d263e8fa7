"""All generated files by their paths in the repository."""

from __future__ import annotations

import json
from typing import Final

from deploy.generate import compose, dashboards, monitoring, variables
from deploy.generate.proxy import caddyfile
from deploy.generate.text import as_yaml


def generated(source: str) -> str:
    """What stands at the head of a file."""
    return f"Generated from {source} by python -m deploy.generate: change that, not this."


GENERATED: Final = generated("deploy/processes.py")
MAIN: Final = f"""\
Wegmarken on one machine, as containers. How to install and run it: docs/operations.md.
{GENERATED}
"""
DEVELOPMENT: Final = f"""\
For working on the platform: ports on this machine, the checkout's code, logs for reading.
  docker compose --env-file deploy/env.development -f docker-compose.yml -f deploy/compose/development.yml up
After a change: docker compose restart NAME. The pages' packages must be there (./dev up installs them).
{GENERATED}
"""
CLUSTER: Final = f"""\
Three nodes of event store and broker, a replica of the database, processes by count:
  docker compose -f docker-compose.yml -f deploy/compose/cluster.yml up --detach
Here they share a machine; each node may as well be on its own, only names and volumes change.
{GENERATED}
"""
MONITORING: Final = f"""\
Prometheus and Grafana, laid over the main file or the cluster's:
  docker compose -f docker-compose.yml -f deploy/compose/monitoring.yml up --detach
{GENERATED}
"""
WATCHED: Final = generated("deploy/generate/monitoring.py and deploy/processes.py")
SHOWN: Final = generated("deploy/generate/dashboards.py")


def files() -> dict[str, str]:
    """The text of each generated file."""
    grafana = "deploy/monitoring/grafana"
    return {
        "docker-compose.yml": as_yaml(MAIN, compose.main_file(), compose.NOTES),
        "deploy/compose/development.yml": as_yaml(DEVELOPMENT, compose.development_file()),
        "deploy/compose/cluster.yml": as_yaml(CLUSTER, compose.cluster_file()),
        "deploy/compose/monitoring.yml": as_yaml(MONITORING, compose.monitoring_file()),
        "deploy/env.example": variables.example(),
        "deploy/env.development": variables.tried(),
        "deploy/proxy/Caddyfile": caddyfile(),
        "deploy/monitoring/prometheus/prometheus.yml": as_yaml(WATCHED, monitoring.prometheus()),
        "deploy/monitoring/prometheus/alerts.yml": as_yaml(WATCHED, monitoring.alerts()),
        "deploy/monitoring/blackbox.yml": as_yaml(WATCHED, monitoring.blackbox()),
        f"{grafana}/provisioning/datasources/prometheus.yml": as_yaml(SHOWN, dashboards.provisioned_source()),
        f"{grafana}/provisioning/dashboards/wegmarken.yml": as_yaml(SHOWN, dashboards.provisioned_dashboards()),
        **{f"{grafana}/dashboards/{name}.json": _json(dashboards.dashboard(name)) for name in dashboards.DASHBOARDS},
    }


def _json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
