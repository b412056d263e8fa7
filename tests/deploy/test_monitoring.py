"""Alerts and dashboards ask for what is there, in a language that Prometheus understands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY

from deploy.generate.dashboards import DASHBOARDS
from deploy.generate.monitoring import ALERTS, OTHERS
from deploy.generate.places import KURRENTDB, ROOT, SECRETS
from deploy.processes import CONTAINERS
from shared.bus import topology
from shared.contracts.subscriptions import SUBSCRIPTIONS
from tests.deploy.composed import CLUSTER, MAIN, MONITORING, TRIED, composed

MONITORED = ROOT / "deploy" / "monitoring"
PROMETHEUS = yaml.safe_load((MONITORED / "prometheus" / "prometheus.yml").read_text())
OPERATIONS = ROOT / "docs" / "operations.md"

OURS_IN = (
    "services.casework.metrics",
    "shared.api.metrics",
    "shared.bus.metrics",
    "shared.projections.metrics",
    "shared.runtime.metrics",
)
"""The modules in which the platform's metrics are made."""
FOREIGN = {
    "Prometheus itself": ("up",),
    "blackbox exporter": ("probe_ssl_earliest_cert_expiry", "probe_success"),
    "KurrentDB": ("kurrentdb_io_events_total", "kurrentdb_writer_flush_duration_max_seconds"),
    "RabbitMQ": (
        "rabbitmq_alarms_free_disk_space_watermark",
        "rabbitmq_alarms_memory_used_watermark",
        "rabbitmq_detailed_queue_messages_ready",
    ),
    "postgres exporter": ("pg_up", "pg_database_size_bytes", "pg_replication_slots_pg_wal_lsn_diff"),
    "node exporter": ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
}
"""What others tell, as their documentation names it."""


GIVEN_BY_PROMETHEUS = {"job", "instance", "platform", "le"}


def exported() -> dict[str, set[str]]:
    """Every metric that our processes tell, with the process's own of the client library; and the labels of each."""
    for module in OURS_IN:
        __import__(module)
    names: dict[str, set[str]] = {}
    for collector in list(REGISTRY._collector_to_names):
        for family in collector.collect():
            labels = set(getattr(collector, "_labelnames", getattr(family, "_labelnames", ())))
            parts = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ())
            names |= dict.fromkeys((family.name, *(f"{family.name}{part}" for part in parts)), labels)
    return names


def queries() -> Iterator[tuple[str, str]]:
    for alert in ALERTS:
        yield alert.name, alert.expression
    for name in DASHBOARDS:
        for panel in json.loads((MONITORED / "grafana" / "dashboards" / f"{name}.json").read_text())["panels"]:
            for target in panel["targets"]:
                yield panel["title"], target["expr"].replace("$__rate_interval", "1m")


@pytest.mark.parametrize(("where", "query"), list(queries()))
def test_every_query_is_one_and_asks_for_what_is_there(where: str, query: str) -> None:
    asked = list(_asked(promql_parser.parse(query), frozenset()))
    ours, others = exported(), {name for names in FOREIGN.values() for name in names}
    assert asked
    for metric, labels in asked:
        assert metric in ours or metric in others, (where, metric)
        if metric in ours:
            assert labels <= ours[metric] | GIVEN_BY_PROMETHEUS, (where, metric, labels)


def _asked(expression: object, grouped_by: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Each metric of an expression, with the labels that it is chosen and grouped by."""
    match expression:
        case promql_parser.VectorSelector():
            yield expression.name, grouped_by | {matcher.name for matcher in expression.matchers.matchers}
        case promql_parser.MatrixSelector():
            yield from _asked(expression.vector_selector, grouped_by)
        case promql_parser.Call():
            for argument in expression.args:
                yield from _asked(argument, grouped_by)
        case promql_parser.AggregateExpr():
            labels = expression.modifier.labels if expression.modifier else ()
            yield from _asked(expression.expr, grouped_by | set(labels))
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            yield from _asked(expression.expr, grouped_by)
        case promql_parser.BinaryExpr():
            yield from _asked(expression.lhs, grouped_by)
            yield from _asked(expression.rhs, grouped_by)


@pytest.mark.parametrize("where", ["ReactionsBehind", "Queues"])
def test_what_waits_for_a_process_is_counted_and_nothing_else(where: str) -> None:
    (query,) = (query for name, query in queries() if name == where)
    (counted,) = _matchers(promql_parser.parse(query), "queue")
    assert counted.op == promql_parser.MatchOp.NotRe
    handled = {name for service in SUBSCRIPTIONS for name in topology.queues_of(service, topology.DELAYS)}
    others = {topology.UNREAD, *map(topology.parked_queue, SUBSCRIPTIONS)}
    assert {name for name in handled | others if not re.fullmatch(counted.value, name)} == handled


def _matchers(expression: object, label: str) -> list[promql_parser.Matcher]:
    """How an expression chooses by a label."""
    match expression:
        case promql_parser.VectorSelector():
            return [matcher for matcher in expression.matchers.matchers if matcher.name == label]
        case promql_parser.AggregateExpr():
            return _matchers(expression.expr, label)
        case promql_parser.BinaryExpr():
            return _matchers(expression.lhs, label) + _matchers(expression.rhs, label)
        case _:
            return []


def test_what_each_alert_means_is_written_down() -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    for alert in ALERTS:
        assert f"\n### {alert.name}\n" in text, f"{alert.name} has no section in docs/operations.md"
    told = set(re.findall(r"^### ([A-Z][A-Za-z]+[A-Z][A-Za-z]+)$", text, re.MULTILINE))
    assert told <= {alert.name for alert in ALERTS}, "a section of an alert that is no more"


def test_every_process_is_asked_and_missed() -> None:
    asked = {job["job_name"]: job for job in PROMETHEUS["scrape_configs"]}
    (missed,) = (alert.expression for alert in ALERTS if alert.name == "ProcessMissing")
    for process in CONTAINERS:
        (found,) = asked[process.name]["dns_sd_configs"]
        assert (found["names"], found["port"]) == ([process.name], process.default_port)
    for job in (*(process.name for process in CONTAINERS), *OTHERS):
        assert job in asked and f'absent(up{{job="{job}"}})' in missed


@pytest.mark.parametrize(("where", "targets"), [("", []), ("alerts.example.org:9093", ["alerts.example.org:9093"])])
def test_alerts_reach_whom_the_installation_names(where: str, targets: list[str]) -> None:
    stack = composed(MAIN, MONITORING, environment=TRIED | {"ALERTMANAGER": where})
    (alertmanagers,) = PROMETHEUS["alerting"]["alertmanagers"]
    ((file,),) = (found["files"] for found in alertmanagers["file_sd_configs"])
    mounted = {each["target"]: each["source"] for each in stack["services"]["prometheus"]["configs"]}
    assert yaml.safe_load(stack["configs"][mounted[file]]["content"]) == [{"targets": targets}]


def test_prometheus_has_a_user_of_the_event_store_and_not_the_administrator() -> None:
    stack = composed(MAIN, CLUSTER, MONITORING)
    (job,) = (job for job in PROMETHEUS["scrape_configs"] if job["job_name"] == "kurrentdb")
    path = PurePosixPath(job["basic_auth"]["password_file"])
    assert str(path.parent) == SECRETS and path.name in stack["services"]["prometheus"]["secrets"]
    password = TRIED[stack["secrets"][path.name]["environment"]]
    for node in KURRENTDB:
        told = stack["services"][node]["environment"]
        assert told[f"KURRENTDB_DEFAULT_{job['basic_auth']['username'].upper()}_PASSWORD"] == password
        assert told["KURRENTDB_DEFAULT_ADMIN_PASSWORD"] != password


def test_prometheus_reaches_whom_it_asks() -> None:
    services = composed(MAIN, CLUSTER, MONITORING)["services"]
    for job in PROMETHEUS["scrape_configs"]:
        for name in (name for found in job.get("dns_sd_configs", ()) for name in found["names"]):
            assert set(services[name]["networks"]) & set(services["prometheus"]["networks"]), name
