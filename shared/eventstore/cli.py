"""``wegmarken store copy``: a history moves to another store.

Exit codes: 0 done, 1 refused, 2 wrong use or URL, 3 a store does not answer.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final

import click

from shared.eventstore.copying import Copied, CopyRefused, copy
from shared.eventstore.opening import open_store
from shared.eventstore.port import EventStore, Target
from shared.runtime.place import sqlite_file
from shared.runtime.terminal import progress, refusing

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
    with refusing(CopyRefused):
        if (path := sqlite_file(source)) is not None and not path.exists():  # it would be made, and be empty
            raise CopyRefused(f"{path} is not there")
        with closing(open_store(source)) as there, closing(open_store(target)) as here:
            copied = _copied(there, here)
    new = f"{copied.new:,}" if copied.new else "none"
    click.echo(f"{copied.events:,} events, {new} of them new; the same in both: {copied.digest}")


def _copied(source: EventStore, target: Target) -> Copied:
    with progress() as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, events: int, total: int) -> None:
            bar.update(task, completed=events, total=total, description=STAGES[stage])

        return copy(source, target, tell)
