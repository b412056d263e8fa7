"""The record of erasures: a file outside the key ring, for the day when a key ring comes back from a backup.

A key ring's tombstones go down with it, and an older copy of it brings the erased back. So each erasure is also
a line here: whom (an id), which class, when and why. A restore erases again whoever is in it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import orjson

from shared.contracts.model import PersonalClass
from shared.privacy.keyring import Erasure


class RecordUnreadable(Exception):
    """The file is missing or holds something else than erasures. The text names file and line, never what it says."""


def is_begun(path: Path) -> bool:
    """Whether the file is there and not empty."""
    return path.exists() and path.stat().st_size > 0


def read_record(path: Path) -> list[Erasure]:
    """The erasures in order of the lines. Raises RecordUnreadable, also for a last line that was broken off."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            content = file.read()
    except OSError as error:
        raise RecordUnreadable(f"{path}: {error.strerror}") from None
    return _erasures(path, content)


def add_to_record(path: Path, erasures: Iterable[Erasure]) -> int:
    """Add those that are not in it yet, durably; how many. The file is made where it is missing.

    So a failure is made up for by the next call. Raises OSError, RecordUnreadable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:  # broken off before anything was destroyed; whatever the key ring knows is added again
            file.truncate(len(whole))
        there = {(each.subject, each.personal_class) for each in _erasures(path, whole)}
        new = [each for each in erasures if (each.subject, each.personal_class) not in there]
        file.write(b"".join(map(_line, new)))
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def _line(erasure: Erasure) -> bytes:
    told = {
        "number": erasure.number,
        "subject": erasure.subject,
        "class": erasure.personal_class.value,
        "erased_at": erasure.erased_at.isoformat(),
        "reason": erasure.reason,
    }
    return orjson.dumps(told) + b"\n"


def _erasures(path: Path, content: bytes) -> list[Erasure]:
    *lines, rest = content.split(b"\n")
    if rest:
        raise RecordUnreadable(f"{path}: line {len(lines) + 1} was broken off, and whom it names may be erased")
    return [_erasure(path, number, line) for number, line in enumerate(lines, start=1) if line]


def _erasure(path: Path, number: int, line: bytes) -> Erasure:
    try:
        told = orjson.loads(line)
        return Erasure(
            number=int(told["number"]),
            subject=str(told["subject"]),
            personal_class=PersonalClass(told["class"]),
            erased_at=datetime.fromisoformat(told["erased_at"]),
            reason=str(told["reason"]),
        )
    except (ValueError, KeyError, TypeError):
        raise RecordUnreadable(f"{path}: line {number} is no erasure") from None
