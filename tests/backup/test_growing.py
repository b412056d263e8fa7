"""An installation on files comes back on servers."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from shared.contracts.model import Hidden
from shared.database.dumps import is_empty
from shared.privacy.access_log import open_access_log
from tests.backup.installation import (
    NEW,
    PASSWORD,
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


def test_what_is_in_files_comes_back_on_servers(
    installation: Installation, safe: Path, cluster: Cluster, tmp_path: Path
) -> None:
    erase(installation, 0)
    installation.done("backup", "create", tmp_path / "backup")
    erase(installation, 1)
    record = installation.settings.erasures
    with served() as log:
        there = Installation(tmp_path / "other", {"WEGMARKEN_EVENTSTORE": log, **on(cluster.new_database())})
        restored(there, tmp_path / "backup", safe, "--erasures", record)
        assert chain(there) == chain(installation)
        assert [family_name(there, person(n)) for n in range(3)] == [Hidden.ERASED, Hidden.ERASED, "Muster"]
        there.register(person(7))
        assert family_name(there, person(7)) == "Muster", "new keys are made beside the old ones"
        with closing(installation.ring()) as ring, closing(there.ring()) as filled:
            assert filled.erasures() == ring.erasures()
    assert "whole" in there.done("backup", "verify", tmp_path / "backup"), "the erasure left the backup as it was"
    with closing(open_database(there.settings.portal)) as database:
        assert Accounts(database).verify("probe", PASSWORD) is not None
    assert counted(there, "sessions") == 0
    with (
        closing(open_access_log(installation.settings.access_log)) as log_of_files,
        closing(open_access_log(there.settings.access_log)) as filled_log,
    ):
        (month,) = log_of_files.months()
        assert filled_log.months() == [month]
        assert filled_log.accesses(month) == log_of_files.accesses(month) != []


def test_when_that_fails_nothing_is_left_there(
    installation: Installation, safe: Path, cluster: Cluster, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    there = Installation(tmp_path / "other", on(cluster.new_database()))
    replace(safe / "master-identity.key", tmp_path)
    line = refused(there, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert "other master keys" in line
    assert all(is_empty(getattr(there.settings, use)) for use in ("keyring", "portal", "access_log"))
    assert not there.data.exists()


def test_what_is_there_already_is_not_touched(
    installation: Installation, safe: Path, cluster: Cluster, tmp_path: Path
) -> None:
    installation.done("backup", "create", tmp_path / "backup")
    there = restored(Installation(tmp_path / "other", on(cluster.new_database())), tmp_path / "backup", safe)
    again = Installation(tmp_path / "again", there.further)
    line = refused(again, "backup", "restore", tmp_path / "backup", "--secrets", safe, NEW)
    assert "is not empty" in line and not again.data.exists()
    assert counted(there, "accounts") == 1
