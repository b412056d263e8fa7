"""Whoever was erased stays erased, whatever comes back."""

from __future__ import annotations

import resource
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from shared.contracts.model import Hidden, PersonalClass
from shared.privacy.erasure_record import add_to_record, read_record
from shared.privacy.keyring import Erasure
from tests.backup.installation import NOON, Installation, erase, family_name, person, refused, restored

IDENTITY = PersonalClass.IDENTITY


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
