"""Making a backup while the platform runs.

The order makes the copies belong together. The relay's position comes before the log, so it is never ahead of it. The
key ring comes after the log: a key is durable before the first event that is sealed with it, so the later copy has
every key that the earlier one needs. The record of erasures comes after the key ring, so nobody is missing in it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex
from typing import Final, cast

from services.portal.login.database import PASSING
from shared.bus.checkpoint import Checkpoint
from shared.database import dumps
from shared.eventstore.copying import Target, copy
from shared.eventstore.opening import open_store
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.keyring import open_keyring
from shared.privacy.masters import assert_complete
from shared.privacy.record import add_to_record, read_record
from shared.runtime.config import Settings
from wegmarken.backup.files import copy_file, sync
from wegmarken.backup.manifest import ACCESS_LOG, ERASURES, EVENTS, KEYS, PORTAL, Manifest, Ring, described
from wegmarken.backup.place import file_of
from wegmarken.backup.survey import Tell, assert_belongs, check, known_contracts, read_keys, read_log

KEY_DAYS: Final = 30
"""For how long the copy of a key ring may be used."""


class BackupRefused(Exception):
    """Nothing was done. The text is one line that says why."""


def create(settings: Settings, directory: Path, *, key_days: int, tell: Tell) -> Manifest:
    """Copy everything that is not derived into a new directory, and look through the copy.

    Raises BackupRefused, BackupDamaged, DumpFailed, CopyRefused, StoreUnavailable, sqlite3.Error, OSError; then there
    is no directory.
    """
    with drafted(directory) as draft:
        taken_at = datetime.now(UTC)
        relay = _relay_position(settings)
        _copy_events(settings, draft, tell)
        schemas = _copy(settings.keyring, draft / KEYS, tell)
        _copy_erasures(settings, draft)
        schemas |= {
            **_copy_access_log(settings, draft, tell),
            **_copy(settings.portal, draft / PORTAL, tell, without_rows_of=PASSING),
        }
        files = described(draft)
        keys = read_keys(draft, next(name for name in files if name.startswith(f"{KEYS}.")))
        log = read_log(draft, tell)
        assert_belongs(log, keys)
        manifest = Manifest(
            taken_at=taken_at,
            software=version("wegmarken"),
            contracts=known_contracts(),
            store=log.store,
            relay=relay,
            keyring=Ring(
                keys=len(keys.held), erasures=len(keys.erased), expires_at=taken_at + timedelta(days=key_days)
            ),
            files=files,
            schemas=schemas,
        )
        manifest.write(draft)
        return check(draft, tell)


def keep_secrets(settings: Settings, directory: Path) -> list[str]:
    """Copy all secrets into a new directory; their names. Raises BackupRefused, SecretInvalid, OSError."""
    with drafted(directory) as draft:
        names = sorted(path.name for path in settings.secrets.glob("[!.]*") if path.is_file())
        for name in names:
            shutil.copyfile(settings.secrets / name, draft / name)
            (draft / name).chmod(0o600)
            sync(draft / name)
        assert_complete(draft)
        return names


@contextmanager
def drafted(directory: Path) -> Iterator[Path]:
    """A directory under another name beside it, which gets its own when all is done, or is gone.

    Raises BackupRefused when the directory is there and not empty.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise BackupRefused(f"{directory} is there already, and not empty: nothing is written over")
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = directory.with_name(f".{directory.name}-{token_hex(4)}")
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


def _relay_position(settings: Settings) -> int:
    path = settings.data / "relay.db"
    if not path.exists():
        return 0
    with closing(Checkpoint(path)) as checkpoint:
        return checkpoint.position()


def _copy_events(settings: Settings, draft: Path, tell: Tell) -> None:
    if (path := file_of(settings.eventstore)) is not None:
        _copy_there(path, draft / EVENTS, "copying events", tell)
        return
    with (
        closing(open_store(settings.eventstore)) as source,
        closing(SqliteEventStore(draft / "copy" / EVENTS)) as target,
    ):
        copy(source, cast(Target, target), lambda stage, events: tell(f"events: {stage}", events, None))
    copy_file(draft / "copy" / EVENTS, draft / EVENTS)
    shutil.rmtree(draft / "copy")


def _copy(where: str, stem: Path, tell: Tell, *, without_rows_of: Collection[str] = ()) -> dict[str, str]:
    """Into ``stem``.db or ``stem``.dump; of a dump its schema."""
    if (path := file_of(where)) is not None:
        _copy_there(path, stem.with_suffix(".db"), f"copying {stem.name}", tell, without_rows_of)
        return {}
    tell(f"copying {stem.name}", 0, None)
    target = stem.with_suffix(".dump")
    dumps.dump(where, target, without_rows_of=without_rows_of)
    return {target.name: dumps.schema_of(where)}


def _copy_there(path: Path, target: Path, stage: str, tell: Tell, without_rows_of: Collection[str] = ()) -> None:
    if not path.exists():
        raise BackupRefused(f"{path} is not there: is WEGMARKEN_DATA the right directory?")
    copy_file(path, target, without_rows_of=without_rows_of, tell=partial(tell, stage))


def _copy_erasures(settings: Settings, draft: Path) -> None:
    """The record, after what the key ring knows was added to it."""
    with closing(open_keyring(settings.keyring, {})) as ring:
        add_to_record(settings.erasures, ring.erasures())
    add_to_record(draft / ERASURES, read_record(settings.erasures))


def _copy_access_log(settings: Settings, draft: Path, tell: Tell) -> dict[str, str]:
    if (folder := file_of(settings.access_log)) is None:
        return _copy(settings.access_log, draft / ACCESS_LOG, tell)
    (draft / ACCESS_LOG).mkdir(mode=0o700)
    for path in sorted(folder.glob("access-*.db")):
        _copy_there(path, draft / ACCESS_LOG / path.name, f"copying {path.stem}", tell)
    return {}
