"""What Prometheus asks and when it calls somebody. What each alert means and what to do: docs/operations.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from deploy.generate.places import (
    ALERTMANAGER,
    CA_FILE,
    KURRENTDB,
    KURRENTDB_PORT,
    MONITOR,
    PUBLIC_TARGET,
    RABBITMQ,
    SCRAPED_PROXY,
    SECRETS,
)
from deploy.generate.text import Flow
from deploy.processes import CONTAINERS, Process
from shared.bus import topology

PLATFORM: Final = "wegmarken"
"""The label ``platform`` of our own processes."""
EVERY: Final = "15s"
RABBITMQ_METRICS, BLACKBOX, NODE, POSTGRES_EXPORTER = 15692, 9115, 9100, 9187


def prometheus() -> dict[str, Any]:
    """``prometheus.yml``: every process by its name, as many as there are of it."""
    return {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": ["alerts.yml"],
        "alerting": {"alertmanagers": [{"file_sd_configs": [{"files": Flow([ALERTMANAGER])}]}]},
        "scrape_configs": [
            *map(_process, CONTAINERS),
            _by_name("proxy", ("proxy",), SCRAPED_PROXY),
            {
                **_by_name("kurrentdb", KURRENTDB, KURRENTDB_PORT),
                "scheme": "https",
                "tls_config": {"ca_file": CA_FILE},
                # It tells its metrics to those who say who they are; the user ops reads no stream of the system's.
                "basic_auth": {"username": "ops", "password_file": f"{SECRETS}/{MONITOR}"},
                # By its name, which its certificate holds, and not by its address.
                "relabel_configs": [
                    {
                        "source_labels": Flow(["__meta_dns_name"]),
                        "target_label": "__address__",
                        "replacement": f"$1:{KURRENTDB_PORT}",
                    }
                ],
            },
            _by_name("rabbitmq", RABBITMQ, RABBITMQ_METRICS),
            {
                **_by_name("rabbitmq-queues", RABBITMQ, RABBITMQ_METRICS),
                "metrics_path": "/metrics/detailed",
                "params": {"family": Flow(["queue_coarse_metrics"])},
            },
            _by_name("postgres", ("postgres-exporter",), POSTGRES_EXPORTER),
            _by_name("node", ("node-exporter",), NODE),
            _certificates(),
        ],
    }


def _process(process: Process) -> dict[str, Any]:
    job = _by_name(process.name, (process.name,), process.default_port)
    return job | {"relabel_configs": [{"target_label": "platform", "replacement": PLATFORM}]}


def _by_name(job: str, names: Iterable[str], port: int) -> dict[str, Any]:
    return {
        "job_name": job,
        "dns_sd_configs": [{"names": Flow(names), "type": "A", "port": port, "refresh_interval": EVERY}],
    }


def _certificates() -> dict[str, Any]:
    """Those of the event store's nodes, made together with all others inside, and the one that browsers see."""
    return {
        "job_name": "certificates",
        "metrics_path": "/probe",
        "params": {"module": Flow(["tls"])},
        "scrape_interval": "5m",
        "static_configs": [{"targets": [f"{node}:{KURRENTDB_PORT}" for node in KURRENTDB]}],
        "file_sd_configs": [{"files": Flow([PUBLIC_TARGET])}],
        "relabel_configs": [
            {"source_labels": Flow(["__address__"]), "target_label": "__param_target"},
            {"source_labels": Flow(["__param_target"]), "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"blackbox:{BLACKBOX}"},
        ],
    }


def blackbox() -> dict[str, Any]:
    """``blackbox.yml``: looks at certificates and does not judge who signed them; those who connect do."""
    look = {"tls": True, "tls_config": {"insecure_skip_verify": True}}
    return {"modules": {"tls": {"prober": "tcp", "timeout": "10s", "tcp": look}}}


# --- alerts -----------------------------------------------------------------------------------------


class Alert(NamedTuple):
    """When ``expression`` ``holds`` for so long, somebody is told: "page" now, "ticket" by day, "note" later."""

    name: str
    expression: str
    holds: str
    severity: str
    summary: str


WRITABLE: Final = 'fstype!~"tmpfs|overlay|squashfs|iso9660|erofs|vfat"'
FREE_DISK: Final = f"node_filesystem_avail_bytes{{{WRITABLE}}} / node_filesystem_size_bytes{{{WRITABLE}}}"
"""The share of each file system that can fill."""
REPLICA_BEHIND: Final = "max by (slot_name) (pg_replication_slots_pg_wal_lsn_diff)"
"""Bytes of log that the primary keeps for its replica; also told while the replica is away."""
OTHERS: Final = ("proxy", "kurrentdb", "rabbitmq", "postgres", "node")
"""The jobs of programs that are not ours."""
PUBLIC: Final = ".+:443"
"""The probe's target that is the proxy, and not a store's node."""
OF_WORK: Final = 'route!~"/health/.*|/metrics"'
"""What people and programs ask for, and not the engine or Prometheus."""
PARKED: Final = 'queue=~".+[.]parked"'
HANDLED: Final = f'queue!~".+[.]parked|{topology.UNREAD.replace(".", "[.]")}"'
"""The queues whose messages wait for a process of ours, and not for people."""


def _absent() -> str:
    """A container that stopped is found under no name any more: it is missing rather than down."""
    return " or ".join(f'absent(up{{job="{job}"}})' for job in (*(process.name for process in CONTAINERS), *OTHERS))


def _fewer_than_a_day_ago() -> str:
    nodes = 'count by (job) (up{job=~"kurrentdb|rabbitmq"})'
    return f"{nodes} < max_over_time({nodes}[1d:5m])"


def _ends_in(*, of_public: int, of_stores: int) -> str:
    """In days; the proxy renews its own late, those of the stores are renewed by hand."""
    return " or ".join(
        f"probe_ssl_earliest_cert_expiry{{instance{which}}} - time() < {days} * 86400"
        for which, days in ((f'=~"{PUBLIC}"', of_public), (f'!~"{PUBLIC}"', of_stores))
    )


ALERTS: Final = (
    Alert("ProcessDown", "up == 0", "2m", "page", "{{ $labels.job }} on {{ $labels.instance }} does not answer."),
    Alert("ProcessMissing", _absent(), "3m", "page", "No {{ $labels.job }} runs."),
    Alert(
        "NodeMissing",
        _fewer_than_a_day_ago(),
        "3m",
        "page",
        "Of {{ $labels.job }} only {{ $value }} nodes are left.",
    ),
    Alert(
        "SiteAway",
        f'probe_success{{instance=~"{PUBLIC}"}} == 0',
        "2m",
        "page",
        "{{ $labels.instance }} does not answer by its public name.",
    ),
    Alert(
        "ProcessRestarts",
        f'changes(process_start_time_seconds{{platform="{PLATFORM}"}}[15m]) > 3',
        "0m",
        "ticket",
        "{{ $labels.job }} starts again and again.",
    ),
    Alert(
        "RequestsFail",
        f'sum(rate(wegmarken_http_requests_total{{status=~"5..",{OF_WORK}}}[5m]))'
        f" / sum(rate(wegmarken_http_requests_total{{{OF_WORK}}}[5m])) > 0.01",
        "5m",
        "page",
        "More than one request in a hundred fails, or is put off by processes of an older release.",
    ),
    Alert(
        "AnswersSlow",
        f"histogram_quantile(0.99, sum by (job, le) (rate(wegmarken_http_seconds_bucket{{{OF_WORK}}}[10m]))) > 1",
        "10m",
        "ticket",
        "One answer in a hundred of {{ $labels.job }} takes more than a second.",
    ),
    Alert(
        "StoreAway",
        "sum by (job) (increase(wegmarken_store_unavailable_total[1m])) > 0",
        "3m",
        "page",
        "{{ $labels.job }} could not read or append: a store is away.",
    ),
    Alert(
        "ReleasesMixed",
        "sum by (job) (increase(wegmarken_newer_events_total[5m])) > 0",
        "15m",
        "ticket",
        "{{ $labels.job }} meets events that a newer release recorded: part of it is old.",
    ),
    Alert(
        "ViewsLag",
        "max by (view) (wegmarken_view_lag_seconds) > 30",
        "5m",
        "ticket",
        "The view {{ $labels.view }} shows what was {{ $value | humanizeDuration }} ago.",
    ),
    Alert(
        "ViewStopped",
        "max by (view) (wegmarken_view_stopped) > 0",
        "1m",
        "page",
        "The view {{ $labels.view }} met an event that it cannot fold, or of a newer release, and stands.",
    ),
    Alert(
        "RelayLags",
        "min(wegmarken_relay_lag_seconds) > 30",
        "5m",
        "ticket",
        "Events wait to be published, the oldest for {{ $value | humanizeDuration }}.",
    ),
    Alert("NoRelayLeads", "sum(wegmarken_relay_leader) < 1", "2m", "page", "No relay leads: nothing is published."),
    Alert(
        "RelayRepeats",
        "increase(wegmarken_relay_redone_batches_total[15m]) > 5",
        "0m",
        "ticket",
        "The broker does not confirm what is published.",
    ),
    Alert(
        "NobodyReacts",
        "max by (service) (wegmarken_reactions_subscribed) < 1",
        "2m",
        "page",
        "No process of {{ $labels.service }} is subscribed.",
    ),
    Alert(
        "ReactionsBehind",
        f"sum by (queue) (rabbitmq_detailed_queue_messages_ready{{{HANDLED}}}) > 1000",
        "10m",
        "ticket",
        "{{ $value }} messages wait in {{ $labels.queue }}.",
    ),
    Alert(
        "MessagesParked",
        f"max by (queue) (rabbitmq_detailed_queue_messages_ready{{{PARKED}}}) > 0",
        "1m",
        "ticket",
        "{{ $value }} messages were put aside for people in {{ $labels.queue }}.",
    ),
    Alert(
        "ForeignMessages",
        "sum by (service) (increase(wegmarken_reactions_foreign_total[1h])) > 0",
        "0m",
        "ticket",
        "Messages of another platform arrive on the broker.",
    ),
    Alert(
        "CertificateEndsSoon",
        _ends_in(of_public=10, of_stores=30),
        "1h",
        "ticket",
        "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}.",
    ),
    Alert(
        "CertificateEnds",
        _ends_in(of_public=3, of_stores=7),
        "10m",
        "page",
        "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}.",
    ),
    Alert(
        "ContractsEnd",
        'max by (within_days) (wegmarken_contracts_ending{within_days="30"}) > 0',
        "1h",
        "note",
        "{{ $value }} fixed-term contracts end within 30 days.",
    ),
    Alert(
        "DiskFills",
        f"{FREE_DISK} < 0.15",
        "10m",
        "ticket",
        "Of {{ $labels.mountpoint }} less than 15 % is free.",
    ),
    Alert(
        "DiskFullSoon",
        f"predict_linear(node_filesystem_avail_bytes{{{WRITABLE}}}[6h], 86400) < 0",
        "1h",
        "page",
        "{{ $labels.mountpoint }} will be full within a day.",
    ),
    Alert(
        "StoreWritesSlowly",
        "max by (instance) (kurrentdb_writer_flush_duration_max_seconds) > 1",
        "10m",
        "ticket",
        "The event store's disk takes more than a second to write.",
    ),
    Alert(
        "BrokerAlarm",
        "max(rabbitmq_alarms_memory_used_watermark) > 0 or max(rabbitmq_alarms_free_disk_space_watermark) > 0",
        "1m",
        "page",
        "The broker takes no messages: memory or disk is short.",
    ),
    Alert("DatabaseAway", "pg_up == 0", "1m", "page", "PostgreSQL does not answer."),
    Alert(
        "ReplicaLags",
        f"{REPLICA_BEHIND} > 268435456",
        "10m",
        "ticket",
        "PostgreSQL's replica is more than 256 MiB behind.",
    ),
)


def alerts() -> dict[str, Any]:
    """``alerts.yml``."""
    rules = [
        {
            "alert": alert.name,
            "expr": alert.expression,
            "for": alert.holds,
            "labels": {"severity": alert.severity},
            "annotations": {
                "summary": alert.summary,
                "what_to_do": f"docs/operations.md#{alert.name.lower()}",
            },
        }
        for alert in ALERTS
    ]
    return {"groups": [{"name": PLATFORM, "rules": rules}]}
