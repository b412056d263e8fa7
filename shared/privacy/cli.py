"""``wegmarken erase``: destroy the keys of a person or an employee."""

from __future__ import annotations

import click

from shared.contracts.model import PersonalClass
from shared.eventstore.port import StoreUnavailable
from shared.privacy.erasure import SubjectUnknown
from shared.privacy.erasure import erase as erase_subject
from shared.privacy.keyring import KeysNotScrubbed, open_keyring
from shared.runtime.config import ConfigurationError, Settings
from shared.runtime.platform import open_store


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

    Statistics stay while they may be kept, so that figures do not change, unless they are named. Repeat the
    command after any failure: it takes up where it stopped.
    """
    if not yes:
        click.confirm(f"Destroy the keys of {person}? Nobody can undo this", abort=True)
    try:
        settings = Settings.from_environment()
        store, keyring = open_store(settings.eventstore), open_keyring(settings.keyring, {})
        try:
            erased = erase_subject(keyring, store, person, reason, [PersonalClass(c) for c in classes] or None)
        finally:
            keyring.close()
            store.close()
    except SubjectUnknown:
        raise click.ClickException(f"there is no person and no employee {person}") from None
    except KeysNotScrubbed:
        raise click.ClickException("the keys are destroyed, but a reader still holds old pages: repeat it") from None
    except (StoreUnavailable, ConfigurationError) as error:
        raise click.ClickException(str(error)) from None
    if not erased.erasures:
        click.echo("Everything had been erased before.")
    for erasure in erased.erasures:
        click.echo(f"erased  {erasure.personal_class.value:<10}  {erasure.subject}")
    for case_id in erased.kept_cases:
        click.echo(f"kept    notes and health of case {case_id}: others belong to it, too")
