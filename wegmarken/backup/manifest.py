"""What a backup says of itself: ``manifest.json`` beside its files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

import orjson

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
EVENTS: Final = "events.db"
ERASURES: Final = "erasures.jsonl"
KEYS: Final = "keys"
PORTAL: Final = "portal"
ACCESS_LOG: Final = "access-log"
DROPPED: Final = "keys-dropped.txt"
"""Stands where the copy of the key ring was."""


class BackupDamaged(Exception):
    """A backup is not what it was when it was made, or none at all. The lines say what is wrong."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The log: ``chain`` (hex) is the digest over all events, the same as the ledger's at this position.

    ``id`` is the store's own, None while it has no event.
    """

    id: str | None
    events: int
    position: int
    chain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """The key ring: from ``expires_at`` on nobody restores it any more."""

    keys: int
    erasures: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``schemas``: of each dump.

    ``secrets``: by file what proves some of them, as they are not in the backup themselves.
    """

    taken_at: datetime
    software: str
    contracts: Mapping[str, int]
    store: Store
    keyring: Ring
    files: Mapping[str, File]
    schemas: Mapping[str, str]
    secrets: Mapping[str, str]

    @property
    def keys(self) -> str:
        """The file of the key ring."""
        return next(name for name in self.files if name in (f"{KEYS}.db", f"{KEYS}.dump"))

    def write(self, directory: Path) -> None:
        body = orjson.dumps({"format": FORMAT, **asdict(self)}, option=orjson.OPT_SORT_KEYS)
        told = {**orjson.loads(body), "digest": sha256(body).hexdigest()}
        (directory / MANIFEST).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Raises BackupDamaged; OSError where it is there and cannot be read, which says nothing of its content."""
        path = directory / MANIFEST
        try:
            told: dict[str, Any] = orjson.loads(path.read_bytes())
            digest, version = told.pop("digest"), told["format"]
        except FileNotFoundError:
            raise BackupDamaged(f"{directory} is no backup: it has no {MANIFEST}") from None
        except (ValueError, KeyError, TypeError):
            raise BackupDamaged(f"{path} cannot be read: it was altered, or broken off") from None
        if version != FORMAT:
            raise BackupDamaged(f"{path} has format {version}, this program knows {FORMAT}: use the one that made it")
        if sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest() != digest:
            raise BackupDamaged(f"{path} was altered")
        ring = told["keyring"]
        return cls(
            taken_at=datetime.fromisoformat(told["taken_at"]),
            software=told["software"],
            contracts=told["contracts"],
            store=Store(**told["store"]),
            keyring=Ring(**{**ring, "expires_at": datetime.fromisoformat(ring["expires_at"])}),
            files={name: File(**file) for name, file in told["files"].items()},
            schemas=told["schemas"],
            secrets=told.get("secrets", {}),  # the first backups prove none
        )


def described(directory: Path) -> dict[str, File]:
    """Every file below a directory by its name there."""
    return {str(path.relative_to(directory)): describe(path) for path in sorted(directory.rglob("*")) if path.is_file()}


def describe(path: Path) -> File:
    with path.open("rb") as file:
        return File(sha256=file_digest(file, "sha256").hexdigest(), bytes=os.fstat(file.fileno()).st_size)
