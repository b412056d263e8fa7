"""``wegmarken store copy``: a history moves to another store.

Exit codes: 0 done, 1 refused, 2 wrong use or URL, 3 a store does not answer.
"""

from __future__ import annotations

import sys
from contextlib import closing
from typing import Final, NoReturn, cast

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shared.eventstore.copying import Copied, CopyRefused, Target, copy
from shared.eventstore.opening import open_store
from shared.eventstore.port import EventStore, StoreUnavailable
from shared.runtime.config import ConfigurationError

REFUSED, WRONG, AWAY = 1, 2, 3
STAGES: Final = {"compare": "comparing what is there", "copy": "copying", "verify": "verifying"}


@click.group()
def store() -> None:
    """The event store."""


@store.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_(source: str, target: str) -> None:
    """Copy the whole history of the store FROM (a URL) to the store TO, and verify it there.

    TO is empty or holds a beginning of FROM: what was broken off is taken up by the same command. The copy keeps
    ids, positions and instants. Stop the platform first; events recorded meanwhile come with the next copy.
    """
    try:
        with closing(open_store(source)) as there, closing(open_store(target)) as here:
            copied = _copied(there, cast(Target, here))
    except ConfigurationError as error:
        _fail(str(error), WRONG)
    except StoreUnavailable as error:
        _fail(f"a store does not answer ({error})", AWAY)
    except CopyRefused as error:
        _fail(str(error), REFUSED)
    new = f"{copied.new:,}" if copied.new else "none"
    click.echo(f"{copied.events:,} events, {new} of them new; the same in both: {copied.digest}")


def _copied(source: EventStore, target: Target) -> Copied:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=None)

        def tell(stage: str, events: int) -> None:
            progress.update(task, completed=events, description=STAGES[stage])

        return copy(source, target, tell)


def _fail(line: str, code: int) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(code)
