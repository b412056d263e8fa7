"""A backup and what comes back of it, without a running platform (with one: tests/platform/test_backup.py)."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
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
from shared.eventstore.copying import Chain, everything
from shared.eventstore.opening import open_store
from shared.privacy.access_log import open_access_log
from shared.privacy.record import read_record
from shared.privacy.sealer import KeyRingSealer
from tests.backup.conftest import NOON, PASSWORD, Installation, person
from tests.eventstore.served import served
from tests.postgres import Cluster
from wegmarken.backup import create as making
from wegmarken.backup import expiry
from wegmarken.backup import restore as bringing_back
from wegmarken.backup.create import BackupRefused
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


def test_no_secret_is_in_a_backup_and_files_are_their_owners(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    secrets = [path.read_bytes().strip() for path in safe.iterdir() if "public" not in path.name]
    assert len(secrets) == 8
    found = [path for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    for path in found:
        content = path.read_bytes()
        assert not any(
            secret in content or bytes.fromhex(secret.decode()) in content for secret in secrets if b"-" not in secret
        )
    for path in (*found, *safe.iterdir()):
        if path.name != "manifest.json":
            assert path.stat().st_mode & 0o077 == 0, path
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0


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


def test_other_master_keys_are_refused(installation: Installation, tmp_path: Path) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    stranger = Installation(tmp_path / "stranger").begin()
    other = Installation(tmp_path / "other")
    wrong = stranger.settings.secrets
    line = refused(other, "backup", "restore", tmp_path / "backup", "--secrets", wrong, NEW)
    assert "these are other master keys" in line
    assert not other.data.exists()


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

    def wanted(keys_of: Path) -> bringing_back.Wanted:
        return bringing_back.Wanted(directory=old, keys_of=keys_of, erasures=[], secrets=safe)

    other = Installation(tmp_path / "other")
    with pytest.raises(BackupRefused, match="expired on"):
        bringing_back.restore(wanted(old), other.settings, now=tomorrow, tell=lambda *_: None)
    bringing_back.restore(wanted(new), other.settings, now=tomorrow, tell=lambda *_: None)
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


def test_the_relay_announces_everything_again_unless_the_broker_kept_its_queues(
    installation: Installation, safe: Path, tmp_path: Path
) -> None:
    with closing(Checkpoint(installation.data / "relay.db")) as checkpoint:
        checkpoint.advance(0, 2)
    installation.done("backup", "create", tmp_path / "backup")
    for name, option, position in (("new", [], 0), ("kept", ["--relay-goes-on"], 2)):
        other = restored(Installation(tmp_path / name), tmp_path / "backup", safe, NEW, *option)
        with closing(Checkpoint(other.data / "relay.db")) as checkpoint:
            assert checkpoint.position() == position


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


def test_a_failed_restore_leaves_no_schema_behind(cluster: Cluster, tmp_path: Path) -> None:
    here = Installation(tmp_path / "var", on(cluster.new_database())).begin()
    here.register(person(1))
    here.done("backup", "create", tmp_path / "backup")
    stranger = Installation(tmp_path / "stranger").begin()
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    line = refused(there, "backup", "restore", tmp_path / "backup", "--secrets", stranger.settings.secrets, NEW)
    assert "other master keys" in line
    restored(there, tmp_path / "backup", here.settings.secrets)


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
        before = sorted(path.name for path in there.data.iterdir())
        there.done("backup", "restore", tmp_path / "backup")  # secrets and record are where the settings say
        assert [family_name(there, person(n)) for n in range(2)] == ["Muster", Hidden.ERASED]
        assert chain(there) == chain(here)
        assert sorted(path.name for path in there.data.iterdir()) == before
