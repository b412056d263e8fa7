"""The URL of a server: what it leaves open, and what is wrong with it, without telling the password."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from cryptography.x509 import load_pem_x509_certificates
from kurrentdbclient.connection_spec import ConnectionSpec

from shared.runtime.config import ConfigurationError

SCHEMES: Final = ("kurrentdb", "kurrentdb+discover", "esdb", "esdb+discover")
DEFAULTS: Final = {
    "DefaultDeadline": "10",
    "KeepAliveInterval": "10000",
    "KeepAliveTimeout": "10000",
    "GossipTimeout": "2",
    "MaxDiscoverAttempts": "1",
}
"""Seconds a call may take; milliseconds between two signs of life, and until one must be answered; seconds for which a
node is asked who leads, and how often before the adapter itself decides whether it asks again."""


def with_defaults(url: str) -> str:
    """The URL with what it leaves open. Raises ConfigurationError, in whose text nothing of the URL appears."""
    try:
        given = {name.lower() for name, _ in parse_qsl(urlsplit(url).query)}
        missing = "&".join(f"{name}={value}" for name, value in DEFAULTS.items() if name.lower() not in given)
        query = "&" if given else "" if url.endswith("?") else "?"
        complete = f"{url}{query}{missing}" if missing else url
        spec = ConnectionSpec(complete)
    except ValueError as error:
        reason = "TLS needs a user and a password (or Tls=false)" if "required" in str(error) else EXPECTED
        raise ConfigurationError(f"the event store's URL cannot be used: {reason}") from None
    if not spec.options.default_deadline:
        raise ConfigurationError("the event store's URL cannot be used: DefaultDeadline is at least one second")
    if spec.options.tls_ca_file and not _holds_certificates(Path(spec.options.tls_ca_file)):
        raise ConfigurationError("the event store's URL cannot be used: TlsCaFile is no file of certificates")
    return complete


def _holds_certificates(file: Path) -> bool:
    try:
        return bool(load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError):
        return False


EXPECTED: Final = "expected kurrentdb://user:password@host:2113,host:2113?Option=value"
