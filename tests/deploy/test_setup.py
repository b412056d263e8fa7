"""What an installation needs once is made once, with certificates that servers and clients accept."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key

from deploy import setup as module
from deploy.processes import CONTAINERS
from deploy.setup import (
    LASTS,
    NODES,
    RABBITMQ_USER,
    RENEW_BEFORE,
    USER,
    AuthorityAway,
    make_certificates,
    set_up,
)
from shared.runtime import disk


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("installation")
    made = set_up(directory)
    assert {f"certificates/{name}/node.crt" for name in NODES} < set(made)
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_once_more_changes_nothing(installation: Path) -> None:
    before = contents(installation)
    assert set_up(installation) == []
    assert contents(installation) == before


def test_every_secret_that_a_process_opens_is_made(installation: Path) -> None:
    for process in CONTAINERS:
        for name in process.secrets:
            assert (installation / "secrets" / name).is_file(), name


def test_nobody_else_reads_keys(installation: Path) -> None:
    keys = [*installation.glob("secrets/*"), *installation.rglob("*.key"), installation / "broker" / "erlang.cookie"]
    assert len(keys) > len(NODES)
    assert stat.S_IMODE((installation / "erasures").stat().st_mode) == 0o700
    for path in keys:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    if os.geteuid() == 0:
        assert (installation / "secrets" / "portal.key").stat().st_uid == USER
        assert (installation / "broker" / "erlang.cookie").stat().st_uid == RABBITMQ_USER
        for name, node in NODES.items():
            assert (installation / "certificates" / name / "node.key").stat().st_uid == node.user


@pytest.mark.parametrize("name", NODES)
def test_a_client_that_checks_everything_trusts_the_server(installation: Path, name: str) -> None:
    folder = installation / "certificates" / name
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "node.crt", folder / "node.key")
    serving.verify_mode = ssl.CERT_REQUIRED  # as between nodes of a cluster, which show each other theirs
    serving.load_verify_locations(folder / "ca" / "ca.crt")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Thread(target=answer_once, args=(listener, serving))
        server.start()
        client = ssl.create_default_context(cafile=str(installation / "certificates" / "ca.crt"))
        client.load_cert_chain(folder / "node.crt", folder / "node.key")
        with (
            socket.create_connection(listener.getsockname(), timeout=10) as plain,
            client.wrap_socket(plain, server_hostname=name) as connection,
        ):
            assert connection.recv(2) == b"ok"
            shown = x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")
        server.join(10)
    assert shown.subject.rfc4514_string() == f"CN={NODES[name].common_name}"


@pytest.mark.parametrize("name", NODES)
def test_a_certificate_is_of_the_kind_that_kurrentdb_loads(installation: Path, name: str) -> None:
    """RSA only, and for both uses."""
    for path in (installation / "certificates" / "ca.crt", installation / "certificates" / name / "node.crt"):
        assert isinstance(x509.load_pem_x509_certificate(path.read_bytes()).public_key(), RSAPublicKey)
    usage = x509.load_pem_x509_certificate(path.read_bytes()).extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and usage.key_encipherment


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_a_broken_off_run_left_to_root_is_given_to_its_user(installation: Path) -> None:
    owners = {installation / "broker" / "erlang.cookie": RABBITMQ_USER} | {
        installation / "certificates" / name / "node.key": node.user for name, node in NODES.items()
    }
    for path in owners:
        os.chown(path, 0, 0)
    assert set_up(installation) == []
    assert {path: path.stat().st_uid for path in owners} == owners


def test_a_run_that_was_broken_off_anywhere_is_made_up_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, key, put = datetime.now(UTC), generate_private_key(public_exponent=65537, key_size=1024), disk.put
    monkeypatch.setattr(module, "_key", lambda: key)  # which one does not matter here, and a long one takes long
    monkeypatch.setattr(module, "NODES", {"postgres": NODES["postgres"]})
    make_certificates(tmp_path / "whole", now)
    whole = set(contents(tmp_path / "whole"))
    for writes in range(len(whole)):
        left = iter(range(writes))

        def put_or_break_off(path: Path, content: bytes, *, mode: int, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise BrokenOff
            put(path, content, mode=mode)

        with monkeypatch.context() as broken, pytest.raises(BrokenOff):
            broken.setattr(disk, "put", put_or_break_off)
            make_certificates(tmp_path / str(writes), now)
        make_certificates(tmp_path / str(writes), now)
        assert set(contents(tmp_path / str(writes))) == whole
        assert make_certificates(tmp_path / str(writes), now) == []


class BrokenOff(Exception):
    """The run ends here."""


def answer_once(listener: socket.socket, context: ssl.SSLContext) -> None:
    accepted, _ = listener.accept()
    with context.wrap_socket(accepted, server_side=True) as connection:
        connection.sendall(b"ok")


def test_only_certificates_that_end_soon_are_made_anew(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    assert len(make_certificates(tmp_path, now)) == 1 + len(NODES)
    soon = now + LASTS - RENEW_BEFORE
    assert make_certificates(tmp_path, soon - timedelta(days=1)) == []
    before = contents(tmp_path)
    assert len(make_certificates(tmp_path, soon + timedelta(days=1))) == len(NODES)
    changed = {name for name, content in contents(tmp_path).items() if before[name] != content}
    assert changed == {f"{name}/node.{kind}" for name in NODES for kind in ("crt", "key")}


def test_the_authority_s_key_may_be_kept_elsewhere_until_it_is_needed(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    make_certificates(tmp_path, now)
    (tmp_path / "ca.key").unlink()
    assert make_certificates(tmp_path, now) == []
    with pytest.raises(AuthorityAway, match="bring it back to make kurrentdb, "):
        make_certificates(tmp_path, now + LASTS)
