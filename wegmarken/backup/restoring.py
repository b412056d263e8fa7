"""Bringing a backup back into an empty installation.

Nothing is visible before all of it is there: files are made in a directory beside the one that is meant, which then
gets its name. Whoever was erased since is erased again before that.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.processes import SERVICES
from shared.bus.checkpoint import Checkpoint
from shared.contracts.model import PersonalClass
from shared.database import dumps
from shared.eventstore.copying import copy
from shared.eventstore.opening import open_store
from shared.eventstore.sqlite import SqliteEventStore, events_in
from shared.privacy.erasure import replay
from shared.privacy.erasure_record import add_to_record, read_record
from shared.privacy.keyring import Erasure, KeyMissing, KeyName, MasterMismatch, open_keyring
from shared.privacy.sealer import KeyRingSealer
from shared.privacy.secrets import load_masters
from shared.runtime.config import Settings
from shared.runtime.place import SQLITE, file_of
from wegmarken.backup.drafts import BackupRefused, assert_new, drafted
from wegmarken.backup.growing import fill
from wegmarken.backup.manifest import ACCESS_LOG, ERASURES, EVENTS, PORTAL, BackupDamaged, Manifest
from wegmarken.backup.safe import assert_fitting, copy_secrets
from wegmarken.backup.survey import STEP, Tell, assert_belongs, check, has_keys, open_sealed, read_keys, read_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to restore: a backup, perhaps with the key ring of a newer one, and the erasures since.

    ``secrets`` is the directory of the kept master keys.
    """

    directory: Path
    keys_of: Path
    erasures: Sequence[Path]
    secrets: Path


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
    erasures = _erasures(wanted)
    masters = load_masters(wanted.secrets, tuple(PersonalClass))
    assert_fitting(wanted.secrets, manifest.secrets, settings.secrets)
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
        for name, url in into_schemas.items():
            tell(f"restoring {name}", 0, None)
            opened.enter_context(_restored(name, url, sources[name]))
        # Entered last, so left first: if it does not get its name, the schemas are taken back.
        draft = opened.enter_context(drafted(settings.data)) if into_files else None
        for name, file in into_files.items():
            tell(f"restoring {name}", 0, None)
            _place(sources[name], _within(file, settings.data, draft))
        keyring = into_files.get("keyring")
        ring = settings.keyring if keyring is None else f"{SQLITE}{_within(keyring, settings.data, draft)}"
        known, erased = _erase_again(ring, masters, erasures, wanted.directory, tell)
        if "eventstore" not in into_files:
            _copy_events(wanted.directory / EVENTS, settings.eventstore, draft or settings.data, tell)
        _announce_everything(settings)
        add_to_record(_within(settings.erasures, settings.data, draft), known)
        if not (secrets := _within(settings.secrets, settings.data, draft)).exists():
            copy_secrets(wanted.secrets, secrets)
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


def _erasures(wanted: Wanted) -> list[Erasure]:
    """Whom to erase again: those of the backup and those since. Raises BackupRefused, RecordUnreadable."""
    known = [each for directory in (wanted.directory, wanted.keys_of) for each in read_record(directory / ERASURES)]
    since = {path: read_record(path) for path in wanted.erasures}
    for path, erasures in since.items():
        if not erasures:
            raise BackupRefused(f"{path} is empty: name the newest record, or say that nobody was erased since")
    told = [each for erasures in since.values() for each in erasures]
    if since and (missing := len(_whom(known) - _whom(told))):
        raise BackupRefused(f"the record lacks erasures that the backup has ({missing}): name the newest, and whole")
    return [*known, *told]


def _whom(erasures: Iterable[Erasure]) -> frozenset[KeyName]:
    return frozenset((each.personal_class, each.subject) for each in erasures)


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
        copied = Manifest.read(sources[name].parent).schemas.get(sources[name].name)  # None: of files
        if copied not in (None, dumps.schema_of(url)):
            raise BackupRefused(f"WEGMARKEN_{name.upper()} does not name the schema of the backup: ?schema={copied}")
        if taken := _taken(url):
            raise BackupRefused(f"WEGMARKEN_{name.upper()}: {taken}")
    for variable, where in _derived(settings):
        if taken := _taken(where):
            raise BackupRefused(f"{variable}: {taken}, and may tell of what the backup has not: delete it first")
    if into_files:
        assert_new(settings.data)
    if into_files and settings.data.is_mount():
        raise BackupRefused(f"{settings.data} is a mount point, and nothing can take its place: name one below it")


def _taken(where: str) -> str | None:
    """What is already where a setting says."""
    if (file := file_of(where)) is not None:
        return f"{file} is there already" if file.exists() else None
    return None if dumps.is_empty(where) else f"its schema {dumps.schema_of(where)} is not empty"


def _derived(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is built anew from the events, by its variable and URL."""
    yield "WEGMARKEN_LEDGER", settings.ledger
    for service in SERVICES:
        yield "WEGMARKEN_VIEWS", settings.views_url(service)


@contextmanager
def _restored(name: str, url: str, source: Path) -> Iterator[None]:
    """A filled schema, taken back if what follows fails."""
    of_postgresql = source.suffix == ".dump"
    if of_postgresql:
        dumps.restore(url, source)
    try:
        if not of_postgresql:
            fill(name, url, source)
        yield
    except BaseException:
        with suppress(dumps.DumpFailed):  # as where the server has gone, which is told already
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


def _announce_everything(settings: Settings) -> None:
    """A relay's position that outlived its log says nothing about this one."""
    if (path := settings.data / Checkpoint.FILE).exists():
        with closing(Checkpoint(path)) as checkpoint:
            checkpoint.rewind(0)


def _copy_events(log: Path, url: str, room: Path, tell: Tell) -> None:
    """Into a store that is empty or holds a beginning of it."""
    room.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=room) as folder:  # a file that is opened as a store is written to: not the backup's
        copied = shutil.copyfile(log, Path(folder) / EVENTS)
        with closing(SqliteEventStore(copied)) as source, closing(open_store(url)) as target:
            copy(source, target, lambda stage, events, total: tell(f"events: {stage}", events, total))


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
                open_sealed(event, sealer)
            except (ValueError, KeyMissing):
                raise BackupDamaged(f"what is sealed at position {event.position} does not open") from None
            if number % STEP == 0:
                tell("opening what is sealed", number, None)
        known = ring.erasures()
        return known, len(known) - before
