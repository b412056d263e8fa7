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


def read_record(path: Path) -> list[Erasure]:
    """The erasures in order of the lines; a last line that was broken off is left out. Raises RecordUnreadable."""
    try:
        *lines, _ = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecordUnreadable(f"{path}: {error.strerror}") from None
    return [_erasure(path, number, line) for number, line in enumerate(lines, start=1) if line]


def add_to_record(path: Path, erasures: Iterable[Erasure]) -> int:
    """Add those that are not in it yet, durably; how many. The file is made where it is missing.

    So a failure is made up for by the next call. Raises OSError, RecordUnreadable.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        content = path.read_bytes()
        if not content.endswith(b"\n"):  # broken off, so its erasure was not there: it is added again
            file.truncate(content.rfind(b"\n") + 1)
        there = {(each.subject, each.personal_class) for each in read_record(path)}
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
