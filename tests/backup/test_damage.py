"""What is damaged, foreign or in the way is refused by name, and nothing is half done."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from shared.eventstore.opening import open_store
from tests.backup.installation import NEW, Installation, chain, erase, family_name, person, refused, replace, restored

NOBODY = 65534
BROKEN = ("events.db", "keys.db", "portal.db", "erasures.jsonl", "access-log/access-2018-11.db", "manifest.json")


@pytest.mark.parametrize("how", ["broken off", "altered", "missing"])
@pytest.mark.parametrize("name", BROKEN)
def test_what_was_altered_is_refused_by_name(
    name: str, how: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    erase(installation, 0)
    installation.done("backup", "create", tmp_path / "backup")
    path = tmp_path / "backup" / name
    content = path.read_bytes()
    half = len(content) // 2
    path.unlink() if how == "missing" else path.write_bytes(
        content[:half] + (b"" if how == "broken off" else bytes([content[half] ^ 1]) + content[half + 1 :])
    )
    assert name in refused(installation, "backup", "verify", tmp_path / "backup")
    other = Installation(tmp_path / "other")
    assert name in refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert not other.data.exists()


def test_a_manifest_that_was_written_anew_does_not_fit_its_own_digest(
    installation: Installation, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    told = json.loads(path.read_text())
    told["keyring"]["expires_at"] = "2999-01-01T00:00:00+00:00"
    path.write_bytes(orjson.dumps(told))
    assert "manifest.json was altered" in refused(installation, "backup", "verify", tmp_path / "backup")


@pytest.mark.parametrize(("command", "of"), [("verify", "one"), ("drop-keys", "")])
def test_a_backup_that_may_not_be_read_is_not_called_altered(
    command: str, of: str, installation: Installation, tmp_path: Path
) -> None:
    """As after a copy by root; nor is a key ring that cannot be dropped left behind in silence."""
    installation.done("backup", "create", tmp_path / "backups" / "one")
    with closed(tmp_path / "backups" / "one"):
        line = refused(installation, "backup", command, tmp_path / "backups" / of)
    assert "is closed to this user" in line and "altered" not in line


@contextmanager
def closed(directory: Path) -> Iterator[None]:
    """To whoever we are then: root reads everything, so it is somebody else."""
    directory.chmod(0)
    if is_root := os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        directory.chmod(0o700)


def test_a_key_ring_that_lost_keys_makes_no_backup(installation: Installation, tmp_path: Path) -> None:
    with closing(open_store(installation.settings.eventstore)) as store:
        assert store.head() == 3
    for path in installation.data.glob("keys.db*"):
        path.unlink()
    installation.ring().close()
    line = refused(installation, "backup", "create", tmp_path / "backups" / "one")
    assert "keys are missing (3 of identity" in line
    assert list((tmp_path / "backups").iterdir()) == [], "and nothing half-done is left"


def test_nothing_is_written_over(installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    before = (tmp_path / "backup" / "manifest.json").read_bytes()
    assert "there already" in refused(installation, "backup", "create", tmp_path / "backup")
    assert (tmp_path / "backup" / "manifest.json").read_bytes() == before
    head = chain(installation)
    line = refused(installation, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert f"{installation.data} is there already" in line
    assert chain(installation) == head
    assert "there already" in refused(installation, "backup", "secrets", safe)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("master-identity.key", "these are other master keys"),
        ("pseudonym.key", "has other secrets than the backup was made with: pseudonym.key"),
        ("digest.key", "has other secrets than the backup was made with: digest.key"),
    ],
)
def test_other_secrets_are_refused(name: str, why: str, installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    replace(safe / name, tmp_path)
    other = Installation(tmp_path / "other")
    assert why in refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert not other.data.exists()


@pytest.mark.parametrize(
    ("how", "name"),
    [
        ("another", "master-identity.key"),
        ("another", "pseudonym.key"),
        ("another", "issuer-private.pem"),
        ("missing", "master-identity.key"),
        ("missing", "pseudonym.key"),
    ],
)
def test_secrets_that_are_in_place_are_those_of_the_safe_place(
    how: str, name: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    used = tmp_path / "used"
    shutil.copytree(safe, used)
    (used / name).unlink() if how == "missing" else replace(used / name, tmp_path)
    other = Installation(tmp_path / "other", {"WEGMARKEN_SECRETS": str(used)})
    line = refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert f"{used}, which processes will use, has other secrets than {safe}: {name}" in line
    assert not other.data.exists()
    shutil.copyfile(safe / name, used / name)
    assert family_name(restored(other, tmp_path / "backup", safe), person(0)) == "Muster"


def test_whoever_makes_backups_need_not_see_all_secrets(installation: Installation, safe: Path, tmp_path: Path) -> None:
    """As the container of the command line, in which some are left out."""
    seen = tmp_path / "seen"
    shutil.copytree(safe, seen)
    for name in ("portal.key", "issuer-private.pem"):
        (seen / name).unlink()
    Installation(installation.data, {"WEGMARKEN_SECRETS": str(seen)}).done("backup", "create", tmp_path / "backup")
    for number, options in enumerate([(), ("--secrets", safe)]):
        other = Installation(tmp_path / f"other{number}", {"WEGMARKEN_SECRETS": str(seen)})
        other.done("backup", "restore", tmp_path / "backup", *options, NEW)
        assert family_name(other, person(0)) == "Muster"


def test_a_backup_without_proofs_of_secrets_comes_back_too(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    told = json.loads(path.read_text())
    del told["secrets"], told["digest"]
    told["digest"] = sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    path.write_bytes(orjson.dumps(told))
    restored(Installation(tmp_path / "other"), tmp_path / "backup", safe)


@pytest.mark.parametrize("name", ["pseudonym.key", "issuer-private.pem"])
def test_secrets_are_kept_and_restored_all_or_not_at_all(
    name: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    (installation.settings.secrets / name).unlink()
    assert name in refused(installation, "backup", "secrets", tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()
    (safe / name).unlink()
    other = Installation(tmp_path / "other")
    assert name in refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert not other.data.exists()


def test_what_was_never_there_is_no_backup(installation: Installation, tmp_path: Path) -> None:
    assert "is no backup" in refused(installation, "backup", "verify", tmp_path)
    nowhere = Installation(tmp_path / "nowhere")
    assert "is not there" in refused(nowhere, "backup", "create", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
