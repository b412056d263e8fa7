"""What is written is whole or not there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from shared.runtime import disk
from tests.full_disk import full_disk

WAYS = {"create": partial(disk.create, mode=0o400), "put": partial(disk.put, mode=0o400)}


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
def test_what_could_not_be_written_leaves_nothing(write: Callable[[Path, bytes], None], tmp_path: Path) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large"):
        write(tmp_path / "probe", b"muster")
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "probe", b"muster")
    assert [path.name for path in tmp_path.iterdir()] == ["probe"], "no draft is left"
    assert (tmp_path / "probe").read_bytes() == b"muster"
    assert (tmp_path / "probe").stat().st_mode & 0o777 == 0o400


def test_what_was_there_stands_unless_it_is_to_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "probe"
    disk.create(path, b"first", mode=0o400)
    disk.create(path, b"second", mode=0o400)
    assert path.read_bytes() == b"first"
    with full_disk(), pytest.raises(OSError, match="File too large"):
        disk.put(path, b"second", mode=0o400)
    assert path.read_bytes() == b"first"
    disk.put(path, b"second", mode=0o400)
    assert path.read_bytes() == b"second"
