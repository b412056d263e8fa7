"""Tables that nothing else can make anew grow step by step, alike in both databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from shared.contracts.model import Hidden, PersonalClass
from shared.database.migrations import TABLE, TooNew, migrate
from shared.database.plain import Database, DatabaseUnavailable, PostgresDatabase, SqliteDatabase
from shared.database.postgres import is_postgres
from shared.privacy.access_log import open_access_log
from shared.privacy.keyring import open_keyring

FIRST = ("create table if not exists shelf (id integer primary key, label {text} not null, back {blob}){strict}",)
SECOND = (
    "alter table shelf add column height {real}",
    "update shelf set height = 1.5",
)
THIRD = ("create index shelf_by_label on shelf (label)",)


@pytest.fixture
def plain(database: str, tmp_path: Path) -> Iterator[Database]:
    opened = PostgresDatabase(database) if is_postgres(database) else SqliteDatabase(tmp_path / "d.db", busy_seconds=5)
    with closing(opened):
        yield opened


def version(database: Database) -> int:
    (row,) = database.read(f"select version from {TABLE}")
    return int(row["version"])


def test_only_the_missing_steps_are_done_in_their_order(plain: Database) -> None:
    migrate(plain, (FIRST,))
    plain.write("insert into shelf (id, label, back) values (1, :label, :back)", label="Öl", back=b"\0")
    migrate(plain, (FIRST, SECOND, THIRD))
    assert version(plain) == 3
    assert plain.read("select * from shelf") == [{"id": 1, "label": "Öl", "back": b"\0", "height": 1.5}]
    plain.write("update shelf set height = 2.25")
    migrate(plain, (FIRST, SECOND, THIRD))
    assert plain.read("select height from shelf") == [{"height": 2.25}]


def test_a_step_that_fails_leaves_everything_as_it_was(plain: Database) -> None:
    migrate(plain, (FIRST,))
    with pytest.raises(DatabaseUnavailable):
        migrate(plain, (FIRST, (*SECOND, "alter table nowhere add column a integer")))
    assert version(plain) == 1
    migrate(plain, (FIRST, SECOND))
    assert plain.read("select height from shelf") == []


def test_tables_of_a_newer_program_are_left_alone(plain: Database) -> None:
    migrate(plain, (FIRST, SECOND))
    with pytest.raises(TooNew, match="version 2, this program knows 1"):
        migrate(plain, (FIRST,))


def test_text_is_ordered_by_code_point_whatever_the_language(plain: Database) -> None:
    migrate(plain, (FIRST,))
    for n, label in enumerate(("ä", "Z", "a", "B", "z", "Ä")):
        plain.write("insert into shelf (id, label) values (:n, :label)", n=n, label=label)
    assert [row["label"] for row in plain.read("select label from shelf order by label")] == list("BZazÄä")


# --- from before there were versions ----------------------------------------------------------------

OLD_KEYS = """
create table keys (number INTEGER PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL,
    UNIQUE (subject, class));
create table erasures (number INTEGER PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, erased_at TEXT NOT NULL,
    reason TEXT NOT NULL, UNIQUE (subject, class));
create table masters (class TEXT PRIMARY KEY, proof BLOB NOT NULL);
insert into erasures values (1, 'p1', 'identity', '2018-11-05T12:00:00+00:00', 'request');
"""
OLD_MONTH = """
create table accesses (number INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, subject TEXT NOT NULL,
    purpose TEXT NOT NULL, reason TEXT);
insert into accesses (at, actor, subject, purpose) values ('2018-11-05T12:00:00+00:00', 'probe', 'p1', 'own case');
"""
OLD_PORTAL = """
create table accounts (id text primary key, name text not null unique, shown_as text not null, roles text not null,
    ags text, password text not null, language text, disabled integer not null default 0, created_at text not null
) strict;
create table sessions (digest blob primary key, account_id text not null references accounts (id) on delete cascade,
    began_at real not null, seen_at real not null, pocket blob not null) strict;
create index sessions_of_an_account on sessions (account_id);
create table failures (who blob primary key, count integer not null, last_at real not null) strict;
insert into accounts (id, name, shown_as, roles, password, created_at)
    values ('1', 'probe', 'Probe', '["auditor"]', 'x', '2018-11-05');
"""


def old(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    return path


def test_a_key_ring_of_the_oldest_version_goes_on(tmp_path: Path) -> None:
    path = old(tmp_path / "keys.db", OLD_KEYS)
    with closing(open_keyring(f"sqlite:///{path}", {PersonalClass.IDENTITY: bytes(32)})) as ring:
        assert ring.key("p1", PersonalClass.IDENTITY) is Hidden.ERASED
        assert [erasure.number for erasure in ring.destroy("p2", [PersonalClass.IDENTITY], "request")] == [2]


def test_an_access_log_of_the_oldest_version_goes_on(tmp_path: Path) -> None:
    old(tmp_path / "log" / "access-2018-11.db", OLD_MONTH)
    with closing(open_access_log(str(tmp_path / "log"))) as log:
        assert [access.subject for access in log.accesses("2018-11")] == ["p1"]
        log.record("p2", actor="probe", purpose="own case", at=datetime(2018, 11, 6, tzinfo=UTC))
        assert [access.subject for access in log.accesses("2018-11")] == ["p1", "p2"]


def test_a_portal_of_the_oldest_version_goes_on(tmp_path: Path) -> None:
    with closing(open_database(old(tmp_path / "portal.db", OLD_PORTAL))) as database:
        accounts = Accounts(database)
        accounts.add("noch-eine", ["auditor"], "lang-genug-1234")
        assert [account.name for account in accounts.all()] == ["noch-eine", "probe"]
