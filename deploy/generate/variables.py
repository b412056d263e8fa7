"""What an installation sets in ``.env`` for the compose files: hosts and passwords. Nothing of it has a default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple


class Variable(NamedTuple):
    """A variable of the compose files. ``tried`` is a value for trying things out on one's own machine."""

    name: str
    meaning: str
    tried: str
    optional: bool = False


PASSWORD: Final = "letters and digits only, it becomes part of a URL (openssl rand -hex 24)"

VARIABLES: Final = (
    Variable("PUBLIC_HOST", "The name under which people reach the pages.", "localhost"),
    Variable(
        "PROXY_TLS",
        "The proxy's certificate: an address of yours for a public authority (ACME), or the county's own files\n"
        "/etc/caddy/certificates/proxy.crt /etc/caddy/certificates/proxy.key, or the word internal for a trial.",
        "internal",
    ),
    Variable("KURRENTDB_PASSWORD", f"Of the event store's administrator; {PASSWORD}.", "tried-kurrentdb"),
    Variable("POSTGRES_PASSWORD", f"Of PostgreSQL's superuser; {PASSWORD}.", "tried-postgres"),
    Variable("DATABASE_PASSWORD", f"Of the services in PostgreSQL; {PASSWORD}.", "tried-database"),
    Variable("PORTAL_PASSWORD", f"Of the pages in PostgreSQL; {PASSWORD}.", "tried-portal"),
    Variable(
        "MONITOR_PASSWORD",
        "Of monitoring in PostgreSQL (user monitor) and in the event store (ops); likewise.",
        "tried-monitor",
    ),
    Variable("RABBITMQ_PASSWORD", f"Of the platform at the broker; {PASSWORD}.", "tried-rabbitmq"),
    Variable("REPLICATION_PASSWORD", "Cluster only: of PostgreSQL's replica; likewise.", "tried-replication"),
    Variable("GRAFANA_PASSWORD", "Monitoring only: of Grafana's user admin.", "tried-grafana"),
    Variable(
        "ALERTMANAGER",
        "Monitoring only: host:port of your Alertmanager, which tells people; without one, alerts reach nobody.",
        "",
        optional=True,
    ),
    Variable("INSTALLATION", "Directory of secrets and certificates, made by setup.", "./installation", optional=True),
    Variable("BACKUPS", "Directory that the tools see as /backups.", "./backups", optional=True),
    Variable("IMAGE", "The platform's image, if it is not built here.", "", optional=True),
    Variable("TOOLS_IMAGE", "The tools' image, likewise.", "", optional=True),
    Variable("LOG_LEVEL", "debug, info, warning or error.", "info", optional=True),
)


def needed(name: str) -> str:
    """A variable without which nothing starts."""
    _check(name, optional=False)
    return f"${{{name}:?is not set, see deploy/env.example}}"


def or_else(name: str, default: str) -> str:
    """A variable that may be left out."""
    _check(name, optional=True)
    return f"${{{name}:-{default}}}"


def _check(name: str, *, optional: bool) -> None:
    (variable,) = (each for each in VARIABLES if each.name == name)
    assert variable.optional == optional, f"{name} is described as optional={variable.optional}"


def example() -> str:
    """``deploy/env.example``: every variable, to be filled in."""
    return "".join(
        _lines("Copy to .env beside docker-compose.yml, readable by its owner only, and fill in.", tried=False)
    )


def tried() -> str:
    """``deploy/env.development``: for one's own machine, never for people's data."""
    return "".join(_lines("For trying things out on one's own machine. Never for people's data.", tried=True))


def _lines(heading: str, *, tried: bool) -> Iterator[str]:
    yield f"# {heading}\n# Generated from deploy/generate/variables.py by python -m deploy.generate.\n"
    for variable in VARIABLES:
        yield "\n" + "".join(f"# {line}\n" for line in variable.meaning.splitlines())
        if variable.optional:
            yield f"#{variable.name}={variable.tried}\n"
        else:
            yield f"{variable.name}={variable.tried if tried else ''}\n"
