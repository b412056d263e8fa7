"""Making a backup while the platform runs.

The order makes the copies belong together. The key ring comes after the log: a key is durable before the first event
that is sealed with it, so the later copy has every key that the earlier one needs. The record of erasures comes after
the key ring, so nobody is missing in it.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from services.portal.login.database import PASSING
from shared.database import dumps
from shared.eventstore.copying import copy
from shared.eventstore.opening import open_store
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.erasure_record import add_to_record, read_record
from shared.privacy.keyring import open_keyring
from shared.runtime.config import Settings
from shared.runtime.place import file_of
from shared.runtime.version import VERSION
from wegmarken.backup.drafts import BackupRefused, drafted
from wegmarken.backup.files import copy_file
from wegmarken.backup.manifest import ACCESS_LOG, ERASURES, EVENTS, KEYS, PORTAL, Manifest, Ring, described
from wegmarken.backup.safe import proofs
from wegmarken.backup.survey import Tell, assert_belongs, check, known_contracts, read_keys, read_log

KEY_DAYS: Final = 30
"""For how long the copy of a key ring may be used."""


def create(settings: Settings, directory: Path, *, key_days: int, tell: Tell) -> Manifest:
    """Copy everything that is not derived into a new directory, and look through the copy.

    Raises BackupRefused, BackupDamaged, SecretInvalid, DumpFailed, CopyRefused, StoreUnavailable, sqlite3.Error,
    OSError; then there is no directory.
    """
    with drafted(directory) as draft:
        taken_at = datetime.now(UTC)
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
            software=VERSION,
            contracts=known_contracts(),
            store=log.store,
            keyring=Ring(
                keys=len(keys.held), erasures=len(keys.erased), expires_at=taken_at + timedelta(days=key_days)
            ),
            files=files,
            schemas=schemas,
            secrets=proofs(settings.secrets),
        )
        manifest.write(draft)
        return check(draft, tell)


def _copy_events(settings: Settings, draft: Path, tell: Tell) -> None:
    if (path := file_of(settings.eventstore)) is not None:
        _copy_there(path, draft / EVENTS, "copying events", tell)
        return
    with (
        closing(open_store(settings.eventstore)) as source,
        closing(SqliteEventStore(draft / "copy" / EVENTS)) as target,
    ):
        copy(source, target, lambda stage, events, total: tell(f"events: {stage}", events, total))
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
