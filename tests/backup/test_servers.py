"""The same of what is kept on PostgreSQL and KurrentDB."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.bus.checkpoint import Checkpoint
from shared.contracts.model import Hidden
from shared.database import dumps, postgres
from shared.database.dumps import is_empty
from shared.privacy.access_log import open_access_log
from shared.privacy.secrets import create_secrets
from tests.backup.installation import (
    NEW,
    Installation,
    chain,
    counted,
    erase,
    family_name,
    on,
    person,
    refused,
    replace,
    restored,
)
from tests.eventstore.served import served
from tests.postgres import Cluster
from wegmarken.backup import restoring
from wegmarken.backup.manifest import Manifest


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


def test_a_backup_can_be_made_before_anybody_has_an_account_or_reads_anything(cluster: Cluster, tmp_path: Path) -> None:
    """Until then PostgreSQL has no schema for either."""
    here = Installation(tmp_path / "var", on(cluster.new_database()))
    create_secrets(here.settings.secrets)
    here.register(person(0))
    here.done("backup", "create", tmp_path / "backup")
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    restored(there, tmp_path / "backup", here.settings.secrets)
    assert family_name(there, person(0)) == "Muster" and counted(there, "accounts") == 0


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


def test_a_restore_that_loses_its_server_says_what_went_wrong_first(cluster: Cluster, tmp_path: Path) -> None:
    database = cluster.new_database()
    url = f"{database}?schema=portal"
    postgres.connect(url, autocommit=True).close()  # which makes the schema
    dumps.dump(url, tmp_path / "portal.dump")
    with pytest.raises(TimeoutError, match="first"), restoring._restored("portal", url, tmp_path / "portal.dump"):
        cluster.drop(database)
        raise TimeoutError("first")
    with pytest.raises(dumps.DumpFailed, match="does not answer"):
        dumps.drop(url)


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
