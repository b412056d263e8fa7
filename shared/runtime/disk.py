"""What is written, for good."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """See that a file, or a directory's names, are on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
