"""Bringing a backup back into an empty installation.

Nothing is visible before all of it is there: files are made in a directory beside the one that is meant, which then
gets its name. Whoever was erased since is erased again before that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from shared.bus.checkpoint import Checkpoint
from shared.contracts.codec import open_data
from shared.contracts.model import PersonalClass
from shared.database import dumps
from shared.eventstore.copying import Target, copy
from shared.eventstore.opening import open_store
from shared.eventstore.sqlite import SqliteEventStore, events_in
from shared.privacy.erasure import replay
from shared.privacy.keyring import Erasure, KeyMissing, MasterMismatch, open_keyring
from shared.privacy.masters import assert_complete, load_masters
from shared.privacy.record import add_to_record, read_record
from shared.privacy.sealer import KeyRingSealer
from shared.runtime.config import Settings
from wegmarken.backup.create import BackupRefused, drafted
from wegmarken.backup.manifest import ACCESS_LOG, ERASURES, EVENTS, PORTAL, BackupDamaged, Manifest
from wegmarken.backup.place import SQLITE, file_of
from wegmarken.backup.survey import STEP, Tell, assert_belongs, check, has_keys, read_keys, read_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to restore: a backup, perhaps with the key ring of a newer one, and the erasures since.

    ``secrets`` is the directory of the kept master keys; ``relay_goes_on`` if the broker kept its queues.
    """

    directory: Path
    keys_of: Path
    erasures: Sequence[Path]
    secrets: Path
    relay_goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """``erased`` again: tombstones that the copy of the key ring had not."""

    manifest: Manifest
    erased: int


def restore(wanted: Wanted, settings: Settings, *, now: datetime, tell: Tell) -> Restored:
    """Restore into the installation that the settings name, which is empty.

    Raises BackupRefused, BackupDamaged, RecordUnreadable, SecretInvalid, DumpFailed, SchemaTaken, CopyRefused,
    StoreUnavailable, sqlite3.Error, OSError; then nothing has changed, but what a KurrentDB took over stays there.
    """
    manifest = check(wanted.directory, tell)
    keys = _keys(wanted, manifest, now, tell)
    erasures = [each for path in (wanted.directory / ERASURES, *wanted.erasures) for each in read_record(path)]
    masters = load_masters(wanted.secrets, tuple(PersonalClass))
    sources = {
        "eventstore": wanted.directory / EVENTS,
        "keyring": keys,
        "portal": _copied(wanted.directory, PORTAL),
        "access_log": _copied(wanted.directory, ACCESS_LOG),
    }
    targets = {name: getattr(settings, name) for name in sources}
    into_files = {name: file for name, where in targets.items() if (file := file_of(where)) is not None}
    into_schemas = {name: where for name, where in targets.items() if name not in into_files and name != "eventstore"}
    _assert_possible(settings, sources, into_files, into_schemas)
    with ExitStack() as opened:
        draft = opened.enter_context(drafted(settings.data)) if into_files else None
        for name, file in into_files.items():
            tell(f"restoring {name}", 0, None)
            _place(sources[name], _within(file, settings.data, draft))
        for name, url in into_schemas.items():
            tell(f"restoring {name}", 0, None)
            opened.enter_context(_restored(url, sources[name]))
        keyring = into_files.get("keyring")
        ring = settings.keyring if keyring is None else f"{SQLITE}{_within(keyring, settings.data, draft)}"
        known, erased = _erase_again(ring, masters, erasures, wanted.directory, tell)
        if draft is not None:
            _place_the_rest(wanted, settings, draft, manifest)
        if "eventstore" not in into_files:
            _copy_events(wanted.directory / EVENTS, settings.eventstore, draft or settings.data, tell)
        add_to_record(_within(settings.erasures, settings.data, draft), known)
    return Restored(manifest=manifest, erased=erased)


def _keys(wanted: Wanted, manifest: Manifest, now: datetime, tell: Tell) -> Path:
    """The copy of the key ring to use; it is not expired, and has all the keys. Raises BackupRefused, BackupDamaged."""
    theirs = manifest
    if wanted.keys_of != wanted.directory:
        theirs = check(wanted.keys_of, tell)
        if theirs.store.id != manifest.store.id:
            raise BackupRefused(f"{wanted.keys_of} is a backup of another installation")
        if has_keys(wanted.keys_of, theirs):
            assert_belongs(read_log(wanted.directory, tell), read_keys(wanted.keys_of, theirs.keys))
    newer = "name a newer backup that has one (--keys DIRECTORY)"
    if not has_keys(wanted.keys_of, theirs):
        raise BackupRefused(f"the key ring of {wanted.keys_of} was dropped: {newer}")
    if theirs.keyring.expires_at <= now:
        raise BackupRefused(
            f"the key ring of {wanted.keys_of} expired on {theirs.keyring.expires_at:%Y-%m-%d}: {newer}"
        )
    return wanted.keys_of / theirs.keys


def _copied(directory: Path, stem: str) -> Path:
    """The file or directory in the backup that was made of something."""
    return next(path for ending in (".dump", ".db", "") if (path := directory / f"{stem}{ending}").exists())


def _assert_possible(
    settings: Settings, sources: Mapping[str, Path], into_files: Mapping[str, Path], into_schemas: Mapping[str, str]
) -> None:
    """Raises BackupRefused for what cannot be restored to where the settings say."""
    for name, file in into_files.items():
        if sources[name].suffix == ".dump":
            raise BackupRefused(f"WEGMARKEN_{name.upper()} names a file, but the backup was made of PostgreSQL")
        if not file.absolute().is_relative_to(settings.data.absolute()):
            raise BackupRefused(f"WEGMARKEN_{name.upper()} names a file outside {settings.data}: files come below it")
    for name, url in into_schemas.items():
        if sources[name].suffix != ".dump":
            raise BackupRefused(f"WEGMARKEN_{name.upper()} names PostgreSQL, but the backup was made of files")
        copied = Manifest.read(sources[name].parent).schemas[sources[name].name]
        if copied != dumps.schema_of(url):
            raise BackupRefused(f"WEGMARKEN_{name.upper()} does not name the schema of the backup: ?schema={copied}")
        if not dumps.is_empty(url):
            raise BackupRefused(f"WEGMARKEN_{name.upper()}: its schema {dumps.schema_of(url)} is not empty")
    if into_files and settings.data.is_mount():
        raise BackupRefused(f"{settings.data} is a mount point, and nothing can take its place: name one below it")


@contextmanager
def _restored(url: str, source: Path) -> Iterator[None]:
    """A restored schema, taken back if what follows fails."""
    dumps.restore(url, source)
    try:
        yield
    except BaseException:
        dumps.drop(url)
        raise


def _within(path: Path, data: Path, draft: Path | None) -> Path:
    """Where a path is while the data directory is a draft."""
    if draft is None or not path.absolute().is_relative_to(data.absolute()):
        return path
    return draft / path.absolute().relative_to(data.absolute())


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _place_the_rest(wanted: Wanted, settings: Settings, draft: Path, manifest: Manifest) -> None:
    secrets = _within(settings.secrets, settings.data, draft)
    if not secrets.exists():
        assert_complete(wanted.secrets)
        shutil.copytree(wanted.secrets, secrets)
    if wanted.relay_goes_on:
        with closing(Checkpoint(draft / "relay.db")) as checkpoint:
            checkpoint.advance(checkpoint.position(), manifest.relay)


def _copy_events(log: Path, url: str, room: Path, tell: Tell) -> None:
    """Into a store that is empty or holds a beginning of it."""
    room.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=room) as folder:  # a file that is opened as a store is written to: not the backup's
        copied = shutil.copyfile(log, Path(folder) / EVENTS)
        with closing(SqliteEventStore(copied)) as source, closing(open_store(url)) as target:
            copy(source, cast(Target, target), lambda stage, events: tell(f"events: {stage}", events, None))


def _erase_again(
    url: str, masters: Mapping[PersonalClass, bytes], erasures: Iterable[Erasure], directory: Path, tell: Tell
) -> tuple[list[Erasure], int]:
    """Erase who was erased since, and open all that is left; every erasure, and how many were new to the key ring."""
    try:
        ring = open_keyring(url, masters)
    except MasterMismatch as error:
        raise BackupRefused(f"these are other master keys: {error}") from None
    with closing(ring):
        before = len(ring.erasures())
        replay(ring, erasures)
        sealer = KeyRingSealer(ring)
        for number, event in enumerate(events_in(directory / EVENTS), start=1):
            try:
                open_data(event.data, event.event_id, sealer)
            except (ValueError, KeyMissing):
                raise BackupDamaged(f"what is sealed at position {event.position} does not open") from None
            if number % STEP == 0:
                tell("opening what is sealed", number, None)
        known = ring.erasures()
        return known, len(known) - before
