"""Copies of key rings expire, and none outlives whoever was killed while making it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.contracts.model import Hidden
from tests.backup.installation import NEW, Installation, erase, family_name, person, refused, restored
from wegmarken.backup import expiry, restoring
from wegmarken.backup.drafts import BackupRefused, drafted, remove_left


def test_an_expired_key_ring_is_refused_and_a_newer_one_takes_its_place(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    installation.done("backup", "create", old, "--key-days", "1")
    installation.register(person(7))
    erase(installation, 0)
    installation.done("backup", "create", new)
    tomorrow = datetime.now(UTC) + timedelta(days=2)

    def wanted(keys_of: Path) -> restoring.Wanted:
        return restoring.Wanted(directory=old, keys_of=keys_of, erasures=[], secrets=safe)

    other = Installation(tmp_path / "other")
    with pytest.raises(BackupRefused, match="expired on"):
        restoring.restore(wanted(old), other.settings, now=tomorrow, tell=lambda *_: None)
    restoring.restore(wanted(new), other.settings, now=tomorrow, tell=lambda *_: None)
    assert [family_name(other, person(n)) for n in range(2)] == [Hidden.ERASED, "Muster"]


def test_expired_key_rings_are_dropped_and_the_rest_stays_good(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    installation.done("backup", "create", backups / "old", "--key-days", "1")
    installation.done("backup", "create", backups / "new")
    soon = datetime.now(UTC) + timedelta(days=2)
    assert expiry.drop_keys(backups, now=soon) == [backups / "old"]
    assert not (backups / "old" / "keys.db").exists() and (backups / "new" / "keys.db").exists()
    assert "which were dropped" in installation.done("backup", "verify", backups / "old")
    other = Installation(tmp_path / "other")
    line = refused(other, "backup", "restore", backups / "old", "--secrets", safe, NEW)
    assert "was dropped: name a newer backup" in line
    restored(other, backups / "old", safe, NEW, "--keys", backups / "new")
    assert "1 key ring dropped" in installation.done("backup", "drop-keys", backups, "--older-than", "0")


BROKEN_OFF = """
import sys
from pathlib import Path
from wegmarken.backup.making import create
from shared.runtime.config import Settings

def tell(stage, done, total):
    if stage == "copying portal":
        print("key ring copied", flush=True)
        sys.stdin.read()

create(Settings.from_environment(), Path(sys.argv[1]), key_days=30, tell=tell)
"""


@pytest.mark.parametrize("cleaner", ["create", "restore", "drop-keys"])
def test_nothing_stays_of_a_backup_that_was_killed(
    cleaner: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "whole")
    backups = tmp_path / "backups"
    arguments = [sys.executable, "-c", BROKEN_OFF, str(backups / "one")]
    environment = {**os.environ, **installation.environment}
    with subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None and maker.stdout.readline() == b"key ring copied\n"
        (draft,) = (path for path in backups.iterdir() if path.is_dir())
        assert "0 key rings" in installation.done("backup", "drop-keys", backups), "it is under way"
        assert (draft / "keys.db").exists()
        maker.kill()
    assert (draft / "keys.db").exists(), "nobody had the time to remove it"
    if cleaner == "drop-keys":
        assert f"removed  {draft}" in installation.done("backup", "drop-keys", backups)
        assert list(backups.iterdir()) == []
    elif cleaner == "create":
        installation.done("backup", "create", backups / "two")
        assert list(backups.iterdir()) == [backups / "two"]
    else:
        restored(Installation(backups / "var"), tmp_path / "whole", safe)
        assert list(backups.iterdir()) == [backups / "var"]


def test_what_other_programs_left_beside_a_backup_stays(tmp_path: Path) -> None:
    (foreign := tmp_path / ".probe-0123abcd").mkdir()
    (tmp_path / ".probe-0123abcd.lock").touch()
    with drafted(tmp_path / "backup"):
        assert foreign.is_dir()
    assert remove_left(tmp_path) == []
    assert {path.name for path in tmp_path.iterdir()} == {".probe-0123abcd", ".probe-0123abcd.lock", "backup"}


def test_what_another_user_left_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's refusal is put in place of the other user: whoever tests may be root."""
    (left := tmp_path / ".theirs-0123abcd.wegmarken").mkdir()
    lock = tmp_path / ".theirs-0123abcd.wegmarken.lock"
    lock.touch()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", forbidden)
        assert remove_left(tmp_path) == []
    assert left.is_dir() and lock.exists()
    assert remove_left(tmp_path) == [left], "it was told by its name"


def forbidden(path: Path, mode: str) -> None:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_a_key_ring_older_than_the_log_is_refused(installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "old")
    installation.register(person(7))
    installation.done("backup", "create", tmp_path / "new")
    other = Installation(tmp_path / "other")
    line = refused(other, "backup", "restore", tmp_path / "new", "--secrets", safe, NEW, "--keys", tmp_path / "old")
    assert "the key ring is older than the log" in line
    stranger = Installation(tmp_path / "stranger").begin()
    stranger.register(person(1))
    stranger.done("backup", "create", tmp_path / "theirs")
    line = refused(other, "backup", "restore", tmp_path / "new", "--secrets", safe, NEW, "--keys", tmp_path / "theirs")
    assert "another installation" in line
