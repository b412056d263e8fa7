"""What can be set: one table, read from the environment once at start.

``docs/configuration.md`` is this table, written out by ``as_markdown``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

PREFIX: Final = "WEGMARKEN_"
EVENTSTORES: Final = ("sqlite", "kurrentdb", "kurrentdb+discover", "esdb", "esdb+discover")
"""Schemes of the URLs of event stores."""


class ConfigurationError(Exception):
    """A setting is missing or wrong. The text is one line for whoever starts the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process; see ``SETTINGS`` for what they mean."""

    data: Path
    eventstore: str
    broker: str
    views: str
    ledger: str
    keyring: str
    access_log: str
    access_log_months: int
    erasures: Path
    secrets: Path
    clock: Literal["system", "manual"]
    host: str
    port: int
    share_port: bool
    max_body: int
    log_level: str
    log_format: Literal["json", "console"]
    issuer: str
    retry_delays: tuple[float, ...]
    timers_every: float
    services: Mapping[str, str]
    processes: Mapping[str, str]
    portal: str
    public_url: str
    idle: float

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read every setting. Raises ConfigurationError for a value that does not fit, or a name nobody knows."""
        known = {setting.variable for setting in SETTINGS}
        if unknown := sorted(name for name in env if name.startswith(PREFIX) and name not in known):
            raise ConfigurationError(f"{unknown[0]} is not a setting; docs/configuration.md lists them all")
        data = env.get(f"{PREFIX}DATA") or "var"
        return cls(**{setting.name: setting.read(env, data) for setting in SETTINGS})

    def views_url(self, service: str) -> str:
        """The URL of a service's database of views; in PostgreSQL of its own schema."""
        return self.views.replace("{service}", service)

    @property
    def broker_url(self) -> str:
        """The broker's URL. Raises ConfigurationError when none is set."""
        if not self.broker:
            raise ConfigurationError(f"{PREFIX}BROKER is not set: it names the RabbitMQ to use (amqp://…)")
        return self.broker


class Setting(NamedTuple):
    """One row of the table. ``{data}`` in a default or value stands for the data directory."""

    name: str
    default: str
    meaning: str
    parse: Callable[[str], Any]
    secret: bool = False
    """The value may hold a password: it is never shown."""

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    def read(self, env: Mapping[str, str], data: str) -> Any:
        """The value from the environment or the default. Raises ConfigurationError."""
        text = env.get(self.variable) or self.default
        try:
            return self.parse(text.replace("{data}", data))
        except ValueError as error:
            shown = "" if self.secret else f"={text}"
            raise ConfigurationError(f"{self.variable}{shown}: {error}") from None


def _text(text: str) -> str:
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}")
        return text

    return parse


def _url(*schemes: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text and text.partition("://")[0] not in schemes:
            raise ValueError(f"expected an URL that starts with {' or '.join(f'{s}://' for s in schemes)}")
        return text

    return parse


def _urls(*schemes: str) -> Callable[[str], str]:
    """Several, semicolons between them."""
    one = _url(*schemes)

    def parse(text: str) -> str:
        return ";".join(one(part) for part in map(str.strip, text.split(";")) if part)

    return parse


def _database(schema: str, *, files: bool = False) -> Callable[[str], str]:
    """A SQLite file by URL (``files``: by path) or a PostgreSQL database, in which this use has a schema of its own."""

    def parse(text: str) -> str:
        scheme = text.partition("://")[0]
        if scheme.partition("+")[0] in ("postgresql", "postgres"):
            try:
                parts = urlsplit(text)
            except ValueError:  # whose text quotes the password
                raise ValueError("this is no URL") from None
            query = {"schema": schema} | dict(parse_qsl(parts.query))
            return urlunsplit(parts._replace(scheme="postgresql", query=urlencode(query, safe="{}")))
        if (text.startswith("sqlite:///") and not files) or (files and scheme == text):
            return text
        raise ValueError(
            f"expected {'a path' if files else 'sqlite:///path'} or postgresql://user:password@host/database"
        )

    return parse


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"expected a whole number from {least} to {most}")
        return int(text)

    return parse


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 86_400:
        raise ValueError("expected seconds, more than 0 and at most 86400")
    return seconds


def _delays(text: str) -> tuple[float, ...]:
    return tuple(_seconds(part.strip()) for part in text.split(","))


def _switch(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _addresses(text: str) -> Mapping[str, str]:
    """``name=URL`` after ``name=URL``, separated by commas."""
    pairs = [part.strip().partition("=") for part in text.split(",") if part.strip()]
    if any(re.fullmatch(r"[a-z-]+", name) is None or not re.match(r"https?://", url) for name, _, url in pairs):
        raise ValueError("expected name=http://host:port, several separated by commas")
    return {name: url.rstrip("/") for name, _, url in pairs}


def _origin(text: str) -> str:
    if text and re.fullmatch(r"https?://[^/?#@]+/?", text) is None:
        raise ValueError("expected scheme and host, as in https://wegmarken.example")
    return text.rstrip("/")


SETTINGS: Final = (
    Setting("data", "var", "Directory of everything that is kept; `{data}` below.", Path),
    Setting(
        "eventstore",
        "sqlite:///{data}/events.db",
        "The event store: `sqlite:///path`, or a KurrentDB or EventStoreDB"
        " `kurrentdb://user:password@host:2113,host:2113` (also `esdb://`, with `+discover` for one name of many"
        " nodes). After `?`, its connection options: `Tls`, `TlsCaFile`, `DefaultDeadline` (seconds; 10),"
        " `KeepAliveInterval` and `KeepAliveTimeout` (milliseconds; 10000) and the others.",
        _url(*EVENTSTORES),
        secret=True,
    ),
    Setting(
        "broker",
        "",
        "RabbitMQ, `amqp://user:password@host:port/vhost`; of a cluster several, `;` between them. Needed by react and"
        " relay.",
        _urls("amqp", "amqps"),
        secret=True,
    ),
    Setting(
        "views",
        "sqlite:///{data}/{service}.db",
        "Database of each service's views.",
        _database("{service}"),
        secret=True,
    ),
    Setting(
        "ledger",
        "sqlite:///{data}/ledger.db",
        "Reporting's own hash-chained copy of the log.",
        _database("ledger"),
        secret=True,
    ),
    Setting(
        "keyring",
        "sqlite:///{data}/keys.db",
        "The key ring: every person's keys, outside the store.",
        _database("keyring"),
        secret=True,
    ),
    Setting(
        "access_log",
        "{data}/access-log",
        "Records of who read personal data: a directory or a PostgreSQL database.",
        _database("access_log", files=True),
        secret=True,
    ),
    Setting(
        "access_log_months",
        "24",
        "For how many months these records are kept: `wegmarken access-log drop` deletes none that is younger.",
        _whole(1, 1200),
    ),
    Setting(
        "erasures",
        "{data}/erasures.jsonl",
        "Record of who was erased: a file to which `wegmarken erase` adds, and from which a restore erases again."
        " Best on other hardware than the key ring.",
        Path,
    ),
    Setting(
        "secrets",
        "{data}/secrets",
        "Directory of the master keys and the issuer's key; readable by its owner only.",
        Path,
    ),
    Setting(
        "clock",
        "system",
        "The business clock: `system` (today in Europe/Berlin) or `manual` (advanced by `POST /clock`).",
        _one_of("system", "manual"),
    ),
    Setting("host", "127.0.0.1", "Address to listen on.", _text),
    Setting("port", "0", "Port to listen on; 0 takes any free one.", _whole(0, 65_535)),
    Setting(
        "share_port",
        "no",
        "`yes` lets several http processes of one service share the port (SO_REUSEPORT).",
        _switch,
    ),
    Setting("max_body", "65536", "Largest body of a request, bytes.", _whole(1024, 16_777_216)),
    Setting(
        "log_level", "info", "`debug`, `info`, `warning` or `error`.", _one_of("debug", "info", "warning", "error")
    ),
    Setting("log_format", "json", "`json`: one object per line; `console`: for reading.", _one_of("json", "console")),
    Setting("issuer", "wegmarken", "Who must have issued an access token (claim `iss`).", _text),
    Setting(
        "retry_delays",
        "1,5,30,120",
        "Seconds between the attempts at a message that fails; then it is parked.",
        _delays,
    ),
    Setting("timers_every", "0.2", "Seconds between two looks at what has fallen due.", _seconds),
    Setting(
        "services",
        "",
        "Where the portal finds the others: `intake=http://host:port,eligibility=…,casework=…,reporting=…`.",
        _addresses,
    ),
    Setting(
        "processes",
        "",
        "Where the portal finds the health of what serves no API: `projector=http://host:port,relay=…,react=…`; where"
        " each service has its own, `react-casework=…`.",
        _addresses,
    ),
    Setting(
        "portal",
        "{data}/portal.db",
        "The portal's accounts and sessions: a file (SQLite) or a PostgreSQL database.",
        _database("portal", files=True),
        secret=True,
    ),
    Setting(
        "public_url",
        "",
        "The portal's address as its users see it, if a proxy stands before it: `https://…` makes cookies secure, and"
        " the proxy's `X-Forwarded-For` is believed.",
        _origin,
    ),
    Setting(
        "idle", "1800", "Seconds without a sign of life after which somebody is logged out of the portal.", _seconds
    ),
)


def as_markdown() -> str:
    """The table as ``docs/configuration.md``."""
    rows = "\n".join(
        f"| `{setting.variable}` | {f'`{setting.default}`' if setting.default else '(none)'} | {setting.meaning} |"
        for setting in SETTINGS
    )
    return HEADING + rows + "\n"


HEADING: Final = """\
# Configuration

Every process and every command reads these environment variables at its start; a bad value ends it with one line
and exit code 2. `{data}` stands for the data directory, `{service}` for the service's name.

Where a database is named (views, ledger, key ring, access log, portal), PostgreSQL may take the place of files:
`postgresql://user:password@host/database`. All may name the same database: each makes a schema of its own in it
(`intake`, `casework`, … for the views, then `ledger`, `keyring`, `access_log`, `portal`); `?schema=name` chooses
another. The database must be encoded in UTF-8; whatever its language, text is sorted as in SQLite. Further parameters
of the URL are libpq's, such as `sslmode=verify-full`.

This page is the table `SETTINGS` in `shared/runtime/config.py`, written out by
`.venv/bin/python -m shared.runtime.config > docs/configuration.md`; a test compares.

| variable | default | meaning |
|---|---|---|
"""


if __name__ == "__main__":
    print(as_markdown(), end="")
