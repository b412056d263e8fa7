"""``wegmarken erase``: destroy the keys of a person or an employee. ``access-log``: who read whose data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from shared.contracts.model import PersonalClass
from shared.eventstore.opening import open_store
from shared.privacy.access_log import oldest_kept, open_access_log
from shared.privacy.erasure import SubjectUnknown
from shared.privacy.erasure import erase as erase_subject
from shared.privacy.erasure_record import RecordUnreadable, add_to_record
from shared.privacy.keyring import Erasure, KeysNotScrubbed, open_keyring
from shared.runtime.config import Settings


@click.command()
@click.argument("person")
@click.option("--reason", required=True, help="Why; it is kept, so name nobody in it.")
@click.option(
    "--class",
    "classes",
    multiple=True,
    type=click.Choice([c.value for c in PersonalClass]),
    help="Only these classes; otherwise identity and health (of an employee: employee).",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(person: str, reason: str, classes: tuple[str, ...], yes: bool) -> None:
    """Make what is sealed of PERSON (an id) unreadable for ever. The log and its digests stay as they are.

    Statistics stay while they may be kept, so that figures do not change, unless they are named. Each erasure is
    first added to the record (WEGMARKEN_ERASURES), from which a restore erases again. Repeat the command after any
    failure: it takes up where it stopped.
    """
    if not yes:
        click.confirm(f"Destroy the keys of {person}? Nobody can undo this", abort=True)
    try:
        settings = Settings.from_environment()
        with closing(open_store(settings.eventstore)) as store, closing(open_keyring(settings.keyring, {})) as keyring:
            record = partial(_record, settings.erasures)
            record(keyring.erasures())  # what a record that was lost, or is new, does not have
            chosen = [PersonalClass(c) for c in classes] or None
            erased = erase_subject(keyring, store, person, reason, chosen, record=record)
    except SubjectUnknown:
        raise click.ClickException(f"there is no person and no employee {person}") from None
    except KeysNotScrubbed:
        raise click.ClickException("the keys are destroyed, but a reader still holds old pages: repeat it") from None
    except RecordUnreadable as error:
        raise click.ClickException(str(error)) from None
    if not erased.erasures:
        click.echo("Everything had been erased before.")
    for erasure in erased.erasures:
        click.echo(f"erased  {erasure.personal_class.value:<10}  {erasure.subject}")
    for case_id in erased.kept_cases:
        click.echo(f"kept    notes and health of case {case_id}: others belong to it, too")


def _record(path: Path, erasures: Sequence[Erasure]) -> None:
    try:
        add_to_record(path, erasures)
    except OSError as error:
        raise click.ClickException(f"the record of erasures cannot be written ({error}): mend it, and repeat") from None


@click.group("access-log")
def access_log() -> None:
    """The record of who read whose data, when and why."""


@access_log.command()
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m"]),
    metavar="YYYY-MM",
    required=True,
    help="The first month that stays.",
)
def drop(before: datetime) -> None:
    """Delete the months before one; each is a file or table of its own.

    Refused while one of them must still be kept (WEGMARKEN_ACCESS_LOG_MONTHS).
    """
    first_kept = f"{before:%Y-%m}"
    try:
        settings = Settings.from_environment()
        needed = oldest_kept(datetime.now(UTC).date(), settings.access_log_months)
        if first_kept > needed:
            raise click.ClickException(
                f"{needed} must still be kept: the access log is kept for {settings.access_log_months} months"
            )
        with closing(open_access_log(settings.access_log)) as log:
            dropped = log.drop_before(first_kept)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    count = f"{len(dropped)} {'month' if len(dropped) == 1 else 'months'} dropped"
    click.echo(f"{count}: {', '.join(dropped)}" if dropped else count)
