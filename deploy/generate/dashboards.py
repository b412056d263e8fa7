"""Grafana's dashboards: one to see at a glance how the platform does, one of what it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from deploy.generate.monitoring import FREE_DISK, HANDLED, OF_WORK, PARKED, REPLICA_BEHIND

SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
ACROSS: Final = 24
"""Columns of Grafana's grid."""
HEIGHT: Final = 8


class Panel(NamedTuple):
    """A chart: ``lines`` are a query and the legend of what it gives; ``unit`` is Grafana's name of it."""

    title: str
    says: str
    unit: str
    lines: Sequence[tuple[str, str]]
    width: int = 8
    kind: str = "timeseries"


def _failed() -> str:
    failed = f'wegmarken_http_requests_total{{status=~"5..",{OF_WORK}}}'
    return f"sum by (job, status) (rate({failed}[$__rate_interval]))"


def _written() -> str:
    return 'sum by (instance) (rate(kurrentdb_io_events_total{activity="written"}[$__rate_interval]))'


def _quantile(share: str) -> str:
    buckets = f"wegmarken_http_seconds_bucket{{{OF_WORK}}}"
    return f"histogram_quantile({share}, sum by (le) (rate({buckets}[$__rate_interval])))"


OVERVIEW: Final = (
    Panel(
        "Processes", "How many of each kind answer.", "short", (('sum by (job) (up{platform="wegmarken"})', "{{job}}"),)
    ),
    Panel(
        "Requests with a body",
        "Commands, searches and forms, per second.",
        "reqps",
        (('sum by (job) (rate(wegmarken_http_requests_total{method="POST"}[$__rate_interval]))', "{{job}}"),),
    ),
    Panel(
        "Time to the answer",
        "From the request's head to the answer, all services together.",
        "s",
        ((_quantile("0.5"), "half"), (_quantile("0.99"), "99 of 100")),
    ),
    Panel(
        "Failures",
        "Answers with a status of 500 and above, how often a store was away, and events of a newer release.",
        "reqps",
        (
            (_failed(), "{{job}} {{status}}"),
            ("sum by (job) (rate(wegmarken_store_unavailable_total[$__rate_interval]))", "{{job}} store away"),
            ("sum by (job) (rate(wegmarken_newer_events_total[$__rate_interval]))", "{{job}} is older"),
        ),
    ),
    Panel(
        "Views behind, seconds",
        "The age of the oldest event that a view has not folded.",
        "s",
        (("max by (view) (wegmarken_view_lag_seconds)", "{{view}}"),),
    ),
    Panel(
        "Views behind, positions",
        "Positions between a view and the end of the log.",
        "short",
        (("max by (view) (wegmarken_view_lag_events)", "{{view}}"),),
    ),
    Panel(
        "Relay behind",
        "The age of the oldest event that is not published.",
        "s",
        (("min(wegmarken_relay_lag_seconds)", "relay"),),
    ),
    Panel(
        "Queues",
        "Messages that wait to be handled.",
        "short",
        ((f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{{{HANDLED}}})", "{{queue}}"),),
    ),
    Panel(
        "Reactions",
        "Messages handled, put back for a later attempt, and put aside, per second.",
        "ops",
        (
            ("sum by (service) (rate(wegmarken_reactions_handled_total[$__rate_interval]))", "{{service}} handled"),
            ("sum by (service) (rate(wegmarken_reactions_retried_total[$__rate_interval]))", "{{service}} retried"),
            ("sum by (service) (rate(wegmarken_reactions_parked_total[$__rate_interval]))", "{{service}} parked"),
        ),
    ),
    Panel(
        "Parked messages",
        "Put aside for people: wegmarken parked list.",
        "short",
        ((f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{{{PARKED}}})", "{{queue}}"),),
        6,
        "stat",
    ),
    Panel(
        "Stopped views",
        "Views that met an event they cannot fold.",
        "short",
        (("sum(wegmarken_view_stopped)", "stopped"),),
        6,
        "stat",
    ),
    Panel(
        "Contracts that end",
        "Fixed-term contracts that end within so many days.",
        "short",
        (("max by (within_days) (wegmarken_contracts_ending)", "within {{within_days}} days"),),
        6,
        "stat",
    ),
    Panel(
        "Certificates end in",
        "The first of each chain.",
        "s",
        (("min by (instance) (probe_ssl_earliest_cert_expiry) - time()", "{{instance}}"),),
        6,
        "stat",
    ),
)

STANDS_ON: Final = (
    Panel(
        "Event store: written",
        "Events per second.",
        "wps",
        ((_written(), "{{instance}}"),),
    ),
    Panel(
        "Event store: the disk's longest write",
        "Within the last seconds.",
        "s",
        (("max by (instance) (kurrentdb_writer_flush_duration_max_seconds)", "{{instance}}"),),
    ),
    Panel(
        "Connections to the event store made anew",
        "By our processes, per second.",
        "ops",
        (("sum by (job) (rate(wegmarken_eventstore_reconnections_total[$__rate_interval]))", "{{job}}"),),
    ),
    Panel(
        "Published",
        "Events that the broker took over, and batches published again, per second.",
        "ops",
        (
            ("sum(rate(wegmarken_relay_published_total[$__rate_interval]))", "published"),
            ("sum(rate(wegmarken_relay_redone_batches_total[$__rate_interval]))", "batches again"),
        ),
    ),
    Panel("Broker's nodes", "That answer.", "short", (('sum(up{job="rabbitmq"})', "nodes"),)),
    Panel(
        "PostgreSQL: size",
        "Of each database.",
        "bytes",
        (('pg_database_size_bytes{datname!~"template.+"}', "{{datname}}"),),
    ),
    Panel(
        "PostgreSQL: replica behind",
        "Bytes of its log that the replica has not taken.",
        "bytes",
        ((REPLICA_BEHIND, "{{slot_name}}"),),
    ),
    Panel(
        "Free disk",
        "Share of each file system.",
        "percentunit",
        ((FREE_DISK, "{{mountpoint}}"),),
    ),
    Panel(
        "Processor",
        "Cores that our processes use.",
        "short",
        (('sum by (job) (rate(process_cpu_seconds_total{platform="wegmarken"}[$__rate_interval]))', "{{job}}"),),
    ),
    Panel(
        "Memory",
        "Of our processes.",
        "bytes",
        (('sum by (job) (process_resident_memory_bytes{platform="wegmarken"})', "{{job}}"),),
    ),
)

DASHBOARDS: Final = {
    "overview": ("Wegmarken", OVERVIEW),
    "stands-on": ("Wegmarken: stores, broker, machines", STANDS_ON),
}


def dashboard(name: str) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    title, panels = DASHBOARDS[name]
    return {
        "uid": f"wegmarken-{name}",
        "title": title,
        "tags": ["wegmarken"],
        "timezone": "browser",
        "schemaVersion": 39,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "panels": list(_placed(panels)),
    }


def _placed(panels: Iterable[Panel]) -> Iterator[dict[str, Any]]:
    """In rows from left to right."""
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > ACROSS:
            x, y = 0, y + HEIGHT
        yield _panel(number, panel) | {"gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT}}
        x += panel.width


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + n), "datasource": SOURCE, "expr": query, "legendFormat": legend}
            for n, (query, legend) in enumerate(panel.lines)
        ],
    }


def provisioned_source() -> dict[str, Any]:
    """Where Grafana finds Prometheus."""
    source = {
        "name": "Prometheus",
        "uid": SOURCE["uid"],
        "type": "prometheus",
        "access": "proxy",
        "url": "http://prometheus:9090",
        "isDefault": True,
        "editable": False,
        "jsonData": {"timeInterval": "15s"},
    }
    return {"apiVersion": 1, "datasources": [source]}


def provisioned_dashboards() -> dict[str, Any]:
    """Where Grafana finds its dashboards."""
    provider = {
        "name": "Wegmarken",
        "type": "file",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": "/var/lib/grafana/dashboards"},
    }
    return {"apiVersion": 1, "providers": [provider]}
