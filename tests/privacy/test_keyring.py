"""Keys of subjects: made once, wrapped, refused for ever after an erasure."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.model import Hidden, MasterMissing, PersonalClass
from shared.database.postgres import is_postgres
from shared.eventstore.port import StoreUnavailable
from shared.privacy import keyring
from shared.privacy.erasure_record import RecordUnreadable
from shared.privacy.erasure_watch import ErasureLease
from shared.privacy.keyring import (
    Erasure,
    KeyMissing,
    KeyRing,
    KeyRingUnavailable,
    KeysNotScrubbed,
    MasterMismatch,
    SqliteKeyRing,
    SubjectErased,
    open_keyring,
)
from tests.postgres import Cluster, files_of

OpenRing = Callable[..., KeyRing]
IDENTITY, STATISTICS, HEALTH, EMPLOYEE = PersonalClass
NONCE = bytes(12)


@pytest.fixture(params=["sqlite", "postgresql"])
def ring_url(request: pytest.FixtureRequest, ring_file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A key ring of each kind in turn; for tests, erasures need not wait so long for the other processes."""
    if request.param == "sqlite":
        return f"sqlite:///{ring_file}"
    monkeypatch.setattr(ErasureLease, "SECONDS", 0.2)
    url: str = request.getfixturevalue("postgres")
    return f"{url}?schema=keyring"


@pytest.fixture
def only_sqlite(ring_url: str) -> None:
    if is_postgres(ring_url):
        pytest.skip("of the file")


def fingerprint(key: AESGCM | Hidden) -> bytes:
    """Equal for equal keys."""
    assert isinstance(key, AESGCM)
    return key.encrypt(NONCE, b"probe", None)


def test_a_key_stays_the_same_for_its_subject_and_class(ring: KeyRing, open_ring: OpenRing) -> None:
    keys = {
        (subject, personal_class): fingerprint(ring.key(subject, personal_class, create=True))
        for subject in ("p1", "p2")
        for personal_class in PersonalClass
    }
    assert len(set(keys.values())) == 8
    other = open_ring()
    for (subject, personal_class), key in keys.items():
        assert fingerprint(ring.key(subject, personal_class)) == key
        assert fingerprint(other.key(subject, personal_class, create=True)) == key


def test_several_keys_are_made_in_one_transaction_or_none(ring: KeyRing, open_ring: OpenRing) -> None:
    ring.ensure([(IDENTITY, "p1"), (STATISTICS, "p1")])
    ring.destroy("gone", [IDENTITY], "request")
    with pytest.raises(SubjectErased):
        open_ring().ensure([(IDENTITY, "p2"), (IDENTITY, "gone")])
    assert fingerprint(ring.key("p1", STATISTICS))
    with pytest.raises(KeyMissing):
        ring.key("p2", IDENTITY)


def test_a_key_that_never_was_is_an_error_and_not_an_erasure(ring: KeyRing) -> None:
    with pytest.raises(KeyMissing):
        ring.key("p1", IDENTITY)


def test_a_class_without_its_master_is_sealed(open_ring: OpenRing) -> None:
    open_ring().ensure([(IDENTITY, "p1"), (STATISTICS, "p1")])
    reporting = open_ring([STATISTICS])
    assert reporting.key("p1", IDENTITY) is Hidden.SEALED
    assert fingerprint(reporting.key("p1", STATISTICS))
    with pytest.raises(MasterMissing):
        reporting.key("p1", IDENTITY, create=True)
    with pytest.raises(MasterMissing):
        reporting.ensure([(IDENTITY, "p2")])


def test_an_erasure_counts_at_once_in_every_open_key_ring(ring: KeyRing, open_ring: OpenRing) -> None:
    ring.ensure([(IDENTITY, "p1"), (STATISTICS, "p1"), (IDENTITY, "p2")])
    other = open_ring()
    assert fingerprint(other.key("p1", IDENTITY))

    open_ring([]).destroy("p1", [IDENTITY], "request")  # who erases needs no master

    for each in (ring, other, open_ring()):
        assert each.key("p1", IDENTITY) is Hidden.ERASED
        assert fingerprint(each.key("p1", STATISTICS))
        assert fingerprint(each.key("p2", IDENTITY))
        with pytest.raises(SubjectErased):
            each.key("p1", IDENTITY, create=True)
        with pytest.raises(SubjectErased):
            each.ensure([(STATISTICS, "p1"), (IDENTITY, "p1")])


def test_a_subject_erased_before_it_had_a_key_never_gets_one(ring: KeyRing, open_ring: OpenRing) -> None:
    ring.destroy("p1", [IDENTITY], "request")
    for each in (ring, open_ring()):
        with pytest.raises(SubjectErased):
            each.key("p1", IDENTITY, create=True)
        assert each.key("p1", IDENTITY) is Hidden.ERASED


def test_an_erasure_between_looking_and_making_wins(ring: KeyRing, open_ring: OpenRing) -> None:
    other = open_ring()

    def names() -> Iterator[tuple[PersonalClass, str]]:
        yield IDENTITY, "p1"  # looked up by now, and absent
        other.destroy("p1", [IDENTITY], "request")
        yield IDENTITY, "p2"

    with pytest.raises(SubjectErased):
        ring.ensure(names())
    with pytest.raises(KeyMissing):
        ring.key("p2", IDENTITY)


def test_erasures_are_numbered_and_followed(ring: KeyRing) -> None:
    before = datetime.now(UTC)
    first = ring.destroy("p1", [HEALTH, IDENTITY, HEALTH], "request")
    second = ring.destroy("p2", [IDENTITY], "retention")
    assert [(each.number, each.subject, each.personal_class, each.reason) for each in first + second] == [
        (1, "p1", HEALTH, "request"),
        (2, "p1", IDENTITY, "request"),
        (3, "p2", IDENTITY, "retention"),
    ]
    assert all(before <= each.erased_at <= datetime.now(UTC) for each in first + second)
    assert ring.erasures() == first + second
    assert ring.erasures(after=2) == second
    assert ring.erasures(after=3) == []


def test_an_erasure_is_told_before_it_happens_and_can_be_kept_from_it(ring: KeyRing, open_ring: OpenRing) -> None:
    key, other = fingerprint(ring.key("p1", IDENTITY, create=True)), open_ring()
    heard: list[Erasure] = []

    def refuse(erasures: Sequence[Erasure]) -> None:
        heard.extend(erasures)
        assert other.erasures() == [] and fingerprint(other.key("p1", IDENTITY)) == key
        raise RecordUnreadable("probe")

    with pytest.raises(RecordUnreadable):
        ring.destroy("p1", [IDENTITY], "request", record=refuse)
    assert [(each.number, each.subject, each.reason) for each in heard] == [(1, "p1", "request")]
    for each in (ring, open_ring()):
        assert each.erasures() == [] and fingerprint(each.key("p1", IDENTITY)) == key
    assert ring.destroy("p1", [IDENTITY], "request", record=heard.extend) == heard[1:] == ring.erasures()


def test_erasing_again_adds_only_what_was_left(ring: KeyRing) -> None:
    ring.destroy("p1", [IDENTITY], "request")
    assert ring.destroy("p1", [IDENTITY], "again") == []
    (new,) = ring.destroy("p1", [IDENTITY, STATISTICS], "again")
    assert (new.number, new.personal_class) == (2, STATISTICS)


@pytest.mark.usefixtures("only_sqlite")
def test_erasures_of_one_process_take_turns(ring: KeyRing, ring_file: Path) -> None:
    with ThreadPoolExecutor(8) as many:
        erased = list(many.map(lambda n: ring.destroy(f"p{n}", [IDENTITY], "request"), range(40)))
    assert sorted(erasure.number for (erasure,) in erased) == list(range(1, 41))
    stamp = ring_file.with_name(f"{ring_file.name}-erasing").read_bytes()
    assert stamp[0] % 2 == 0, "nobody thinks that an erasure is going on"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["ensure", "erase"]),
            st.sampled_from([0, 1]),
            st.sampled_from(["p1", "p2", "p3"]),
            st.sampled_from([IDENTITY, STATISTICS]),
        ),
        max_size=15,
    )
)
def test_two_open_key_rings_always_agree(
    steps: list[tuple[str, int, str, PersonalClass]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    masters = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}
    path = tmp_path_factory.mktemp("ring") / "keys.db"
    rings = [SqliteKeyRing(path, masters) for _ in range(2)]
    model: dict[tuple[PersonalClass, str], str] = {}
    for action, which, subject, personal_class in steps:
        name = (personal_class, subject)
        if action == "erase":
            rings[which].destroy(subject, [personal_class], "probe")
            model[name] = "erased"
        elif model.get(name) == "erased":
            with pytest.raises(SubjectErased):
                rings[which].ensure([name])
        else:
            rings[which].ensure([name])
            model[name] = "key"
        for (each_class, each), expected in model.items():
            found = [ring.key(each, each_class) for ring in rings]
            if expected == "erased":
                assert found == [Hidden.ERASED, Hidden.ERASED]
            else:
                assert fingerprint(found[0]) == fingerprint(found[1])
    for ring in rings:
        ring.close()


def test_more_keys_than_fit_into_memory(ring: KeyRing, open_ring: OpenRing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "KEYS_IN_MEMORY", 3)
    names = [(IDENTITY, f"p{n}") for n in range(10)]
    ring.ensure(names)
    keys = [fingerprint(ring.key(subject, IDENTITY)) for _, subject in names]
    for each in (ring, open_ring()):
        assert [fingerprint(each.key(subject, IDENTITY)) for _, subject in names] == keys


def test_another_installations_master_is_refused_before_it_wraps_a_key(ring: KeyRing, ring_url: str) -> None:
    ring.ensure([(IDENTITY, "p1")])
    with pytest.raises(MasterMismatch, match="identity"):
        open_keyring(ring_url, {IDENTITY: bytes(32)})


@pytest.mark.usefixtures("only_sqlite")
def test_a_wrapped_key_moved_to_another_subject_does_not_open(
    ring: KeyRing, ring_file: Path, open_ring: OpenRing
) -> None:
    ring.ensure([(IDENTITY, "p1"), (IDENTITY, "p2")])
    with closing(sqlite3.connect(ring_file)) as db, db:
        db.execute("UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE subject = 'p1') WHERE subject = 'p2'")
    with pytest.raises(MasterMismatch):
        open_ring().key("p2", IDENTITY)


@pytest.mark.usefixtures("only_sqlite")
def test_a_key_ring_that_cannot_be_written_is_unavailable_and_recovers(
    ring_file: Path, open_ring: OpenRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "BUSY_SECONDS", 0.05)
    ring = open_ring()
    with closing(sqlite3.connect(ring_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(KeyRingUnavailable):
            ring.ensure([(IDENTITY, "p1")])
        with pytest.raises(StoreUnavailable):  # what the HTTP side answers with 503
            ring.destroy("p1", [IDENTITY], "request")
        other.execute("ROLLBACK")
    ring.ensure([(IDENTITY, "p1")])
    assert fingerprint(ring.key("p1", IDENTITY))


def test_a_key_ring_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(KeyRingUnavailable):
        SqliteKeyRing(tmp_path / "file" / "keys.db", {})


def test_a_key_ring_is_opened_by_url(tmp_path: Path) -> None:
    ring = open_keyring(f"sqlite:///{tmp_path}/keys.db", {IDENTITY: bytes(32)})
    ring.ensure([(IDENTITY, "p1")])
    ring.close()
    assert (tmp_path / "keys.db").stat().st_mode & 0o777 == 0o600
    for url in ("sqlite:///", "keys.db", "redis:///keys"):
        with pytest.raises(ValueError, match="expected sqlite"):
            open_keyring(url, {})


# --- PostgreSQL -------------------------------------------------------------------------------------


@pytest.fixture
def on_postgres(postgres: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(ErasureLease, "SECONDS", 0.2)
    return f"{postgres}?schema=keyring"


MASTERS = {personal_class: bytes([n]) * 32 for n, personal_class in enumerate(PersonalClass)}


def wrapped(url: str, subject: str) -> bytes:
    with psycopg.connect(url.partition("?")[0]) as connection:
        row = connection.execute("select wrapped from keyring.keys where subject = %s", (subject,)).fetchone()
    assert row is not None
    key: bytes = row[0]
    return key


def test_no_table_of_postgresql_holds_a_wrapped_key_after_its_erasure(on_postgres: str) -> None:
    with closing(open_keyring(on_postgres, MASTERS)) as ring:
        ring.ensure([(IDENTITY, f"p{n}") for n in range(300)])
        key, other = wrapped(on_postgres, "p7"), wrapped(on_postgres, "p8")
        assert any(key in path.read_bytes() for path in files_of(on_postgres))
        with psycopg.connect(on_postgres.partition("?")[0], autocommit=True) as connection:
            connection.execute("analyze keyring.keys")  # as autovacuum does: its statistics take samples of values
            found = connection.execute("select attname from pg_stats where tablename = 'keys'").fetchall()
            assert ("subject",) in found and ("wrapped",) not in found
        ring.destroy("p7", [IDENTITY], "request")
        held = [path.read_bytes() for path in files_of(on_postgres)]
        assert not any(key in content for content in held)
        assert any(other in content for content in held)


def test_a_snapshot_that_still_sees_a_key_of_postgresql_is_told_of(on_postgres: str) -> None:
    with closing(open_keyring(on_postgres, MASTERS)) as ring:
        ring.ensure([(IDENTITY, "p1")])
        key = wrapped(on_postgres, "p1")
        with psycopg.connect(on_postgres.partition("?")[0]) as reader:
            reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            reader.execute("select 1 from pg_class limit 1")
            with pytest.raises(KeysNotScrubbed):
                ring.destroy("p1", [IDENTITY], "request")
            assert ring.key("p1", IDENTITY) is Hidden.ERASED
        assert ring.destroy("p1", [IDENTITY], "request") == []
        assert not any(key in path.read_bytes() for path in files_of(on_postgres))


def test_who_hears_nothing_of_erasures_trusts_no_key_in_memory(
    on_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its watch stands still as a process that was stopped: after the lease it asks the database each time."""
    with closing(open_keyring(on_postgres, MASTERS)) as ring, closing(open_keyring(on_postgres, {})) as eraser:
        ring.ensure([(IDENTITY, "p1")])
        ring.key("p1", IDENTITY)
        monkeypatch.setattr(ErasureLease, "_ask", lambda *_: None)
        eraser.destroy("p1", [IDENTITY], "request")
        assert ring.key("p1", IDENTITY) is Hidden.ERASED


def test_a_key_ring_goes_on_when_its_database_comes_back(on_postgres: str, cluster: Cluster) -> None:
    with closing(open_keyring(on_postgres, MASTERS)) as ring:
        ring.ensure([(IDENTITY, "p1")])
        cluster.cut_off(on_postgres.partition("?")[0])
        ring.ensure([(IDENTITY, "p2")])
        cluster.stop()
        try:
            with pytest.raises(KeyRingUnavailable):
                ring.ensure([(IDENTITY, "p3")])
        finally:
            cluster.start()
        ring.ensure([(IDENTITY, "p3")])
        assert fingerprint(ring.key("p3", IDENTITY))
