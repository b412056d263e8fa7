"""Copies of key rings expire: each would bring back whoever was erased after it was made."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from shared.runtime.disk import sync
from wegmarken.backup.manifest import DROPPED, MANIFEST, Manifest


def backups_in(directory: Path) -> list[Path]:
    """The directory itself if it is a backup, and those in it. Raises OSError: of none it is left open."""
    return sorted(path for path in (directory, *directory.iterdir()) if (path / MANIFEST).is_file())


def drop_keys(directory: Path, *, now: datetime, older_than: timedelta | None = None) -> list[Path]:
    """Delete the copies of key rings that have expired, or that are older than so long; whose they were.

    Everything else of a backup stays usable with a newer key ring. Raises BackupDamaged, OSError.
    """
    dropped = []
    for backup in backups_in(directory):
        manifest = Manifest.read(backup)
        ends_at = manifest.keyring.expires_at if older_than is None else manifest.taken_at + older_than
        if ends_at <= now and (backup / manifest.keys).exists():
            (backup / DROPPED).write_text(f"{manifest.keys} was dropped at {now.isoformat(timespec='seconds')}\n")
            (backup / manifest.keys).unlink()
            sync(backup)
            dropped.append(backup)
    return dropped
