"""A backup and what comes back of it, without a running platform (with one: tests/platform/test_backup.py)."""

from __future__ import annotations

import subprocess
import threading
from base64 import b64decode
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from services.portal.login.accounts import Accounts
from services.portal.login.database import PASSING, open_database
from shared.bus.checkpoint import Checkpoint
from shared.contracts.model import Hidden
from shared.eventstore.opening import open_store
from shared.eventstore.port import NO_STREAM, NewEvent
from shared.privacy.access_log import open_access_log
from shared.privacy.erasure_record import read_record
from tests.backup.installation import (
    NEW,
    NOON,
    PASSWORD,
    Installation,
    chain,
    counted,
    erase,
    family_name,
    on,
    person,
    restored,
)
from wegmarken.backup import making
from wegmarken.backup.manifest import Manifest
from wegmarken.backup.survey import read_log


def test_everything_that_is_kept_comes_back(installation: Installation, safe: Path, tmp_path: Path) -> None:
    erase(installation, 0)
    installation.done("backup", "create", tmp_path / "backup")
    other = restored(
        Installation(tmp_path / "other"), tmp_path / "backup", safe, *("--erasures", tmp_path / "backup/erasures.jsonl")
    )
    assert chain(other) == chain(installation)
    assert [family_name(other, person(n)) for n in range(2)] == [Hidden.ERASED, "Muster"]
    with closing(open_database(other.settings.portal)) as database:
        assert Accounts(database).verify("probe", PASSWORD) is not None
    with closing(open_access_log(other.settings.access_log)) as log:
        assert [(each.actor, each.at) for each in log.accesses("2018-11")] == [("probe", NOON)]
    with closing(installation.ring()) as ring, closing(other.ring()) as copied:
        assert copied.erasures() == ring.erasures() == read_record(other.settings.erasures)
    assert {path.name: path.read_bytes() for path in safe.iterdir()} == {
        path.name: path.read_bytes() for path in other.settings.secrets.iterdir()
    }


def test_what_another_program_recorded_is_kept_too(installation: Installation, safe: Path, tmp_path: Path) -> None:
    theirs = NewEvent(event_id="theirs", type="other.Thing", data=b"\xff", metadata=b"")
    with closing(open_store(installation.settings.eventstore)) as store:
        store.append("theirs", [theirs], expected=NO_STREAM, command_id="theirs", digest="")
    installation.done("backup", "create", tmp_path / "backup")
    other = restored(Installation(tmp_path / "other"), tmp_path / "backup", safe)
    assert chain(other) == chain(installation)
    with closing(open_store(other.settings.eventstore)) as store:
        assert [event.data for event in store.read("theirs")] == [b"\xff"]


def test_nobody_is_logged_in_by_a_backup(installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    other = restored(Installation(tmp_path / "other"), tmp_path / "backup", safe)
    assert counted(installation, "sessions") == 1
    assert [counted(other, table) for table in PASSING] == [0, 0]
    with closing(open_database(installation.settings.portal)) as database:
        (session,) = database.read("select digest from sessions")
    assert session["digest"] not in (tmp_path / "backup" / "portal.db").read_bytes()


def test_a_restore_says_as_of_when_accounts_are(installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    installation.done("account", "disable", "probe")
    other = Installation(tmp_path / "other")
    said = other.done("backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    taken_at = Manifest.read(tmp_path / "backup").taken_at
    assert f"Accounts and passwords are those of {taken_at:%Y-%m-%d %H:%M} UTC: disable again" in said
    with closing(open_database(other.settings.portal)) as database:
        assert Accounts(database).verify("probe", PASSWORD) is not None
    other.done("account", "disable", "probe")
    with closing(open_database(other.settings.portal)) as database:
        assert Accounts(database).verify("probe", PASSWORD) is None


@pytest.mark.parametrize("stores", ["files", "servers"])
def test_no_secret_is_in_a_backup_and_files_are_their_owners(
    stores: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    servers = on(request.getfixturevalue("cluster").new_database()) if stores == "servers" else {}
    installation = Installation(tmp_path / "var", servers).begin()
    installation.register(person(0))
    installation.done("backup", "secrets", tmp_path / "safe")
    installation.done("backup", "create", tmp_path / "backup")
    secrets = [path for path in (tmp_path / "safe").iterdir() if "public" not in path.name]
    assert len(secrets) == 8
    found = {path: content_of(path) for path in (tmp_path / "backup").rglob("*") if path.is_file()}
    assert any(b"probe" in content for path, content in found.items() if path.stem == "portal"), "it can be searched"
    for path, content in found.items():
        assert not [secret.name for secret in secrets if any(form in content for form in forms_of(secret))], path
    for path in (*found, *secrets):
        if path.name != "manifest.json":
            assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


def content_of(path: Path) -> bytes:
    """Of a dump, which is compressed, what it says."""
    if path.suffix != ".dump":
        return path.read_bytes()
    return subprocess.run(["pg_restore", "--file=-", path], capture_output=True, check=True).stdout


def forms_of(secret: Path) -> list[bytes]:
    """As a file, a key or a database would hold it: of a PEM what lies between its lines."""
    text = secret.read_text().strip()
    if "-" in text:
        body = "".join(text.splitlines()[1:-1])
        raw = b64decode(body)[-32:]  # where PKCS #8 has the private key
        return [body.encode(), raw, raw.hex().encode()]
    return [text.encode(), bytes.fromhex(text)]


def test_a_backup_beside_writers_belongs_together(installation: Installation, safe: Path, tmp_path: Path) -> None:
    over = threading.Event()

    def register() -> None:
        number = 100
        while not over.is_set():
            installation.register(person(number))
            number += 1

    writer = threading.Thread(target=register)
    writer.start()
    try:
        for number in range(3):
            installation.done("backup", "create", tmp_path / f"backup{number}")
    finally:
        over.set()
        writer.join()
    for number in range(3):
        assert "whole" in installation.done("backup", "verify", tmp_path / f"backup{number}")
    sizes = [Manifest.read(tmp_path / f"backup{number}").store.events for number in range(3)]
    assert sizes == sorted(sizes) and sizes[0] >= 3
    restored(Installation(tmp_path / "other"), tmp_path / "backup2", safe)


def test_whoever_is_registered_between_two_copies_does_no_harm(installation: Installation, tmp_path: Path) -> None:
    numbers = count(100)

    def tell(stage: str, done: int, total: int | None) -> None:
        if stage.startswith("copying"):
            installation.register(person(next(numbers)))

    manifest = making.create(installation.settings, tmp_path / "backup", key_days=1, tell=tell)
    assert manifest.store.events == 3, "those that were there when the copy of the log began"
    assert manifest.keyring.keys > len(read_log(tmp_path / "backup", lambda *_: None).needed)


def test_the_manifest_says_what_the_ledger_would(installation: Installation, tmp_path: Path) -> None:
    said = installation.done("backup", "create", tmp_path / "backup")
    manifest = Manifest.read(tmp_path / "backup")
    assert (manifest.store.events, manifest.store.position, manifest.store.chain) == (3, 3, chain(installation))
    assert manifest.contracts["intake.PersonRegistered"] >= 1
    assert manifest.store.chain in said and "3 events" in said
    assert (manifest.keyring.expires_at - manifest.taken_at).days == 30


def test_the_relay_announces_everything_again(installation: Installation, safe: Path, tmp_path: Path) -> None:
    with closing(Checkpoint(installation.data / Checkpoint.FILE)) as checkpoint:
        checkpoint.advance(0, 2)
    installation.done("backup", "create", tmp_path / "backup")
    other = restored(Installation(tmp_path / "other"), tmp_path / "backup", safe, NEW)
    with closing(Checkpoint(other.data / Checkpoint.FILE)) as checkpoint:
        assert checkpoint.position() == 0
