"""``wegmarken backup …``: copies of everything that is kept, and back.

Exit codes: 0 done, 1 refused or damaged, 2 wrong use or settings, 3 a store does not answer.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import click

from shared.database.dumps import DumpFailed, SchemaTaken
from shared.eventstore.copying import CopyRefused
from shared.privacy.erasure_record import RecordUnreadable, is_begun
from shared.privacy.secrets import SecretInvalid
from shared.runtime.config import Settings
from shared.runtime.terminal import AWAY, REFUSED, fail, progress, refusing
from wegmarken.backup import expiry, making, restoring
from wegmarken.backup.drafts import BackupRefused, remove_left
from wegmarken.backup.making import KEY_DAYS
from wegmarken.backup.manifest import BackupDamaged, Manifest
from wegmarken.backup.safe import copy_secrets
from wegmarken.backup.survey import Tell, check, has_keys

DIRECTORY: Final = click.argument("directory", type=click.Path(path_type=Path))


@click.group()
def backup() -> None:
    """Copies of everything that is kept: events, key ring, access log, accounts, erasures."""


@backup.command()
@DIRECTORY
@click.option(
    "--key-days",
    type=click.IntRange(min=1),
    default=KEY_DAYS,
    show_default=True,
    help="For how long its copy of the key ring may be used.",
)
def create(directory: Path, key_days: int) -> None:
    """Make a backup in DIRECTORY, which is not there yet, beside the working platform, and verify it.

    Master keys are not in it: they must not lie beside what they open (see: backup secrets). Sessions, views and the
    ledger are not, either: they are made anew.
    """
    with _in_one_line(), _telling() as tell:
        manifest = making.create(Settings.from_environment(), directory, key_days=key_days, tell=tell)
    _print(directory, manifest)


@backup.command()
@DIRECTORY
def secrets(directory: Path) -> None:
    """Copy the master keys and all other secrets into DIRECTORY, for the safe place, apart from every backup.

    Once, and again when there are new ones. Without them no name can ever be read again, from no backup.
    """
    with _in_one_line():
        names = copy_secrets(Settings.from_environment().secrets, directory)
    click.echo(f"{len(names)} secrets are in {directory}: bring them to a place where no backup is.")


@backup.command()
@DIRECTORY
def verify(directory: Path) -> None:
    """Say whether the backup in DIRECTORY is what it was, and whether its parts belong together."""
    with _in_one_line(), _telling() as tell:
        manifest = check(directory, tell)
    _print(directory, manifest)


@backup.command()
@DIRECTORY
@click.option("--into", type=click.Path(path_type=Path), help="The data directory; else WEGMARKEN_DATA.")
@click.option(
    "--secrets", "kept", type=click.Path(path_type=Path), help="The kept master keys; else WEGMARKEN_SECRETS."
)
@click.option(
    "--erasures",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A record of erasures since then (several: give it several times); else WEGMARKEN_ERASURES.",
)
@click.option("--no-later-erasures", is_flag=True, help="Nobody was erased since then.")
@click.option("--keys", type=click.Path(path_type=Path), help="A newer backup whose key ring to use.")
def restore(
    directory: Path,
    into: Path | None,
    kept: Path | None,
    erasures: tuple[Path, ...],
    no_later_erasures: bool,
    keys: Path | None,
) -> None:
    """Restore the backup in DIRECTORY into an empty installation, where the settings say.

    Whoever was erased since is erased again, by the record of erasures. All events are announced anew, without effect
    where they were handled. Views and the ledger are built anew at the start.
    """
    with _in_one_line(), _telling() as tell:
        settings = _settings(into)
        since = erasures or ((settings.erasures,) if is_begun(settings.erasures) else ())
        if not since and not no_later_erasures:
            raise click.UsageError(
                "who was erased since this backup? Name the record (--erasures FILE), or say --no-later-erasures"
            )
        if kept is None and not settings.secrets.exists():
            raise click.UsageError("the master keys are in no backup: name the directory that has them (--secrets)")
        wanted = restoring.Wanted(
            directory=directory,
            keys_of=keys or directory,
            erasures=since,
            secrets=kept or settings.secrets,
        )
        restored = restoring.restore(wanted, settings, now=datetime.now(UTC), tell=tell)
    store = restored.manifest.store
    click.echo(f"{store.events:,} events up to position {store.position} are restored; chain {store.chain}")
    click.echo(f"Erased again: {restored.erased}.")
    click.echo(
        f"Accounts and passwords are those of {restored.manifest.taken_at:%Y-%m-%d %H:%M} UTC: disable again who was "
        "disabled since, and give new passwords again (wegmarken account)."
    )
    click.echo("Then start the platform: it builds its views and the ledger.")


@backup.command("drop-keys")
@DIRECTORY
@click.option("--older-than", type=click.IntRange(min=0), metavar="DAYS", help="Also those not yet expired.")
def drop_keys(directory: Path, older_than: int | None) -> None:
    """Delete the expired key rings of the backups in DIRECTORY. All else stays, to be used with a newer key ring.

    What a killed process left of a backup there is removed, too.
    """
    with _in_one_line():
        age = None if older_than is None else timedelta(days=older_than)
        left = remove_left(directory)
        dropped = expiry.drop_keys(directory, now=datetime.now(UTC), older_than=age)
    for path in left:
        click.echo(f"removed  {path}, a backup that was broken off")
    for path in dropped:
        click.echo(f"dropped  {path}")
    click.echo(f"{len(dropped)} key {'ring' if len(dropped) == 1 else 'rings'} dropped")


def _settings(into: Path | None) -> Settings:
    environment: Mapping[str, str] = os.environ
    if into is not None:
        environment = {**os.environ, "WEGMARKEN_DATA": str(into.absolute())}
    return Settings.from_environment(environment)


def _print(directory: Path, manifest: Manifest) -> None:
    store, ring = manifest.store, manifest.keyring
    click.echo(f"{directory}: of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC, whole")
    click.echo(f"{store.events:,} events up to position {store.position}, chain {store.chain}")
    keys = f"may be used until {ring.expires_at:%Y-%m-%d}" if has_keys(directory, manifest) else "were dropped"
    click.echo(f"{ring.keys:,} keys, which {keys}; {ring.erasures:,} erasures")


@contextmanager
def _telling() -> Iterator[Tell]:
    with progress() as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, done: int, total: int | None) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        yield tell


@contextmanager
def _in_one_line() -> Iterator[None]:
    """What goes wrong as foreseen is said clearly; nothing was changed then."""
    try:
        with refusing(BackupRefused, BackupDamaged, CopyRefused, RecordUnreadable, SecretInvalid):
            yield
    except DumpFailed as error:
        fail(str(error), AWAY)
    except SchemaTaken as error:
        fail(f"the schema {error} is not empty", REFUSED)
    except PermissionError as error:
        fail(f"{error.filename} is closed to this user ({os.geteuid()}): whose is it?", REFUSED)
    except (sqlite3.Error, OSError) as error:
        fail(f"it cannot be done ({error})", REFUSED)
