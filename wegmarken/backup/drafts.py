"""What is made under another name, and gets its own when all of it is there.

A draft is ``.<name>-<8 hex digits>.wegmarken`` beside the directory that it becomes. Beside it lies a file of that name
and ``.lock``, which is locked while somebody works on the draft: so what a killed process left is told from what is
under way. It may hold a key ring, so whoever comes next removes it. That may be in anybody's folder, so no other
program's files have such names.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from shared.runtime.disk import sync

DRAFT: Final = ".wegmarken"
LOCK: Final = ".lock"
LOCKS: Final = f".*-{8 * '[0-9a-f]'}{DRAFT}{LOCK}"


class BackupRefused(Exception):
    """Nothing was done. The text is one line that says why."""


def assert_new(directory: Path) -> None:
    """There is nothing yet, or an empty directory. Raises BackupRefused."""
    if directory.is_symlink():
        raise BackupRefused(f"{directory} is a symbolic link, and nothing can take its place: name what it leads to")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BackupRefused(f"{directory} is there already, and not empty: nothing is written over")


@contextmanager
def drafted(directory: Path) -> Iterator[Path]:
    """A directory under another name beside it, which gets its own when all is done, or is gone.

    Raises BackupRefused, OSError.
    """
    assert_new(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    remove_left(directory.parent)
    with _held(directory) as draft:
        draft.mkdir(mode=0o700)
        try:
            yield draft
            for path in (*draft.rglob("*"), draft):
                sync(path)
            os.rename(draft, directory)
            sync(directory.parent)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def remove_left(folder: Path) -> list[Path]:
    """Remove the drafts in a folder that nobody works on any more, and say which. Raises OSError."""
    return [draft for lock in sorted(folder.glob(LOCKS)) for draft in _removed(lock)]


def _removed(lock: Path) -> Iterator[Path]:
    draft = lock.with_suffix("")
    # Removed meanwhile, somebody else's, or held.
    with suppress(FileNotFoundError, PermissionError, BlockingIOError), lock.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if draft.exists():
            shutil.rmtree(draft)
            yield draft
        lock.unlink()


@contextmanager
def _held(directory: Path) -> Iterator[Path]:
    """The name of a new draft, which nobody removes meanwhile."""
    while True:
        draft = directory.with_name(f".{directory.name}-{token_hex(4)}{DRAFT}")
        lock = draft.with_name(f"{draft.name}{LOCK}")
        with lock.open("x") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink == 0:  # removed before it was locked
                continue
            sync(directory.parent)  # the lock is never lost without its draft
            try:
                yield draft
            finally:
                if not draft.exists():
                    lock.unlink()
            return
