"""What a setting names: a file, or a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.runtime.place import SQLITE, file_of, sqlite_file


@pytest.mark.parametrize(
    ("where", "file"),
    [
        ("sqlite:///var/events.db", Path("var/events.db")),
        ("sqlite:////srv/w/events.db", Path("/srv/w/events.db")),
        (f"{SQLITE}{Path('/srv/w')}", Path("/srv/w")),
        ("sqlite:///", None),
        ("sqlite://events.db", None),
        ("postgresql://probe@127.0.0.1/db", None),
        ("kurrentdb://127.0.0.1:2113", None),
    ],
)
def test_files_are_told_from_servers_by_their_url(where: str, file: Path | None) -> None:
    assert sqlite_file(where) == file_of(where) == file


def test_only_some_settings_may_be_a_path() -> None:
    assert file_of("/srv/w/access-log") == Path("/srv/w/access-log")
    assert sqlite_file("/srv/w/access-log") is None
