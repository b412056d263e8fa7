"""``python -m deploy.setup DIRECTORY``: what an installation needs once: secrets, the broker's cookie, certificates,
a place for the record of erasures.

May run at any time: what exists stays, only certificates that end within ``RENEW_BEFORE`` are made anew (restart their
servers then). Stores speak TLS under an authority of the installation; the certificate that browsers see is the
proxy's affair. Files belong to the users that the containers run as, and nobody else reads them.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from shared.privacy.secrets import create_secrets
from shared.runtime import disk

USER: Final = 10001
"""The user that the platform's image runs as; see deploy/images/Dockerfile."""
KURRENTDB_USER, POSTGRES_USER, RABBITMQ_USER = 1000, 999, 999
"""Those of the official images."""


class Node(NamedTuple):
    """A server with a certificate: the name in it, and the user who owns its key. Its host name is its own name."""

    common_name: str
    user: int


NODES: Final = {
    **{name: Node("kurrentdb-node", KURRENTDB_USER) for name in ("kurrentdb", "kurrentdb-2", "kurrentdb-3")},
    **{name: Node(name, POSTGRES_USER) for name in ("postgres", "postgres-replica")},
}
"""The nodes of KurrentDB know each other by the common name."""

AUTHORITY: Final = "ca.crt"
AUTHORITY_KEY: Final = "ca.key"
AUTHORITY_LASTS: Final = timedelta(days=3650)
LASTS: Final = timedelta(days=730)
RENEW_BEFORE: Final = timedelta(days=60)


class AuthorityAway(Exception):
    """The authority's key is kept elsewhere, and is needed now. The text says what for, in one line."""


class Pair(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: RSAPrivateKey


def set_up(directory: Path) -> list[str]:
    """Make what is missing or ends soon; what was made, in words. Raises AuthorityAway."""
    made = []
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    had = {path.name for path in (directory / "secrets").glob("*")}
    create_secrets(directory / "secrets")
    made += [f"secrets/{path.name}" for path in _files(directory / "secrets") if path.name not in had]
    _own(USER, directory / "secrets", *_files(directory / "secrets"))
    (directory / "erasures").mkdir(mode=0o700, exist_ok=True)
    _own(USER, directory / "erasures")
    made += _cookie(directory / "broker")
    made += make_certificates(directory / "certificates", datetime.now(UTC))
    return made


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if path.is_file())


def _cookie(directory: Path) -> list[str]:
    """Erlang's cookie: who has it is one of the broker's nodes."""
    path = directory / "erlang.cookie"
    is_new = not path.exists()
    if is_new:
        directory.mkdir(mode=0o700, exist_ok=True)
        disk.create(path, secrets.token_hex(32).encode(), mode=0o400)
    _own(RABBITMQ_USER, path)
    return [f"broker/{path.name}"] if is_new else []


def make_certificates(directory: Path, now: datetime) -> list[str]:
    """Make the authority and its nodes' certificates where they are missing or end soon; what was made.

    Raises AuthorityAway.
    """
    directory.mkdir(mode=0o755, exist_ok=True)
    (directory / "proxy").mkdir(mode=0o755, exist_ok=True)
    made = []
    if not (directory / AUTHORITY).exists():
        _save(_authority(now), directory / AUTHORITY, directory / AUTHORITY_KEY)
        made.append(f"certificates/{AUTHORITY}")
    signer = x509.load_pem_x509_certificate((directory / AUTHORITY).read_bytes())
    due = [name for name in NODES if not _lasts(directory / name / "node.crt", signer, now)]
    if due and not (directory / AUTHORITY_KEY).exists():
        raise AuthorityAway(f"{directory / AUTHORITY_KEY} is not there: bring it back to make {', '.join(due)} anew")
    for name in due:
        authority = _load(directory / AUTHORITY, directory / AUTHORITY_KEY)
        node, of_node = NODES[name], directory / name
        (of_node / "ca").mkdir(mode=0o755, parents=True, exist_ok=True)
        _put(authority.certificate, of_node / "ca" / AUTHORITY)
        _save(_issue(authority, name, node.common_name, now), of_node / "node.crt", of_node / "node.key")
        made.append(f"certificates/{name}/node.crt")
    for name, node in NODES.items():
        _own(node.user, directory / name / "node.key")
    return made


def _lasts(path: Path, authority: x509.Certificate, now: datetime) -> bool:
    """Whether a certificate is there, of this authority, and does not end soon."""
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.issuer == authority.subject and certificate.not_valid_after_utc - now > RENEW_BEFORE


def _key() -> RSAPrivateKey:
    """RSA, as KurrentDB reads no other kind."""
    return generate_private_key(public_exponent=65537, key_size=3072)


def _authority(now: datetime) -> Pair:
    key = _key()
    name = _name(f"Wegmarken installation {secrets.token_hex(4)}")
    builder = _builder(name, name, key, now, AUTHORITY_LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return Pair(builder.sign(key, SHA256()), key)


def _issue(authority: Pair, host: str, common_name: str, now: datetime) -> Pair:
    """For a server that is also a client of its like: nodes of a cluster call each other."""
    key = _key()
    names: Iterable[x509.GeneralName] = (
        x509.DNSName(host),
        x509.DNSName("localhost"),
        x509.IPAddress(ip_address("127.0.0.1")),
    )
    both_sides = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = _builder(_name(common_name), authority.certificate.subject, key, now, LASTS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(both_sides), critical=False)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(signer, critical=False)
    return Pair(builder.sign(authority.key, SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: RSAPrivateKey, now: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # another machine's clock may be late
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """KurrentDB refuses a node's certificate without both, signatures and key encipherment."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=not signs_certificates,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _load(certificate: Path, key: Path) -> Pair:
    loaded = load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(loaded, RSAPrivateKey), f"{key} is not of our making"
    return Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), loaded)


def _save(pair: Pair, certificate: Path, key: Path) -> None:
    """The certificate last: that it is there says that all is."""
    disk.put(key, pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o400)
    _put(pair.certificate, certificate)


def _put(certificate: x509.Certificate, path: Path) -> None:
    disk.put(path, certificate.public_bytes(Encoding.PEM), mode=0o444)


def _own(user: int, *paths: Path) -> None:
    """Give files to a container's user; only root can, and who is not has a single user for all of them.

    At every run, and not only for what it made: a run may be cut off between making and giving.
    """
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, user, user)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m deploy.setup DIRECTORY")
    try:
        for line in set_up(Path(sys.argv[1])) or ["nothing to do"]:
            print(line)
    except AuthorityAway as error:
        sys.exit(str(error))
