"""A backup and what comes back of it, without a running platform (with one: tests/platform/test_backup.py)."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.portal.login.accounts import Accounts
from services.portal.login.database import PASSING, open_database
from shared.bus.checkpoint import Checkpoint
from shared.contracts.codec import decode
from shared.contracts.model import Hidden, PersonalClass, PersonId
from shared.database import postgres
from shared.database.dumps import is_empty
from shared.eventstore.chain import Chain
from shared.eventstore.copying import everything
from shared.eventstore.opening import open_store
from shared.privacy.access_log import open_access_log
from shared.privacy.erasure_record import add_to_record, read_record
from shared.privacy.keyring import Erasure
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import create_secrets
from tests.backup.conftest import NOON, PASSWORD, Installation, person
from tests.eventstore.served import served
from tests.postgres import Cluster
from wegmarken.backup import expiry, making, restoring
from wegmarken.backup.drafts import BackupRefused
from wegmarken.backup.manifest import Manifest
from wegmarken.backup.survey import read_log

IDENTITY = PersonalClass.IDENTITY
NEW = "--no-later-erasures"
BROKEN = ("events.db", "keys.db", "portal.db", "erasures.jsonl", "access-log/access-2018-11.db", "manifest.json")


def restored(to: Installation, directory: Path, safe: Path, *options: str | Path) -> Installation:
    """The installation that comes back; one with nobody erased since unless options say otherwise."""
    to.done("backup", "restore", directory, "--secrets", safe, *(options or (NEW,)))
    return to


def chain(installation: Installation) -> str:
    with closing(open_store(installation.settings.eventstore)) as store:
        found = Chain()
        for event in everything(store):
            found.add(event)
        return found.digest


def family_name(installation: Installation, person_id: PersonId) -> Any:
    """As somebody with all masters reads it."""
    with closing(open_store(installation.settings.eventstore)) as store, closing(installation.ring()) as ring:
        (stored,) = store.read(f"person-{person_id}")
        event: Any = decode(stored, KeyRingSealer(ring)).event
        return event.family_name


def erase(installation: Installation, number: int) -> None:
    installation.done("erase", person(number), "--reason", "request", "--yes")


def replace(secret: Path, room: Path) -> None:
    """By that of another installation."""
    create_secrets(room / "stranger")
    secret.write_bytes((room / "stranger" / secret.name).read_bytes())


def counted(installation: Installation, table: str) -> int:
    with closing(open_database(installation.settings.portal)) as database:
        found: int = database.read(f"select count(*) as found from {table}")[0]["found"]
        return found


def refused(installation: Installation, *arguments: str | Path, code: int = 1) -> str:
    """The clear line that says why; no traceback."""
    result = installation.run(*arguments)
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit | None)
    return result.stderr


# --- there and back ---------------------------------------------------------------------------------


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


# --- erasures ---------------------------------------------------------------------------------------


def test_whoever_was_erased_since_is_erased_again(installation: Installation, safe: Path, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    erase(installation, 1)
    record = tmp_path / "record.jsonl"
    record.write_bytes(installation.settings.erasures.read_bytes())
    other = restored(Installation(tmp_path / "other"), tmp_path / "backup", safe, "--erasures", record)
    assert [family_name(other, person(n)) for n in range(3)] == ["Muster", Hidden.ERASED, "Muster"]
    with closing(installation.ring()) as ring, closing(other.ring()) as copied:
        told = [(each.subject, each.personal_class, each.erased_at, each.reason) for each in ring.erasures()]
        assert told == [(each.subject, each.personal_class, each.erased_at, each.reason) for each in copied.erasures()]
    assert read_record(other.settings.erasures) == read_record(record)


def test_without_a_word_on_later_erasures_nothing_is_restored(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    other = Installation(tmp_path / "other")
    assert "--erasures FILE" in refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, code=2)
    assert not other.data.exists()


@pytest.mark.parametrize(
    ("kept", "why"),
    [
        (lambda whole: whole[:-20], "line 4 was broken off"),
        (lambda whole: whole[: whole.index(b"\n") - 20], "line 1 was broken off"),
        (lambda whole: b"", "is empty"),
        (lambda whole: whole[: whole.index(b"\n") + 1], "lacks erasures that the backup has (1)"),
        (lambda whole: whole[whole.index(b"\n") + 1 :], "lacks erasures that the backup has (1)"),
    ],
)
def test_a_record_that_lost_something_is_refused(
    kept: Callable[[bytes], bytes], why: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    erase(installation, 0)
    installation.done("backup", "create", tmp_path / "backup")
    erase(installation, 1)
    record = tmp_path / "record.jsonl"
    record.write_bytes(kept(installation.settings.erasures.read_bytes()))
    other = Installation(tmp_path / "other")
    line = refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, "--erasures", record)
    assert why in line and not other.data.exists()


def test_a_record_older_than_a_newer_key_ring_is_refused(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    erase(installation, 0)
    installation.done("backup", "create", tmp_path / "old")
    erase(installation, 1)
    installation.done("backup", "create", tmp_path / "new")
    record = tmp_path / "old" / "erasures.jsonl"
    options = ("--secrets", safe, "--keys", tmp_path / "new", "--erasures", record)
    line = refused(Installation(tmp_path / "other"), "backup", "restore", tmp_path / "old", *options)
    assert "lacks erasures that the backup has (2)" in line


def test_an_empty_record_where_the_settings_say_answers_nothing(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    other = Installation(tmp_path / "other", {"WEGMARKEN_ERASURES": str(tmp_path / "record.jsonl")})
    (tmp_path / "record.jsonl").touch()
    assert "--erasures FILE" in refused(other, "backup", "restore", tmp_path / "backup", "--secrets", safe, code=2)
    restored(other, tmp_path / "backup", safe)


def test_an_erasure_is_on_record_before_it_happens(installation: Installation) -> None:
    """The file can be opened, but its line finds no room, as on a full disk."""
    record = installation.settings.erasures
    others = [
        Erasure(number=n, subject=f"other{n}", personal_class=IDENTITY, erased_at=NOON, reason="") for n in range(9999)
    ]
    add_to_record(record, others)  # so that it is the largest file of all
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (record.stat().st_size + 20, hard))
    try:
        result = installation.run("erase", person(1), "--reason", "request", "--yes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert result.exit_code == 1 and "the record of erasures cannot be written" in result.stderr
    assert family_name(installation, person(1)) == "Muster"
    erase(installation, 1)
    assert family_name(installation, person(1)) is Hidden.ERASED
    with closing(installation.ring()) as ring:
        assert read_record(record) == [*others, *ring.erasures()]


def test_an_erasure_that_could_not_be_recorded_is_recorded_by_the_next(
    installation: Installation, tmp_path: Path
) -> None:
    erase(installation, 0)
    record = installation.settings.erasures
    whole = record.read_bytes()
    record.write_bytes(whole[:-20])  # the machine went down in the middle
    erase(installation, 1)
    with closing(installation.ring()) as ring:
        assert {each.number for each in read_record(record)} == {each.number for each in ring.erasures()} != set()
    record.unlink()
    installation.done("backup", "create", tmp_path / "backup")
    assert len(read_record(record)) == len(read_record(tmp_path / "backup" / "erasures.jsonl")) == 4


def test_where_the_record_cannot_be_written_nobody_is_erased(installation: Installation) -> None:
    installation.settings.erasures.mkdir()
    result = installation.run("erase", person(0), "--reason", "request", "--yes")
    assert result.exit_code == 1 and "the record of erasures cannot be written" in result.stderr
    assert family_name(installation, person(0)) == "Muster"


# --- damage and refusal -----------------------------------------------------------------------------


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


# --- copies of key rings expire ---------------------------------------------------------------------


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
    arguments = [sys.executable, "-c", BROKEN_OFF, backups / "one"]
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


# --- the relay --------------------------------------------------------------------------------------


def test_the_relay_announces_everything_again(installation: Installation, safe: Path, tmp_path: Path) -> None:
    with closing(Checkpoint(installation.data / Checkpoint.FILE)) as checkpoint:
        checkpoint.advance(0, 2)
    installation.done("backup", "create", tmp_path / "backup")
    other = restored(Installation(tmp_path / "other"), tmp_path / "backup", safe, NEW)
    with closing(Checkpoint(other.data / Checkpoint.FILE)) as checkpoint:
        assert checkpoint.position() == 0


# --- servers ----------------------------------------------------------------------------------------


def on(url: str) -> dict[str, str]:
    return {f"WEGMARKEN_{use}": url for use in ("KEYRING", "PORTAL", "ACCESS_LOG")}


def test_what_is_in_postgresql_comes_back_too(cluster: Cluster, tmp_path: Path) -> None:
    here = Installation(tmp_path / "var", on(cluster.new_database())).begin()
    here.register(*map(person, range(3)))
    here.done("backup", "secrets", tmp_path / "safe")
    here.done("backup", "create", tmp_path / "backup")
    erase(here, 1)
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    elsewhere = Installation(
        there.data, {**there.further, "WEGMARKEN_PORTAL": f"{there.further['WEGMARKEN_PORTAL']}?schema=gate"}
    )
    line = refused(elsewhere, "backup", "restore", tmp_path / "backup", "--secrets", tmp_path / "safe", NEW)
    assert "?schema=portal" in line
    restored(there, tmp_path / "backup", tmp_path / "safe", "--erasures", here.settings.erasures)
    assert chain(there) == chain(here)
    assert [family_name(there, person(n)) for n in range(2)] == ["Muster", Hidden.ERASED]
    assert counted(there, "accounts") == 1 and counted(there, "sessions") == 0
    with closing(open_access_log(there.settings.access_log)) as log:
        assert [each.actor for each in log.accesses("2018-11")] == ["probe"]
    again = Installation(tmp_path / "again", there.further)
    line = refused(again, "backup", "restore", tmp_path / "backup", "--secrets", tmp_path / "safe", NEW)
    assert "is not empty" in line and not again.data.exists()
    path = tmp_path / "backup" / "keys.dump"
    path.write_bytes(path.read_bytes()[:-100])
    assert "keys.dump" in refused(here, "backup", "verify", tmp_path / "backup")


@pytest.mark.parametrize("use", ["views", "ledger"])
def test_what_was_derived_from_a_lost_history_is_in_the_way(use: str, cluster: Cluster, tmp_path: Path) -> None:
    derived = cluster.new_database()
    servers = {"WEGMARKEN_VIEWS": derived, "WEGMARKEN_LEDGER": derived}
    here = Installation(tmp_path / "var").begin()
    here.register(person(0))
    here.done("backup", "create", tmp_path / "backup")
    there = Installation(tmp_path / "other", servers)
    where = there.settings.ledger if use == "ledger" else there.settings.views_url("casework")
    with postgres.connect(where, autocommit=True) as connection:
        connection.execute("create table position (position bigint)")
    arguments = ("backup", "restore", tmp_path / "backup", "--secrets", here.settings.secrets, NEW)
    schema = "ledger" if use == "ledger" else "casework"
    assert f"WEGMARKEN_{use.upper()}: its schema {schema} is not empty" in refused(there, *arguments)
    assert not there.data.exists()
    with postgres.connect(where, autocommit=True) as connection:
        connection.execute("drop table position")  # as in the installation of somebody who dropped it
    there.done(*arguments)


@pytest.mark.parametrize("name", ["views", "ledger"])
def test_so_are_files_of_it_beside_the_data_directory(
    name: str, installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    elsewhere = {"views": f"sqlite:///{tmp_path}/views-{{service}}.db", "ledger": f"sqlite:///{tmp_path}/ledger.db"}
    file = tmp_path / {"views": "views-intake.db", "ledger": "ledger.db"}[name]
    file.touch()
    there = Installation(tmp_path / "other", {f"WEGMARKEN_{use.upper()}": url for use, url in elsewhere.items()})
    line = refused(there, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert f"WEGMARKEN_{name.upper()}: {file} is there already" in line and not there.data.exists()
    file.unlink()
    restored(there, tmp_path / "backup", safe)


def test_a_failed_restore_leaves_no_schema_behind(cluster: Cluster, tmp_path: Path) -> None:
    here = Installation(tmp_path / "var", on(cluster.new_database())).begin()
    here.register(person(1))
    here.done("backup", "create", tmp_path / "backup")
    here.done("backup", "secrets", tmp_path / "safe")
    replace(tmp_path / "safe" / "master-identity.key", tmp_path)
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    line = refused(there, "backup", "restore", tmp_path / "backup", "--secrets", tmp_path / "safe", NEW)
    assert "other master keys" in line
    restored(there, tmp_path / "backup", here.settings.secrets)


def test_a_restore_that_cannot_put_its_files_in_place_leaves_no_schema_behind(cluster: Cluster, tmp_path: Path) -> None:
    here = Installation(tmp_path / "var", on(cluster.new_database())).begin()
    here.register(person(1))
    here.done("backup", "create", tmp_path / "backup")
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    wanted = restoring.Wanted(
        directory=tmp_path / "backup", keys_of=tmp_path / "backup", erasures=[], secrets=here.settings.secrets
    )

    def tell(stage: str, done: int, total: int | None) -> None:
        if stage == "restoring eventstore":  # and meanwhile somebody else makes something of that name
            there.data.mkdir()
            (there.data / "log").touch()

    with pytest.raises(OSError, match="not empty"):
        restoring.restore(wanted, there.settings, now=datetime.now(UTC), tell=tell)
    assert all(is_empty(getattr(there.settings, use)) for use in ("keyring", "portal", "access_log"))
    assert [path.name for path in there.data.iterdir()] == ["log"]
    assert not list(tmp_path.glob(".other-*"))


def test_a_symbolic_link_is_refused_before_anything_is_restored(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    assert "is a symbolic link" in refused(installation, "backup", "create", tmp_path / "link")
    installation.done("backup", "create", tmp_path / "backup")
    there = Installation(tmp_path / "link")
    assert "is a symbolic link" in refused(there, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert list((tmp_path / "disk").iterdir()) == []


def test_without_postgresql_s_tools_it_says_so_in_one_line(
    postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Installation(tmp_path / "var", on(postgres)).begin()
    here.register(person(1))
    monkeypatch.setenv("PATH", str(tmp_path))
    line = refused(here, "backup", "create", tmp_path / "backup", code=3)
    assert "pg_dump is missing: install" in line and not (tmp_path / "backup").exists()
    assert postgres not in line


def test_a_log_on_a_server_comes_back_to_another(tmp_path: Path) -> None:
    with served() as one, served() as another:
        here = Installation(tmp_path / "var", {"WEGMARKEN_EVENTSTORE": one}).begin()
        here.register(*map(person, range(3)))
        here.done("backup", "create", tmp_path / "backup")
        there = Installation(tmp_path / "other", {"WEGMARKEN_EVENTSTORE": another})
        restored(there, tmp_path / "backup", here.settings.secrets)
        assert chain(there) == chain(here) == Manifest.read(tmp_path / "backup").store.chain
        assert family_name(there, person(1)) == "Muster"


def test_with_everything_on_servers_the_data_directory_stays_as_it_is(cluster: Cluster, tmp_path: Path) -> None:
    with served() as one, served() as another:
        here = Installation(tmp_path / "var", {"WEGMARKEN_EVENTSTORE": one, **on(cluster.new_database())}).begin()
        here.register(*map(person, range(2)))
        here.done("backup", "create", tmp_path / "backup")
        erase(here, 1)
        there = Installation(tmp_path / "var", {"WEGMARKEN_EVENTSTORE": another, **on(cluster.new_database())})
        with closing(Checkpoint(there.data / Checkpoint.FILE)) as checkpoint:
            checkpoint.advance(0, 2)
        before = sorted(path.name for path in there.data.iterdir())
        there.done("backup", "restore", tmp_path / "backup")  # secrets and record are where the settings say
        assert [family_name(there, person(n)) for n in range(2)] == ["Muster", Hidden.ERASED]
        assert chain(there) == chain(here)
        assert sorted(path.name for path in there.data.iterdir()) == before
        with closing(Checkpoint(there.data / Checkpoint.FILE)) as checkpoint:
            assert checkpoint.position() == 0, "a relay that outlived its log announces everything again"


def test_where_there_are_no_secrets_yet_those_of_the_safe_place_are_used(cluster: Cluster, tmp_path: Path) -> None:
    with served() as one, served() as another:
        here = Installation(tmp_path / "var", {"WEGMARKEN_EVENTSTORE": one, **on(cluster.new_database())}).begin()
        here.register(person(0))
        here.done("backup", "create", tmp_path / "backup")
        there = Installation(tmp_path / "other", {"WEGMARKEN_EVENTSTORE": another, **on(cluster.new_database())})
        restored(there, tmp_path / "backup", here.settings.secrets)
        assert family_name(there, person(0)) == "Muster"
