"""What is written, for good."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex


def sync(path: Path) -> None:
    """See that a file, or a directory's names, are on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def create(path: Path, content: bytes, *, mode: int) -> None:
    """Write a new file whole or not at all; one that is there, or that somebody else makes meanwhile, stands.

    Raises OSError.
    """
    if path.exists():
        return
    with _draft(path, content, mode) as draft, suppress(FileExistsError):
        os.link(draft, path)


def put(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole or not at all, in place of one that is there. Raises OSError."""
    with _draft(path, content, mode) as draft:
        draft.replace(path)


@contextmanager
def _draft(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """A file beside it that holds this for good, and is gone afterwards unless it was moved."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
