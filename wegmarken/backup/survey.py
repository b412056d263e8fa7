"""Looking through a backup: are its files what they were, and do they belong together?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import shared.contracts  # noqa: F401 registers every event
from shared.contracts.codec import NoEnvelope, Sealer, metadata_of, open_data
from shared.contracts.model import Hidden, PersonalClass
from shared.contracts.registry import contracts
from shared.database import dumps
from shared.eventstore.chain import Chain
from shared.eventstore.identity import made_by
from shared.eventstore.port import StoredEvent
from shared.eventstore.sqlite import events_in
from shared.privacy.erasure_record import RecordUnreadable, read_record
from shared.privacy.keyring import KeyName
from shared.privacy.sealer import ClosedSealer
from wegmarken.backup.files import is_whole, rows_of
from wegmarken.backup.manifest import (
    DROPPED,
    ERASURES,
    EVENTS,
    BackupDamaged,
    Manifest,
    Store,
    describe,
)

Tell: TypeAlias = Callable[[str, int, int | None], None]
"""Hears a stage, how much of it is done, and of how much if that is known."""
STEP = 1000
"""Events between two reports of progress."""


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a backup, and the keys that its sealed fields need."""

    store: Store
    needed: frozenset[KeyName]


@dataclass(frozen=True, slots=True)
class Keys:
    """The key ring of a backup: what it can open, and whose keys were destroyed."""

    held: frozenset[KeyName]
    erased: frozenset[KeyName]


def check(directory: Path, tell: Tell) -> Manifest:
    """Look through a whole backup and say what it is. Raises BackupDamaged, DumpFailed, OSError."""
    manifest = Manifest.read(directory)
    newer = [name for name, version in manifest.contracts.items() if version > known_contracts().get(name, 0)]
    if newer:
        raise BackupDamaged(f"events of {newer[0]} are newer than this program: use {manifest.software} or newer")
    keys_expected = (directory / manifest.keys).exists() or not (directory / DROPPED).exists()
    names = [name for name in manifest.files if keys_expected or name != manifest.keys]
    wrong = [line for number, name in enumerate(names) for line in _differs(directory, name, manifest, number, tell)]
    if wrong:
        raise BackupDamaged(*wrong)
    log = read_log(directory, tell)
    if log.store != manifest.store:
        raise BackupDamaged(f"{EVENTS} holds {log.store.events} events that are not those of the manifest")
    if keys_expected:
        assert_belongs(log, read_keys(directory, manifest.keys))
    try:
        read_record(directory / ERASURES)
    except RecordUnreadable as error:
        raise BackupDamaged(str(error)) from None
    return manifest


def has_keys(directory: Path, manifest: Manifest) -> bool:
    """Whether its copy of the key ring is still there."""
    return (directory / manifest.keys).exists()


def known_contracts() -> dict[str, int]:
    """The versions of all published events in this program."""
    return {name: contract.version for name, contract in sorted(contracts().items())}


def read_log(directory: Path, tell: Tell) -> Log:
    """Read every event. Raises BackupDamaged."""
    chain, names, position, store_id = Chain(), _Names(), 0, None
    for event in events_in(directory / EVENTS):
        store_id, position = store_id or made_by(event), event.position
        chain.add(event)
        try:
            open_sealed(event, names)
        except (ValueError, KeyError, TypeError):
            raise BackupDamaged(f"the event at position {position} cannot be read") from None
        if chain.events % STEP == 0:
            tell("reading events", chain.events, None)
    store = Store(id=store_id, events=chain.events, position=position, chain=chain.digest)
    return Log(store, frozenset(names.found))


def open_sealed(event: StoredEvent, sealer: Sealer) -> None:
    """Open what is sealed in an event: nothing, if another program recorded it. Raises what ``open_data`` raises."""
    with suppress(NoEnvelope):
        metadata_of(event.metadata)
        open_data(event.data, event.event_id, sealer)


def read_keys(directory: Path, name: str) -> Keys:
    """What the copy of a key ring knows, by its file's name. Raises DumpFailed, sqlite3.Error."""
    path = directory / name
    if path.suffix == ".dump":
        held = [(row["class"], row["subject"]) for row in dumps.rows_in(path, "keys")]
        erased = [(row["class"], row["subject"]) for row in dumps.rows_in(path, "erasures")]
    else:
        held = rows_of(path, "select class, subject from keys where wrapped <> zeroblob(length(wrapped))")
        erased = rows_of(path, "select class, subject from erasures")
    return Keys(_names(held), _names(erased))


def assert_belongs(log: Log, keys: Keys) -> None:
    """Every sealed field's key is there or was destroyed. Raises BackupDamaged."""
    missing = sorted(log.needed - keys.held - keys.erased)
    if missing:
        counted = ", ".join(f"{number} of {name}" for name, number in Counter(name for name, _ in missing).items())
        raise BackupDamaged(f"the key ring is older than the log, or not its own: keys are missing ({counted})")


def _differs(directory: Path, name: str, manifest: Manifest, number: int, tell: Tell) -> list[str]:
    tell("reading files", number, len(manifest.files))
    path, noted = directory / name, manifest.files[name]
    if not path.is_file():
        return [f"{name} is missing"]
    if (size := path.stat().st_size) != noted.bytes:
        return [f"{name} has {size:,} bytes instead of {noted.bytes:,}: it was broken off or altered"]
    if describe(path) != noted:
        return [f"{name} was altered: its digest is another"]
    if path.suffix == ".db" and not is_whole(path):
        return [f"{name} is no whole SQLite file"]
    if path.suffix == ".dump":
        dumps.read_through(path)
    return []


def _names(rows: Collection[tuple[str, str]]) -> frozenset[KeyName]:
    return frozenset((PersonalClass(personal_class), subject) for personal_class, subject in rows)


class _Names(ClosedSealer):
    """Opens nothing, and remembers which keys were asked for."""

    def __init__(self) -> None:
        self.found: set[KeyName] = set()

    def open(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], cipher: bytes
    ) -> Hidden:
        self.found.add((personal_class, subject))
        return super().open(personal_class, subject, event_id, names, cipher)
