"""Those who watch the platform, as containers: Prometheus, what it asks about others, and Grafana."""

from __future__ import annotations

from deploy.generate.places import ALERTMANAGER, CA_FILE, FOREIGN, IMAGES, MONITOR, PUBLIC_TARGET
from deploy.generate.text import Flow, Merging
from deploy.generate.variables import needed


def prometheus() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["prometheus"],
            "command": Flow(
                [
                    "--config.file=/etc/prometheus/prometheus.yml",
                    "--storage.tsdb.path=/prometheus",
                    "--storage.tsdb.retention.time=90d",
                ]
            ),
            "ports": ["127.0.0.1:9090:9090"],
            "volumes": ["./deploy/monitoring/prometheus:/etc/prometheus:ro", "prometheus:/prometheus"],
            "configs": [
                {"source": "ca", "target": CA_FILE},
                {"source": "public-target", "target": PUBLIC_TARGET},
                {"source": "alertmanager", "target": ALERTMANAGER},
            ],
            "secrets": Flow([MONITOR]),
            "networks": Flow(["watch", "inside", "stores", "broker"]),
        },
    )


def blackbox() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["blackbox"],
            "command": Flow(["--config.file=/etc/blackbox/blackbox.yml"]),
            "volumes": ["./deploy/monitoring/blackbox.yml:/etc/blackbox/blackbox.yml:ro"],
            "networks": Flow(["watch", "front", "stores"]),
        },
    )


def node_exporter() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["node"],
            "command": Flow(["--path.rootfs=/host"]),
            "pid": "host",
            "volumes": ["/:/host:ro,rslave"],
            "networks": Flow(["watch"]),
        },
    )


def postgres_exporter() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["postgres-exporter"],
            "environment": {
                "DATA_SOURCE_URI": f"postgres:5432/postgres?sslmode=verify-full&sslrootcert={CA_FILE}",
                "DATA_SOURCE_USER": "monitor",
                "DATA_SOURCE_PASS": needed("MONITOR_PASSWORD"),
            },
            "configs": [{"source": "ca", "target": CA_FILE}],
            "networks": Flow(["watch", "stores"]),
        },
    )


def grafana() -> Merging:
    return Merging(
        FOREIGN,
        {
            "image": IMAGES["grafana"],
            "environment": {
                "GF_SECURITY_ADMIN_PASSWORD": needed("GRAFANA_PASSWORD"),
                "GF_ANALYTICS_REPORTING_ENABLED": "false",
                "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                "GF_USERS_ALLOW_SIGN_UP": "false",
            },
            "ports": ["127.0.0.1:3000:3000"],
            "volumes": [
                "./deploy/monitoring/grafana/provisioning:/etc/grafana/provisioning:ro",
                "./deploy/monitoring/grafana/dashboards:/var/lib/grafana/dashboards:ro",
                "grafana:/var/lib/grafana",
            ],
            "networks": Flow(["watch"]),
        },
    )
